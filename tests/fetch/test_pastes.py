"""Pastes by the format that they come from, each with the URLs that a person would expect to find in it."""

# ruff: noqa: E501 - each text stays in one piece

import csv
import io
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asynclab.fetch.urls import find_urls

WRITTEN = [
    ("plain text", "⟦https://a.com/x⟧"),
    ("plain text", "⟦HTTPS://A.com/X⟧"),
    ("plain text", "\ufeff⟦https://a.com⟧\r\n⟦http://b.com⟧\r\n"),
    ("plain text", "see ⟦https://a.com/x⟧, and (⟦http://b.com/y⟧). ⟦https://c.com⟧!"),
    ("plain text", "- ⟦https://a.com⟧\n* ⟦http://b.com⟧\n1. ⟦http://c.com⟧"),
    ("plain text", "> ⟦https://quoted.example/mail⟧"),
    ("plain text", "<⟦https://a.com/x⟧>"),
    ("plain text", "“⟦https://a.com/x⟧”"),
    ("plain text", "He said “⟦https://a.com/x⟧.” Or “⟦https://a.com/y⟧。”"),
    ("Textile", "!⟦https://a.com/x.png⟧!:⟦https://b.com/y⟧"),
    ("WARC", "WARC/1.0\r\nWARC-Target-URI: ⟦https://a.com/x⟧\r\nContent-Type: application/http; msgtype=response\r\n\r\nHTTP/1.1 200 OK\r\n\r\n<p><a href='⟦https://b.com/y⟧'>y</a>"),
    ("plain text", "'⟦https://a.com⟧', `⟦http://b.com⟧`"),
    ("plain text", "⟦https://a.com/?q=a,b;c&d=%2F%7e⟧"),
    ("plain text", "⟦https://a.com/x⟧#part"),
    ("plain text", "⟦https://a.com⟧,⟦http://b.com⟧;⟦http://c.com⟧|⟦http://d.com⟧"),
    ("plain text", "⟦https://u:p%40w@a.com/x⟧"),
    ("plain text", "⟦http://[2001:db8::1]:8080/x⟧ ⟦http://[::1]⟧"),
    ("plain text", "⟦https://bücher.example/straße?q=ü⟧"),
    ("plain text", "参照：⟦https://例え.jp/パス⟧。次"),
    ("Markdown", "[a](⟦https://a.com/x⟧)[b](⟦https://b.com⟧)"),
    ("Markdown", "[w](⟦https://w.org/Foo_(bar)⟧), too"),
    ("Markdown", "(see ⟦https://w.org/Foo_(bar)⟧)"),
    ("Markdown", '![i](⟦https://a.com/i.png⟧ "a title")'),
    ("Markdown", "**⟦https://a.com⟧** _⟦https://b.com⟧_"),
    ("Markdown", "[1]: ⟦https://a.com/ref⟧"),
    ("Markdown", "## [Heading](⟦https://a.com⟧)"),
    ("Markdown", "⟦https://a.com/x(unclosed⟧"),
    ("JSON", '{"log":"\\u001b[31m⟦https://a.com/x⟧\\u001b[0m"}'),
    ("JSON", '"⟦https://a.com/⟧\\ud83d"'),
    ("JSON", '"⟦https://a.com/⟧\\ude00\\ud83d"'),
    ("JSON", '"⟦https://a.com/⟧\\ud83d\\u0041"'),
    ("columns", "1,⟦https://a.com/x⟧,ok\n2,⟦https://b.com⟧,no\n"),
    ("comments of C", "/*⟦https://a.example/x⟧*/ and /* ⟦https://b.example/y⟧*/ and ⟦https://c.example/*/⟧"),
    ("JSON in a query", '⟦https://a.example/?f=⟧[["x","y"]] and (⟦https://b.example/x⟧[("z"))'),
    ("subtitles", "{\\i1}⟦https://a.example/x⟧{\\i0}\\N⟦https://b.example/y⟧"),
    ("pages' own objects", "blob:https://a.example/0-1 'blob:https://a.example/2' view-source:⟦https://a.example/x⟧ Blob ⟦https://b.example⟧"),
    ("patterns", "'https://a.example/**' and 'https://a.example/*'"),
    ("HTML in HTML", "<iframe srcdoc=\"&lt;a href='⟦https://a.example/x⟧'&gt;x&lt;/a&gt;\"></iframe>"),
    ("JSX", "<p><a href={'⟦https://a.example/x⟧'}>x</a><a href={`https://b.example/${id}`}>y</a></p>"),
    ("PKGBUILD", "https://a.example/$pkgname-$pkgver.tgz https://a.example/x-$version/ ⟦https://a.example/$value⟧ ⟦https://a.example/a$b⟧"),
    ("troff", "\\(la⟦https://a.example/x⟧\\(ra and \\[la]⟦https://b.example⟧\\[ra], \\fB⟦https://c.example/y⟧\\fR"),
    ("DokuWiki", "//⟦https://a.example/x⟧// and (//⟦https://b.example⟧//) and ⟦https://c.example//x⟧"),
    ("Creole", "//⟦https://a.example/x_y⟧//"),
    ("Pandoc", "[⟦https://a.example/x⟧]{.class} [⟦https://b.example/⟧]{x}"),
    ("CloudFront's log", "Mozilla/5.0%20(compatible;%20+⟦http://bot.example/info⟧)"),
    ("SQL", "VALUES (1,'see ⟦https://a.example/x⟧'),(2,'⟦https://b.example/y⟧',NULL)"),
    ("OData", "⟦https://a.example/People('russell')/Photo⟧ and ⟦https://a.example/?$filter=concat('a','b')⟧"),
    ("Japanese", "公式は⟦https://a.example/⟧です。⟦https://b.example/⟧をご覧ください。⟦https://c.example/をん/x⟧ ⟦https://d.example/は⟧"),
    ("full-width slash", "⟦https://a.example/x⟧／⟦https://b.example/y⟧"),
    ("PHP", "https://a.example/{$id}/x https://a.example/{$user->name}"),
    ("osc8 with a short text", "\x1b]8;id=1;⟦https://a.example/x⟧\x07\x1b[4mhttps://a.example/…\x1b[24m\x1b]8;;\x07"),
    ("osc8", "see \x1b]8;;⟦https://a.example/x⟧\x1b\\link\x1b]8;;\x1b\\ ok"),
    ("osc8 with BEL", "see \x1b]8;;⟦https://a.example/x?y=1⟧\x07⟦https://a.example/x⟧\x1b]8;;\x07 ok"),
    ("256 colours", "\x1b[38;5;12m⟦https://a.example/x⟧\x1b[0m"),
    ("terminal sequences", "\x1b[4:3m⟦https://a.example/x⟧\x1b[?25h z"),
    ("colours as less shows them", "^[[32m⟦https://a.example/x⟧^[[0m and ^[[4m⟦https://a.example/y⟧^[[24m"),
    ("colours in a program", 'echo -e "\\033[32m⟦https://a.example/x⟧\\e[0m \\x1b[1m⟦https://a.example/y⟧\\x1B[0m"'),
    ("Content-Security-Policy", "img-src ⟦https://a.example/x⟧;script-src-elem ⟦https://b.example⟧;report-uri ⟦https://c.example/csp⟧"),
    ("Chinese", "链接：⟦https://a.example/x⟧或者⟦https://b.example/y⟧这个"),
    ("troff", "\\fB⟦https://a.example/x⟧\\fR and \\fI⟦https://b.example/y⟧\\fP"),
    ("table of contents", "1 Intro ⟦https://a.example/x⟧........12\n2 More ⟦https://a.example/y⟧ ..... 13"),
    ("reStructuredText", "`text <⟦https://a.example/x_y⟧>`_ and .. _name: ⟦https://a.example/z⟧"),
    ("Org mode", "[[⟦https://a.example/x⟧][text]] [[⟦https://a.example/y⟧]]"),
    ("TOML", 'homepage = "⟦https://a.example/x⟧"\nurls = ["⟦https://a.example/y⟧", \'⟦https://a.example/z⟧\']'),
    ("log of a server", '1.2.3.4 - - [29/Nov/2026:03:07:13 +0000] "GET /x HTTP/1.1" 200 12 "⟦https://a.example/ref?a=1⟧" "Mozilla (+⟦https://b.example/bot.html⟧)"'),
    ("whatsapp", "[29.11.26, 03:07:13] Ann: schau ⟦https://a.example/x⟧, und ⟦https://a.example/y⟧!\n29/11/2026, 03:07 - Bob: ⟦https://a.example/z⟧"),
    ("slack", "<⟦https://a.example/x⟧|text> and <⟦https://a.example/y⟧>"),
    ("discord", "<⟦https://a.example/x⟧> [t](<⟦https://a.example/y z⟧>) ||⟦https://a.example/s⟧||"),
    ("Chinese", "参见⟦https://a.example/x⟧。和⟦https://a.example/y⟧，以及（⟦https://a.example/z⟧）"),
    ("Hindi", "देखें ⟦https://a.example/x⟧। और ⟦https://a.example/y⟧॥"),
    ("Arabic", "انظر ⟦https://a.example/x⟧، ⟦https://a.example/y⟧؟"),
    ("Amharic", "⟦https://a.example/x⟧። ⟦https://a.example/y⟧፣"),
    ("international host", "⟦https://bücher.example/weg?ä=ö⟧ ⟦https://例え.テスト/パス⟧"),
    ("international host", "⟦https://bücher.example/ä⟧"),
    ("international host", "⟦https://xn--bcher-kva.example/⟧"),
    ("ipv6", "⟦http://[2001:db8::1]:8080/x⟧, ⟦http://[::1]/⟧."),
    ("user and password", "⟦https://me:pa%40ss@a.example:8443/x⟧"),
    ("semi csv", 'Adresse;Status\r\n"⟦https://a.example/x;y⟧";200\r\n⟦https://a.example/z⟧;404\r\n'),
    ("pipe csv", "url|code\n⟦https://a.example/x⟧|200\n⟦https://a.example/y,z⟧|404\n"),
    ("sep=", "sep=;\nurl;n\n⟦https://a.example/x,y⟧;1\n⟦https://a.example/z⟧;2\n"),
    ("single quotes csv", "'⟦https://a.example/x,1⟧','200'\n'⟦https://a.example/y⟧','200'\n"),
    ("screaming frog", '"Address","Content Type","Status Code"\n"⟦https://a.example/x⟧","text/html; charset=utf-8","200"\n"⟦https://a.example/y,z⟧","text/html","404"\n'),
    ("Markdown table", "| a | b |\n|---|---|\n| [x](⟦https://a.example/x⟧) | ⟦https://a.example/y⟧ |\n"),
    ("Markdown code", "`curl ⟦https://a.example/x⟧` and **⟦https://a.example/y⟧** _⟦https://a.example/z⟧_"),
    ("JSONP", 'callback({"u":"⟦https://a.example/x⟧"});'),
    ("JSON5", '{u: \'⟦https://a.example/x⟧\', // ⟦https://a.example/c⟧\n v: "⟦https://a.example/y⟧",}'),
    ("curl", "curl '⟦https://a.example/x?a=1&b=2⟧' -H 'referer: ⟦https://a.example/⟧' --compressed"),
    ("INI", "[s]\nurl=⟦https://a.example/x;comment⟧\nurl2 = ⟦https://a.example/y⟧"),
    ("URL file", "[InternetShortcut]\r\nURL=⟦https://a.example/x⟧\r\n"),
    ("CSS", 'a{background:url(⟦https://a.example/x.png⟧)} b{background:url("⟦https://a.example/y.png⟧")}'),
    ("shell", 'X=⟦https://a.example/x⟧; wget "⟦https://a.example/y⟧" && echo ⟦https://a.example/z⟧|cat'),
    ("BibTeX", "url = {⟦https://a.example/x_y⟧},\n note = {\\url{⟦https://a.example/z⟧}}"),
    ("wiki", "[⟦https://a.example/x⟧ Text] {{cite web|url=⟦https://a.example/y⟧|title=T}} <ref>⟦https://a.example/z⟧</ref>"),
    ("textile", '"text":⟦https://a.example/x⟧. and !⟦https://a.example/i.png⟧!'),
    ("bbcode", "[url=⟦https://a.example/x⟧]t[/url] [img]⟦https://a.example/y.png⟧[/img]"),
    ("AsciiDoc", "⟦https://a.example/x⟧[text] link:⟦https://a.example/y⟧[t,window=_blank]"),
    ("no-break space", "⟦https://a.example/x⟧\xa0und ⟦https://a.example/y⟧\u202f!"),
    ("zero-width space", "\u200b⟦https://a.example/x⟧\u200b ⟦https://a.example/y⟧\u2060"),
    ("quotes", "„⟦https://a.example/x⟧“ «⟦https://a.example/y⟧» ‚⟦https://a.example/z⟧‘ ”⟦https://a.example/w⟧”"),
    ("ellipsis", "⟦https://a.example/x⟧... ⟦https://a.example/y⟧…"),
    ("Go", 'resp, err := http.Get("⟦https://a.example/x⟧" + id) // see ⟦https://a.example/y⟧)'),
    ("XML CDATA", '<?xml version="1.0"?><r><u><![CDATA[⟦https://a.example/x?a=1&b=2⟧]]></u></r>'),
    ("robots.txt", "User-agent: *\nSitemap: ⟦https://a.example/sitemap.xml⟧"),
    ("link header", 'Link: <⟦https://a.example/x,y⟧>; rel="next", <⟦https://a.example/z⟧>; rel="last"'),
    ("csv in paren", 'a,"see ⟦https://a.example/x⟧, and ⟦https://a.example/y⟧",b\nc,"⟦https://a.example/z⟧",d\n'),
    ("HTTP request", "GET ⟦https://a.example/x⟧ HTTP/1.1\nHost: a.example\nReferer: ⟦https://b.example/⟧\n\n"),
    ("cut HAR", '{"log":{"entries":[{"request":{"url":"⟦https://a.example/x⟧"}},{"request":{"url":"⟦https://a.example/y⟧"'),
    ("JSON in JSON", '"{\\"u\\":\\"⟦https://a.example/x⟧\\",\\"v\\":\\"⟦https://a.example/y⟧\\"}"'),
    ("a query as browsers copy it", "⟦https://a.example/?q={%22a%22:{%22b%22:1}}&t=A|B⟧"),
    ("a query as browsers copy it", "⟦https://a.example/?id={3F2504E0-4F89-11D3-9A0C-0305E82C3301}⟧."),
    ("www in a sentence", "[www.a.example](⟦http://www.a.example/⟧)"),
    ("a URL that was in a query", "⟦https://a.example/?url=https%3A%2F%2Fb.example⟧"),
    ("where a word may be broken", "⟦https://a.example/x⟧\u200b⟦https://b.example/y⟧"),
    ("without anything between", "⟦https://a.example/1⟧⟦https://a.example/2⟧"),
    ("without anything between", "⟦https://web.archive.org/web/2020/https://a.example/⟧"),
    ("spaces between quotes", 'open("⟦https://a.example/a b.pdf⟧"), \'⟦https://a.example/My Report.docx⟧\' and "⟦https://a.example/x⟧ is fine."'),
    ("pictures", "👉⟦https://a.example/x⟧👈 ⟦https://b.example/y⟧✨"),
    ("pictures", "⟦https://a.example/गुरु⟧ ⟦https://b.example/กำ⟧"),
    ("pictures", "⟦https://a.example/👍⟧ ⟦https://b.example/❤️/x⟧"),
    ("dashes", "⟦https://a.example/x⟧— ⟦https://b.example/y–z⟧"),
    ("a table of Jira", "||h||\n|[x|⟦https://a.example/1⟧]|⟦https://b.example/⟧|\n"),
    ("neither a port nor a host", "https://user:pw@/x ⟦http://a.example:/x⟧ ⟦https://b.example⟧:"),
    ("an interface", "(⟦http://[fe80::1%25eth0]/z⟧)"),
    ("settings", '[project.urls]\nHomepage = "⟦https://a.example/t⟧"\n[[tool.x]]\n'),
    ("styles", '<p style="background:url(\'⟦https://a.example/p.png⟧\')"><style>b{background:url(⟦https://a.example/b.png⟧)}</style>'),
    ("srcset", '<img srcset="⟦https://a.example/1.png⟧ 1x, ⟦https://a.example/2.png⟧ 2x" src="⟦https://a.example/0.png⟧">'),
    ("srcset", '<source srcset="⟦https://a.example/a,b.webp⟧ 480w, ⟦https://a.example/c.webp⟧ 800w">'),
    ("XML", '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>⟦https://a.example/?a=1&b=2⟧</loc></url></urlset>'),
    ("XML", '<rss><channel><item><link>⟦https://a.example/1⟧</link><enclosure url="⟦https://a.example/1.mp3⟧"/></item></channel></rss>'),
    ("XML", '<opml version="2.0"><body><outline xmlUrl="⟦https://a.example/feed⟧" htmlUrl="⟦https://a.example/⟧"/></body></opml>'),
    ("XML", "<urlset><url><loc>⟦https://a.example/1⟧</loc></url><url><loc>⟦https://a.example/2⟧</loc>"),
    ("comments", "#python ⟦https://a.example/1⟧"),
    ("comments", "Ticket # 5: ⟦https://a.example/2⟧"),
    ("comments", "# [Project](⟦https://a.example/3⟧)"),
    ("comments", "## ⟦https://a.example/4⟧ is a heading"),
    ("comments", "# https://a.example/off\n⟦https://a.example/on⟧"),
    ("comments", "⟦https://a.example/5⟧ # see ⟦https://a.example/6⟧"),
    ("comments", "C# ⟦https://a.example/7⟧"),
    ("other scripts", "見る《⟦https://a.example/本⟧》。"),
    ("other scripts", "⟦https://a.example/x⟧؟"),
    ("other scripts", "〔⟦https://a.example/x⟧〕と［⟦https://a.example/y⟧］"),
    ("other scripts", "⟦https://a.example/x⟧\u200b"),
    ("entities", '<a href="⟦https://a.example/?a=1&copy=2⟧">x</a>'),
    ("entities", '<a href=" ⟦https://a.example/x⟧\n">x</a>'),
    ("entities", '<a href=\'⟦https://a.example/?q="x">y⟧\'>x</a>'),
    ("JSON", '{"u":"⟦https://a.example/Apple_Inc.⟧"}'),
    ("JSON", '{"text":"see ⟦https://a.example/x⟧, or \\"⟦https://a.example/y⟧\\"."}'),
    ("JSON", '["⟦https://a.example/a b⟧"]'),
    ("JSON", '{"a":1}\n{"url":"⟦https://a.example/1⟧"}\n{"url":"⟦https://a.example/2⟧"}'),
    ("JSON", '{"⟦https://a.example/key⟧": 1}'),
    ("JSON", '{"d":"{\\"u\\":\\"⟦https://a.example/in.⟧\\"}"}'),
    ("JSON", "{'u': '⟦https://a.example/py⟧', 'v': None}"),
    ("JSON", '{"u": "⟦https://a.example/x⟧",}'),
    ("CSV", 'name,url\n"x, y","⟦https://a.example/KO0,26.htm⟧"\nz,⟦https://a.example/b⟧\n'),
    ("CSV", 'a,b\n1,"⟦https://a.example/1⟧\n"\n2,⟦https://a.example/2⟧\n'),
    ("soft breaks", "msg='⟦http://a.example/1⟧\\n⟦https://b.example/2⟧\\r\\n⟦http://c.example/3⟧'"),
    ("others", "1.⟦https://a.example/x⟧"),
    ("others", "-⟦https://a.example/x⟧"),
    ("others", "HREF=⟦https://a.example/x⟧"),
    ("others", "view-source:⟦https://a.example/x⟧"),
    ("others", "<!-- ⟦https://a.example/x⟧ -->"),
    ("others", "[x]( ⟦https://a.example/x⟧ 'T' )"),
    ("others", "[![b](⟦https://a.example/b.svg⟧)](⟦https://a.example/x⟧)"),
    ("others", "**<⟦https://a.example/x⟧>**"),
    ("others", "⟦https://a.example/x⟧?!"),
    ("others", "(⟦https://a.example/x_(y)_z⟧)"),
    ("others", "⟦https://user@a.example:8443/x;p=1?q⟧#f"),
    ("a link of a terminal", "\x1b]8;id=1;⟦https://a.example/x;y=1⟧\x1b\\text\x1b]8;;\x1b\\"),
    ("a link of a terminal", "␛]8;;⟦https://a.example/x;y=1⟧␇text␛]8;;␇"),
    ("comments", "u = 1  # ⟦https://a.example/c⟧"),
    ("Jira", "{color:red}⟦https://a.example/z⟧{color} {quote}⟦https://a.example/q⟧{quote}"),
    ("DokuWiki", "{{⟦https://a.example/i.png?200⟧|A picture}}"),
    ("names and values", "src=⟦https://a.example/y⟧;dst=⟦https://b.example/z⟧,x=⟦https://c.example⟧"),
    ("names and values", "⟦https://a.example/;u=https://b.example/⟧"),
    ("a space, escaped, behind a host", "see ⟦https://www.x.example⟧%20 and ⟦http://a%2eb.example/⟧\n"),
    ("Chinese with a link in each sentence", "看⟦https://例え.example/道/パス⟧。看 ⟦https://b.example/文⟧，再看。\n"),
    ("git remote -v", "origin\t⟦https://g.example/x.git⟧ (fetch)\nup\t⟦https://h.example/x.git⟧ (push)\n"),
    ("a copy of a file", '{"u":"⟦https://a.example/Report (1).pdf⟧"}'),
    ("arrows", "⟦https://a.example/x⟧→⟦https://a.example/y⟧ ⟦https://a.example/z⟧->⟦https://a.example/v⟧=>w"),
    ("dashes", "see ⟦https://a.example/x⟧—and ⟦https://a.example/y–z⟧"),
    ("brackets in brackets", "[⟦https://a.example/x[1]⟧] and [⟦https://a.example/y⟧[1]"),
    ("AsciiDoc", "++⟦https://a.example/__a__⟧++ link:++⟦https://a.example/b*⟧++[t]"),
    ("Slack and quotes", "<⟦https://a.example/x.⟧|t> `⟦https://a.example/y,⟧` ‘⟦https://a.example/it’s.⟧’"),
    ("Markdown", "[x](⟦https://a.example/a(b(c)d)e⟧ \"t\") [y](<⟦https://a.example/f(⟧>) [z](⟦https://a.example/g⟧"),
    ("a table with an empty first row", "\t\n\nx\turl\n1\t⟦https://a.example/x⟧\n"),
    ("a table right under HTML", '<p><a href="⟦https://a.example/x⟧">x</a></p>\nurl,status\n"⟦https://a.example/KO0,26.htm⟧",200\n⟦https://a.example/b⟧,404\n'),
    ("a table right under a comment", "# exported\nid;URL\n1;⟦https://a.example/x⟧\n2;⟦https://a.example/y⟧\n"),
    ("a sentence right above another", "You see the link, as\n⟦https://a.example/x⟧, and more\n⟦https://a.example/y⟧, too"),
    ("HTML in a table", 'id,html\n1,"<a href=""⟦https://a.example/x⟧"">x</a>"\n2,"<img src=\'⟦https://a.example/i.png⟧\'>"\n'),
    ("Org mode", "=⟦https://a.example/x⟧= (=⟦https://a.example/?y=1⟧=), and ==⟦https://a.example/z⟧=="),
    ("names and values", "key=⟦https://a.example/?t=abc==⟧ k=⟦https://a.example/?t=⟧"),
    ("an archive of pages", "⟦https://web.example/2020/http://a.example/x⟧, ⟦https://web.example/2021/https://b.example/⟧"),
    ("empty elements", '<r u="⟦https://a.example/x⟧"/>\n<r u="⟦https://a.example/y⟧"/> and ⟦https://a.example/z⟧.\n'),
    ("XAML", '<Button xmlns="http://schemas.microsoft.com/winfx/2006/xaml/presentation" NavigateUri="⟦https://a.example/x.⟧" />'),
    ("XAML", '<TextBlock>x <Hyperlink NavigateUri="⟦https://a.example/x.⟧"/></TextBlock>'),
    ("XML whose root is called as an element of HTML is", '<data><u>⟦https://a.example/x.⟧</u></data>'),
    ("XML whose root is called as an element of HTML is", '<link><a b="⟦https://a.example/x.⟧"/></link>'),
    ("HTML with a namespace of HTML's", '<p xmlns="http://www.w3.org/1999/xhtml">⟦https://a.example/x⟧, y</p>'),
    ("XML whose root is called as an element of HTML is", '<data u="⟦https://a.example/x⟧"><item v="⟦https://a.example/y⟧">⟦https://a.example/z.⟧</item></data>'),
    ("JSON", '{"u":"⟦https://a.example/?x<1⟧"}'),
    ("empty elements", '<?xml version="1.0"?><r u="⟦https://a.example/x⟧"/>\n<x><y u="⟦https://a.example/y⟧"/></x>'),
    ("footnotes", "[1] ⟦https://a.example/x⟧\n[2]: ⟦https://a.example/y⟧\n[true](⟦https://a.example/z⟧)\n"),
    ("quotes in a table", "'⟦https://a.example/x⟧', \"⟦https://b.example/y⟧\",\n'⟦https://a.example/v⟧', \"⟦https://b.example/w⟧\",\n"),
    ("brackets of TeX", "\\(⟦https://a.example/x⟧\\)"),
    ("footnotes", "[^1]: ⟦https://a.example/x⟧.\n[2]: ⟦https://a.example/y.⟧\n"),
    ("JSON below XML", '<?xml version="1.0"?><r><u>⟦https://a.example/x.⟧</u></r>\n{"u":"⟦https://a.example/y z⟧","v":"<b>"}\n'),
    ("what only names something in XML", '<r><x Type="https://b.example/t" rel="https://b.example/r" Target="⟦https://a.example/x⟧"/></r>'),
    ("a picture in an attribute", "<img src='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\"/>'> ⟦https://a.example/x⟧"),
    ("a base that is too long", f"<html><base href='⟦https://a.example/{'x' * 500}/⟧'><a href='y'>y</a></html>"),
]  # fmt: skip
"""Texts by where they come from, in which the URLs that a person would expect are marked."""

ESCAPED = [
    ("plain text", "\x1b[32mhttp://a.com/x\x1b[0m ␛[1;31m␛[Khttp␛[m␛[K://b.com/␇", "http://a.com/x | http://b.com/"),
    ("a host alone in its line", "example.com", "https://example.com"),
    ("a host alone in its line", "  - example.com/path?x=1", "https://example.com/path?x=1"),
    ("a host alone in its line", '"example.com:8443/x",', "https://example.com:8443/x"),
    ("a host alone in its line", "localhost:8000/x", "http://localhost:8000/x"),
    ("a host alone in its line", "localhost", "http://localhost"),
    ("a host alone in its line", "127.0.0.1:8080/h", "http://127.0.0.1:8080/h"),
    ("a host alone in its line", "[::1]:8080/h", "http://[::1]:8080/h"),
    ("a host alone in its line", "//cdn.example.org/x.js", "https://cdn.example.org/x.js"),
    ("a host alone in its line", "bücher.example", "https://bücher.example"),
    ("a host alone in its line", "README.md/x", "https://README.md/x"),
    ("a host alone in its line", "img.example.net/poster.png   # poster", "https://img.example.net/poster.png"),
    ("JSON", '{"u":"https:\\/\\/a.com\\/b?x=1\\u0026y","v":["http://b.com","http://c.com/d"]}', "https://a.com/b?x=1&y | http://b.com | http://c.com/d"),
    ("JSON", '{"body":"\\u003ca href=\\"https://a.com/x\\"\\u003e"}\n{"text":"one\\u003cbr\\u003etwo"}\nb.com', "https://a.com/x | https://b.com"),
    ("JSON", '{"body":"<a href=\\"https:\\/\\/a.com/x\\">a</a>"}', "https://a.com/x"),
    ("JSON", '"https://a.com/\\ud83d\\ude00/x"', "https://a.com/😀/x"),
    ("JSON", '"https://a.com/\\uD83D\\uDE00/x"', "https://a.com/😀/x"),
    ("columns", "url,status\nhttps://a.com/x,200\nb.com,300\n", "https://a.com/x | https://b.com"),
    ("columns", 'note;url\n"x";"https://a.com/x"\ny;b.com\n', "https://a.com/x | https://b.com"),
    ("one column, doubled quotes", 'Address\n"https://a.example/say?q=""hi"""\n"https://a.example/b,c"\n', 'https://a.example/say?q="hi" | https://a.example/b,c'),
    ("one column without a title", '"https://a.example/say?q=""hi"""\n"https://a.example/two"\n', 'https://a.example/say?q="hi" | https://a.example/two'),
    ("LaTeX", "\\href{https://a.example/a\\%20b\\#c}{x} \\url{https://a.example/y_z}", "https://a.example/a%20b | https://a.example/y_z"),
    ("YAML", 'site: https://a.example/x # note\nlist:\n  - "https://a.example/y"\n  - \'https://a.example/it\'\'s\'', "https://a.example/x | https://a.example/y | https://a.example/it's"),
    ("SQL", "INSERT INTO t VALUES ('https://a.example/x', 'https://a.example/it''s'), ('https://a.example/y');", "https://a.example/x | https://a.example/it's | https://a.example/y"),
    ("international host", "https://büch\xader.example/", "https://bücher.example/"),
    ("soft mail", "> see <https://a.example/a/long/\n> path/x>\n", "https://a.example/a/long/path/x"),
    ("tab csv", 'Address\tStatus\nhttps://a.example/x,1\t200\n"https://a.example/a ""b"""\t200\n', 'https://a.example/x,1 | https://a.example/a "b"'),
    ("Markdown with HTML", '# T\n<p align="center"><a href="https://a.example/x?a=1&amp;b=2"><img src="https://a.example/i.png"></a></p>\n\n[t](https://a.example/y_(z)) <https://a.example/w>\n', "https://a.example/x?a=1&b=2 | https://a.example/i.png | https://a.example/y_(z) | https://a.example/w"),
    ("minified JSON", '{"a":{"u":"https:\\/\\/a.example\\/x?y=1\\u0026z=2"},"b":["https://a.example/y"]}', "https://a.example/x?y=1&z=2 | https://a.example/y"),
    ("calendar", "BEGIN:VEVENT\nURL;VALUE=URI:https://a.example/x\nDESCRIPTION:see https://a.example/lo\n ng/path\\nhttps://a.example/y\nEND:VEVENT", "https://a.example/x | https://a.example/long/path | https://a.example/y"),
    ("calendar with HTML", "BEGIN:VEVENT\nLOCATION:https://a.example/lo\n ng\\;1\nDESCRIPTION:<a href='https://a.example/y'>y</a>\nEND:VEVENT", "https://a.example/long;1 | https://a.example/y"),
    ("bold by nroff", "_\bh_\bt_\bt_\bp_\b:_\b/_\b/_\ba_\b._\bb/x", "http://a.b/x"),
    ("business card", "BEGIN:VCARD\nURL:https\\://a.example/x\nEND:VCARD", "https://a.example/x"),
    ("www in a sentence", "see www.a.example/x, https://b.example and www.c.example. Not me@www.d.example.", "https://www.a.example/x | https://b.example | https://www.c.example"),
    ("a URL that was in a query", "https%3A%2F%2Fa.example%2Fx%3Fy%3D1 and /r?u=http%3A//b.example", "https://a.example/x?y=1"),
    ("a form", "curl -d 'u=https%3A%2F%2Fa.example%2Fx&z=1' -d v=https%3a//b.example", "https://a.example/x | https://b.example"),
    ("MediaWiki", "[//a.example/x text] [//b.example] [//c]", "https://a.example/x | https://b.example"),
    ("CSS", "a{b:url(//a.example/x.png)} <p style='c:url(\"//b.example/y\")'>", "https://a.example/x.png | https://b.example/y"),
    ("troff", "\\fIhttps://a.example/x\\-y\\fP", "https://a.example/x-y"),
    ("escaped twice", "&lt;a href=&quot;https://a.example/?x=1&amp;amp;y=2&quot;&gt;", "https://a.example/?x=1&y=2"),
    ("where a word may be broken", "https://a.example/\u200bpa\u200bth\u200b", "https://a.example/path"),
    ("base64 mail with more below", "MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\naHR0cHM6Ly9hLmV4\nYW1wbGUvMQo=\n\n<p><a href='https://a.example/2'>x</a>\n\n_____\nlist: https://a.example/3", "https://a.example/1 | https://a.example/2 | https://a.example/3"),
    ("parts of a mail with more below", "MIME-Version: 1.0\nContent-Type: multipart/mixed;\n boundary=\"b\"\n\nhttps://é.example/0\n--b\nContent-Transfer-Encoding: base64\n\naHR0cHM6Ly9hLmV4YW1wbGUvMQo=\n--b--\n\n[1, [\"https://a.example/2.\"]]\n", "https://é.example/0 | https://a.example/1 | https://a.example/2."),
    ("two mails", "From: a@a.example\nContent-Transfer-Encoding: quoted-printable\n\nhttps://a.example/?x=3D1\n\nFrom: b@b.example\nX: y\n z\nContent-Transfer-Encoding: 8bit\n\nhttps://a.example/?y=3D\n", "https://a.example/?x=1 | https://a.example/?y=3D"),
    ("headers of a mail in UTF-8", "From: a@a.example\nTo: b@b.example\nX-Link: https://a.example/é\n\nhi\n", "https://a.example/é"),
    ("Apple's mail", "From: a@b.c\nSubject: x\nContent-Type: text/plain; format=flowed; delsp=yes\n\nsee https://a.example/lo \nng/path and\n", "https://a.example/long/path"),
    ("quoted-printable", "Content-Transfer-Encoding: quoted-printable\n\nhttps://a.example/?id=3D12&t=3Dab=\ncd\n", "https://a.example/?id=12&t=abcd"),
    ("quoted-printable", '<a href=3D"https://a.example/x?y=3D1">=20\n', "https://a.example/x?y=1"),
    ("quoted-printable", 'Subject: hi\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<p><a href=3D"https://a.example/=C3=BC?q=3D1">x</a></p>\n', "https://a.example/ü?q=1"),
    ("quoted-printable", "From: a@b.example\nTo: c@d.example\nContent-Transfer-Encoding: quoted-printable\n\nsee https://a.example/very=\n/long=\n/path.\n", "https://a.example/very/long/path"),
    ("base64 mail", "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\naHR0cHM6Ly9hLmV4YW1wbGUvYmFzZTY0\n", "https://a.example/base64"),
    ("base href", '<html><head><base href="https://a.example/dir/"></head><body><a href="x.html">x</a> <a href="/y">y</a></body></html>', "https://a.example/dir/x.html | https://a.example/y"),
    ("base href", '<html><base href="https://a.example/dir/page?q"><a href="?p=2">x</a><img src="../i.png"></html>', "https://a.example/dir/page?p=2 | https://a.example/i.png"),
    ("JSON in JSON in JSON", json.dumps(json.dumps({"v": json.dumps({"u": "https://a.example/é"}).replace("/", "\\/")})), "https://a.example/é"),
    ("xml:base", '<feed xml:base="https://a.example/b/"><entry xml:base="2/"><link href="x"/></entry><link href="/y"/><id>z</id></feed>', "https://a.example/b/2/x | https://a.example/y"),
    ("xml:base that is no URL", '<feed xml:base="https://["><link href="x"/><link href="https://a.example/y"/></feed>', "https://a.example/y"),
    ("Markdown", "[x](//a.example/x) ![y](//b.example/y.png)\n\n[z]: //c.example/z\n", "https://a.example/x | https://b.example/y.png | https://c.example/z"),
    ("CSS", "@import '//a.example/x.css';", "https://a.example/x.css"),
    ("a quoted line that a mail breaks", "> > https://a.example/a/very/long/path/that/goes/on/and/on/until/\n> > the/end_of/it.html\n> thanks\n", "https://a.example/a/very/long/path/that/goes/on/and/on/until/the/end_of/it.html"),
    ("a quoted line above another", "> https://a.example/a/very/long/path/that/goes/on/and/on/until/the/end/\n> > b/c.html\n", "https://a.example/a/very/long/path/that/goes/on/and/on/until/the/end/"),
    ("XML", '<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://a.example/a?x=1&amp;y=2"/><content type="html">&lt;a href="https://a.example/c"&gt;c&lt;/a&gt;</content></feed>', "https://a.example/a?x=1&y=2 | https://a.example/c"),
    ("entities", '<a href="https://a.example/?a=1&amp;b=2&#38;c=3&#x26;d=4">', "https://a.example/?a=1&b=2&c=3&d=4"),
    ("entities", '<a href="https:&#x2F;&#x2F;a.example&#x2F;x">x</a>', "https://a.example/x"),
    ("entities", "see https://a.example/?a=1&amp;b=2 there", "https://a.example/?a=1&b=2"),
    ("entities", '<a href="https://a.example/?x=1&para=2&ampx=3&amp;y=4">x</a>', "https://a.example/?x=1&para=2&ampx=3&y=4"),
    ("JSON", '{"url":"a.example"}', "https://a.example"),
    ("JSON", '{"u":"https://a.example/\\ud83d\\ude00"}', "https://a.example/😀"),
    ("CSV", "host\tn\na.example\t1\nb.example\t2\n", "https://a.example | https://b.example"),
    ("CSV", "rank,domain\n1,a.example\n2,b.example\n", "https://a.example | https://b.example"),
    ("soft breaks", "<https://a.example/very/\nlong/path>", "https://a.example/very/long/path"),
    ("a broken header", "From: a@b.example\nSubject: =?utf-8?B?c2VlI?= https://a.example/x\nTo: b@b.example\n\nhttps://a.example/y\n", "https://a.example/x | https://a.example/y"),
    ("a broken charset", "MIME-Version: 1.0\nContent-Type: text/plain; charset=ut\0f\nContent-Transfer-Encoding: base64\n\naHR0cHM6Ly9hLmV4YW1wbGUv\n", "https://a.example/"),
    ("a line that a mail breaks", "please look at https://a.example/a/very/long/path/that/goes/on/and/on/until/\nthe/end_of/it.html\n\nThanks", "https://a.example/a/very/long/path/that/goes/on/and/on/until/the/end_of/it.html"),
    ("a line that a mail breaks", "please look at https://a.example/a/very/long/path/that/goes/on/and/on?x=1&\r\ny=2\r\nThanks to you", "https://a.example/a/very/long/path/that/goes/on/and/on?x=1&y=2"),
    ("a list", "https://a.example/a/very/long/path/that/goes/on/and/on/until/the/end/\nb.example/x\n", "https://a.example/a/very/long/path/that/goes/on/and/on/until/the/end/ | https://b.example/x"),
    ("a list", "https://a.example/a/very/long/path/that/goes/on/and/on/until/the/end/\nx/1\nx/2\n", "https://a.example/a/very/long/path/that/goes/on/and/on/until/the/end/"),
    ("a shell that quotes what it gets", "curl https://a.example/watch\\?v\\=x\\&t\\=1", "https://a.example/watch?v=x&t=1"),
    ("zsh", "wget https://a.example/f\\[1\\].txt", "https://a.example/f[1].txt"),
    ("LaTeX", "\\bibitem{x} https://a.example/g\\_h\\%20i.", "https://a.example/g_h%20i"),
    ("PDF", "/URI (https://a.example/x_\\(y\\)) >>", "https://a.example/x_(y)"),
    ("CSS", "a{background:url(https://a.example/x\\(1\\).png)}", "https://a.example/x(1).png"),
    ("a request copied for Windows", 'curl ^"https://a.example/x?y=1^&z=^%^20w^" ^\n  -H ^"Referer: https://b.example/^"\n', "https://a.example/x?y=1&z=%20w | https://b.example/"),
    ("a command of Windows", "start https://a.example/x?y=1^&z=2", "https://a.example/x?y=1&z=2"),
    ("copied from a PDF", "as shown in [12] (https://a.example/publications/2026/the-long-title-of-a-paper-\nand-more.pdf).\n", "https://a.example/publications/2026/the-long-title-of-a-paper-and-more.pdf"),
    ("a refresh without quotes", "<meta http-equiv=refresh content=\"0; url=https://a.example/Moore's_law\">", "https://a.example/Moore's_law"),
    (".properties", "a=https\\://a.example/x\\=1\nb=https\\:\\/\\/b.example\\/y", "https://a.example/x=1 | https://b.example/y"),
    ("SQL", "VALUES (1,'<a href=\\\"https://a.example/y\\\">y</a>');", "https://a.example/y"),
    (".properties", "a=https://a.example/x\\\n    y/\\\n\tz\nb:https://a.example/w", "https://a.example/xy/z | https://a.example/w"),
    ("a command in two lines", "curl https://a.example/x \\\n  -o y", "https://a.example/x"),
    ("business card", "BEGIN:VCARD\nitem1.URL:a.example/x\nitem1.X-ABLabel:y\nURL;TYPE=work:b.example\nEND:VCARD", "https://a.example/x | https://b.example"),
    ("www after a colon", "Our website:www.a.example/x!", "https://www.a.example/x"),
    ("documents in a table", 'id,content\n1,"[\n 2.5,\n [\n  0\n ],\n ""https://a.example/\\""x""\n]"\n2,"<p>\n<a href=""https://a.example/y"">y</a>\n"\n', 'https://a.example/"x | https://a.example/y'),
    ("quoted-printable JSON", 'From: a@a.example\nContent-Transfer-Encoding: quoted-printable\n\n{"u":"https://a.example/=C3=A9","v":"https://a.example/=\nx"}\n', "https://a.example/é | https://a.example/x"),
    ("JSON in a table", 'id,payload\n1,"{""url"":""https:\\/\\/a.example\\/x,y""}"\n2,"{""url"":""https://a.example/z""}"\n', "https://a.example/x,y | https://a.example/z"),
    ("JavaScript", 'u="https:\\x2f\\x2fa.example\\x2fx"; v=\\x22https://a.example/y\\x22', "https://a.example/x | https://a.example/y"),
    ("hosts in a table", "a.example,1\nb.example,2\n", "https://a.example | https://b.example"),
    ("prose above a table", "Here it is\nname,url\nx,a.example/x\ny,b.example\n", "https://a.example/x | https://b.example"),
    ("entities", "<a href='https://a.example/y&lt;z'>y</a>", "https://a.example/y<z"),
    ("Markdown", "[x](https://a.example/?a=1&b=2) [y](https://a.example/?a=1&amp;b=2&c)", "https://a.example/?a=1&b=2 | https://a.example/?a=1&b=2&c"),
]  # fmt: skip
"""Texts that write their URLs in another way, and these URLs."""


@pytest.mark.parametrize(("kind", "marked"), WRITTEN)
def test_a_paste_gives_the_urls_that_are_in_it(kind: str, marked: str) -> None:
    text = re.sub("[⟦⟧]", "", marked)
    assert [found.url for found in find_urls(text).urls] == re.findall("⟦(.*?)⟧", marked), kind


@pytest.mark.parametrize(("kind", "text", "urls"), ESCAPED)
def test_a_url_is_found_however_it_is_written(kind: str, text: str, urls: str) -> None:
    assert [found.url for found in find_urls(text).urls] == urls.split(" | "), kind


def as_json(url: str) -> str:
    return json.dumps({"u": url})


URLS_WITH_QUOTES = st.text("abz019\"'/?=&_.-", max_size=12).map(lambda rest: f"https://a.example/{rest}z")
"""With quotes inside, none of which is at the end."""


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
