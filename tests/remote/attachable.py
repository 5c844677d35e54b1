"""Starts a program to which asynclab can attach, and asks the program whether asyncio is unchanged."""

import os
import subprocess
import sys
from pathlib import Path

from tests.remote.programs import ROOT

SCRIPT = Path(__file__).parent / "attachable_program.py"


class Program:
    """A running program that can be asked whether asyncio is unchanged."""

    def __init__(self, runtime: Path, *command: str) -> None:
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(runtime)}
        self.process = subprocess.Popen(
            [sys.executable, *(command or (str(SCRIPT),))],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.first = self.read()

    @property
    def pid(self) -> int:
        return self.process.pid

    def read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()

    def ask(self, command: str = "differing") -> str:
        self.tell(command)
        return self.read()

    def asynclab(self, *args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "asynclab", "attach", str(self.pid), *args]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def end(self) -> int:
        self.process.communicate("\n")
        return self.process.wait()


AS_IT_WAS = "differing: []"
"""The program's answer if nothing of asyncio is replaced."""
