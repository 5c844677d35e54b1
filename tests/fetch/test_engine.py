"""Tests how a list is fetched: the order, the limits, stopping, fetching again, and its state meanwhile."""

import asyncio
import json

import pytest

from asynclab.fetch.body_text import HEAD_KEPT
from asynclab.fetch.engine import Fetch
from asynclab.fetch.options import Options
from asynclab.fetch.urls import find_urls
from asynclab.practice.server import PracticeServer
from asynclab.trace import Lab
from tests.fetch.practice_fetches import fetched, fetched_row, run, urls_of


def hanging(server: PracticeServer, count: int, **options: float) -> Fetch:
    return Fetch(urls_of(server, *["/hang"] * count), Options(**options))  # type: ignore[arg-type]


async def until_waiting(lab: Lab, fetch: Fetch, count: int) -> None:
    """Let the lab run until so many requests wait for their answer; its state is up to date then."""
    while sum(row.phase == "wait" and row.address != "" for row in fetch.rows) < count:  # noqa: ASYNC110
        await asyncio.sleep(0)
    lab.pump()


async def test_a_row_tells_all_about_its_page(server: PracticeServer) -> None:
    row = await fetched_row(server, "/pages/tasks")
    assert (row.number, row.state, row.status, row.reason, row.http_version) == (1, "ok", 200, "OK", "1.1")
    assert (row.page.title, row.page.charset, row.content_type) == ("Tasks", "utf-8", "text/html; charset=utf-8")
    assert row.address == "127.0.0.1"
    assert row.method == "GET"
    assert row.wire == row.decoded == row.expected == len(row.page.head)
    assert dict(row.headers)["Content-Length"] == str(row.wire)
    assert row.effective_url == row.url == server.url("/pages/tasks")
    phases = dict(row.phases.items())
    assert list(phases) == ["queued", "tcp", "wait", "download"]
    assert row.attempt_at is not None
    assert row.ended_at is not None
    assert sum(phases.values()) - phases["queued"] == pytest.approx(row.ended_at - row.attempt_at, abs=1e-3)
    assert (row.phase, row.expires_at, row.retry_at) == (None, None, None)


async def test_a_connection_used_again_has_no_phase_of_connecting(server: PracticeServer) -> None:
    fetch = await fetched(server, "/delay/0", "/delay/0", concurrency=1)
    assert [[phase for phase, _ in row.phases.items()] for row in fetch.rows] == [
        ["queued", "tcp", "wait", "download"],
        ["queued", "wait", "download"],
    ]


async def test_each_redirect_is_told_with_its_status_and_time(server: PracticeServer) -> None:
    row = await fetched_row(server, "/redirect/2")
    assert [(hop.url, hop.status, hop.address) for hop in row.hops] == [
        (server.url("/redirect/2"), 302, "127.0.0.1"),
        (server.url("/redirect/1"), 302, "127.0.0.1"),
    ]
    assert all(hop.seconds >= 0 for hop in row.hops)
    assert row.effective_url == server.url("/redirect/0")


async def test_tasks_are_named_after_their_rows_and_only_those_with_a_slot_have_one(server: PracticeServer) -> None:
    fetch = hanging(server, 5, concurrency=2)

    async def look(lab: Lab) -> None:
        await until_waiting(lab, fetch, 2)
        lab.pump()
        names = {task.name for task in lab.state.tasks.values()}
        assert {name for name in names if name.startswith("fetch")} == {"fetch 1", "fetch 2"}
        assert [row.number for row in fetch.in_flight] == [1, 2]
        assert fetch.counts["queued"] == 3
        assert 0 < (fetch.rows[0].time_left(fetch.now()) or 0.0) <= 30
        lab.cancel()

    await run(fetch, beside=look)


async def test_a_paused_lab_keeps_requests_from_timing_out(server: PracticeServer) -> None:
    fetch = hanging(server, 1, timeout=0.05)

    async def look(lab: Lab) -> None:
        await until_waiting(lab, fetch, 1)
        lab.pause()
        await asyncio.sleep(0.1)
        assert fetch.rows[0].state == "running"
        lab.resume()

    await run(fetch, beside=look)
    assert fetch.rows[0].outcome == "timeout_read"


async def test_one_row_is_cancelled_and_the_others_go_on(server: PracticeServer) -> None:
    fetch = Fetch(urls_of(server, "/hang", "/hang", "/pages/tasks"), Options(concurrency=1))

    async def cancel(lab: Lab) -> None:
        fetch.cancel(fetch.rows[1])  # still queued
        await until_waiting(lab, fetch, 1)
        fetch.cancel(fetch.rows[0])

    await run(fetch, beside=cancel)
    assert [row.outcome for row in fetch.rows] == ["cancelled", "cancelled", "ok"]
    assert [row.state for row in fetch.rows] == ["cancelled", "cancelled", "ok"]
    assert fetch.rows[1].attempts == 0


async def test_a_task_that_is_cancelled_in_the_lab_cancels_its_row(server: PracticeServer) -> None:
    fetch = Fetch(urls_of(server, "/hang", "/pages/tasks"))

    async def cancel(lab: Lab) -> None:
        await until_waiting(lab, fetch, 1)
        lab.pump()
        (number,) = [task.id for task in lab.state.tasks.values() if task.name == "fetch 1"]
        lab.cancel_task(number)

    await run(fetch, beside=cancel)
    assert [row.outcome for row in fetch.rows] == ["cancelled", "ok"]


@pytest.mark.parametrize("how", ["fetch", "lab"])
async def test_all_are_cancelled_at_once_and_nothing_is_left(server: PracticeServer, how: str) -> None:
    fetch = hanging(server, 30, concurrency=10, per_host=10)

    async def cancel(lab: Lab) -> None:
        await until_waiting(lab, fetch, 10)
        if how == "fetch":
            fetch.cancel_all()
        else:
            lab.cancel()

    await run(fetch, beside=cancel)
    assert fetch.counts["cancelled"] == 30
    assert {row.sentence for row in fetch.rows} == {"Cancelled"}
    assert not fetch.is_running
    assert not fetch.in_flight


async def test_cancelling_before_the_first_step_of_a_task_ends_its_row(server: PracticeServer) -> None:
    fetch = hanging(server, 1)

    async def cancel(lab: Lab) -> None:
        while not fetch.in_flight:  # noqa: ASYNC110
            await asyncio.sleep(0)
        fetch.cancel_all()

    await run(fetch, beside=cancel)
    assert fetch.rows[0].outcome == "cancelled"


async def test_head_is_asked_and_get_where_that_is_refused(server: PracticeServer) -> None:
    fetch = await fetched(server, "/pages/tasks", "/no-head", "/bytes/1000", method="HEAD")
    assert [(row.method, row.outcome, row.wire) for row in fetch.rows] == [
        ("HEAD", "ok", 0),
        ("GET", "ok", 10),
        ("HEAD", "ok", 0),
    ]
    assert fetch.rows[1].notes == ("HEAD was answered with 405: asked again with GET",)


async def test_headers_are_sent_and_the_query_is_sent_as_given(server: PracticeServer) -> None:
    fetch = await fetched(server, "/echo?x=%2F%7e+a", headers=(("X-Mine", "yes"), ("User-Agent", "me")))
    said = json.loads(fetch.rows[0].page.head)
    assert said["path"] == "/echo?x=%2F%7e+a"
    assert said["headers"]["X-Mine"] == "yes"
    assert said["headers"]["User-Agent"] == "me"


async def test_cookies_are_not_carried_from_one_url_to_another(server: PracticeServer) -> None:
    fetch = await fetched(server, "/cookies", "/cookies", concurrency=1)
    assert [row.page.head for row in fetch.rows] == [b"cookies: none\n"] * 2


async def test_credentials_are_sent_and_never_shown(server: PracticeServer) -> None:
    target = server.url("/echo").replace("http://", "http://user:secret@")
    fetch = await fetched(
        server, target, target.replace("/echo", "/redirect/1"), target.replace("/echo", "/status/404")
    )
    assert "Basic dXNlcjpzZWNyZXQ=" in json.loads(fetch.rows[0].page.head)["headers"]["Authorization"]
    for row in fetch.rows:
        assert row.url.startswith("http://•••@127.0.0.1")
        row.page.head = b""
        assert "secret" not in repr(row)


async def test_private_addresses_are_refused_on_request(
    server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = await fetched(server, "/pages/tasks", "http://localhost:1/", block_private=True)
    assert [row.outcome for row in fetch.rows] == ["blocked", "blocked"]
    assert "127.0.0.1 is not a public address" in fetch.rows[0].sentence
    monkeypatch.setattr("asynclab.fetch.request_trace.is_private", lambda address: address == "127.0.0.2")
    row = await fetched_row(server, "/redirect-to?url=http://127.0.0.2:1/", block_private=True)
    assert row.outcome == "blocked"


async def test_a_hop_to_a_private_address_is_noted(server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([False, True])
    monkeypatch.setattr("asynclab.fetch.request_trace.is_private", lambda _: not next(answers))
    row = await fetched_row(server, "/redirect/1")
    assert row.notes == ("redirected from the public internet to the private address 127.0.0.1",)


async def test_a_proxy_is_used_only_on_request(server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert (await fetched_row(server, "/delay/0")).outcome == "ok"
    row = await fetched_row(server, "/delay/0", proxy_from_environment=True)
    assert row.outcome == "refused"
    assert "proxy" in row.sentence


async def test_only_the_rows_that_were_chosen_keep_their_bodies(server: PracticeServer) -> None:
    fetch = Fetch(urls_of(server, "/bytes/100000", "/bytes/100000"))
    fetch.keep([2])
    await run(fetch)
    assert [row.body is not None for row in fetch.rows] == [False, True]
    assert [len(row.page.head) for row in fetch.rows] == [HEAD_KEPT, HEAD_KEPT]
    assert len(fetch.rows[1].body or b"") == 100_000
    version = fetch.version
    fetch.keep([])
    assert fetch.rows[1].body is None
    assert fetch.rows[1].version > version


async def test_a_painter_sees_by_the_version_which_rows_have_changed(server: PracticeServer) -> None:
    fetch = Fetch(urls_of(server, "/pages/tasks", "/hang"))

    async def look(lab: Lab) -> None:
        while not fetch.rows[0].has_ended or fetch.rows[1].phase != "wait":  # noqa: ASYNC110
            await asyncio.sleep(0)
        painted = fetch.version
        await asyncio.sleep(0.02)
        assert fetch.version == painted
        fetch.cancel(fetch.rows[1])
        assert fetch.is_running
        while fetch.is_running:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert [row.number for row in fetch.rows if row.version > painted] == [2]

    await run(fetch, beside=look)


async def test_downloads_tell_the_lab_how_far_they_are(server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asynclab.fetch.receiving.REPORT_SECONDS", 0.0)
    async with Lab("fetch", watch=False) as lab:
        await lab.run(Fetch(urls_of(server, "/bytes/200000")).run)
        (task,) = [task for task in lab.state.tasks.values() if task.name == "fetch 1"]
    assert task.progress is not None
    assert (task.progress.total, task.progress.unit) == (200_000, "B")


async def test_it_runs_without_a_lab_and_takes_what_was_found_in_a_text(server: PracticeServer) -> None:
    found = find_urls(f"{server.url('/delay/0')}\n{server.url('/delay/0')}#x")
    fetch = Fetch(found.urls)
    totals = await fetch.run()
    assert (totals.rows, totals.counts["ok"], fetch.rows[0].count) == (1, 1, 2)
    await Fetch([]).run()
