"""Texts as people have them, by what is odd about them, each with the URLs that are in it."""

# ruff: noqa: E501 - the texts stay in one piece

from __future__ import annotations

import pytest

from asynclab.fetch.urls import find_urls

ODD: dict[str, list[tuple[str, list[str]]]] = {
    "quoted-printable": [
        (
            "Content-Transfer-Encoding: quoted-printable\n\nhttps://a.example/?id=3D12&t=3Dab=\ncd\n",
            ["https://a.example/?id=12&t=abcd"],
        ),
        ('<a href=3D"https://a.example/x?y=3D1">=20\n', ["https://a.example/x?y=1"]),
        (
            'Subject: hi\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<p><a href=3D"https://a.example/=C3=BC?q=3D1">x</a></p>\n',
            ["https://a.example/ü?q=1"],
        ),
        (
            "From: a@b.example\nTo: c@d.example\nContent-Transfer-Encoding: quoted-printable\n\nsee https://a.example/very=\n/long=\n/path.\n",
            ["https://a.example/very/long/path"],
        ),
    ],
    "base64 mail": [
        (
            "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\naHR0cHM6Ly9hLmV4YW1wbGUvYmFzZTY0\n",
            ["https://a.example/base64"],
        ),
    ],
    "base href": [
        (
            '<html><head><base href="https://a.example/dir/"></head><body><a href="x.html">x</a> <a href="/y">y</a></body></html>',
            ["https://a.example/dir/x.html", "https://a.example/y"],
        ),
        (
            '<html><base href="https://a.example/dir/page?q"><a href="?p=2">x</a><img src="../i.png"></html>',
            ["https://a.example/dir/page?p=2", "https://a.example/i.png"],
        ),
    ],
    "srcset": [
        (
            '<img srcset="https://a.example/1.png 1x, https://a.example/2.png 2x" src="https://a.example/0.png">',
            ["https://a.example/1.png", "https://a.example/2.png", "https://a.example/0.png"],
        ),
        (
            '<source srcset="https://a.example/a,b.webp 480w, https://a.example/c.webp 800w">',
            ["https://a.example/a,b.webp", "https://a.example/c.webp"],
        ),
    ],
    "xml": [
        (
            '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://a.example/?a=1&b=2</loc></url></urlset>',
            ["https://a.example/?a=1&b=2"],
        ),
        (
            '<rss><channel><item><link>https://a.example/1</link><enclosure url="https://a.example/1.mp3"/></item></channel></rss>',
            ["https://a.example/1", "https://a.example/1.mp3"],
        ),
        (
            '<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://a.example/a?x=1&amp;y=2"/><content type="html">&lt;a href="https://a.example/c"&gt;c&lt;/a&gt;</content></feed>',
            ["https://a.example/a?x=1&y=2", "https://a.example/c"],
        ),
        (
            '<opml version="2.0"><body><outline xmlUrl="https://a.example/feed" htmlUrl="https://a.example/"/></body></opml>',
            ["https://a.example/feed", "https://a.example/"],
        ),
        (
            "<urlset><url><loc><![CDATA[https://a.example/?a=1&b=2]]></loc></url></urlset>",
            ["https://a.example/?a=1&b=2"],
        ),
        (
            "<urlset><url><loc>https://a.example/1</loc></url><url><loc>https://a.example/2</loc>",
            ["https://a.example/1", "https://a.example/2"],
        ),
    ],
    "comments": [
        ("#python https://a.example/1", ["https://a.example/1"]),
        ("Ticket # 5: https://a.example/2", ["https://a.example/2"]),
        ("# [Project](https://a.example/3)", ["https://a.example/3"]),
        ("## https://a.example/4 is a heading", ["https://a.example/4"]),
        ("# https://a.example/off\nhttps://a.example/on", ["https://a.example/on"]),
        ("https://a.example/5 # see https://a.example/6", ["https://a.example/5", "https://a.example/6"]),
        ("C# https://a.example/7", ["https://a.example/7"]),
    ],
    "scripts": [
        ("見る《https://a.example/本》。", ["https://a.example/本"]),
        ("انظر https://a.example/x، ثم", ["https://a.example/x"]),
        ("https://a.example/x؟", ["https://a.example/x"]),
        ("（https://a.example/x）", ["https://a.example/x"]),
        ("https://a.example/x।", ["https://a.example/x"]),
        ("〔https://a.example/x〕と［https://a.example/y］", ["https://a.example/x", "https://a.example/y"]),
        ("„https://a.example/x“ »https://a.example/y«", ["https://a.example/x", "https://a.example/y"]),
        ("https://a.example/x\u200b", ["https://a.example/x"]),
    ],
    "idn": [
        ("https://bücher.example/ä", ["https://bücher.example/ä"]),
        ("https://xn--bcher-kva.example/", ["https://xn--bcher-kva.example/"]),
        ("https://büch\xader.example/", ["https://bücher.example/"]),
    ],
    "entities": [
        ('<a href="https://a.example/?a=1&amp;b=2&#38;c=3&#x26;d=4">', ["https://a.example/?a=1&b=2&c=3&d=4"]),
        ('<a href="https://a.example/?a=1&copy=2">x</a>', ["https://a.example/?a=1&copy=2"]),
        ('<a href="https:&#x2F;&#x2F;a.example&#x2F;x">x</a>', ["https://a.example/x"]),
        ('<a href=" https://a.example/x\n">x</a>', ["https://a.example/x"]),
        ("<a href='https://a.example/?q=\"x\">y'>x</a>", ['https://a.example/?q="x">y']),
        ("see https://a.example/?a=1&amp;b=2 there", ["https://a.example/?a=1&b=2"]),
        ('<a href="https://a.example/?x=1&para=2&ampx=3&amp;y=4">x</a>', ["https://a.example/?x=1&para=2&ampx=3&y=4"]),
    ],
    "json": [
        ('{"u":"https:\\/\\/a.example\\/x?a=1\\u0026b=2"}', ["https://a.example/x?a=1&b=2"]),
        ('{"u":"https://a.example/Apple_Inc."}', ["https://a.example/Apple_Inc."]),
        (
            '{"text":"see https://a.example/x, or \\"https://a.example/y\\"."}',
            ["https://a.example/x", "https://a.example/y"],
        ),
        ('["https://a.example/a b"]', ["https://a.example/a b"]),
        (
            '{"a":1}\n{"url":"https://a.example/1"}\n{"url":"https://a.example/2"}',
            ["https://a.example/1", "https://a.example/2"],
        ),
        ('{"url":"a.example"}', ["https://a.example"]),
        ('{"https://a.example/key": 1}', ["https://a.example/key"]),
        ('{"d":"{\\"u\\":\\"https://a.example/in.\\"}"}', ["https://a.example/in."]),
        ("{'u': 'https://a.example/py', 'v': None}", ["https://a.example/py"]),
        ('{"u": "https://a.example/x",}', ["https://a.example/x"]),
        ('callback({"u":"https://a.example/x"});', ["https://a.example/x"]),
        ('{"u":"https://a.example/\\ud83d\\ude00"}', ["https://a.example/😀"]),
    ],
    "csv": [
        (
            'name,url\n"x, y","https://a.example/KO0,26.htm"\nz,https://a.example/b\n',
            ["https://a.example/KO0,26.htm", "https://a.example/b"],
        ),
        ('url;n\n"https://a.example/a;b";1\nhttps://a.example/c;2\n', ["https://a.example/a;b", "https://a.example/c"]),
        ("host\tn\na.example\t1\nb.example\t2\n", ["https://a.example", "https://b.example"]),
        ('a,b\n1,"https://a.example/1\n"\n2,https://a.example/2\n', ["https://a.example/1", "https://a.example/2"]),
        ("| url | n |\n|---|---|\n| https://a.example/x | 1 |\n", ["https://a.example/x"]),
        ("rank,domain\n1,a.example\n2,b.example\n", ["https://a.example", "https://b.example"]),
    ],
    "soft breaks": [
        ("<https://a.example/very/\nlong/path>", ["https://a.example/very/long/path"]),
        ("> <https://a.example/very/\n> long/path>", ["https://a.example/very/long/path"]),
        (
            "msg='http://a.example/1\\nhttps://b.example/2\\r\\nhttp://c.example/3'",
            ["http://a.example/1", "https://b.example/2", "http://c.example/3"],
        ),
    ],
    "others": [
        ("https://a.example/x[text]", ["https://a.example/x"]),
        ("1.https://a.example/x", ["https://a.example/x"]),
        ("-https://a.example/x", ["https://a.example/x"]),
        ("\\href{https://a.example/100\\%}{x}", ["https://a.example/100%"]),
        ("\\url{https://a.example/a_b}", ["https://a.example/a_b"]),
        ("<https://a.example/x|text>", ["https://a.example/x"]),
        ("[[https://a.example/x][text]]", ["https://a.example/x"]),
        ("[https://a.example/x text]", ["https://a.example/x"]),
        ("{{cite web|url=https://a.example/x|title=y}}", ["https://a.example/x"]),
        ("[url=https://a.example/x]y[/url]", ["https://a.example/x"]),
        ("`text <https://a.example/x>`_", ["https://a.example/x"]),
        (".. _x: https://a.example/x", ["https://a.example/x"]),
        ("curl -s 'https://a.example/x?a=1&b=2' | sh", ["https://a.example/x?a=1&b=2"]),
        ("url(https://a.example/x.png)", ["https://a.example/x.png"]),
        ("HREF=https://a.example/x", ["https://a.example/x"]),
        ("view-source:https://a.example/x", ["https://a.example/x"]),
        (
            "https://web.archive.org/web/2020/https://a.example/x",
            ["https://web.archive.org/web/2020/https://a.example/x"],
        ),
        ("key: https://a.example/x  # c", ["https://a.example/x"]),
        ("<!-- https://a.example/x -->", ["https://a.example/x"]),
        ("a: \"https://a.example/x\"\nb: 'https://a.example/y'", ["https://a.example/x", "https://a.example/y"]),
        ("2026-11-29T00:00:00 GET https://a.example/x 200 12ms", ["https://a.example/x"]),
        ("[x](<https://a.example/a b>)", ["https://a.example/a b"]),
        ("[x]( https://a.example/x 'T' )", ["https://a.example/x"]),
        ("[![b](https://a.example/b.svg)](https://a.example/x)", ["https://a.example/b.svg", "https://a.example/x"]),
        ("**<https://a.example/x>**", ["https://a.example/x"]),
        ("https://a.example/x...", ["https://a.example/x"]),
        ("https://a.example/x?!", ["https://a.example/x"]),
        ("(https://a.example/x_(y)_z)", ["https://a.example/x_(y)_z"]),
        ("https://user@a.example:8443/x;p=1?q#f", ["https://user@a.example:8443/x;p=1?q"]),
    ],
}


@pytest.mark.parametrize("kind", ODD)
def test_the_urls_of_odd_texts_are_found(kind: str) -> None:
    for text, expected in ODD[kind]:
        assert [found.url for found in find_urls(text).urls] == expected, text
