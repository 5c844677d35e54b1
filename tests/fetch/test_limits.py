"""Tests when each URL starts: all at once, hosts in turns, and none too early, with a clock that jumps."""

import asyncio
import sys
from dataclasses import replace
from itertools import pairwise

import pytest

from asynclab.fetch.http_session import open_session
from asynclab.fetch.idle_connections import Connections
from asynclab.fetch.limits import LEAST_SPACING, Host, Limits
from asynclab.fetch.options import Options
from asynclab.practice.server import PracticeServer
from tests.fast_loop import run_fast
from tests.fetch.played import BUSY, NO_FILES, Played


def test_no_more_start_at_once_than_allowed_and_the_next_when_one_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, ["a1", "a2", "a3"], concurrency=2)
    played.run()
    assert played.started == [(0, "a1"), (0, "a2"), (1, "a3")]


def test_a_host_that_is_full_does_not_hold_up_others(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, ["a1", "a2", "a3", "b1", "c1"], concurrency=4, per_host=1)
    played.run()
    assert played.started == [(0, "a1"), (0, "b1"), (0, "c1"), (1, "a2"), (2, "a3")]


def test_hosts_take_turns_and_each_is_asked_in_the_order_of_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, ["a1", "a2", "a3", "b1", "b2"], concurrency=1)
    played.run()
    assert played.names == ["a1", "b1", "a2", "b2", "a3"]
    played = Played(monkeypatch, ["a1", "b1", "c1", "a2", "b2", "c2"], concurrency=4)
    played.run()
    assert played.names == ["a1", "b1", "c1", "a2", "b2", "c2"]


def test_a_rate_spaces_the_starts_whatever_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, ["a1", "b1", "c1", "d1", "a2"], rate=4.0, seconds=10.0)
    played.run()
    assert [at for at, _ in played.started] == pytest.approx([0, 0.25, 0.5, 0.75, 1.0])


def test_starts_that_were_held_up_by_other_limits_are_spaced_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{host}1" for host in "abcdefgh"]
    played = Played(monkeypatch, names, rate=1.0, concurrency=4, seconds=10.0)
    played.run()
    times = [at for at, _ in played.started]
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(times))


def test_a_host_that_has_had_enough_is_left_alone_and_then_asked_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = replace(BUSY, retry_after=10.0)
    played = Played(
        monkeypatch, ["a1", "a2", "a3", "a4", "b1"], failures={"a1": [busy]}, concurrency=2, per_host=1, seconds=0.0
    )
    played.run()
    assert played.started[:2] == [(0, "a1"), (0, "b1")]
    later = [at for at, _ in played.started[2:]]
    assert later[0] == 10
    assert all(second - first > 0 for first, second in pairwise(later))
    assert played.outcomes == ["ok"] * 5


def test_a_host_that_asks_for_a_pause_gets_it_whoever_else_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = replace(BUSY, retry_after=20.0)
    played = Played(monkeypatch, ["a1", "a2", "a3"], failures={"a1": [busy]}, concurrency=1)
    played.run()
    assert [at >= 20 for at, name in played.started if name != "a1"] == [True, True]


def test_the_spacing_doubles_with_each_complaint_and_goes_away_with_success() -> None:
    async def complain() -> None:
        host = Host("a", 1)
        assert [host.slow_down(None) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
        for _ in range(12):
            host.speed_up()
        assert host.slow_down(None) == LEAST_SPACING

    run_fast(complain())


def test_a_slow_host_is_remembered_and_others_are_forgotten_when_nothing_is_left_to_do_there() -> None:
    async def look() -> None:
        limits = Limits(10, 10, None)
        limits.slow_down(limits.host("a"), 60.0)
        limits.host("b").spacing = 1.0
        assert not limits.has_other_hosts
        assert [limits.host(name).spacing for name in "ab"] == [LEAST_SPACING, 0.0]

    run_fast(look())


@pytest.mark.parametrize("comes_in_time", [False, True])
def test_who_waits_and_is_cancelled_leaves_the_place_to_others(comes_in_time: bool) -> None:
    async def cancel_one() -> None:
        limits = Limits(1, 5, None)
        first = await limits.slot(limits.host("a"))
        waiting = asyncio.create_task(limits.slot(limits.host("a")))
        await asyncio.sleep(0)
        if comes_in_time:
            first.release()
        waiting.cancel()
        await asyncio.wait([waiting])
        first.release()
        async with asyncio.timeout(1):
            await limits.slot(limits.host("a"))

    run_fast(cancel_one())


def test_a_slot_is_given_back_once_however_often_it_is_released() -> None:
    async def release() -> None:
        limits = Limits(1, 1, None)
        slot = await limits.slot(limits.host("a"))
        slot.release()
        slot.release()
        await limits.slot(limits.host("b"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await limits.slot(limits.host("c"))

    run_fast(release())


def test_where_files_are_few_fewer_are_fetched_at_once_and_all_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"a{number}" for number in range(1, 21)]
    played = Played(
        monkeypatch, names, failures={key: [NO_FILES] for key in names[4:10]}, concurrency=10, per_host=10, retries=0
    )
    played.run()
    assert played.outcomes == ["ok"] * 20
    assert [at for at, _ in played.started].count(1.0) == 4
    assert ["ulimit" in "".join(row.notes) for row in played.fetch.rows] == [False] * 4 + [True] * 16


def test_the_last_place_is_kept_and_a_lack_of_files_fails_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, ["a1"], failures={"a1": [NO_FILES] * 5}, concurrency=2, retries=1)
    played.run()
    assert played.outcomes == ["refused"]
    assert len(played.started) == 3


PROGRAM = """
import asyncio, resource, sys, tempfile
from pathlib import Path
from asynclab.fetch.engine import Fetch
from asynclab.fetch.idle_connections import Connections
from asynclab.fetch.options import Options

soft, hard, is_saved, *urls = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_NOFILE, (int(soft), int(hard)))
with tempfile.TemporaryDirectory() as folder:
    save_to = Path(folder) if is_saved == "True" else None
    fetch = Fetch(urls, Options(concurrency=100, per_host=100, retries=0, save_to=save_to))
    asyncio.run(fetch.run())
    print(fetch.counts["ok"])
"""


@pytest.mark.parametrize("is_saved", [False, True])
@pytest.mark.parametrize(("soft", "hard"), [(64, 64), (64, 1_024)])
async def test_requests_wait_for_files_and_do_not_fail(soft: int, hard: int, is_saved: bool) -> None:
    async with PracticeServer(pace=0) as server:
        urls = [server.url(f"/delay/0?{count}") for count in range(200)]
        arguments = (str(soft), str(hard), str(is_saved), *urls)
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await program.communicate()
    assert output.decode() == "200\n"


@pytest.mark.parametrize("granted", [99, 100])
async def test_where_files_are_few_no_connection_is_kept(monkeypatch: pytest.MonkeyPatch, granted: int) -> None:
    monkeypatch.setattr("asynclab.fetch.http_session.most_requests", lambda _: granted)
    async with open_session(Options(concurrency=100), Connections()) as session:
        assert session.connector is not None
        assert session.connector.force_close is (granted < 100)
