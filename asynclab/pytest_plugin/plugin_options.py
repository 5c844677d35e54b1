"""Reads the options and markers of the pytest plugin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from asynclab.findings.allowed import ANY, Allowance, FindingFilter, check_rule, parse_allowance
from asynclab.findings.known_bugs import BaselineError, KnownBug, read_baseline
from asynclab.findings.rule import Finding

MARKER = "asynclab"


@dataclass(frozen=True, slots=True)
class PluginOptions:
    """The options on the command line."""

    all_tests: bool
    """Whether to observe all tests, not only marked ones."""
    fail_on: frozenset[str]
    """The rules that fail a test; "any" stands for all."""
    recordings: Path | None
    """The folder for recordings of failed tests; None if none are kept."""
    filter: FindingFilter

    def fails(self, finding: Finding) -> bool:
        """Whether a finding fails its test."""
        return finding.certainty == "proved" and not self.fail_on.isdisjoint((ANY, finding.rule))


@dataclass(frozen=True, slots=True)
class MarkedTest:
    """The options in a test's marker."""

    instant: bool = False
    """Whether to skip the time in which the test only waits for timers."""
    allow: tuple[Allowance, ...] = ()


def read_options(config: pytest.Config) -> PluginOptions:
    """Read the options on the command line.

    Raises:
        pytest.UsageError: An option is wrong.
    """
    option = config.option
    fail_on = frozenset(option.asynclab_fail_on or ()) | ({ANY} if option.asynclab == "fail" else frozenset())
    try:
        for name in fail_on:
            check_rule(name)
    except ValueError as error:
        raise pytest.UsageError(f"--asynclab-fail-on: {error}") from None
    baseline, recordings, folder = option.asynclab_baseline, option.asynclab_record, config.invocation_params.dir
    others = (option.asynclab, fail_on, baseline, option.asynclab_write_baseline, recordings)
    if option.asynclab_write_baseline is not None:
        _expect_folder_of(folder / option.asynclab_write_baseline)
    return PluginOptions(
        all_tests=any(others),
        fail_on=fail_on,
        recordings=None if recordings is None else _made_folder(folder / recordings),
        filter=FindingFilter(
            str(config.rootpath),
            allowances=list(_allowances(option.asynclab_allow or (), "--asynclab-allow")),
            baseline=() if baseline is None else _read_baseline(folder / baseline),
            likely=option.asynclab_likely,
        ),
    )


def read_marker(item: pytest.Item) -> MarkedTest | None:
    """Read the marker of a test; None if the test has none.

    Raises:
        pytest.UsageError: The marker is wrong.
    """
    marker = item.get_closest_marker(MARKER)
    if marker is None:
        return None
    unknown = [*map(repr, marker.args), *(marker.kwargs.keys() - {"instant", "allow"})]
    if unknown:
        raise pytest.UsageError(
            f"{item.nodeid}: the marker asynclab takes instant=True and allow=RULE, not {unknown[0]}"
        )
    allow = marker.kwargs.get("allow", ())
    rules = (allow,) if isinstance(allow, str) else allow
    return MarkedTest(bool(marker.kwargs.get("instant")), tuple(_allowances(rules, f"{item.nodeid}: allow")))


def _allowances(texts: Iterable[str], where: str) -> Iterable[Allowance]:
    for text in texts:
        try:
            yield parse_allowance(text)
        except ValueError as error:
            raise pytest.UsageError(f"{where}: {error}") from None


def _made_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise pytest.UsageError(f"--asynclab-record: can't make the folder {folder}: {error.strerror}") from None
    return folder


def _expect_folder_of(file: Path) -> None:
    """Raise a UsageError, before any test runs, if the baseline file couldn't be written afterwards."""
    if not file.parent.is_dir() or file.is_dir():
        why = "it is a folder" if file.is_dir() else f"there is no folder {file.parent}"
        raise pytest.UsageError(f"--asynclab-write-baseline: can't write {file}: {why}")


def _read_baseline(file: Path) -> set[KnownBug]:
    try:
        return read_baseline(file.read_text(encoding="utf-8"))
    except BaselineError as error:
        message = str(error).replace("--write-baseline", "--asynclab-write-baseline")
        raise pytest.UsageError(f"--asynclab-baseline: {file} {message}") from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise pytest.UsageError(f"--asynclab-baseline: can't read {file}: {why}") from None
