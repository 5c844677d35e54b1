"""Counts how many bugs asynclab names, and on how many asyncio's debug mode comments.

    python docs/make_findings_table.py            run the programs of tests/corpus; write the result, and README's table
    python docs/make_findings_table.py FOLDER …   run those of other folders, and print their tables

The first line of a program says what it is: `# bug: RULE…`, or `# bug:` where any finding will do, or `# right: why`.
In a folder `in_turn` each coroutine of a file is a program; the docstring of one with a bug lists the rules.
"""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "corpus"
STORED = ROOT / "docs" / "findings_table.json"
README = ROOT / "README.md"

SECONDS = 10.0
"""Seconds that a program may run; then it is ended by SIGTERM."""

WIDTH = 70
"""The most characters that are kept of debug mode's output."""

RUN = """
import asyncio, contextlib, gc, runpy, sys
with contextlib.suppress(Exception):
    asyncio.run(runpy.run_path(sys.argv[1])[sys.argv[2]]())
gc.collect()
"""
"""Runs one coroutine of a file."""

HEADER = re.compile(r"# (bug|right): ?(.*)")

CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
"""Lines between the tracebacks of chained exceptions."""

DEFINITION = """\
A bug counts if asynclab finds what the program itself declares, and nothing else: as proved, or as likely if one of its
findings is only likely. Right programs are blamed if it finds anything, even if that is only likely. Debug mode is
`python -X dev -X tracemalloc`: anything that it writes to standard error counts, except the traceback that ends the
program. Programs that hang are ended by SIGTERM. `python docs/make_findings_table.py FOLDER` counts other programs.
"""


@dataclass(frozen=True)
class Program:
    """A program of the corpus, with or without a bug."""

    name: str
    is_bug: bool
    rules: tuple[str, ...]
    """The rules that must find something; empty for a bug that any rule may find."""


@dataclass(frozen=True)
class Outcome(Program):
    """The results for a program."""

    found: tuple[str, ...]
    """The rules that found something."""
    likely: tuple[str, ...]
    """Those of them whose findings are all only likely."""
    debug_mode: str
    """The first line of debug mode's output, without parts that differ between runs; empty without output."""

    @property
    def is_as_it_should_be(self) -> bool:
        """Whether asynclab finds what it must, and nothing else."""
        return set(self.found) == set(self.rules) if self.rules else bool(self.found) == self.is_bug

    @property
    def is_proved(self) -> bool:
        """Whether asynclab finds what it must, and is sure of all of it."""
        return self.is_as_it_should_be and not self.likely


def programs(folder: Path) -> Iterator[tuple[Program, tuple[str, ...]]]:
    """The programs of a folder, each with the arguments for Python that run it."""
    for path in sorted(folder.glob("*.py")):
        header = HEADER.fullmatch(path.read_text(encoding="utf-8").partition("\n")[0].rstrip())
        if header:
            is_bug = header[1] == "bug"
            yield Program(path.stem, is_bug, tuple(header[2].split()) if is_bug else ()), (str(path),)
    for path in sorted(folder.glob("in_turn/*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.AsyncFunctionDef):
                rules = tuple((ast.get_docstring(node) or "").split())
                yield Program(node.name, bool(rules), rules), ("-c", RUN, str(path), node.name)


def outcomes(folder: Path) -> list[Outcome]:
    """Run all programs of a folder, with asynclab and in debug mode."""
    folder = folder.resolve()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(lambda each: _outcome(*each, folder), programs(folder)))


def stored() -> list[Outcome]:
    """The results of the last run of tests/corpus."""
    rows = json.loads(STORED.read_text(encoding="utf-8"))["programs"]
    return [Outcome(**{**row, **{name: tuple(row[name]) for name in ("rules", "found", "likely")}}) for row in rows]


def section() -> str:
    """The section of the findings page about these programs, in Markdown."""
    rows = stored()
    python = json.loads(STORED.read_text(encoding="utf-8"))["python"]
    head = f"## How many bugs are named\n\nOf the programs of tests/corpus, on Python {python}:\n"
    return f"{head}\n{summary(rows)}\n{DEFINITION}\n{listing(rows)}"


def summary(rows: Sequence[Outcome]) -> str:
    """The counts, in Markdown."""
    bugs, right = [row for row in rows if row.is_bug], [row for row in rows if not row.is_bug]
    proved, named = sum(row.is_proved for row in bugs), sum(row.is_as_it_should_be for row in bugs)
    said, commented = f"proves {proved}, and calls {named - proved} likely", sum(bool(row.debug_mode) for row in bugs)
    alarms, noises = sum(bool(row.found) for row in right), sum(bool(row.debug_mode) for row in right)
    return (
        "| | asynclab | asyncio's debug mode |\n|---|---|---|\n"
        f"| of {len(bugs)} programs with a bug | {said} | comments on {commented} |\n"
        f"| of {len(right)} right programs | blames {alarms} | comments on {noises} |\n"
    )


def listing(rows: Sequence[Outcome]) -> str:
    """The results of each program, in Markdown."""
    return "| program | asynclab finds | debug mode says |\n|---|---|---|\n" + "".join(map(_line, rows))


def readme(rows: Sequence[Outcome]) -> str:
    """The text of README.md with the new counts."""
    table = re.compile(r"(?<=<!-- findings table -->\n).*(?=<!-- end of findings table -->)", re.DOTALL)
    return table.sub(lambda _: f"\n{summary(rows)}\n", README.read_text(encoding="utf-8"))


def _outcome(program: Program, words: tuple[str, ...], folder: Path) -> Outcome:
    findings = _findings(words)
    found = {finding["rule"] for finding in findings}
    likely = found - {finding["rule"] for finding in findings if finding["certainty"] == "proved"}
    return Outcome(**asdict(program), found=_sorted(found), likely=_sorted(likely), debug_mode=_comment(words, folder))


def _sorted(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _findings(words: tuple[str, ...]) -> list[dict[str, Any]]:
    """What asynclab says of a program, also what is only likely."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "findings.json")
        said = _stderr("-m", "asynclab", "run", "--headless", "--likely", "--findings", f"json:{report}", *words)
        if not report.exists():
            raise SystemExit(f"asynclab wrote nothing about {words[-1]}: {said or 'it had too little time'}")
        return list(json.loads(report.read_text(encoding="utf-8"))["findings"])


def _comment(words: tuple[str, ...], folder: Path) -> str:
    lines = _outside_of_tracebacks(_stderr("-X", "dev", "-X", "tracemalloc", *words))
    first = next((line for line in lines if line.strip()), "").replace(f"{folder}{os.sep}", "")
    first = re.sub(r"(/[^/\s]+)+/", "", re.sub(r"\b(0x)?\d[\da-f.]*\b", "…", first))
    return first if len(first) <= WIDTH else f"{first[: WIDTH - 1]}…"


def _stderr(*arguments: str) -> str:
    """The standard error of a Python process, which is ended after `SECONDS`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(subprocess.TimeoutExpired):
            return child.communicate(timeout=SECONDS)[1]
        child.send_signal(number)
    return child.communicate()[1]


def _outside_of_tracebacks(text: str) -> Iterator[str]:
    """The lines of standard error outside of tracebacks, up to the output of a watchdog."""
    is_inside = False
    for line in text.splitlines():
        if line.startswith("Timeout ("):
            return
        if line.lstrip(" +").startswith(("Traceback (most recent", "Exception Group Traceback")):
            is_inside = True
        elif not is_inside and not line.startswith(CHAINED):
            yield line
        elif not line.startswith(" "):
            is_inside = False  # this line is the exception, the end of the traceback


def _line(row: Outcome) -> str:
    sign = "" if row.is_as_it_should_be else " (!)"
    said = row.debug_mode.replace("|", "\\|") or "–"
    found = ", ".join(f"{rule} (likely)" if rule in row.likely else rule for rule in row.found) or "–"
    return f"| {row.name} | {found}{sign} | {said} |\n"


def main(folders: Sequence[str]) -> None:
    """Run the programs of folders, or of the corpus."""
    for folder in folders:
        rows = outcomes(Path(folder))
        print(f"{folder}\n\n{summary(rows)}\n{listing(rows)}")
    if not folders:
        rows = outcomes(CORPUS)
        lines = ",\n".join(f" {json.dumps(asdict(row))}" for row in rows)
        python = ".".join(map(str, sys.version_info[:2]))
        STORED.write_text(f'{{"python": "{python}", "programs": [\n{lines}\n]}}\n', encoding="utf-8")
        README.write_text(readme(rows), encoding="utf-8")
        print(f"{summary(rows)}\n{listing(rows)}\nnow run python docs/make_findings_page.py")


if __name__ == "__main__":
    main(sys.argv[1:])
