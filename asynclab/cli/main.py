"""The command line `asynclab …`: all its commands, their errors and exit codes."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from asynclab import __version__
from asynclab.cli.attach_command import attach
from asynclab.cli.doctor_command import doctor
from asynclab.cli.exit_codes import DONE, FAILED, INTERRUPTED
from asynclab.cli.export_command import export
from asynclab.cli.fetch_command import fetch
from asynclab.cli.findings_command import findings, rules
from asynclab.cli.option_types import is_packed
from asynclab.cli.replay_command import replay
from asynclab.cli.run_command import run
from asynclab.docstrings import docstring
from asynclab.errors import ToldError
from asynclab.terminal.streams import has_terminal

if TYPE_CHECKING:
    from asynclab.curriculum.catalogue import Demo
    from asynclab.curriculum.demo_parameters import Value

T = TypeVar("T")

_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO)
"""The errors of a full disk. An error without a file's name is about standard output."""

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class CommandGroup(click.Group):
    """A click group that prints errors as one line on stderr, and uses the documented exit codes."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run the command in `sys.argv`, or in `args`, and exit."""
        extra["standalone_mode"] = False
        for command in (self, *self.commands.values()):
            if command.callback is not None:
                command.help = command.help or docstring(command.callback)
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:  # it was closed before our start; print() would write to stdout then
                setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # its encoding may not have all characters
        try:
            code = super().main(*args, **extra)
            sys.stdout.flush()
        except click.ClickException as error:
            click.echo(f"asynclab: {_one_line(error.format_message())}", err=True)
            code = error.exit_code
        except click.Abort:  # Ctrl-C before the command has started
            code = INTERRUPTED
        except BrokenPipeError:
            _forget_stdout()
            code = FAILED
        except (OSError, ToldError) as error:
            click.echo(f"asynclab: {_one_line(_told(error))}", err=True)
            code = FAILED
        sys.exit(code if isinstance(code, int) else DONE)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the README, and not alphabetically."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command. If it doesn't exist, raise an error that says what to do."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            told = error.format_message()
            if os.path.exists(args[0]) or args[0].endswith(".py"):
                way = "show a recording: asynclab replay" if is_packed(args[0]) else "run a program: asynclab run"
                told = f"there is no command '{args[0]}'; to {way} {args[0]}"
            elif not told.endswith("?"):  # otherwise click already suggests a similar command
                told += " asynclab --help lists all."
            raise click.UsageError(told, ctx) from None

    def invoke(self, ctx: click.Context) -> int:
        """Run the command. On Ctrl-C, no empty line is printed, unlike in click."""
        try:
            return int(super().invoke(ctx) or DONE)
        except KeyboardInterrupt:
            return INTERRUPTED


@click.group(cls=CommandGroup, invoke_without_command=True, context_settings=CONTEXT)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context) -> int:
    """A terminal laboratory for asyncio: run it, watch it, pause it, step it.

    Without a command it opens the dashboard.
    """
    if context.invoked_subcommand is not None:
        return DONE
    if not has_terminal():
        raise click.UsageError("the dashboard needs a terminal; try 'asynclab demos' or 'asynclab demo gather'")
    return _open_dashboard()


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each demo.")
def demos(as_json: bool) -> int:
    """List the demos: key, name and what each one shows."""
    from asynclab.cli.demo_printing import list_demos
    from asynclab.cli.wrapping import stdout_width

    list_demos(as_json=as_json, width=stdout_width())
    return DONE


@main.command()
@click.argument("name")
@click.option("-p", "settings", multiple=True, metavar="KEY=VALUE", help="Set a parameter; may be repeated.")
@click.option("--headless", is_flag=True, help="Print the activity as lines instead of opening the dashboard.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each event instead.")
@click.option("--instant", is_flag=True, help="Virtual time: no real waiting.")
def demo(name: str, settings: Sequence[str], headless: bool, as_json: bool, instant: bool) -> int:
    """Open the dashboard with a demo running, or print what it does.

    NAME is the demo's name or its key; 'asynclab demos' lists them. Without a terminal it prints.
    """
    chosen = _find(name)
    values = _parse(chosen, settings)
    if headless or as_json or not has_terminal():
        from asynclab.cli.demo_printing import run_demo

        return FAILED if run_demo(chosen, values, as_json=as_json, instant=instant) != "done" else DONE
    return _open_dashboard(chosen, values, instant=instant)


for _command in (fetch, run, replay, findings, rules, attach, export, doctor):
    main.add_command(_command)


def _open_dashboard(demo: Demo | None = None, values: dict[str, Value] | None = None, *, instant: bool = False) -> int:
    from asynclab.app import AsyncLabApp

    app = AsyncLabApp(demo, values, instant=instant)
    app.run()
    return app.return_code or DONE


def _find(name: str) -> Demo:
    from asynclab.curriculum.catalogue import UnknownDemo, find

    return _or_usage_error(lambda: find(name), UnknownDemo)


def _parse(demo: Demo, settings: Sequence[str]) -> dict[str, Value]:
    from asynclab.curriculum.demo_parameters import ParameterError

    pairs = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"'{setting}' is not KEY=VALUE", param_hint="-p")
        pairs[key] = value
    return _or_usage_error(lambda: demo.arguments(pairs), ParameterError)


def _or_usage_error(action: Callable[[], T], error_type: type[Exception]) -> T:
    try:
        return action()
    except error_type as error:
        raise click.UsageError(str(error)) from None


def _forget_stdout() -> None:
    """Discard buffered output. Otherwise the interpreter would report the closed pipe when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(error: Exception) -> str:
    """The text of an error, without its errno."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    if error.errno == errno.ENOENT and not error.filename:
        return "the working directory is gone: change to another one"
    if error.filename:
        return f"can't write '{error.filename}': {error.strerror}"
    return f"can't write to standard output: {error.strerror}" if error.errno in _FULL else error.strerror


def _one_line(text: str) -> str:
    from asynclab.model.text import one_line

    return one_line(text)
