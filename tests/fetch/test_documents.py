"""Tests documents that libraries write, alone and one after another: all their URLs are found exactly."""

import csv
import html
import io
import json
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asynclab.fetch.urls import find_urls

URLS = st.lists(
    st.text("abXY09-_.~!,;:@=/?&()+'é日", max_size=12)
    .filter(lambda rest: "/:" not in f"/{rest}" and "//" not in rest)
    .map(lambda rest: f"https://a.example/{rest}z"),
    min_size=1,
    max_size=6,
    unique=True,
)


def as_json(urls: Sequence[str]) -> str:
    return json.dumps({"list": [*urls[1:], {"n": None}], "url": urls[0]}, indent=1)


def as_xml(urls: Sequence[str]) -> str:
    """Nested elements, some of them empty."""
    root = element = ElementTree.Element("data", {"id": urls[0]})
    for number, url in enumerate(urls[1:]):
        child = ElementTree.SubElement(element, "item", {"name": "x", "src": url} if number % 2 else {})
        child.text = None if number % 2 else url
        element = child if number % 3 else root
    ElementTree.SubElement(root, "end")
    return ElementTree.tostring(root, encoding="unicode")


def as_csv(urls: Sequence[str]) -> str:
    """A table with one URL a row, of which each has a quoted cell."""
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["n", "url"], *(['x, "y"', url] for url in [*urls, urls[0]])])
    return file.getvalue()


def as_page(urls: Sequence[str]) -> str:
    return "".join(f'<p title="a > b"><a href="{html.escape(url)}">x</a><br></p>\n' for url in urls)


def as_mail(encoding: str) -> Callable[[Sequence[str]], str]:
    """Writes a mail with two parts of an encoding."""

    def written(urls: Sequence[str]) -> str:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "a@a.example", "b@b.example", "Grüße"
        mail.set_content("See the page.", cte=encoding)
        mail.add_alternative(as_page(urls), subtype="html", cte=encoding)
        return mail.as_string()

    return written


WRITERS = {
    "JSON": as_json,
    "XML": as_xml,
    "CSV": as_csv,
    "HTML": as_page,
    "base64": as_mail("base64"),
    "quoted-printable": as_mail("quoted-printable"),
}


@pytest.mark.parametrize("first", WRITERS)
@settings(max_examples=40, deadline=None)
@given(URLS, URLS, st.sampled_from(sorted(WRITERS)))
def test_documents_in_a_row_give_back_all_their_urls(
    first: str, urls: list[str], others: list[str], second: str
) -> None:
    others = [url.replace("a.example", "b.example") for url in others]
    text = f"{WRITERS[first](urls)}\n\n{WRITERS[second](others)}\n"
    assert {found.url for found in find_urls(text).urls} == {*urls, *others}


def in_table(text: str) -> str:
    """A table with a document in its second row."""
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["n", "content"], ["1", "none"], ["2", text]])
    return file.getvalue()


def in_mail(text: str) -> str:
    mail = EmailMessage()
    mail["From"], mail["To"] = "a@a.example", "b@b.example"
    mail.set_content("See the file.")
    mail.add_attachment(text.encode(), maintype="text", subtype="plain", filename="x.txt")
    return mail.as_string()


CARRIERS: dict[str, Callable[[str], str]] = {
    "JSON": lambda text: json.dumps({"n": 1, "body": text}),
    "XML": lambda text: f"<rss><item><description>{html.escape(text)}</description></item></rss>",
    "CSV": in_table,
    "mail": in_mail,
}


@pytest.mark.parametrize("carrier", CARRIERS)
@settings(max_examples=40, deadline=None)
@given(URLS, st.sampled_from(sorted(WRITERS)))
def test_a_document_in_another_gives_back_all_its_urls(carrier: str, urls: list[str], written: str) -> None:
    text = CARRIERS[carrier](WRITERS[written](urls))
    assert {found.url for found in find_urls(text).urls} == set(urls)


@pytest.mark.parametrize("head", [[], [["file", "message"]]])
@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@settings(max_examples=10, deadline=None)
@given(urls=URLS)
def test_mails_in_cells_give_back_all_their_urls(
    head: list[list[str]], encoding: str, separator: str, urls: list[str]
) -> None:
    file = io.StringIO()
    rows = [[f"inbox/{number}", as_mail(encoding)([url])] for number, url in enumerate([*urls, urls[0]])]
    csv.writer(file, delimiter=separator, lineterminator="\n").writerows([*head, *rows])
    found = find_urls(file.getvalue())
    assert [url.url for url in found.urls] == urls
    assert found.taken_for == ("TSV" if separator == "\t" else "CSV")


def test_a_mail_below_a_line_in_quotes_is_no_cell() -> None:
    found = find_urls('say "Hello: you\nFrom: a@b.example\nTo: c@d.example\n\nhttps://a.example/x, "y"\n')
    assert ([url.url for url in found.urls], found.taken_for) == (["https://a.example/x"], "mail")
