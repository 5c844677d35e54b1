"""All help texts for users, as one text."""

from click.testing import CliRunner

from asynclab.app import AsyncLabApp
from asynclab.cli.main import main
from asynclab.screens.fetch.fetch_screen import FetchScreen
from asynclab.screens.learn.learn_screen import LearnScreen
from asynclab.screens.run.run_screen import RunScreen


def text() -> str:
    """The help of all commands of the app and of the command line."""
    commands = (*LearnScreen.commands, *FetchScreen.commands, *RunScreen.commands, *AsyncLabApp.commands)
    asked = [["--help"], *([name, "--help"] for name in main.commands)]
    said = [CliRunner().invoke(main, arguments).output for arguments in asked]
    return "\n".join([*(f"{command.name}: {command.help}" for command in commands), *said])
