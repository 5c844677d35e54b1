"""Tests that only the two processes can read what a program sends, and the list of tests in docs/security.md."""

import re
import sys

import pytest

from tests.remote.programs import ROOT, observed

APP = """
import os, socket, subprocess, sys

def sockets():
    return [int(fd) for fd in os.listdir("/proc/self/fd") if _is_socket(fd)]

def _is_socket(fd):
    try:
        return os.readlink(f"/proc/self/fd/{fd}").startswith("socket:")
    except OSError:
        return False

(ours,) = sockets()
with socket.socket(fileno=os.dup(ours)) as connection:
    print(connection.family.name, repr(connection.getsockname()), repr(connection.getpeername()))
print(os.get_inheritable(ours), [name for name in os.environ if "ASYNCLAB" in name])
look = "import os; print([l for f in os.listdir('/proc/self/fd') if os.path.lexists(p := f'/proc/self/fd/{f}')"
look += " and (l := os.readlink(p)).startswith('socket:')])"
print(subprocess.run([sys.executable, "-c", look], close_fds=False, capture_output=True, text=True).stdout)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at its open files in /proc")
def test_the_socket_has_no_name_and_no_child_of_the_program_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASYNCLAB_CPYTHON", raising=False)  # how much of the suite runs is told by variables too
    monkeypatch.delenv("ASYNCLAB_KILLS", raising=False)
    ran = observed("-c", APP)
    assert ran.err == ""
    assert ran.out.split("\n")[:3] == ["AF_UNIX '' ''", "False []", "[]"]


def test_each_test_that_the_page_names_is_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    tests = "\n".join(path.read_text() for path in (ROOT / "tests" / "remote").glob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", page)
    assert named
    assert [name for name in named if f"def {name}(" not in tests] == []
