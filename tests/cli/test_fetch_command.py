"""Tests `asynclab fetch`: its output, its exit codes, and that no control characters reach the terminal."""

import asyncio
import contextlib
import csv
import gzip
import io
import json
import os
import pty
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from asynclab.cli import fetch_command
from asynclab.cli.fetch_files import open_files
from asynclab.cli.main import main
from asynclab.fetch.options import Options
from asynclab.fetch.resume import Results
from asynclab.practice.server import PracticeServer

ENVIRONMENT = {**os.environ, "PYTHONWARNINGS": "default", "PYTHONIOENCODING": "utf-8"}


@dataclass
class Finished:
    """How a program ended, and what it wrote."""

    code: int
    out: str
    errors: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


async def start(*arguments: str, **streams: Any) -> Process:
    defaults = {"stdin": DEVNULL, "stdout": PIPE, "stderr": PIPE}
    command = (sys.executable, "-m", "asynclab", "fetch", *arguments)
    return await asyncio.create_subprocess_exec(*command, env=ENVIRONMENT, **(defaults | streams))


async def asynclab_fetch(*arguments: str, text: str | None = None, closed: int | None = None) -> Finished:
    """Run it to its end, with a text on stdin, and with one of the three streams closed."""
    close = None if closed is None else lambda: os.close(closed)
    process = await start(*arguments, stdin=DEVNULL if text is None else PIPE, preexec_fn=close)
    out, errors = await process.communicate(None if text is None else text.encode())
    assert process.returncode is not None
    return Finished(process.returncode, out.decode(), errors.decode())


def here(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["fetch", *arguments], prog_name="asynclab", input=text)


async def on_terminal(*arguments: str, streams: Sequence[str] = ("stderr",)) -> str:
    """What it writes into these streams where they are a terminal."""
    ours, theirs = pty.openpty()
    process = await start(*arguments, **dict.fromkeys(streams, theirs))
    os.close(theirs)
    written = await asyncio.to_thread(_read_all, ours)
    await process.wait()
    os.close(ours)
    return written.decode()


async def test_a_line_is_printed_for_each_url_and_one_that_failed_makes_the_exit_code_1(server: PracticeServer) -> None:
    finished = await asynclab_fetch(server.url("/pages/tasks"), server.url("/status/404"))
    assert sorted(line.split()[1] for line in finished.lines) == ["http_error", "ok"]
    assert finished.code == 1
    assert finished.errors == ""


async def test_any_text_on_stdin_is_looked_through_and_all_ok_is_0(server: PracticeServer) -> None:
    text = f"read [this]({server.url('/pages/tasks')}), {server.url('/gzip')}\nand {server.url('/gzip')} again"
    finished = await asynclab_fetch("-", "--json", text=text)
    results = {result["url"]: result for result in map(json.loads, finished.lines)}
    assert finished.code == 0
    assert results[server.url("/pages/tasks")]["title"] == "Tasks"
    assert results[server.url("/gzip")]["count"] == 2


async def test_files_options_saving_and_archive_work_together(server: PracticeServer, tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text(f"{server.url('/echo')}\n{server.url('/bytes/9000')}\n", encoding="utf-8")
    names = {name: str(tmp_path / name) for name in ("urls.txt", "out", "all.har")}
    finished = await asynclab_fetch(
        *("-f", names["urls.txt"], "--csv", "--save", names["out"], "--har", names["all.har"], "--max-bytes", "8kB"),
        *("-H", "X-Mine: yes", "--retries", "0", "--concurrency", "1", "--headless"),
    )
    echo, large = csv.DictReader(io.StringIO(finished.out))
    assert (echo["outcome"], echo["truncated"], large["outcome"], large["truncated"]) == (
        "ok",
        "false",
        "truncated",
        "true",
    )
    (saved,) = (tmp_path / "out").iterdir()
    assert json.loads(saved.read_text())["headers"]["X-Mine"] == "yes"
    entries = json.loads((tmp_path / "all.har").read_text())["log"]["entries"]
    assert [entry["response"]["status"] for entry in entries] == [200, 200]
    assert finished.code == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "no URLs: name some"),
        (["nothing"], "'nothing' is not a URL"),
        (["http://u:secret@a..b/"], "'http://•••@a..b/' is not a URL"),
        (["-f", "/does/not/exist"], "can't read '/does/not/exist': No such file"),
        (["a.com", "--json", "--csv"], "exclude each other"),
        (["a.com", "--timeout", "0"], "timeout must be from"),
        (["a.com", "--concurrency", "many"], "--concurrency"),
        (["a.com", "--max-bytes", "much"], "a size is"),
        (["a.com", "-H", "nothing"], "a header is"),
        (["a.com", "--method", "POST"], "--method"),
        (["a.com", "--har", "/does/not/exist/all.har"], "can't write '/does/not/exist/all.har': No such file"),
        (["a.com", "--har", "/proc/all.har"], "can't write '/proc/all.har': "),
        (["a.com", "--har", ""], "'--har': it is empty"),
        (["a.com", "--resume", "/does/not/exist/all"], "can't keep results in '/does/not/exist/all': No such file"),
        (["a.com", "--resume", "/dev/null"], "'/dev/null' is not a file"),
        (["a.com", "--resume", ""], "'--resume': it is empty"),
        (["a.com", "--limit", "0"], "--limit"),
        (["a.com", "--har", "x/../same", "--resume", "same"], "'same' is named twice, and would be overwritten"),
        (["a.com", "--list-only", "--har", "x"], "--list-only fetches nothing: leave out --json, --csv and --har"),
        (["a.com", "--check", "--save", "x"], "--check reads no bodies that --save could save"),
        (["a.com", "--allow", "many"], "it must be a whole number, not 'many'"),
        (["a.com", "--allow", "42"], "statuses are from 100 to 599, such as 403, 400-499 or 4xx, not '42'"),
        (["a.com", "--save", "/dev/null/out"], "can't save to '/dev/null/out': "),
        (["a.com", "--save", "/proc"], "can't save to '/proc': "),
        (["a.com", "--save", ""], "'--save': it is empty"),
    ],
)
def test_wrong_usage_is_one_line_on_stderr_and_exits_with_2(arguments: list[str], says: str) -> None:
    result = here(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [("--har", "all.har"), ("--save", "."), ("--save", "out")])
def test_a_folder_that_was_removed_is_noticed_before_anything_is_fetched(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    result = here("--headless", "127.0.0.1:9/", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(f" '{arguments[1]}': No such file or directory\n")


def test_what_was_in_the_place_of_an_archive_stays_until_there_is_a_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old.har", tmp_path / "new.har"
    old.write_text("old")
    for place in (old, new):
        with open_files(place, None, Options()):
            assert old.read_text() == "old"
            assert not new.exists()
    assert old.read_text() == "old"
    assert list(tmp_path.iterdir()) == [old]


async def test_an_archive_goes_into_a_pipe(server: PracticeServer, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    process = await start(server.url("/pages/tasks"), "--har", str(tmp_path / "pipe"))
    archive = await asyncio.to_thread((tmp_path / "pipe").read_text)
    assert await process.wait() == 0
    await process.communicate()
    assert len(json.loads(archive)["log"]["entries"]) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
async def test_an_archive_that_can_not_be_written_at_the_end_is_named(server: PracticeServer) -> None:
    finished = await asynclab_fetch(server.url("/pages/tasks"), "--har", "/dev/full")
    assert finished.errors == "asynclab: can't write '/dev/full': No space left on device\n"
    assert (finished.code, len(finished.lines)) == (1, 1)


async def test_all_urls_of_a_long_list_are_printed(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("".join(f"http://127.0.0.1:9/{number}\n" for number in range(5_010)))
    finished = await asynclab_fetch("-f", str(tmp_path / "list"), "--concurrency", "200", "--per-host", "200")
    assert len(finished.lines) == 5_010


def test_a_list_that_is_too_long_is_refused_instead_of_cut(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("http://127.0.0.1:9/1\nhttp://127.0.0.1:9/2\nhttp://127.0.0.1:9/3\n")
    result = here("--limit", "2", "-f", str(tmp_path / "list"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "asynclab: 3 URLs are more than 2: raise --limit, or split the list\n"


def test_a_list_is_printed_as_it_is_sent_and_nothing_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("see http://a:b@127.0.0.1:9/ü#x and (http://127.0.0.1:9/2)\n")
    result = here("--list-only", "-f", str(tmp_path / "list"))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "http://a:b@127.0.0.1:9/%C3%BC\nhttp://127.0.0.1:9/2\n"


def test_an_argument_in_another_encoding_is_read_as_a_file_is() -> None:
    result = here("--list-only", "http://127.0.0.1:9/caf\udce9")
    assert (result.exit_code, result.stdout) == (0, "http://127.0.0.1:9/caf%C3%A9\n")


def test_urls_that_are_not_fetched_are_told_without_a_terminal_and_other_lines_are_not(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("Links\nhttp://127.0.0.1:9/ http://a.example/$id\nhttp://a.example:80x/\n")
    result = CliRunner().invoke(main, ["fetch", "--list-only", "-f", str(tmp_path / "list")], prog_name="asynclab")
    told = "1 URL · 2 lines, 1 template ignored, first: template: http://a.example/$id\n"
    assert (result.stdout, result.stderr) == ("http://127.0.0.1:9/\n", told)


async def test_what_is_ok_in_a_file_is_kept_and_the_rest_fetched(server: PracticeServer, tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    urls = [server.url("/flaky/a?status=404"), server.url("/pages/tasks")]
    first = await asynclab_fetch(*urls, "--resume", str(results), "--retries", "0")
    assert sorted(line.split()[1] for line in first.lines) == ["http_error", "ok"]
    again = await asynclab_fetch(*urls, server.url("/gzip"), "--resume", str(results), "--json")
    assert {json.loads(line)["url"] for line in again.lines} == {urls[0], server.url("/gzip")}
    assert again.code == 0
    left = here("127.0.0.1:9/", *urls, "--list-only", "--resume", str(results))
    assert left.stdout == "http://127.0.0.1:9/\n"
    nothing = await asynclab_fetch("-", "--resume", str(results), text=results.read_text())
    assert (nothing.code, nothing.lines) == (0, [])
    with Results(results) as all_of_them:
        assert all(map(all_of_them.is_done, (*urls, server.url("/gzip"))))
    assert os.listdir(tmp_path) == [results.name]


async def test_a_check_reports_broken_links_by_cause_and_makes_the_exit_code_1(server: PracticeServer) -> None:
    page = server.url("/pages/tasks")
    finished = await asynclab_fetch(
        "--check", page, server.url("/no-head"), f"{page}#missing", server.url("/status/404")
    )
    assert finished.code == 1
    assert (finished.errors, len(finished.lines[: finished.lines.index("")])) == ("", 3)
    report = finished.lines[finished.lines.index("") + 1 :]
    assert report[0] == "3 links: 2 broken"
    assert f"  {page}#missing" in report
    assert report[-1].split() == [server.url("").removeprefix("http://").rstrip("/"), "1", "2", "0"]
    assert (await asynclab_fetch("--check", page, server.url("/status/404"), "--allow", "404")).code == 0


async def test_a_check_reports_on_stderr_where_lines_are_for_programs(server: PracticeServer) -> None:
    finished = await asynclab_fetch("--check", "--json", server.url("/pages/tasks#missing"))
    (result,) = map(json.loads, finished.lines)
    assert (result["outcome"], result["missing_fragments"]) == ("missing_fragment", ["missing"])
    assert finished.errors.startswith("1 link: 1 broken\n")


async def test_a_check_is_resumed_where_other_fragments_are_looked_for(server: PracticeServer, tmp_path: Path) -> None:
    arguments = ("--check", "--json", "--resume", str(tmp_path / "all.csv"))
    page, other = server.url("/flaky/a?times=0"), server.url("/pages/tasks")
    assert len((await asynclab_fetch(page, other, *arguments)).lines) == 2
    assert len((await asynclab_fetch(page, f"{other}#top", *arguments)).lines) == 0
    assert len((await asynclab_fetch(page, f"{other}#new", *arguments)).lines) == 1


async def test_an_interruption_leaves_results_that_can_be_resumed(server: PracticeServer, tmp_path: Path) -> None:
    results = tmp_path / "results.ndjson"
    arguments = (server.url("/hang"), server.url("/pages/tasks"), "--resume", str(results))
    process = await start(*arguments)
    assert process.stdout is not None
    await process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    assert [json.loads(line)["url"] for line in results.read_text().splitlines()] == [server.url("/pages/tasks")]
    process = await start(*arguments, server.url("/gzip"))
    assert process.stdout is not None
    await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, _ = await process.communicate()
    assert process.returncode == 130
    assert out.decode().split()[1] == "cancelled"
    urls = [json.loads(line)["url"] for line in results.read_text().splitlines()]
    assert urls == [server.url("/pages/tasks"), server.url("/gzip")]


async def test_a_terminal_is_told_what_is_skipped_and_what_is_not(server: PracticeServer, tmp_path: Path) -> None:
    results = tmp_path / "results.ndjson"
    ok, failed = server.url("/pages/tasks"), server.url("/status/404")
    await asynclab_fetch(ok, failed, "--resume", str(results))
    results.write_text(results.read_text() + '{"url": "http')
    told = (await on_terminal(ok, failed, "--resume", str(results))).splitlines()[0]
    assert told == (
        f"1 of 2 URLs are ok in '{results}', 1 that failed are fetched again, its last line was cut off and is dropped"
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("my diary\n", "the first line doesn't name its columns); name another file"),
        ('{"a": 1}\n', "line 1: an object without url and outcome); name another file"),
        ('{"url": "http://a.b/", "outcome": "ok"}\n{"url"\n', "line 2: "),
        ('["http://a.b/"]', "an object without url and outcome); name another file"),
    ],
)
def test_a_file_that_holds_no_results_is_left_alone(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "file").write_text(content)
    result = here("127.0.0.1:9/", "--resume", str(tmp_path / "file"))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert says in result.stderr
    assert (tmp_path / "file").read_text() == content
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["list", "-"])
def test_a_text_that_is_too_long_is_refused_not_cut(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fetch_command, "MOST_TEXT", 20)
    text = "http://127.0.0.1:9/12"
    Path("list").write_text(text)
    result = here("--headless", "-f", name, text=text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"asynclab: '{name}' has more than 20 bytes; split it\n"


def test_a_text_that_is_packed_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "list.gz").write_bytes(gzip.compress(b"http://a.b/1\n") + gzip.compress(b"http://a.b/2\n"))
    assert here("--list-only", "-f", str(tmp_path / "list.gz")).stdout == "http://a.b/1\nhttp://a.b/2\n"


@pytest.mark.parametrize(
    ("packed", "says"),
    [
        (gzip.compress(b"http://a.b/1")[:-9], "ended before"),
        (b"\x1f\x8bhttp://a.b/1", "nknown compression method"),
        (gzip.compress(b"http://a.b/1")[:10] + b"\xff" * 20, "rror -3"),
        (gzip.compress(bytes(60_000_000)), "has more than 50,000,000 bytes"),
    ],
    ids=["cut short", "method", "broken", "too long"],
)
def test_a_text_that_can_t_be_unpacked_is_refused(packed: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "list.gz").write_bytes(packed)
    result = here("--list-only", "-f", str(tmp_path / "list.gz"))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert says in result.stderr


@pytest.mark.parametrize(
    ("argument", "part"),
    [
        ("http://127.0.0.1:9/a b", "http://127.0.0.1:9/a"),
        ("http://127.0.0.1:9\\@evil.com/", "http://127.0.0.1:9"),
        ("http://127.0.0.1:9/ok\r\nX: y", "http://127.0.0.1:9/ok"),
        ("http://127.0.0.1:9/#a http://127.0.0.1:9/#a", "http://127.0.0.1:9/"),
        ("see http://127.0.0.1:9/", "http://127.0.0.1:9/"),
        ("http://127.0.0.1:9/x.", "http://127.0.0.1:9/x"),
    ],
)
def test_an_argument_that_is_more_than_a_url_is_refused_instead_of_cut(argument: str, part: str) -> None:
    result = here("--headless", "127.0.0.1:9/", argument)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert f"is not a URL, only '{part}' in it is: escape the rest" in result.stderr


@pytest.mark.parametrize(
    ("argument", "asked"),
    [
        ("127.0.0.1:9/x,y", "http://127.0.0.1:9/x,y"),
        ("//127.0.0.1:9/x", "http://127.0.0.1:9/x"),
        ("HTTP://127.0.0.1:9/x(y)#z|", "HTTP://127.0.0.1:9/x(y)"),
        (" http://127.0.0.1:9/ü?a=b&c=%20\r\n", "http://127.0.0.1:9/ü?a=b&c=%20"),
        ("http://a:b@[::1]:9", "http://•••@[::1]:9"),
    ],
)
def test_an_argument_is_asked_as_it_is_beside_others(argument: str, asked: str) -> None:
    result = here("--json", "--retries", "0", "127.0.0.1:9/1,2", argument)
    assert sorted(json.loads(line)["url"] for line in result.stdout.splitlines()) == sorted(
        ["http://127.0.0.1:9/1,2", asked]
    )


async def test_with_stderr_closed_it_fetches_all_the_same(server: PracticeServer) -> None:
    finished = await asynclab_fetch(server.url("/pages/tasks"), "-", text=server.url("/gzip\nnothing"), closed=2)
    assert (finished.code, len(finished.lines)) == (0, 2)


@pytest.mark.parametrize("arguments", [("-",), ("-f", "-")])
async def test_a_closed_stdin_is_wrong_usage(arguments: tuple[str, ...]) -> None:
    finished = await asynclab_fetch(*arguments, closed=0)
    assert finished == Finished(2, "", "asynclab: can't read '-': stdin is closed\n")


async def test_a_text_without_urls_is_wrong_usage() -> None:
    assert await asynclab_fetch("-", text="nothing here") == Finished(2, "", "asynclab: no URLs in that text\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_an_interruption_prints_what_was_done(server: PracticeServer, number: signal.Signals, code: int) -> None:
    process = await start(
        "--json", "--timeout", "3600", server.url("/hang"), server.url("/pages/tasks"), server.url("/endless")
    )
    assert process.stdout is not None
    first = json.loads(await process.stdout.readline())
    process.send_signal(number)
    rest, errors = await process.communicate()
    assert process.returncode == code
    assert first["title"] == "Tasks"
    outcomes = [json.loads(line)["outcome"] for line in rest.splitlines()]
    assert outcomes[-1] == "cancelled"
    assert len(outcomes) == 2
    assert errors == b""


async def test_a_reader_that_goes_away_is_no_error_to_talk_about(server: PracticeServer) -> None:
    process = await start(server.url("/hang"), server.url("/drip?chunks=3&seconds=0"), server.url("/flaky/a?after=1"))
    assert process.stdout is not None
    await process.stdout.readline()
    process.stdout._transport.close()  # type: ignore[attr-defined]
    assert process.stderr is not None
    assert await process.stderr.read() == b""
    assert await process.wait() == 1


async def test_a_reader_that_does_not_read_holds_nothing_up(
    server: PracticeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_asked = asyncio.Event()

    class Requests(set[Any]):
        count = 0

        def add(self, request: Any) -> None:
            self.count += 1
            super().add(request)
            if self.count == len(urls):
                all_asked.set()

    monkeypatch.setattr(server, "in_flight", Requests())
    reading, writing = os.pipe()
    urls = [server.url(f"/markup?{number}{'x' * 1_900}") for number in range(60)]
    process = await start("-", "--json", stdin=PIPE, stdout=writing)
    os.close(writing)
    try:
        assert process.stdin is not None
        process.stdin.write("\n".join(urls).encode())
        process.stdin.close()
        await all_asked.wait()
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
        assert (process.returncode, errors) == (130, b"")
    finally:
        os.close(reading)


async def test_nothing_from_outside_acts_on_the_terminal_and_progress_is_cleared(server: PracticeServer) -> None:
    evil = [server.url("/evil"), server.url("/markup"), server.url("/redirect-to?url=ftp://%1b[31m/")]
    text = await on_terminal(*evil, server.url("/delay/0"), "--headless", streams=("stdout", "stderr"))
    assert "done [/] [red]x[/red]" in text
    assert "PWNED" in text
    assert "\x07" not in text
    assert "4 URLs: 3 ok, 1 failed" in text.splitlines()[-1]
    rest = text.replace("\r\x1b[K", "").replace("\r\n", "\n")
    assert all(line.isprintable() for line in rest.split("\n"))


async def test_on_a_terminal_it_says_what_of_a_text_is_not_fetched(server: PracticeServer, tmp_path: Path) -> None:
    url = server.url("/pages/tasks")
    file = tmp_path / "list.txt"
    file.write_text(f"my \x1b[31mlist\n{url}\n{url}\nthat is all\n", encoding="utf-8")
    told = (await on_terminal("-f", str(file), "--headless")).splitlines()[0]
    assert told.startswith("1 URL · 1 duplicate · 2 lines ignored, first: my ")
    assert told.isprintable()


async def test_without_a_terminal_there_is_no_progress(server: PracticeServer) -> None:
    finished = await asynclab_fetch(server.url("/delay/0"), server.url("/evil"), "--json")
    assert finished.errors == ""
    assert all(line.isprintable() for line in finished.lines)
    assert json.loads(finished.lines[-1])["outcome"] == "ok"


async def test_a_terminal_without_utf_8_gets_escapes(server: PracticeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "PYTHONIOENCODING", "ascii")
    finished = await asynclab_fetch(server.url("/pages/tasks"))
    assert finished.lines[0].startswith("\\u2713 ok")
    assert finished.code == 0


def _read_all(terminal: int) -> bytes:
    data = b""
    with contextlib.suppress(OSError):  # what a closed pseudo-terminal raises at its end
        while part := os.read(terminal, 65_536):
            data += part
    return data
