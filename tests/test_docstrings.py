"""Tests that help texts are the same if Python drops docstrings."""

import subprocess
import sys

from asynclab.docstrings import docstring
from tests import every_help

PRINTS_HELP = "from tests import every_help; print(every_help.text())"


def test_help_is_the_same_when_python_is_optimised() -> None:
    told = subprocess.run([sys.executable, "-OO", "-c", PRINTS_HELP], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == every_help.text().strip()


def test_what_has_no_docstring_has_no_help() -> None:
    def bare() -> None: ...

    assert docstring(bare) == ""
