"""Tests how the format of a text is recognised, and that exact values are found exactly."""

import json
import re
from types import SimpleNamespace
from typing import Any
from xml.parsers import expat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asynclab.fetch.texts import formats, html_links, line_urls, prose, xml_values
from asynclab.fetch.texts.decoding import decoded
from asynclab.fetch.texts.finding import FoundSoFar
from asynclab.fetch.urls import find_urls

FORMATS = [
    ('<?xml version="1.0"?>\n<rss><channel><link>{}</link></channel></rss>', "RSS"),
    ('<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{}</loc></url></urlset>', "sitemap"),
    ('<opml version="2.0"><head/><body><outline xmlUrl="{}"/></body></opml>', "OPML"),
    ('<p><a href="{}">x</a></p>', "HTML"),
    ('{{"u": "{}"}}', "JSON"),
    ('{{"log": {{"entries": [{{"request": {{"url": "{}"}}, "text": "http://other.example"}}]}}}}', "HAR"),
    ('url,status\n"{}",200\n', "CSV"),
    ("name\turl\nx\t{}\n", "TSV"),
    ("[x]({})", "Markdown"),
    ("[1]: {}", "Markdown"),
    ("\\url{{{}}}", "LaTeX"),
    ("From: a@b.example\nSubject: x\n\n<{}>\n", "mail"),
    ('see "{}"', "text"),
    ("<{}>", "text"),
    ("see <{}|text>", "text"),
    ("「{}」", "text"),
    ("[[{}][text]]", "text"),
    ("`text <{}>`_", "text"),
    ('Link: <{}>; rel="next"', "text"),
    ("a {{background: url('{}')}}", "text"),
    ('curl ^"{}^" ^\n -o x', "text"),
    ("\x1b]8;;{}\x1b\\text\x1b]8;;\x1b\\", "text"),
    ("<rss><channel><link><![CDATA[{}]]></link></channel></rss>", "RSS"),
    ('<meta http-equiv="refresh" content="0; url={}"><p>', "HTML"),
]


@pytest.mark.parametrize(("text", "name"), FORMATS)
@settings(max_examples=60, deadline=None)
@given(st.text("abcXYZ019-_.~!,;:@=/?", max_size=20).filter(lambda rest: "/:" not in f"/{rest}"))
def test_a_url_between_delimiters_comes_back_exactly(text: str, name: str, rest: str) -> None:
    url = f"https://a.example/{rest}"
    found = find_urls(text.format(url))
    assert [(one.url, one.count) for one in found.urls] == [(url, 1)]
    assert found.taken_for == name


_URLS = """http:// https://a.example https://a.example/x/y.html http://a.b:80/ https://1.2.3.4:8080/x https://a.b/?x=1,2
HTTP://A.b/Q /http://a.b/c http://[::1]:8/x https://u:p@a.b/ https://bücher.example/例え git+https://a.b/c
https://bücher.example https://xn--bcher-kva.example/ https://例え.jp/ http://[1:2:3:4:5:6:7::] http://[1:2:3:4:5:6:7:8]/%C3
http://[1::2::3] http://[1:2:3:4:5:6:7] https://a.b,https://a.b/x,"""
_MARKS = """#f - _ . , ; : ! ? ) ( (a) ] [ [1] [1]: ]( ]: < > | " ' "" '' ` = * # { } {id} ${x} $ % %20 %E2 %d0
%E2%80%A2 / // @ a é 道 です 。 （ 」 \\ \\& \\? \\( \\) {\\color} {color} &z= == ..."""
_PIECES = [*_URLS.split(), *_MARKS.split(), " ", "]: ", "\n"]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=10).map("".join))
def test_urls_that_are_taken_from_a_line_all_at_once_are_those_that_a_closer_look_finds(text: str) -> None:
    found = find_urls(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_urls, "SIMPLE", re.compile("(?!)"))
        patch.setattr("asynclab.fetch.texts.finding.IS_SENT", re.compile("(?!)"))
        closely = find_urls(text)
    assert found == closely


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("[x](https://a.example/x\n)", "https://a.example/x"),
        ("[1]: https://a.example/Inc.\n.", "https://a.example/Inc."),
        ("https://a.example/x\n=https://a.example/y", "https://a.example/x https://a.example/y"),
        ("https://a.example/x\n# https://a.example/y\nhttps://a.example/z", "https://a.example/x https://a.example/z"),
        (
            "a.example\nb.example/x\nREADME.md\nwww.c.example",
            "https://a.example https://b.example/x https://www.c.example",
        ),
    ],
)
def test_lines_that_are_read_at_once_end_where_they_do(lines: str, found: str) -> None:
    assert [url.url for url in find_urls(lines).urls] == found.split()


def test_many_simple_lines_are_gone_over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    all_simple = line_urls.all_simple

    def counted(lines: str) -> list[tuple[str, ...]]:
        calls.append(lines)
        return all_simple(lines)

    monkeypatch.setattr(prose, "all_simple", counted)
    assert len(find_urls("".join(f"see (http://a.example/{number}).\n" for number in range(1_000))).urls) == 1_000
    assert len(calls) < 40


def test_plain_tags_are_passed_over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tags = []
    end_of_tag = html_links.end_of_tag

    def counted(*arguments: Any, **options: Any) -> int:
        tags.append(arguments)
        return end_of_tag(*arguments, **options)

    monkeypatch.setattr(html_links, "end_of_tag", counted)
    cells = '<tr class="x"><td>a</td>\n<TD align="left" id="b">b, c</TD></tr>'
    found = find_urls(f"<table>{cells * 100}<td><a href='/x'>http://a.example/x</a></td></table>")
    assert [url.url for url in found.urls] == ["http://a.example/x"]
    assert len(tags) < 10


def test_a_host_counts_once_whether_it_is_written_in_ascii_or_not() -> None:
    written = (
        "https://bücher.example https://bücher.example/ü https://xn--bcher-kva.example#a https://bücher.example#b "
    )
    found = find_urls(written + "https://bücher.example/%C3%BC https://例え.jp https://bücher.example/x", most=2)
    assert [(url.count, url.fragments) for url in found.urls] == [(3, ("a", "b")), (2, ())]
    assert found.left_out == 2


def test_a_long_line_is_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []

    def all_simple(line: str) -> list[tuple[str, ...]]:
        lengths.append(len(line))
        return []

    monkeypatch.setattr(prose, "all_simple", all_simple)
    found = find_urls("https://a.example/x " * 20_000)
    assert (len(found.urls), found.duplicates) == (1, 19_999)
    assert max(lengths) < 101_000


def test_short_elements_in_a_long_text_are_not_parsed_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    class Parser:
        """What expat makes, with the sizes of what it is given."""

        def __init__(self, *args: Any) -> None:
            self.__dict__["_parser"] = expat.ParserCreate(*args)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._parser, name)

        def __setattr__(self, name: str, value: Any) -> None:
            setattr(self._parser, name, value)

        def Parse(self, data: bytes, is_final: bool = False) -> None:  # noqa: N802
            sizes.append(len(data))
            self._parser.Parse(data, is_final)

    monkeypatch.setattr(xml_values, "expat", SimpleNamespace(**{**vars(expat), "ParserCreate": Parser}))
    text = "".join(f"<url><loc>https://a.example/{number}</loc></url>\n" for number in range(300))
    assert len(find_urls(text).urls) == 300
    assert sum(sizes) < 3 * len(text)


@pytest.mark.timeout(60)
def test_an_end_tag_that_is_cut_off_after_an_empty_element_is_no_part_of_it() -> None:
    found = find_urls('<r a="https://a.example/x."/></s\n<r b="https://a.example/y."/></s')
    assert [url.url for url in found.urls] == ["https://a.example/x.", "https://a.example/y."]


def test_elements_of_other_names_and_text_between_elements_are_read_too() -> None:
    text = "<loc>https://a.example/1</loc>\n<loc>https://a.example/2.</loc>\n\nsee https://a.example/3.\n"
    text = f"{text}<v>https://a.example/4.</v>\n"
    found = find_urls(f"{text}<w x='https://a.example/5.'/>\n<w>https://a.example/6.</w>\n<w>https://a.example/7.\n")
    assert [url.url[-2:] for url in found.urls] == ["/1", "2.", "/3", "4.", "5.", "6.", "/7"]


def test_what_looks_like_tags_in_a_long_log_is_not_looked_for_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = []

    def findall(text: str) -> list[str]:
        searched.append(text)
        return []

    monkeypatch.setattr(formats, "END_TAG", SimpleNamespace(findall=findall))
    assert find_urls("<bob> https://a.example/x\n03:07 < alice> hi\n" * 50).duplicates == 49
    assert len(searched) == 1


def test_late_broken_json_is_seen_without_counting_the_lines_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = []

    class CountingError(ValueError):
        """What a decoder raises, with how much text its error would count the lines of."""

        def __init__(self, msg: str, text: str, pos: int) -> None:
            counted.append(pos)
            self.msg, self.pos = msg, pos

    monkeypatch.setattr("json.decoder.JSONDecodeError", CountingError)
    monkeypatch.setattr("json.JSONDecodeError", CountingError)
    found = find_urls('{"u": "https://a.example/x", oops\n' * 2_000)
    assert (len(found.urls), found.duplicates, len(counted)) == (1, 1_999, 2_000)
    assert max(counted) < 100


@pytest.mark.parametrize(
    "mail",
    [
        "MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\nhttp://a.b/?x=3D\n\n",
        "MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\naHR0cDovL2EuYi8/eD0=\n\n",
        "From a@b.example Mon Jan 1 00:00:00 2024\nFrom: a@b.example\nSubject: x\n\nhttp://a.b/?x=\n\n",
        'From a@b.example Mon Jan 1\nContent-Type: multipart/mixed; boundary="x"\n\n--x\n\nhttp://a.b/?x=\n',
        'MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n{"u": "http://a.b/?x="}\n',
    ],
)
@pytest.mark.timeout(60)  # some seconds are plenty; what grows with the square of its length takes minutes
def test_mails_that_follow_one_another_are_each_searched_once(mail: str) -> None:
    found = find_urls(mail * 6_000)
    assert [(url.url, url.count) for url in found.urls] == [("http://a.b/?x=", 6_000)]


@pytest.mark.parametrize("unit", ["\\(lahttps://a", "https://a.b/x://です", "<html><body>x.\n" * 6])
@pytest.mark.timeout(60)  # as above
def test_what_has_no_end_is_not_searched_to_its_end_from_each_place(unit: str) -> None:
    found = find_urls(f"{unit * 20_000}\nhttps://c.example/")
    assert found.urls[-1].url == "https://c.example/"


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/{" + "-" * 400,
        "https://" + "1.xn--" * 40,
        f"<img srcset='{' ' * 100_000}'>",
        json.dumps({"u": f"https://a.example/{'x' * 500_000} y"}),
        json.dumps({"u": "http://" * 70_000 + " y"}),
        json.dumps({"u": f"https://a.example/x{' ' * 500_000}y"}),
    ],
    ids=["a template", "a host", "a set", "a word", "schemes", "spaces"],
)
@pytest.mark.timeout(60)  # as above
def test_what_goes_on_for_long_is_not_gone_over_again_and_again(text: str) -> None:
    assert find_urls(f"{text}\nhttps://c.example/").urls[-1].url == "https://c.example/"


@pytest.mark.parametrize("depth", [3, 2_000])
def test_mails_in_mails_are_read_however_deep_they_are(depth: int) -> None:
    found = find_urls("Content-Type: message/rfc822\n\n" * depth + "https://a.example/x\n")
    assert [url.url for url in found.urls] == ["https://a.example/x"]


def test_fragments_of_a_url_are_not_compared_with_all_others() -> None:
    compared = []

    class Fragment(str):
        """A text that notes each comparison."""

        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            compared.append(other)
            return super().__eq__(other)

    finding = FoundSoFar(10)
    for number in range(1_000):
        finding.take_sent("https://a.example/", "/", Fragment(number))
    assert len(finding.fragments["https://a.example/"]) == 1_000
    assert len(compared) < 1_000


def test_json_that_goes_on_for_long_is_read_to_its_end() -> None:
    for value in ({"text": "x" * 30_000, "u": "https://a.example"}, ["x" * 19_990, "https://a.example"], ["x"] * 9_000):
        text = json.dumps(value)
        found = find_urls(f"see\n{text}\n")
        assert (found.taken_for, len(found.urls)) == (("JSON", 1) if "a.example" in text else ("", 0))


def test_a_mixture_is_cut_where_its_format_changes() -> None:
    found = find_urls('See <https://a.example/1>.\n\n{"u": "https://a.example/2."}\nurl,n\nb.example/3,1\n')
    assert [url.url for url in found.urls] == ["https://a.example/1", "https://a.example/2.", "https://b.example/3"]
    assert found.taken_for == "text, JSON, CSV"


def test_a_text_can_be_said_to_be_plain() -> None:
    text = json.dumps({"u": "https://a.example/a b"})
    assert [url.url for url in find_urls(text, taken_as="text").urls] == ["https://a.example/a"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "utf-8-sig", "cp1252"])
def test_bytes_are_decoded_by_their_mark_or_their_looks(encoding: str) -> None:
    assert decoded("https://a.example/é".encode(encoding)).removeprefix("\ufeff") == "https://a.example/é"


@pytest.mark.parametrize(
    ("text", "encoding", "read_as"),
    [
        ("公式サイト https://a.example/x 表\nリンク：https://b.example/y。\n", "cp932", "cp932"),
        ("网址：https://a.example/x。\n更多 https://b.example/y\n", "gbk", "gb18030"),
        ("자세한 내용은 https://a.example/x（예）", "euc_kr", "gb18030"),
        ("Größe: “https://a.example/x” – voilà, ça marche: déjà vu à Besançon", "cp1252", "cp1252"),
        ("ÄÖÜ äöü ßßßß https://a.example/x", "cp1252", "cp1252"),
        ("Сайт: https://a.example/x, и «https://b.example/y».", "cp1251", "cp1252"),
    ],
)
def test_encodings_of_the_east_are_told_from_those_of_the_west(text: str, encoding: str, read_as: str) -> None:
    data = text.encode(encoding)
    assert decoded(data) == data.decode(read_as)


def test_a_line_of_nothing_but_schemes_is_no_url_as_a_whole() -> None:
    assert find_urls("see " + "https://a.b/(" * 500).urls[0].url.count("://") <= 20


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(data: bytes) -> None:
    find_urls(decoded(data))
