"""Writes the generated parts of docs/agents.md: a terminal session, which is run for it, and the fields of the JSON.

Run `python docs/make_agents_page.py`.
"""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from make_events_page import struct_texts

from asynclab.findings import findings_report

PAGE = Path(__file__).parent / "agents.md"

STRUCTS = ("FindingsReport", "ToldFinding", "Flow", "FlowStep", "LeftOut")

BANK = """\
import asyncio


async def move(source: asyncio.Lock, target: asyncio.Lock) -> None:
    async with source:
        await asyncio.sleep(0.01)  # asks for the balance
        async with target:
            await asyncio.sleep(0.01)


async def main() -> None:
    alice, bob = asyncio.Lock(), asyncio.Lock()
    try:
        async with asyncio.timeout(2):
            await asyncio.gather(move(alice, bob), move(bob, alice))
        print("moved")
    except TimeoutError:
        print("timed out")


asyncio.run(main())
"""

QUIET = "2>/dev/null"
"""Hides the report on standard error, which contains times."""

COMMANDS = (
    f"asynclab run --findings text --findings json:bugs.json --fail-on any bank.py {QUIET}; echo $?",
    """python -c 'import json; print(json.load(open("bugs.json"))["findings"][0]["mend"])'""",
    "sed -i.old 's/move(bob, alice)/move(alice, bob)/' bank.py",
    f"asynclab run --findings text --fail-on any bank.py {QUIET}; echo $?",
)

NAMES = {"asynclab": "-m asynclab", "python": ""}
"""The commands that run with the current Python, each with its arguments for Python."""


def page() -> str:
    """The whole page in Markdown, with these parts generated again."""
    text = PAGE.read_text(encoding="utf-8")
    for name, made in (("session", _session()), ("json", _fields())):
        between = re.compile(f"(?<=<!-- {name} -->\n).*(?=<!-- end of {name} -->)", re.DOTALL)
        text = between.sub(lambda _, made=made: f"\n{made}\n", text)
    return text


def _fields() -> str:
    module = ast.parse(inspect.getsource(findings_report))
    return "\n".join(struct_texts(module, STRUCTS))


def _session() -> str:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bank.py").write_text(BANK, encoding="utf-8")
        return f"```python\n{BANK}```\n\n```text\n{''.join(_ran(command, folder) for command in COMMANDS)}```\n"


def _ran(command: str, folder: str) -> str:
    """The lines that a terminal shows for a command."""
    names = "".join(f'{name}() {{ "{sys.executable}" {run} "$@"; }}; ' for name, run in NAMES.items())
    ran = subprocess.run(["sh", "-c", names + command], cwd=folder, capture_output=True, text=True, check=True)
    return f"$ {command}\n{ran.stdout}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
