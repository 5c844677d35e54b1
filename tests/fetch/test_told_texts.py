"""Tests that the app reports text that looks like a URL but isn't fetched, or is read differently."""

import json

import pytest

from asynclab.fetch.row_lines import counts_of
from asynclab.fetch.urls import find_urls, other_reading

OTHERS = [
    ("pip install git+https://a.example/x.git https://b.example", "git+https://a.example/x.git"),
    ("ftp://a.example/x and https://b.example", "ftp://a.example/x"),
    ("<p>https://b.example (hxxp://a[.]example/x).</p>", "defanged URL: hxxp://a[.]example/x"),
    ("https://b.example, redis://a.example:6379/0, x", "redis://a.example:6379/0"),
]


@pytest.mark.parametrize(("text", "other"), OTHERS)
def test_a_url_of_another_scheme_is_told(text: str, other: str) -> None:
    found = find_urls(text)
    assert [url.url for url in found.urls] == ["https://b.example"]
    assert found.ignored == (other,)


TEMPLATES = [
    "https://a.example/users/${id}/x?y=${f(z)}",
    "https://a.example/repos/{owner}/{repo}{?page,size}",
    "https://a.example/{{ page.slug }}",
    "https://a.example/%s/x",
    "https://a.example/%(name)s",
    "https://a.example/<your-id>/x",
    "https://<host>/x",
    "https://{env}.a.example/v1",
    "https://a.example/$VERSION/x",
    "https://$HOST/x",
    "https://*.a.example/x",
    "https://a.example/img[001-100].png",
    "https://a.example/{a,b}.txt",
    "https://a.example/{user.name}/#{x}",
    r"https://a\.example/x",
    "https://a.example/%v",
    "https://a.example/%02d.png",
    "https://a.example/%USERNAME%/x",
    "https://a.example/$1",
    "https://a.example/$($id)/x",
    "https://a.example/{% if a %}x",
    "https://a.example/*",
    "https://a.example/x/*.png",
    "https://a.example/.*$",
    "https://a.example/users/$id/posts",
    "https://a.example/$user",
    "https://a.example/v1/$version.json",
    "https://a.example/x?id=$userId&y=1",
    "https://a.example/users/:id",
    "https://a.example/users/:user_id/posts?page=1",
    "https://a.example/frame%02d.png",
    "https://a.example/:_authToken=x",
    "https://a.example/\\(id)/x",
    "https://a.example/$RepresentationID$/$Number%05d$.m4s",
    "https://a.example/%1$s/x",
    "https://a.example/%@/x",
    "https://a.example/%(algo)/x",
    "https://a.example/x/[PROJECT_ID]",
    "https://a.example/{version()}/x",
    "https://a.example/{names[0]}/x",
    "https://a.example/[a-z0-9-.]*/x",
]

NO_TEMPLATES = [
    'https://a.example/?q={"a":1}',
    "https://a.example/100%",
    "https://a.example/%E4%BD%A0?$filter=a",
    "https://a.example/a*b",
    "https://a.example/?a[0]=1&b[]=2&c=[1-10]",
    "https://a.example/odata/$metadata",
    "https://a.example/odata/People(1)/$value?$top=2",
    "https://a.example/fhir/Patient/1/$everything",
    "https://web.archive.org/web/*/https://a.example/",
    "https://a.example/%2d/x?p=$1",
    "https://a.example/:w:/g/x:y/12:30?u=/:id",
    "https://user:pa$$W0RD@a.example/",
    "https://a.example/?id={3F2504E0-4F89-11D3-9A0C-0305E82C3301}",
]


@pytest.mark.parametrize("url", TEMPLATES)
def test_a_template_is_told_as_one_in_whatever_text_it_is(url: str) -> None:
    for text in (url, f"see {url}, and https://b.example/", json.dumps({"u": url}), f'u = "{url}"'):
        found = find_urls(text)
        assert dict(found.ignored_counts).get("template") == 1, (text, found)
        assert [other.url for other in found.urls] in ([], ["https://b.example/"])


@pytest.mark.parametrize("url", NO_TEMPLATES)
def test_what_only_looks_like_a_template_is_a_url(url: str) -> None:
    assert [found.url for found in find_urls(json.dumps({"u": url})).urls] == [url]


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("hxxp://a[.]example/x", "http://a.example/x"),
        ("hXXps://a[.]b[.]example", "https://a.b.example"),
        ("https://a[.]example/x?y=1", "https://a.example/x?y=1"),
        ("http[:]//a.example/x", "http://a.example/x"),
        ("h**ps[://]a(.)example/x", "https://a.example/x"),
        ("hxxps://a[dot]example/x", "https://a.example/x"),
    ],
)
def test_a_defanged_url_is_fetched_only_where_it_is_asked_for(written: str, url: str) -> None:
    for text in (f"{written}\n", f'seen,"{written}"\n', json.dumps({"url": written})):
        found = find_urls(text)
        assert (found.urls, found.ignored[0]) == ((), f"defanged URL: {written}"), text
        assert other_reading(text, found) in (("defanged", 1), None)
        assert [found.url for found in find_urls(text, taken_as="defanged").urls] == [url]


@pytest.mark.parametrize("base", ["https://[::", "https://ﬀ／x/"])
def test_a_link_that_is_relative_to_no_url_is_ignored(base: str) -> None:
    found = find_urls(f'<base href="{base}"><a href="y">y</a> <a href="https://a.example/">x</a>')
    assert [url.url for url in found.urls] == ["https://a.example/"]
    assert "y" in found.ignored


def test_a_defanged_host_counts_alone_in_its_line() -> None:
    assert find_urls("a.b[.]example\n").ignored == ("defanged URL: a.b[.]example",)
    assert [found.url for found in find_urls("a.b[.]example\n", taken_as="defanged").urls] == ["https://a.b.example"]


@pytest.mark.parametrize(
    ("code", "counted"),
    [
        ('<script>f("https:\\/\\/a.example/s")</script>', 1),
        ('<p data-src="https://a.example/l.png">', 1),
        ('<p data-srcset="https://a.example/l.png 300w, https://a.example/m.png 600w">', 2),
        ('<p data-options=\'{"url": "https:\\/\\/a.example\\/x"}\'>', 1),
        ("<p onclick=\"location = 'https://a.example/x?a=1&amp;b=2'\">", 1),
        ('<p data-n="1" itemtype="https://schema.org/Thing">', 0),
    ],
)
def test_what_only_scripts_can_fetch_is_counted(code: str, counted: int) -> None:
    found = find_urls(f'{code}<img src="https://a.example/i">')
    expected = (("script URL", counted),) if counted else ()
    assert ([url.url for url in found.urls], found.ignored_counts) == (["https://a.example/i"], expected)


def test_what_is_no_url_beside_one_is_told() -> None:
    assert find_urls("https://a.example https://b.example:99999/x").ignored == ("https://b.example:99999/x",)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("https://a.example/x,1\nhttps://a.example/y,2\n", ("csv", 2)),
        ('<a href="https://a.example/">x</a><script>f("https://a.example/s")</script>', ("text", 1)),
        ("url,n\nhttps://a.example/x,1\n", ("text", 1)),
        ("hxxp://a[.]example https://b.example", ("defanged", 1)),
        ("https://a.example/x and https://a.example/y", None),
        ('{"u": "https://a.example/x", "v": "https://a.example/y,z"}', None),
        ("", None),
    ],
)
def test_another_reading_is_told_where_it_finds_other_urls(text: str, other: tuple[str, int] | None) -> None:
    assert other_reading(text, find_urls(text)) == other


RUN_ON = {
    "请看https://a.example/x页面说明": "https://a.example/x",
    "访问 https://a.example/docs/intro.html查看更多": "https://a.example/docs/intro.html",
    "詳細: https://a.example/xをご覧ください。": "https://a.example/x",
    "자세한 내용은 https://a.example/x를 보세요": "https://a.example/x",
    "官网https://a.example:8080欢迎访问": "https://a.example:8080",
}


@pytest.mark.parametrize("text", RUN_ON)
def test_text_of_another_script_that_follows_without_a_space_is_no_part_of_a_url_and_is_told(text: str) -> None:
    found = find_urls(text)
    assert [url.url for url in found.urls] == [RUN_ON[text]]
    assert dict(found.ignored_counts)["run-on text"] == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://zh.wikipedia.org/wiki/C语言",
        "https://a.example/路径/页面",
        "https://例え.jp/C言語の基礎",
        "https://a.example/한국어에서",
        "https://a.example/?q=T細胞",
    ],
)
def test_a_name_in_another_script_is_a_part_of_a_url(url: str) -> None:
    for text in (url, f"百科：{url} 。", f"见 {url}，", f"[x]({url})", f"请看“{url}”"):
        found = find_urls(text)
        assert ([other.url for other in found.urls], found.ignored) == ([url], ()), text


def test_a_url_that_a_mail_breaks_is_whole_also_without_the_mails_headers() -> None:
    beginning = "See https://a.example/a/very/long/path/that/is/broken/over/the/line/at/se"
    assert [url.url for url in find_urls(f"{beginning}=\nventy.html for more\n").urls] == [f"{beginning[4:]}venty.html"]
    padded = "See https://a.example/a/very/long/path/verify/the/address/of/a/mail?t=ABCD="
    assert [url.url for url in find_urls(f"{padded}\nThanks\n").urls] == [padded[4:]]


def test_what_is_ignored_is_counted_by_what_it_is() -> None:
    told = counts_of(find_urls("https://a.example/ hxxp://b.example https://a.example/{x}\none\ntwo\n"))
    assert told == ["1 URL", "1 defanged URL, 1 template, 2 lines ignored"]
