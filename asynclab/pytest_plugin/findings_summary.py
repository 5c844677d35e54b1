"""Prints the findings in tests after pytest's own report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from asynclab.findings.alike import with_others
from asynclab.findings.known_bugs import KnownBug, baseline_text
from asynclab.model.wording.quantities import plural
from asynclab.pytest_plugin.judge import Told

TESTS_NAMED = 5
"""How many tests are named for the same finding: a bug in a fixture may show in every test."""

_LEFT_OUT = {
    "allowed": "allowed",
    "known": "in the baseline",
    "likely": "only likely (--asynclab-likely reports them)",
}


def fails(told: Iterable[Told]) -> bool:
    """Whether any finding should fail its test, but came too late for that."""
    return any(finding["fails"] for each in told for finding in each.get("findings", ()))


def print_summary(told: Sequence[Told], terminal: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the findings of each test, and remarks; write the baseline file if an option asks for it."""
    baseline = config.option.asynclab_write_baseline
    written = [] if baseline is None else [_write_baseline(config.invocation_params.dir / baseline, told)]
    findings = [finding for each in told for finding in each.get("findings", ())]
    observed = sum(each.get("observed", 0) for each in told)
    terminal.section(f"asynclab: {plural(len(findings), 'finding')} in {plural(observed, 'observed test')}")
    alike: defaultdict[object, list[Told]] = defaultdict(list)
    by_test: defaultdict[str, list[Told]] = defaultdict(list)
    for finding in findings:
        earlier = alike[finding["likeness"]]
        if len(earlier) < TESTS_NAMED:
            by_test[finding["test"]].append(finding)
        earlier.append(finding)
    for test, found in by_test.items():
        terminal.line(test)
        for finding in found:
            terminal.line(f"  {with_others(finding['line'], finding['others'])}")
            if finding["made"]:
                terminal.line(f"    {finding['made']}")
    more = [
        f"{found[0]['line']}; in {plural(len(found) - TESTS_NAMED, 'more test')}"
        for found in alike.values()
        if len(found) > TESTS_NAMED
    ]
    for line in (*more, *_remarks(told), *written):
        terminal.line(line)


def _remarks(told: Iterable[Told]) -> Iterator[str]:
    left_out, unobserved = Counter[str](), Counter[str]()
    for each in told:
        left_out.update(each.get("left_out", {}))
        unobserved.update([each["unobserved"]] if "unobserved" in each else [])
        yield from each.get("interrupted", ())
        if "recording" in each:
            yield f"recorded {each['recording']} (asynclab replay shows it)"
        if "unrecorded" in each:
            yield f"could not record {each['unrecorded']}"
        yield from each.get("complaints", ())
    for verdict, words in _LEFT_OUT.items():
        if left_out[verdict]:
            yield f"{plural(left_out[verdict], 'finding')} left out: {words}"
    for reason, count in unobserved.items():
        yield f"{plural(count, 'test')} not observed: {reason}"


def _write_baseline(file: Path, told: Iterable[Told]) -> str:
    bugs = {KnownBug(*bug) for each in told for bug in each.get("bugs", ())}
    try:
        file.write_text(baseline_text(bugs), encoding="utf-8")
    except OSError as error:
        return f"could not write {file}: {error.strerror or error}"
    return f"wrote {plural(len(bugs), 'finding')} to {file}"
