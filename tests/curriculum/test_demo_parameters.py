"""Tests the parameters of demos: the values that they accept, and the messages for other values."""

import pytest

from asynclab.curriculum.catalogue import find
from asynclab.curriculum.demo_parameters import (
    LONGEST_TEXT,
    MOST_URLS,
    Parameter,
    ParameterError,
    Value,
    fill_urls,
    wants_pages,
)

ITEMS = Parameter("items", "int", 5, low=1, high=50)
SECONDS = Parameter("seconds", "float", 1.0, low=0.1, high=10.0)
FORGET = Parameter("forget", "bool", False, mistake="something is forgotten")
FIRST = Parameter("first", "choice", "longest", choices=("longest", "shortest"))
RESULT = Parameter("result", "str", "42")
URL = Parameter("url", "url", "")
URLS = Parameter("urls", "urls", [])

BAD_URLS = [
    "example.org",
    "ftp://a.test/",
    "http://",
    "http:///x",
    "http://a:b/",
    "http://a:99999/",
    "http://[::1/",
    "http://a.test/ b",
    "http://a.test/\x1b]0;x\x07",
    "http://a.test/" + "x" * LONGEST_TEXT,
]

PAGES = ("http://127.0.0.1:8000/a", "http://127.0.0.1:8000/b")


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (ITEMS, "1", 1),
        (ITEMS, " 50 ", 50),
        (SECONDS, "0.1", 0.1),
        (SECONDS, "10", 10.0),
        (SECONDS, "1e0", 1.0),
        (FORGET, "yes", True),
        (FORGET, "TRUE", True),
        (FORGET, "off", False),
        (FORGET, "0", False),
        (FIRST, "shortest", "shortest"),
        (RESULT, "", ""),
        (RESULT, "à la carte", "à la carte"),
        (URL, "", ""),
        (URL, "https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        (URL, "http://[::1]:8080/", "http://[::1]:8080/"),
        (URLS, "", []),
        (URLS, "http://a.test/\nhttps://b.test/ ", ["http://a.test/", "https://b.test/"]),
    ],
)
def test_a_good_text_becomes_a_value_that_can_be_shown_again(parameter: Parameter, text: str, value: Value) -> None:
    parsed = parameter.parse(text)
    assert parsed == value
    assert type(parsed) is type(value)
    assert parameter.parse(parameter.show(parsed)) == value


@pytest.mark.parametrize(
    ("parameter", "texts", "sentence"),
    [
        (ITEMS, ["x", "", "0", "51", "1.5", "-1", "9" * 5000], "items must be a whole number from 1 to 50, not "),
        (SECONDS, ["x", "", "nan", "inf", "0.09", "10.1"], "seconds must be a number from 0.1 to 10, not "),
        (FORGET, ["maybe", "", "2"], "forget must be yes or no, not "),
        (FIRST, ["", "Longest", "fastest"], "first must be one of longest, shortest, not "),
        (RESULT, ["x" * (LONGEST_TEXT + 1)], "result must be text of at most 2,000 characters, not "),
        (URL, BAD_URLS, "url must be an http:// or https:// address, or empty for a practice page, not "),
        (
            URLS,
            ["http://a.test/ b", "http://a.test/ " * (MOST_URLS + 1)],
            "urls must be up to 50 http:// or https:// addresses, or empty for the practice pages, not ",
        ),
    ],
)
def test_a_bad_text_is_refused_in_a_short_printable_line(parameter: Parameter, texts: list[str], sentence: str) -> None:
    for text in texts:
        with pytest.raises(ParameterError) as caught:
            parameter.parse(text)
        message = str(caught.value)
        assert message.startswith(sentence)
        assert message.isprintable()
        assert len(message) < 200


def test_the_help_of_a_mistake_is_the_mistake_and_else_what_is_taken() -> None:
    assert FORGET.help == "something is forgotten"
    assert FORGET.takes == "yes or no"
    assert ITEMS.help == ITEMS.takes == "a whole number from 1 to 50"


def test_parameters_left_out_keep_their_defaults() -> None:
    values = find("queue").arguments({"items": "7"})
    assert values["items"] == 7
    assert values["maxsize"] == 3
    assert list(values) == [parameter.name for parameter in find("queue").parameters]


def test_an_unknown_parameter_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ParameterError, match="coroutines has no parameter 'second'; it has seconds, forget_await"):
        find("coroutines").arguments({"second": "1"})


def test_a_long_or_hostile_parameter_name_is_cut_and_escaped_in_the_message() -> None:
    with pytest.raises(ParameterError) as caught:
        find("coroutines").arguments({"\x1b" + "x" * 10_000: "1"})
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


def test_empty_urls_are_filled_with_the_practice_pages() -> None:
    session, fetch_all = find("session"), find("fetch_all")
    assert fill_urls(session.parameters, session.arguments({}), PAGES)["url"] == PAGES[0]
    assert fill_urls(fetch_all.parameters, fetch_all.arguments({}), PAGES)["urls"] == list(PAGES)


def test_urls_that_were_given_are_kept_and_need_no_practice_server() -> None:
    session = find("session")
    values = session.arguments({"url": "http://a.test/"})
    assert not wants_pages(session.parameters, values)
    assert fill_urls(session.parameters, values, PAGES) == values


def test_only_a_demo_with_an_empty_url_needs_the_practice_server() -> None:
    assert wants_pages(find("session").parameters, find("session").arguments({}))
    assert not wants_pages(find("gather").parameters, find("gather").arguments({}))
