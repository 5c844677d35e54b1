"""Measures how long 10 MB of each format are searched for URLs, beside a bare search for http in the same text."""

from __future__ import annotations

import json
import re
import time

from asynclab.fetch.urls import find_urls

SIZE = 10_000_000
LINES = {
    "list": "https://www.example.com/page-{n}?x=1\n",
    "hosts": "host{n}.example.com\n",
    "prose": "See (https://www.example.com/{n}), and much more of that kind, as was said before.\n",
    "Markdown": "- [x](https://www.example.com/{n}) is a *thing*.\n",
    "HTML": '<p class="x">some text <a href="https://www.example.com/{n}">and a link</a></p>\n',
    "NDJSON": json.dumps({"id": 1, "url": "https://www.example.com/N", "text": "some text"}).replace("N", "x") + "\n",
    "short": "http://a.b/{n} ",
    "fragments": "https://www.example.com/page#section-{n}\n",
    "templates": "GET https://api.example.com/users/{{id}}/posts/{n}\n",
    "shell": "curl https://www.example.com/x\\?a=1\\&b={n} -o x\n",
    "Chinese": "请看https://www.example.com/a/{n}。谢谢\n",
    "hosts in all scripts": "https://bücher{n}.example/\n",
    "paths in all scripts": "https://ja.wikipedia.org/wiki/日本{n}\n",
    "IPv6": "http://[2001:db8::{n:x}]/a\n",
    "commas": "https://www.example.com/{n},",
    "PDF": "(https://www.example.com/a\\(b\\)_{n})Tj\n",
    "log": '192.0.2.1 - - "GET /{n} HTTP/1.1" 200 23 "https://a.example/{n}" "Bot/2.1 (+http://b.example/bot)"\n',
    "mails": "From a@b.example Mon Jan 1\nFrom: a@b.example\nSubject: x\n\n" + "https://a.example/{n} and more\n" * 20,
    "XML": "<url><loc>https://www.example.com/{n}</loc></url>\n",
    "CSV": "{n},https://www.example.com/{n},ok\n",
    "tiny cells": "a,bc,{n},d.e,f,http://a.b/{n},g\n",
    "tiny cells of HTML": "<tr><td>a</td><td>bc</td><td>{n}</td><td>http://a.b/{n}</td></tr>\n",
}
_BARE = re.compile(r"https?://[^\s\"'<>]+")


def main() -> None:
    """Print a line for each format."""
    for name, line in LINES.items():
        text = "".join(
            line.replace("{n}", str(number)).replace("{n:x}", f"{number % 65_536:x}:{number // 65_536:x}")
            for number in range(SIZE // len(line.encode()))
        )
        begin = time.process_time()
        _BARE.findall(text)
        bare = time.process_time()
        find_urls(text)
        end = time.process_time()
        print(f"{name:20} {end - bare:6.2f} s, {(end - bare) / max(bare - begin, 0.001):6.1f} times a bare search")


if __name__ == "__main__":
    main()
