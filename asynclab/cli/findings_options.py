"""Defines the command line options about findings: which are reported, where they are written, which fail a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from asynclab.cli.option_types import CliCommand, FileToWrite

if TYPE_CHECKING:
    from asynclab.findings.allowed import Allowance, FindingFilter
    from asynclab.findings.known_bugs import KnownBug
    from asynclab.findings.source_code import Sources


FORMATS = ("text", "json", "sarif")


class FindingsOutput(NamedTuple):
    """A format for findings, and the file for it."""

    format: str
    path: Path | None
    """None for standard output."""


@dataclass(frozen=True)
class FindingsOptions:
    """The values of the options about findings."""

    outputs: tuple[FindingsOutput, ...] = ()
    fail_on: tuple[str, ...] = ()
    """The rules whose findings make the exit code 3; "any" stands for all."""
    allowances: tuple[Allowance, ...] = ()
    baseline: frozenset[KnownBug] = frozenset()
    write_baseline: Path | None = None
    likely: bool = False
    """Whether likely findings are reported, and fail a run too."""

    def judge(self, folder: str, sources: Sources | None = None) -> FindingFilter:
        """Make the judge of which findings of a program in `folder` are reported. It reads files on disk by default."""
        from asynclab.findings.allowed import FindingFilter

        return FindingFilter(
            folder, allowances=self.allowances, baseline=self.baseline, likely=self.likely, sources=sources
        )


class _OutputType(FileToWrite):
    """The click type of an output, such as "sarif:out.sarif", or "sarif" for standard output."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        name, colon, path = value.partition(":")
        if name not in FORMATS:
            self.fail(f"there is no format '{name}'; choose {', '.join(FORMATS)}", param, ctx)
        if colon and not path:
            self.fail(f"'{value}' lacks a file; without the colon it goes to standard output", param, ctx)
        return FindingsOutput(name, None if path in ("", "-", "/dev/stdout") else super().convert(path, param, ctx))


def _rule(name: str) -> str:
    from asynclab.findings.allowed import check_rule

    return check_rule(name)


def _allowance(text: str) -> Allowance:
    from asynclab.findings.allowed import parse_allowance

    return parse_allowance(text)


def _baseline(path: str | None) -> frozenset[KnownBug]:
    """Read a baseline file; without one, no bugs are known."""
    if path is None:
        return frozenset()
    from asynclab.findings.known_bugs import BaselineError, read_baseline

    try:
        return frozenset(read_baseline(Path(path).read_text(encoding="utf-8")))
    except BaselineError as error:
        raise ValueError(f"'{path}' {error}") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise ValueError(f"can't read '{path}': {why}; --write-baseline makes a baseline") from None


def _reading(read: Callable[[Any], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A click callback that parses the value of an option, or each of its values."""

    def callback(_: click.Context, __: click.Parameter, value: str | tuple[str, ...] | None) -> Any:
        try:
            return tuple(map(read, value)) if isinstance(value, tuple) else read(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return callback


_ALLOW = click.option(
    "--allow",
    "allowances",
    callback=_reading(_allowance),
    multiple=True,
    metavar="RULE[:FILE[:LINE]]",
    help="Leave out what a rule finds: everywhere, in a file, or in a line. A comment '# asynclab: allow RULE' "
    "in the code does the same.",
)
_BASELINE = click.option(
    "--baseline", callback=_reading(_baseline), metavar="FILE", help="Leave out the bugs that a file lists."
)
_OPTIONS = (
    click.option(
        "--findings",
        "outputs",
        type=_OutputType(),
        multiple=True,
        metavar="FORMAT[:FILE]",
        help="Write the findings as text, json or sarif, such as sarif:out.sarif; without a file to standard output, "
        "after the program has ended. May be repeated.",
    ),
    click.option(
        "--fail-on",
        callback=_reading(_rule),
        multiple=True,
        metavar="RULE",
        help="Exit with 3 if this rule found something; 'any' stands for all rules.",
    ),
    _ALLOW,
    _BASELINE,
    click.option(
        "--write-baseline",
        type=FileToWrite(),
        metavar="FILE",
        help="Write a baseline file with these findings, and those that --baseline lists; none of them fails the run.",
    ),
    click.option("--likely", is_flag=True, help="Let --findings and --fail-on count likely findings, too."),
)


def takes_findings_options(command: CliCommand) -> CliCommand:
    """Add all options about findings to a command. It gets their values as one argument, `asked`."""
    return _taking(command, _OPTIONS)


def takes_judging_options(command: CliCommand) -> CliCommand:
    """Add only the options that leave out findings to a command. It gets their values as one argument, `asked`."""
    return _taking(command, (_ALLOW, _BASELINE))


def _taking(command: CliCommand, options: Sequence[Callable[[Any], Any]]) -> CliCommand:
    @wraps(command)
    def with_options(*args: Any, **given: Any) -> Any:
        """Call the command with the values of the options in one argument."""
        asked = {name: given.pop(name) for name in FindingsOptions.__dataclass_fields__ if name in given}
        return command(*args, asked=FindingsOptions(**asked), **given)

    decorated: Any = with_options
    for option in reversed(options):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]
