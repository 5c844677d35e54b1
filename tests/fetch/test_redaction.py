"""Tests that secrets in headers and URLs are hidden, judging by their names and values."""

import pytest

from asynclab.fetch.redaction import redacted_header, redacted_url


@pytest.mark.parametrize(
    "name",
    """
    Authorization Proxy-Authorization Cookie X-Api-Key Api-Key X-Auth-Token PRIVATE-TOKEN X-Goog-Api-Key
    X-Amz-Security-Token X-Auth X-Auth-Key X-OAuth-Scopes-Token X-Vault-Token DD-API-KEY Ocp-Apim-Subscription-Key
    CF-Access-Client-Secret Cf-Access-Jwt-Assertion X-Hub-Signature-256 X-CSRFToken X-Session-Id apikey
    X-Shopify-Access-Token X-Password x_api_key X-Amz-Credential Authentication
    """.split(),  # noqa: SIM905
)
def test_headers_whose_names_look_secret_are_hidden(name: str) -> None:
    assert redacted_header(name, "abc") == redacted_header(name.lower(), "abc") == "•••"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Mine", "Bearer abc"),
        ("X-Mine", "Basic dXNlcjpwYXNz"),
        ("X-Mine", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"),
        ("X-Mine", "id=ghp_0123456789abcdef"),
        ("X-Mine", "glpat-0123456789abcdef"),
        ("X-Mine", "AKIAIOSFODNN7EXAMPLE"),
    ],
)
def test_values_that_look_secret_are_hidden_whatever_they_are_called(name: str, value: str) -> None:
    assert redacted_header(name, value) == "•••"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Server", "nginx"),
        ("WWW-Authenticate", 'Basic realm="here"'),
        ("X-Author", "Ada"),
        ("Keep-Alive", "timeout=5"),
        ("Surrogate-Key", "page"),
        ("X-Cache-Key", "page"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Vary", "Authorization, Cookie"),
        ("X-Keyboard", "qwertz"),
        ("Location", "https://a.com/?page=2&design=new"),
    ],
)
def test_other_headers_are_shown(name: str, value: str) -> None:
    assert redacted_header(name, value) == value


def test_a_cookie_keeps_its_name() -> None:
    assert redacted_header("Set-Cookie", "id=secret; Path=/") == "id=•••; Path=/"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@a.com/", "https://•••@a.com/"),
        ("https://a.com/?q=1&api_key=x#y", "https://a.com/?q=1&api_key=•••#y"),
        ("https://a.com/?X-Amz-Signature=x&X-Amz-Date=1", "https://a.com/?X-Amz-Signature=•••&X-Amz-Date=1"),
        ("https://a.com/?access%5Ftoken=x%26", "https://a.com/?access%5Ftoken=•••"),
        ("https://a.com/x;jsessionid=x?y", "https://a.com/x;jsessionid=•••"),
        ("https://a.com/#access_token=x", "https://a.com/#access_token=•••"),
        ("https://a.com/?keyword=x&tokyo=y&token=", "https://a.com/?keyword=x&tokyo=y&token="),
    ],
)
def test_secrets_in_urls_are_hidden(url: str, shown: str) -> None:
    assert redacted_url(url) == shown
    assert redacted_header("Location", url) == shown
