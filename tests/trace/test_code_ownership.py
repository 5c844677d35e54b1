"""Tests which files are the program's own code."""

import os
import subprocess
import sys

import pytest

from asynclab.trace.recording.code_ownership import UserCode, is_pythons, library_of

JUDGED = """
import site
site.ENABLE_USER_SITE, site.USER_SITE = True, "/home/ada/.local/lib/packages"
from asynclab.trace.recording.code_ownership import UserCode, library_of
file = site.USER_SITE + "/kept/core.py"
print(UserCode().owns(file), library_of(file))
print(UserCode().owns("/home/ada/app.py"))
"""


@pytest.mark.parametrize(
    ("file", "owned", "pythons", "library"),
    [
        (os.__file__, False, True, "os"),
        (subprocess.__file__, False, True, "subprocess"),
        (pytest.__file__, False, False, "pytest"),
        ("<frozen importlib._bootstrap>", False, False, ""),
        (__file__, True, False, ""),
    ],
)
def test_a_file_is_pythons_a_packages_or_the_users_own(file: str, owned: bool, pythons: bool, library: str) -> None:
    assert (UserCode().owns(file), is_pythons(file), library_of(file)) == (owned, pythons, library)


def test_packages_that_were_installed_for_one_account_are_not_the_users_own_code() -> None:
    told = subprocess.run([sys.executable, "-c", JUDGED], capture_output=True, text=True, check=True).stdout
    assert told == "False kept\nTrue\n"
