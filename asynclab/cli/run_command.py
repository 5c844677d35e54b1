"""The command `asynclab run …`: runs the user's program and observes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asynclab.cli.findings_options import FindingsOptions, takes_findings_options
from asynclab.cli.option_types import PYTHON, FileOrOutput, FileToWrite, Seconds, claim, is_packed
from asynclab.terminal.streams import has_terminal

if TYPE_CHECKING:
    from asynclab.remote.launch import Target

_MODULE, _CODE, _STDIN = "-m", "-c", "-"

_PYTHONS = re.compile(r"-[uO]*([XW].*|[uO])$", re.DOTALL)
"""A word of Python's options, such as -uO or -Xdev, or -X with its value in the next word."""


@dataclass(frozen=True)
class _Typed:
    """The parts of the command line that aren't our own options."""

    python: tuple[str, ...]
    """Options for Python."""
    program: tuple[str, ...]
    """The script, -m or -c, and the arguments of the program."""


class _RunCommand(click.Command):
    """A command whose options end before the name of the program. All later arguments belong to the program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Split off the program with its arguments, keep Python's options as they were typed, and parse the rest."""
        with_value = {
            name
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option) and not parameter.is_flag and not parameter.count
            for name in parameter.opts
        }
        end, python = 0, list[str]()
        while end < len(args) and not _begins_program(args[end]):
            pythons = _PYTHONS.match(args[end])
            takes_next = args[end] in with_value or (pythons is not None and pythons[1] in ("X", "W"))
            words = args[end : end + (2 if takes_next else 1)]
            python += words if pythons is not None else ()
            end += len(words)
        ctx.obj = _Typed(tuple(python), tuple(args[end:]))
        if end < len(args) and not args[end].startswith("-"):
            claim(args[end], None, ctx, is_written=False)
        return super().parse_args(ctx, args[:end])


def _begins_program(word: str) -> bool:
    """Whether a word is the script, "-", -m or -c."""
    return word == _STDIN or not word.startswith("-") or word.startswith((_MODULE, _CODE))


def _size(ctx: click.Context, _: click.Parameter, text: str | None) -> int | None:
    """Parse a size in bytes.

    Raises:
        click.BadParameter: The text is not a size, or the size is too small.
    """
    from asynclab.fetch.options import parse_size
    from asynclab.remote.kept_recording import LEAST

    if text is None:
        return None
    try:
        size = parse_size(text)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"give a size such as 100MB or 2GiB, not '{text}'") from None
    if size < LEAST:
        raise click.BadParameter(f"a recording needs at least 1MiB, not '{text}'")
    return size


@click.command(cls=_RunCommand, options_metavar="[OPTIONS] SCRIPT|-m MODULE|-c CODE [ARG]...")
@click.option("--headless", is_flag=True, help="No screen: the program keeps the terminal, and the report comes last.")
@click.option("--record", type=FileToWrite(), metavar="FILE", help="Record the whole run in a file.")
@click.option("--keep", callback=_size, metavar="SIZE", help="Limit the recording to its newest part, such as 100MB.")
@click.option("--no-source", is_flag=True, help="Leave the program's source code out of the recording.")
@click.option(
    "--json",
    "json_to",
    type=FileOrOutput(),
    metavar="FILE",
    help="Write the report as JSON to a file; - for standard output.",
)
@click.option("--perfetto", type=FileToWrite(), metavar="FILE", help="Write a trace for ui.perfetto.dev to a file.")
@takes_findings_options
@click.option("--stuck", type=Seconds(), metavar="S", help="Report all waits if nothing happens for S seconds.")
@click.option("--python", metavar="PATH", help="Run it in another Python that has asynclab installed.")
@click.option("-X", multiple=True, expose_value=False, metavar="OPTION", help="Python's -X option, such as dev.")
@click.option("-W", multiple=True, expose_value=False, metavar="FILTER", help="Python's -W option, such as error.")
@click.option("-O", count=True, expose_value=False, help="Python's options -O and -OO.")
@click.option("-u", is_flag=True, expose_value=False, help="Python's -u option.")
@click.pass_context
def run(
    ctx: click.Context,
    /,
    headless: bool,
    record: Path | None,
    json_to: str | None,
    asked: FindingsOptions,
    **options: Any,
) -> int:
    """Run your program, unmodified, and watch its tasks.

    The program is a SCRIPT, -m MODULE or -c CODE, followed by its arguments. It runs as under plain Python, and
    asynclab ends with its exit code. Without a terminal, or with --headless, --json or --stuck, there is no screen:
    then a report goes to standard error at the end.
    """
    from asynclab.cli.run_files import RunFiles
    from asynclab.cli.run_headless import run_headless

    keep = options["keep"]
    if keep is not None and (record is None or not (record.is_file() or not record.exists())):
        raise click.UsageError("--keep needs --record with the name of a file")
    target = _target(ctx.obj, options["python"])
    kept = RunFiles(record, keep, not options["no_source"], options["perfetto"])
    if has_terminal() and not headless and json_to is None and not asked.fail_on and options["stuck"] is None:
        from asynclab.cli.run_on_screen import run_on_screen

        return run_on_screen(target, kept, asked)
    return run_headless(target, kept, json_to, asked, options["stuck"])


def _target(typed: _Typed, python: str | None) -> Target:
    from asynclab.remote.interpreter import Interpreter, find_interpreter
    from asynclab.remote.launch import Target

    words, arguments = _split(typed.program)
    return Target(words, arguments, typed.python, Interpreter() if python is None else find_interpreter(python))


def _split(program: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words that name the program, such as "-m" and a module, and its arguments.

    Raises:
        click.UsageError: No program is named, or it doesn't exist.
    """
    if not program:
        raise click.UsageError("nothing to run: try 'asynclab run app.py'")
    first, *rest = program
    for option, what in ((_MODULE, "a module"), (_CODE, "the code")):
        if first == option and not rest:
            raise click.UsageError(f"{option} needs {what} after it")
        if first == option:
            return (option, rest[0]), tuple(rest[1:])
        if first.startswith(option):
            return (first,), tuple(rest)
    if first != _STDIN and not Path(first).exists():
        is_module = not first.endswith(PYTHON) and all(part.isidentifier() for part in first.split("."))
        way = f"; for a module try 'asynclab run -m {first}'" if is_module else ""
        raise click.UsageError(f"there is no file {first}{way}")
    if is_packed(first):
        raise click.UsageError(f"{first} is not a program; to show a recording: asynclab replay {first}")
    return (first,), tuple(rest)
