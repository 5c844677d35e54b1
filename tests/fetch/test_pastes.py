"""Pastes by the format that they come from, each with the URLs that a person would expect to find in it."""

# ruff: noqa: E501 - the texts stay in one piece

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asynclab.fetch.urls import find_urls

PASTES: dict[str, list[tuple[str, list[str]]]] = {
    "one column, doubled quotes": [
        (
            'Address\n"https://a.example/say?q=""hi"""\n"https://a.example/b,c"\n',
            ['https://a.example/say?q="hi"', "https://a.example/b,c"],
        )
    ],
    "one column no head": [
        (
            '"https://a.example/say?q=""hi"""\n"https://a.example/two"\n',
            ['https://a.example/say?q="hi"', "https://a.example/two"],
        )
    ],
    "osc8": [("see \x1b]8;;https://a.example/x\x1b\\link\x1b]8;;\x1b\\ ok", ["https://a.example/x"])],
    "osc8 bel": [
        (
            "see \x1b]8;;https://a.example/x?y=1\x07https://a.example/x\x1b]8;;\x07 ok",
            ["https://a.example/x?y=1", "https://a.example/x"],
        )
    ],
    "ansi256": [("\x1b[38;5;12mhttps://a.example/x\x1b[0m", ["https://a.example/x"])],
    "ansi colon": [("\x1b[4:3mhttps://a.example/x\x1b[?25h z", ["https://a.example/x"])],
    "rst": [
        (
            "`text <https://a.example/x_y>`_ and .. _name: https://a.example/z",
            ["https://a.example/x_y", "https://a.example/z"],
        )
    ],
    "org": [("[[https://a.example/x][text]] [[https://a.example/y]]", ["https://a.example/x", "https://a.example/y"])],
    "latex": [
        (
            "\\href{https://a.example/a\\%20b\\#c}{x} \\url{https://a.example/y_z}",
            ["https://a.example/a%20b", "https://a.example/y_z"],
        )
    ],
    "yaml": [
        (
            "site: https://a.example/x # note\nlist:\n  - \"https://a.example/y\"\n  - 'https://a.example/it''s'",
            ["https://a.example/x", "https://a.example/y", "https://a.example/it's"],
        )
    ],
    "toml": [
        (
            'homepage = "https://a.example/x"\nurls = ["https://a.example/y", \'https://a.example/z\']',
            ["https://a.example/x", "https://a.example/y", "https://a.example/z"],
        )
    ],
    "sql": [
        (
            "INSERT INTO t VALUES ('https://a.example/x', 'https://a.example/it''s'), ('https://a.example/y');",
            ["https://a.example/x", "https://a.example/it's", "https://a.example/y"],
        )
    ],
    "log": [
        (
            '1.2.3.4 - - [29/Nov/2026:03:07:13 +0000] "GET /x HTTP/1.1" 200 12 "https://a.example/ref?a=1" "Mozilla (+https://b.example/bot.html)"',
            ["https://a.example/ref?a=1", "https://b.example/bot.html"],
        )
    ],
    "whatsapp": [
        (
            "[29.11.26, 03:07:13] Ann: schau https://a.example/x, und https://a.example/y!\n29/11/2026, 03:07 - Bob: https://a.example/z",
            ["https://a.example/x", "https://a.example/y", "https://a.example/z"],
        )
    ],
    "slack": [("<https://a.example/x|text> and <https://a.example/y>", ["https://a.example/x", "https://a.example/y"])],
    "discord": [
        (
            "<https://a.example/x> [t](<https://a.example/y z>) ||https://a.example/s||",
            ["https://a.example/x", "https://a.example/y z", "https://a.example/s"],
        )
    ],
    "cn": [
        (
            "参见https://a.example/x。和https://a.example/y，以及（https://a.example/z）",
            ["https://a.example/x", "https://a.example/y", "https://a.example/z"],
        )
    ],
    "hi": [("देखें https://a.example/x। और https://a.example/y॥", ["https://a.example/x", "https://a.example/y"])],
    "ar": [("انظر https://a.example/x، https://a.example/y؟", ["https://a.example/x", "https://a.example/y"])],
    "am": [("https://a.example/x። https://a.example/y፣", ["https://a.example/x", "https://a.example/y"])],
    "idn": [
        (
            "https://bücher.example/weg?ä=ö https://例え.テスト/パス",
            ["https://bücher.example/weg?ä=ö", "https://例え.テスト/パス"],
        )
    ],
    "ipv6": [("http://[2001:db8::1]:8080/x, http://[::1]/.", ["http://[2001:db8::1]:8080/x", "http://[::1]/"])],
    "userinfo": [("https://me:pa%40ss@a.example:8443/x", ["https://me:pa%40ss@a.example:8443/x"])],
    "soft mail": [("> see <https://a.example/a/long/\n> path/x>\n", ["https://a.example/a/long/path/x"])],
    "semi csv": [
        (
            'Adresse;Status\r\n"https://a.example/x;y";200\r\nhttps://a.example/z;404\r\n',
            ["https://a.example/x;y", "https://a.example/z"],
        )
    ],
    "pipe csv": [
        (
            "url|code\nhttps://a.example/x|200\nhttps://a.example/y,z|404\n",
            ["https://a.example/x", "https://a.example/y,z"],
        )
    ],
    "tab csv": [
        (
            'Address\tStatus\nhttps://a.example/x,1\t200\n"https://a.example/a ""b"""\t200\n',
            ["https://a.example/x,1", 'https://a.example/a "b"'],
        )
    ],
    "sep=": [
        (
            "sep=;\nurl;n\nhttps://a.example/x,y;1\nhttps://a.example/z;2\n",
            ["https://a.example/x,y", "https://a.example/z"],
        )
    ],
    "single quotes csv": [
        (
            "'https://a.example/x,1','200'\n'https://a.example/y','200'\n",
            ["https://a.example/x,1", "https://a.example/y"],
        )
    ],
    "screaming frog": [
        (
            '"Address","Content Type","Status Code"\n"https://a.example/x","text/html; charset=utf-8","200"\n"https://a.example/y,z","text/html","404"\n',
            ["https://a.example/x", "https://a.example/y,z"],
        )
    ],
    "md html": [
        (
            '# T\n<p align="center"><a href="https://a.example/x?a=1&amp;b=2"><img src="https://a.example/i.png"></a></p>\n\n[t](https://a.example/y_(z)) <https://a.example/w>\n',
            [
                "https://a.example/x?a=1&b=2",
                "https://a.example/i.png",
                "https://a.example/y_(z)",
                "https://a.example/w",
            ],
        )
    ],
    "md table": [
        (
            "| a | b |\n|---|---|\n| [x](https://a.example/x) | https://a.example/y |\n",
            ["https://a.example/x", "https://a.example/y"],
        )
    ],
    "md code": [
        (
            "`curl https://a.example/x` and **https://a.example/y** _https://a.example/z_",
            ["https://a.example/x", "https://a.example/y", "https://a.example/z"],
        )
    ],
    "min json": [
        (
            '{"a":{"u":"https:\\/\\/a.example\\/x?y=1\\u0026z=2"},"b":["https://a.example/y"]}',
            ["https://a.example/x?y=1&z=2", "https://a.example/y"],
        )
    ],
    "jsonp": [('callback({"u":"https://a.example/x"});', ["https://a.example/x"])],
    "json5": [
        (
            "{u: 'https://a.example/x', // https://a.example/c\n v: \"https://a.example/y\",}",
            ["https://a.example/x", "https://a.example/c", "https://a.example/y"],
        )
    ],
    "curl": [
        (
            "curl 'https://a.example/x?a=1&b=2' -H 'referer: https://a.example/' --compressed",
            ["https://a.example/x?a=1&b=2", "https://a.example/"],
        )
    ],
    "ini": [
        (
            "[s]\nurl=https://a.example/x;comment\nurl2 = https://a.example/y",
            ["https://a.example/x;comment", "https://a.example/y"],
        )
    ],
    "url file": [("[InternetShortcut]\r\nURL=https://a.example/x\r\n", ["https://a.example/x"])],
    "css": [
        (
            'a{background:url(https://a.example/x.png)} b{background:url("https://a.example/y.png")}',
            ["https://a.example/x.png", "https://a.example/y.png"],
        )
    ],
    "sh": [
        (
            'X=https://a.example/x; wget "https://a.example/y" && echo https://a.example/z|cat',
            ["https://a.example/x", "https://a.example/y", "https://a.example/z"],
        )
    ],
    "bib": [
        (
            "url = {https://a.example/x_y},\n note = {\\url{https://a.example/z}}",
            ["https://a.example/x_y", "https://a.example/z"],
        )
    ],
    "wiki": [
        (
            "[https://a.example/x Text] {{cite web|url=https://a.example/y|title=T}} <ref>https://a.example/z</ref>",
            ["https://a.example/x", "https://a.example/y", "https://a.example/z"],
        )
    ],
    "textile": [
        (
            '"text":https://a.example/x. and !https://a.example/i.png!',
            ["https://a.example/x", "https://a.example/i.png"],
        )
    ],
    "bbcode": [
        (
            "[url=https://a.example/x]t[/url] [img]https://a.example/y.png[/img]",
            ["https://a.example/x", "https://a.example/y.png"],
        )
    ],
    "adoc": [
        (
            "https://a.example/x[text] link:https://a.example/y[t,window=_blank]",
            ["https://a.example/x", "https://a.example/y"],
        )
    ],
    "nbsp": [("https://a.example/x\xa0und https://a.example/y\u202f!", ["https://a.example/x", "https://a.example/y"])],
    "zwsp": [
        ("\u200bhttps://a.example/x\u200b https://a.example/y\u2060", ["https://a.example/x", "https://a.example/y"])
    ],
    "quotes": [
        (
            "„https://a.example/x“ «https://a.example/y» ‚https://a.example/z‘ ”https://a.example/w”",
            ["https://a.example/x", "https://a.example/y", "https://a.example/z", "https://a.example/w"],
        )
    ],
    "ellipsis": [("https://a.example/x... https://a.example/y…", ["https://a.example/x", "https://a.example/y"])],
    "go": [
        (
            'resp, err := http.Get("https://a.example/x" + id) // see https://a.example/y)',
            ["https://a.example/x", "https://a.example/y"],
        )
    ],
    "xml cdata": [
        ('<?xml version="1.0"?><r><u><![CDATA[https://a.example/x?a=1&b=2]]></u></r>', ["https://a.example/x?a=1&b=2"])
    ],
    "robots": [("User-agent: *\nSitemap: https://a.example/sitemap.xml", ["https://a.example/sitemap.xml"])],
    "link header": [
        (
            'Link: <https://a.example/x,y>; rel="next", <https://a.example/z>; rel="last"',
            ["https://a.example/x,y", "https://a.example/z"],
        )
    ],
    "csv in paren": [
        (
            'a,"see https://a.example/x, and https://a.example/y",b\nc,"https://a.example/z",d\n',
            ["https://a.example/x", "https://a.example/y", "https://a.example/z"],
        )
    ],
    "http req": [
        (
            "GET https://a.example/x HTTP/1.1\nHost: a.example\nReferer: https://b.example/\n\n",
            ["https://a.example/x", "https://b.example/"],
        )
    ],
    "ics": [
        (
            "BEGIN:VEVENT\nURL;VALUE=URI:https://a.example/x\nDESCRIPTION:see https://a.example/lo\n ng/path\\nhttps://a.example/y\nEND:VEVENT",
            ["https://a.example/x", "https://a.example/long/path", "https://a.example/y"],
        )
    ],
    "vcf": [("BEGIN:VCARD\nURL:https\\://a.example/x\nEND:VCARD", ["https://a.example/x"])],
    "har cut": [
        (
            '{"log":{"entries":[{"request":{"url":"https://a.example/x"}},{"request":{"url":"https://a.example/y"',
            ["https://a.example/x", "https://a.example/y"],
        )
    ],
    "double esc": [
        (
            '"{\\"u\\":\\"https://a.example/x\\",\\"v\\":\\"https://a.example/y\\"}"',
            ["https://a.example/x", "https://a.example/y"],
        )
    ],
    "a query as browsers copy it": [
        ("https://a.example/?q={%22a%22:{%22b%22:1}}&t=A|B", ["https://a.example/?q={%22a%22:{%22b%22:1}}&t=A|B"]),
        (
            "https://a.example/?id={3F2504E0-4F89-11D3-9A0C-0305E82C3301}.",
            ["https://a.example/?id={3F2504E0-4F89-11D3-9A0C-0305E82C3301}"],
        ),
    ],
    "www in a sentence": [
        (
            "see www.a.example/x, https://b.example and www.c.example. Not me@www.d.example.",
            ["https://www.a.example/x", "https://b.example", "https://www.c.example"],
        ),
        ("[www.a.example](http://www.a.example/)", ["http://www.a.example/"]),
    ],
    "a URL that was in a query": [
        ("https%3A%2F%2Fa.example%2Fx%3Fy%3D1 and u=http%3A//b.example", ["https://a.example/x?y=1"]),
        ("https://a.example/?url=https%3A%2F%2Fb.example", ["https://a.example/?url=https%3A%2F%2Fb.example"]),
    ],
    "escaped twice": [
        ("&lt;a href=&quot;https://a.example/?x=1&amp;amp;y=2&quot;&gt;", ["https://a.example/?x=1&y=2"])
    ],
    "where a word may be broken": [
        ("https://a.example/\u200bpa\u200bth\u200b", ["https://a.example/path"]),
        ("https://a.example/x\u200bhttps://b.example/y", ["https://a.example/x", "https://b.example/y"]),
    ],
    "without anything between": [
        ("https://a.example/1https://a.example/2", ["https://a.example/1", "https://a.example/2"]),
        (
            "https://web.archive.org/web/2020/https://a.example/",
            ["https://web.archive.org/web/2020/https://a.example/"],
        ),
    ],
    "spaces between quotes": [
        (
            'open("https://a.example/a b.pdf"), \'https://a.example/My Report.docx\' and "https://a.example/x is fine."',
            ["https://a.example/a b.pdf", "https://a.example/My Report.docx", "https://a.example/x"],
        )
    ],
    "pictures": [
        ("👉https://a.example/x👈 https://b.example/y✨", ["https://a.example/x", "https://b.example/y"]),
        ("https://a.example/👍 https://b.example/❤️/x", ["https://a.example/👍", "https://b.example/❤️/x"]),
    ],
    "dashes": [("https://a.example/x— https://b.example/y–z", ["https://a.example/x", "https://b.example/y–z"])],
    "a table of Jira": [
        ("||h||\n|[x|https://a.example/1]|https://b.example/|\n", ["https://a.example/1", "https://b.example/"])
    ],
    "neither a port nor a host": [
        ("https://user:pw@/x http://a.example:/x https://b.example:", ["http://a.example:/x", "https://b.example"])
    ],
    "an interface": [("(http://[fe80::1%25eth0]/z)", ["http://[fe80::1%25eth0]/z"])],
    "settings": [('[project.urls]\nHomepage = "https://a.example/t"\n[[tool.x]]\n', ["https://a.example/t"])],
    "Apple's mail": [
        (
            "From: a@b.c\nSubject: x\nContent-Type: text/plain; format=flowed; delsp=yes\n\nsee https://a.example/lo \nng/path and\n",
            ["https://a.example/long/path"],
        )
    ],
    "styles": [
        (
            "<p style=\"background:url('https://a.example/p.png')\"><style>b{background:url(https://a.example/b.png)}</style>",
            ["https://a.example/p.png", "https://a.example/b.png"],
        )
    ],
    "opml": [
        (
            '<opml version="2.0"><body><outline xmlUrl="https://a.example/f" htmlUrl="https://a.example/"/></body></opml>',
            ["https://a.example/f", "https://a.example/"],
        )
    ],
}


def as_json(url: str) -> str:
    """An object with the URL in it."""
    return json.dumps({"u": url})


URLS_WITH_QUOTES = st.text("abz019\"'/?=&_.-", max_size=12).map(lambda rest: f"https://a.example/{rest}z")
"""With quotes inside, none of which is at the end."""


@pytest.mark.parametrize("name", PASTES)
def test_a_paste_gives_the_urls_that_are_in_it(name: str) -> None:
    for text, urls in PASTES[name]:
        assert [found.url for found in find_urls(text).urls] == urls


def as_csv_column(url: str) -> str:
    """A CSV file of one column."""
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["Address"], [url]])
    return file.getvalue()


def as_sql(url: str) -> str:
    """A statement with the URL in it."""
    return "UPDATE t SET u = '{}' WHERE n = 1;".format(url.replace("'", "''"))


def as_yaml(url: str) -> str:
    """A mapping with the URL in single quotes."""
    return "site: '{}'".format(url.replace("'", "''"))


def as_source(url: str) -> str:
    """A line of a program."""
    return "open('{}')".format(url.replace("'", "\\'"))


@pytest.mark.parametrize("written", [as_csv_column, as_sql, as_yaml, as_source, as_json])
@settings(max_examples=60, deadline=None)
@given(URLS_WITH_QUOTES)
def test_a_quote_within_quotes_belongs_to_the_url_however_the_format_writes_it(written: object, url: str) -> None:
    assert callable(written)
    assert [found.url for found in find_urls(written(url)).urls] == [url]


@pytest.mark.parametrize("quote", ['"', "'"])
def test_strings_that_follow_one_another_are_two_urls(quote: str) -> None:
    urls = ["https://a.example/x", "https://b.example/y"]
    assert [found.url for found in find_urls("".join(f"{quote}{url}{quote}" for url in urls)).urls] == urls
