"""Tests the exports for programs and spreadsheets: they have every field, no secrets, and no formulas."""

import asyncio
import base64
import csv
import io
import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.fetch.body_text import Page
from asynclab.fetch.engine import Fetch
from asynclab.fetch.export import csv_header, escaped_json, protected, to_csv, to_json, to_ndjson, unprotected
from asynclab.fetch.har import to_har
from asynclab.fetch.options import Options
from asynclab.fetch.row_lines import row_line, summary_line, totals_line
from asynclab.fetch.rows import Row
from asynclab.practice.server import PracticeServer
from tests.fetch.har_schema import check_archive
from tests.fetch.practice_fetches import fetched, run, urls_of


async def test_a_line_of_json_has_curl_s_names(server: PracticeServer) -> None:
    fetch = await fetched(server, "/redirect/1", "/flaky/a", "/gzip", "/bomb", max_bytes=500_000)
    redirected, flaky, packed, bomb = (json.loads(to_ndjson(row)) for row in fetch.rows)
    assert redirected["url"] == server.url("/redirect/1")
    assert redirected["url_effective"] == server.url("/redirect/0")
    assert (redirected["response_code"], redirected["num_redirects"], redirected["remote_ip"]) == (200, 1, "127.0.0.1")
    assert redirected["redirects"][0]["response_code"] == 302
    assert (flaky["num_retries"], flaky["outcome"], flaky["error"]) == (1, "ok", None)
    assert packed["size_download"] < 2_000 < packed["size_decoded"] == 200_000
    assert (bomb["truncated"], bomb["outcome"]) == (True, "truncated")
    for result in (redirected, packed):
        assert result["time_namelookup"] is None
        assert 0 <= result["time_starttransfer"] <= result["time_total"]
        assert result["time_queue"] >= 0


async def test_what_did_not_happen_is_null_in_a_line_of_json(server: PracticeServer) -> None:
    fetch = await fetched(server, "/hang", timeout=0.2, retries=0)
    hanging = json.loads(to_ndjson(fetch.rows[0]))
    assert (hanging["response_code"], hanging["error"]) == (None, "Connected, but no answer within 0.2 s")
    assert (hanging["title"], hanging["size_download"] or None) == (None, None)


async def test_all_rows_together_are_an_array(server: PracticeServer) -> None:
    fetch = await fetched(server, "/pages/tasks", "/status/404")
    assert [result["title"] for result in json.loads(to_json(fetch.rows))] == ["Tasks", None]
    assert json.loads(to_json([])) == []


async def test_csv_has_a_cell_for_each_name(server: PracticeServer) -> None:
    fetch = await fetched(server, "/pages/tasks", "/status/404")
    text = csv_header() + "".join(map(to_csv, fetch.rows))
    first, second = csv.DictReader(io.StringIO(text))
    assert (first["title"], first["response_code"], first["outcome"]) == ("Tasks", "200", "ok")
    assert second["error"] == "The server answered 404 Not Found"


def test_no_cell_is_a_formula_wherever_columns_are_separated() -> None:
    text = 'a;=1+2;\tb\n@c;"=1'
    row = Row(1, text, text, page=Page(facts=("", text)), reason=text, notes=("=1",), outcome="ok", state="ok")
    (cells,) = csv.reader(io.StringIO(to_csv(row)))
    for separator in ",;\t|":
        for cell in to_csv(row).split(separator):
            assert not cell.lstrip('" ').startswith(("=", "+", "-", "@"))
    assert len(cells) == len(csv_header().split(","))


@given(st.text())
def test_json_of_any_text_is_harmless_and_the_same_text(text: str) -> None:
    written = escaped_json([text])
    assert json.loads(written) == [text]
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in written)
    assert "\u202e" not in written
    written.encode()


@given(st.text(max_size=50), st.text(max_size=50))
def test_lines_and_csv_of_any_text_are_harmless(url: str, title: str) -> None:
    row = Row(1, url, url, page=Page(facts=("", title)), outcome="ok", state="ok")
    written = row_line(row) + to_csv(row)[:-1]
    assert {unicodedata.category(character) for character in written}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})


async def test_an_archive_has_an_entry_for_each_request(server: PracticeServer) -> None:
    options = Options(headers=(("Authorization", "Bearer secret"), ("X-Mine", "yes")))
    target = server.url("/redirect/1").replace("http://", "http://user:secret@")
    fetch = Fetch(urls_of(server, target, "/pages/tasks?q=1&r=", "/cookies", "http://127.0.0.1:1/"), options)
    fetch.keep([2])
    await run(fetch)
    text = to_har(fetch.rows, options)
    assert "secret" not in text
    entries = check_archive(json.loads(text))
    assert fetch.rows[0].outcome == "ok"  # where a header and a URL say who asks, the header counts
    page, cookies, refused = entries[-3:]
    assert page["response"]["content"]["text"].startswith("<!-- Tasks --><!doctype html>")
    assert page["request"]["queryString"] == [{"name": "q", "value": "1"}, {"name": "r", "value": ""}]
    assert {"name": "Authorization", "value": "•••"} in page["request"]["headers"]
    timings = page["timings"]
    assert (timings["dns"], timings["ssl"]) == (-1, -1)
    assert page["time"] == pytest.approx(sum(value for value in timings.values() if value > 0))
    assert {"name": "Set-Cookie", "value": "visited=•••; Path=/"} in cookies["response"]["headers"]
    assert cookies["response"]["cookies"] == [{"name": "visited", "value": "•••"}]
    assert (refused["response"]["status"], refused["_outcome"]) == (0, "refused")


async def test_an_archive_has_the_bodies_that_are_kept_or_their_beginnings(server: PracticeServer) -> None:
    fetch = await fetched(server, "/cookies", "/bytes/4096", "/bytes/4097", "/status/204", "/endless", max_bytes=5_000)
    entries = check_archive(json.loads(to_har(fetch.rows, fetch.options)))
    text, binary, longer, empty, endless = (entry["response"]["content"] for entry in entries)
    assert text["text"] == "cookies: none\n"
    assert (base64.b64decode(binary["text"]), binary["encoding"]) == (fetch.rows[1].page.head, "base64")
    assert (longer["comment"], "text" in longer) == ("the body was not kept", False)
    assert empty == {"size": 0, "mimeType": "x-unknown"}
    assert (endless["comment"], "text" in endless) == ("truncated: larger than the limit", False)


async def test_headers_that_are_no_utf_8_are_read_as_latin_1_in_every_format() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = b"HTTP/1.1 200 Oui \xe9\r\nX-Old: caf\xe9\r\nX-New: caf\xc3\xa9\r\nContent-Type: a/\xe9\r\n"
        writer.write(head + b"Content-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as old:
        fetch = await run(Fetch([f"http://127.0.0.1:{old.sockets[0].getsockname()[1]}/"]))
    response = check_archive(json.loads(to_har(fetch.rows, fetch.options)))[0]["response"]
    assert response["statusText"] == "Oui é"
    assert [header["value"] for header in response["headers"][:2]] == ["café", "café"]
    assert json.loads(to_ndjson(fetch.rows[0]))["content_type"] == "a/é"


def test_half_a_pair_is_replaced_as_strict_readers_refuse_it() -> None:
    assert escaped_json("a\udce9\ud800") == r'"a\ufffd\ufffd"'


async def test_the_last_answer_counts_also_where_it_is_a_redirect_that_is_not_followed(server: PracticeServer) -> None:
    paths = ("/redirect-loop", "/redirect-to?url=ftp://a.b/", "/redirect-to?url=http://[bad", "http://127.0.0.1:1/")
    fetch = await fetched(server, *paths, retries=0)
    results = [json.loads(to_ndjson(row)) for row in fetch.rows]
    assert [result["outcome"] for result in results] == ["too_many_redirects", "blocked", "invalid", "refused"]
    assert [result["response_code"] for result in results] == [302, 302, 302, None]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://{host}/%zz?a=[1]|^{{x}}", "http://{host}/%25zz?a=%5B1%5D%7C%5E%7Bx%7D"),
        ("http://{host}/ü%2F?q=ü", "http://{host}/%C3%BC%2F?q=%C3%BC"),
        ("http://me:pass@{host}/?token=x&y=1", "http://{host}/?token=%E2%80%A2%E2%80%A2%E2%80%A2&y=1"),
        ("http://{host}", "http://{host}/"),
    ],
)
async def test_an_archive_has_valid_urls_without_secrets(server: PracticeServer, text: str, url: str) -> None:
    host = server.url("").partition("://")[2].rstrip("/")
    fetch = await fetched(server, text.format(host=host), retries=0)
    (entry,) = check_archive(json.loads(to_har(fetch.rows, fetch.options)))
    assert entry["request"]["url"] == url.format(host=host)
    assert all(pair["value"] != "x" for pair in entry["request"]["queryString"] if pair["name"] == "token")


async def test_an_archive_is_valid_whatever_went_wrong(server: PracticeServer) -> None:
    paths = (
        *("/redirect-loop", "/redirect-to?url=ftp://a.b/", "/redirect-to?url=http://[bad", "/redirect-to?url=/a b"),
        *("/evil", "/reset", "/short", "/bad-chunk", "/not-http", "/lying-encoding", "/disconnect", "/status/304"),
        *("http://127.0.0.1:1/", "http://a..b/", "http://[::1]:1/"),
    )
    fetch = await fetched(server, *paths, retries=0)
    entries = check_archive(json.loads(to_har(fetch.rows, fetch.options)))
    refused = next(entry for entry in entries if entry["request"]["url"] == "http://127.0.0.1:1/")
    assert "serverIPAddress" not in refused
    assert (refused["response"]["bodySize"], refused["response"]["status"]) == (-1, 0)
    loop = [entry for entry in entries if entry["request"]["url"] == server.url("/redirect-loop")]
    assert [entry.get("_outcome") for entry in loop][-2:] == [None, "too_many_redirects"]
    assert {entry["response"]["status"] for entry in loop} == {302}


async def test_an_archive_has_no_secret_that_a_server_answers_with(server: PracticeServer) -> None:
    fetch = await fetched(server, "/echo", headers=(("PRIVATE-TOKEN", "secret"), ("X-Mine", "yes")))
    text = to_har(fetch.rows, fetch.options)
    (entry,) = check_archive(json.loads(text))
    assert "secret" not in text
    assert '"PRIVATE-TOKEN": "•••"' in entry["response"]["content"]["text"]


def test_an_address_has_no_zone_in_an_archive() -> None:
    row = Row(1, "http://[fe80::1]/", "http://[fe80::1]/", attempts=1, address="fe80::1%eth0", method="GET")
    (entry,) = check_archive(json.loads(to_har([row], Options())))
    assert entry["serverIPAddress"] == "fe80::1"


def test_an_archive_of_nothing_is_valid() -> None:
    assert check_archive(json.loads(to_har([], Options()))) == []


async def test_redirects_are_entries_of_their_own(server: PracticeServer) -> None:
    fetch = await fetched(server, "/redirect/2")
    entries = check_archive(json.loads(to_har(fetch.rows, fetch.options)))
    assert [entry["response"]["status"] for entry in entries] == [302, 302, 200]
    assert entries[0]["response"]["redirectURL"] == server.url("/redirect/1")
    assert [entry["startedDateTime"] for entry in entries] == sorted(entry["startedDateTime"] for entry in entries)


async def test_lines_tell_result_status_size_time_url_and_title(server: PracticeServer) -> None:
    fetch = await fetched(server, "/pages/tasks", "/status/404", "http://127.0.0.1:1/")
    lines = [row_line(row).split() for row in fetch.rows]
    assert lines[0][:3] == ["✓", "ok", "200"]
    assert lines[0][-2:] == [server.url("/pages/tasks"), "Tasks"]
    assert lines[1][:3] == ["✗", "http_error", "404"]
    assert "connection refused" in " ".join(lines[2])
    totals = fetch.totals()
    assert totals_line(totals).startswith("3 of 3 done, 2 failed, ")
    assert summary_line(totals).startswith("3 URLs: 1 ok, 2 failed, ")
    assert summary_line((await fetched(server, "/pages/tasks")).totals()).startswith("1 URL: 1 ok, 0 failed, ")


async def test_results_timed_by_a_clock_that_was_held_or_changed_say_so_in_every_format(server: PracticeServer) -> None:
    fetch = Fetch(urls_of(server, "/pages/tasks"))
    fetch.keeps_real_time = lambda: False
    await fetch.run()
    said = "lab time: the clock was paused, stepped or changed"
    assert json.loads(to_ndjson(fetch.rows[0]))["notes"] == [said]
    (cells,) = csv.DictReader(io.StringIO(csv_header() + to_csv(fetch.rows[0])))
    assert cells["notes"] == said
    (entry,) = json.loads(to_har(fetch.rows, Options()))["log"]["entries"]
    assert entry["comment"] == f"Fetched; {said}"
    assert not fetch.totals().is_real_time


TEXTS = st.text(st.sampled_from("ab;|\t\n\r\"' =+-@＝＋－＠,"), max_size=20)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+2", "'=1+2"),
        ("a;=1+2;b", "a;'=1+2;b"),
        ("a\t@b", "a\t'@b"),
        ("a| -1", "a| '-1"),
        ("a\n+1", "a\n'+1"),
        (" ＝1+2", " '＝1+2"),
        ('a;"=1"', 'a;"\'=1"'),
        ("'=1", "''=1"),
        ("it's a=b, c - d", "it's a=b, c - d"),
        ("https://a.com/@48.1,-11.5,15z?a=b;c=d", "https://a.com/@48.1,-11.5,15z?a=b;c=d"),
    ],
)
def test_what_could_begin_a_formula_gets_an_apostrophe(text: str, cell: str) -> None:
    assert protected(text) == cell


@given(TEXTS)
def test_no_part_of_a_cell_begins_a_formula_and_it_reads_back(text: str) -> None:
    cell = protected(text)
    assert not any(part.lstrip(' "').startswith(tuple("=+-@＝＋－＠")) for part in re.split(r"[;|\t\n\r]", cell))
    assert unprotected(cell) == text
