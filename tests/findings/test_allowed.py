"""Tests which findings are left out: those that are allowed, known, or only likely."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from asynclab.findings.allowed import Allowance, FindingFilter, parse_allowance
from asynclab.findings.known_bugs import BaselineError, KnownBug, baseline_text, read_baseline
from asynclab.findings.rule import Finding
from asynclab.findings.source_code import SourceCode, Sources

CODE = """\
import asyncio

# asynclab: allow deadlock
@decorator
def outer():
    async def inner(lock):
        await asyncio.wait_for(
            lock.acquire(),  # asynclab: allow standstill, never-awaited - the watchdog ends it
            timeout=1,
        )
        text = "# asynclab: allow any"
        # why this is right
        # asynclab: allow never-retrieved growing-queue
        # it is
        await lock.acquire()
        await lock.acquire()

    class Pool:
        async def acquire(  # asynclab: allow blocked-loop
            self,
        ):
            # asynclab: allow deadlok
            await self.lock.acquire()
            await self.lock.acquire()  # asynclab: allow
"""


def _at(line: int, rule: str = "deadlock", file: str = "/home/me/app/pool.py") -> Finding:
    return Finding(rule, "two wait", 0.0, (1,), place=(file, line))


def _filter(text: str | None = CODE, **options: object) -> FindingFilter:
    return FindingFilter("/home/me/app", sources=Sources(lambda _: text), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "allowance"),
    [
        ("deadlock", Allowance("deadlock")),
        ("any:tests/a b.py", Allowance("any", "tests/a b.py")),
        ("deadlock:./app.py:12", Allowance("deadlock", "./app.py", 12)),
    ],
)
def test_an_allowance_names_a_rule_and_may_name_a_file_and_a_line(text: str, allowance: Allowance) -> None:
    assert parse_allowance(text) == allowance


@pytest.mark.parametrize(
    "text", ["", "deadlok", ":app.py", "deadlock:", "deadlock:app.py:", "deadlock:app.py:0", "deadlock:a:x", "any::3"]
)
def test_an_allowance_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"there is no rule.*; asynclab rules lists all|is not RULE, RULE:FILE or"):
        parse_allowance(text)


@pytest.mark.parametrize(
    ("text", "is_covered"),
    [
        ("deadlock", True),
        ("any", True),
        ("standstill", False),
        ("deadlock:pool.py", True),
        ("deadlock:app/pool.py:7", True),
        ("deadlock:ool.py", False),
        ("deadlock:*/pool.py", True),
        ("deadlock:./pool.py", True),
        ("deadlock:./app/pool.py", False),
        ("deadlock:../app/pool.py", True),
        ("deadlock:/home/me/app/pool.py:7", True),
        ("deadlock:/home/me/app/*", True),
        ("deadlock:pool.py:8", False),
    ],
)
def test_an_allowance_covers_a_path_its_end_or_a_pattern(text: str, is_covered: bool) -> None:
    assert parse_allowance(text).covers(_at(7), "/home/me/app") is is_covered


def test_an_allowance_with_a_file_covers_nothing_that_has_no_place() -> None:
    placeless = replace(_at(1), place=None)
    assert parse_allowance("deadlock").covers(placeless, "/")
    assert not parse_allowance("deadlock:pool.py").covers(placeless, "/")


@pytest.mark.parametrize(
    ("line", "rule", "verdict"),
    [
        (7, "standstill", "allowed"),  # the same statement
        (8, "never-awaited", "allowed"),
        (8, "never-retrieved", "told"),
        (8, "deadlock", "allowed"),  # above the decorator of a function around it
        (15, "never-retrieved", "allowed"),  # above the line
        (15, "growing-queue", "allowed"),
        (15, "blocked-loop", "told"),  # in a text
        (16, "never-retrieved", "told"),  # two lines below
        (23, "blocked-loop", "allowed"),  # the def's line
        (23, "standstill", "told"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_comment_allows_its_statement_or_its_whole_function(line: int, rule: str, verdict: str, ending: str) -> None:
    assert _filter(CODE.replace("\n", ending)).verdict(_at(line, rule)) == verdict


def test_a_comment_that_names_no_rule_is_complained_about_once() -> None:
    judge = _filter()
    assert [judge.verdict(_at(line, "standstill")) for line in (23, 23, 24)] == ["told"] * 3
    assert list(judge.complaints) == [
        "/home/me/app/pool.py:22: the comment that allows has no effect: there is no rule 'deadlok'",
        "/home/me/app/pool.py:24: the comment that allows has no effect: it names no rule",
    ]


@pytest.mark.parametrize("text", ["(\n", "def f(:\n    x = 1  # asynclab: allow deadlock\n", "\0", "x" * 10 + "\n  y"])
def test_code_that_this_python_cannot_parse_is_no_error(text: str) -> None:
    assert SourceCode(text).function(2) == ""
    assert _filter(text).verdict(_at(2)) == ("allowed" if "allow" in text else "told")


def test_what_is_only_likely_is_told_where_it_is_asked_for() -> None:
    likely = replace(_at(16, "standstill"), certainty="likely")
    assert _filter().verdict(likely) == "likely"
    assert _filter(likely=True).verdict(likely) == "told"


@pytest.mark.parametrize(
    "change",
    [
        lambda code: "# a line more\n" + code,
        lambda code: code.replace("\n", "\r\n"),
        lambda code: code.replace("lock.acquire(),  #", "lock.acquire(),  # type: ignore"),
        lambda code: code.replace("    ", "\t"),
    ],
)
def test_a_known_bug_stays_known_where_its_code_moves_and_on_another_machine(change: Callable[[str], str]) -> None:
    known = _filter().known_as(_at(8, "growing-queue"))
    assert known == KnownBug("growing-queue", "pool.py", "outer.inner", "lock.acquire(),")
    moved = change(CODE)
    line = moved.replace("\r\n", "\n").split("\n").index(next(x for x in moved.splitlines() if "acquire()," in x)) + 1
    elsewhere = FindingFilter("/ci/build", baseline={known}, sources=Sources(lambda _: moved))
    assert elsewhere.verdict(_at(line, "growing-queue", "/ci/build/pool.py")) == "known"
    assert elsewhere.verdict(_at(line, "never-retrieved", "/ci/build/pool.py")) == "told"
    assert elsewhere.verdict(_at(line, "growing-queue", "/ci/build/other/pool.py")) == "told"


@pytest.mark.parametrize(
    ("file", "known"),
    [
        ("/home/me/app/sub/a b.py", "sub/a b.py"),
        ("sub/app.py", "sub/app.py"),
        ("/usr/lib/python3.13/site-packages/aiohttp/client.py", "aiohttp/client.py"),
        ("/home/me/app/.venv/lib/python3.11/site-packages/aiohttp/client.py", "aiohttp/client.py"),
        ("/srv/other/tool.py", "tool.py"),
        ("<string>", "<string>"),
    ],
)
def test_a_known_bug_is_in_the_same_file_on_every_machine(file: str, known: str) -> None:
    assert _filter(None).known_as(_at(3, file=file)) == KnownBug("deadlock", known, "", "line 3")


def test_a_bug_without_a_place_is_known_by_its_words_without_its_numbers() -> None:
    finding = replace(_at(1), place=None, text="queue#2 only grew for 1.204 s, from 1 to 1,700 items")
    other = replace(finding, text="queue#12 only grew for 900 ms, from 3 to 700 items")
    assert _filter().known_as(finding) == _filter().known_as(other)


def test_a_place_that_moves_from_run_to_run_is_known_by_its_function() -> None:
    first, second = (replace(_at(line, "blocked-loop"), moves=True) for line in (7, 16))
    assert _filter().known_as(first) == _filter().known_as(second)


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    bugs = {KnownBug("deadlock", "a b.py", "main", 'print("\\n", "ü")'), KnownBug("standstill", "", "", "")}
    assert read_baseline(baseline_text(bugs)) == bugs
    assert read_baseline(baseline_text(bugs).replace("\n", "\r\n")) == bugs
    assert read_baseline(baseline_text([])) == set()
    assert baseline_text([*bugs, *bugs]).count("\n") == 4


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"version": 2, "findings": []}', '{"version": 1, "findings": [3]}', "[" * 99999]
)
def test_what_is_no_baseline_is_refused(text: str) -> None:
    with pytest.raises(BaselineError, match=r"is (not )?a baseline"):
        read_baseline(text)


def test_the_fingerprint_differs_with_each_part_of_a_bug() -> None:
    bug = KnownBug("deadlock", "app.py", "main", "x")
    others = [bug._replace(**{part: "y"}) for part in bug._fields]
    assert len({each.fingerprint for each in (bug, *others)}) == 5
    assert KnownBug("deadlock", "app.py", "main", "\udc80").fingerprint
