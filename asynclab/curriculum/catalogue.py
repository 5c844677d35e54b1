"""Lists the demos, and finds one by its name or key."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from asynclab import demos
from asynclab.curriculum.demo_parameters import Parameter, Value, parse_all
from asynclab.curriculum.lesson import Lesson, read_lesson

_DEMOS_FOLDER = Path(demos.__file__).parent


class UnknownDemo(LookupError):  # noqa: N818  a user mistyped a name: not an error of the program
    """No demo has that name or key; the message lists those that exist."""


@dataclass(frozen=True)
class Demo:
    """One demo. Its file is read when its lesson is first used, and imported only by `load`."""

    key: str
    """The key that starts it: a digit or, once the digits are taken, a free letter."""
    name: str
    """Its name in the list and on the command line."""
    section: str
    """The heading it is listed under."""
    module_name: str
    """Its file in `asynclab/demos`, without the suffix."""

    @property
    def path(self) -> Path:
        """The file that runs."""
        return _DEMOS_FOLDER / f"{self.module_name}.py"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of its main, in order."""
        return self.lesson.parameters

    @property
    def mistakes(self) -> tuple[Parameter, ...]:
        """The parameters that switch a mistake on."""
        return tuple(parameter for parameter in self.parameters if parameter.mistake)

    def arguments(self, texts: Mapping[str, str]) -> dict[str, Value]:
        """Parse what was typed for its parameters into the arguments of main, as `parse_all` does."""
        return parse_all(self.name, self.parameters, texts)

    @cached_property
    def source(self) -> str:
        """The text of its file."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def lesson(self) -> Lesson:
        """What it teaches, read from its file."""
        return read_lesson(self.source)

    def load(self) -> Callable[..., Coroutine[Any, Any, None]]:
        """Import its module and return main."""
        main: Callable[..., Coroutine[Any, Any, None]] = importlib.import_module(
            f"{demos.__name__}.{self.module_name}"
        ).main
        return main


DEMOS: tuple[Demo, ...] = (
    Demo("1", "coroutines", "BASICS", "coroutines"),
    Demo("2", "await", "BASICS", "awaiting"),
    Demo("3", "gather", "BASICS", "gather"),
    Demo("4", "create_task", "BASICS", "create_task"),
    Demo("5", "results", "BASICS", "results"),
    Demo("6", "timeout", "TIME", "timeout"),
    Demo("7", "queue", "QUEUES", "producer_consumer"),
    Demo("8", "session", "HTTP", "session"),
    Demo("9", "fetch_all", "HTTP", "fetch_all"),
    Demo("0", "futures", "FUTURES", "futures"),
)
"""All demos, in the order of the list."""


def find(name_or_key: str) -> Demo:
    """Find a demo by its name or key.

    Raises:
        UnknownDemo: No demo has that name or key.
    """
    wanted = name_or_key.strip().lower().replace("-", "_")
    for demo in DEMOS:
        if wanted in (demo.key, demo.name):
            return demo
    names = [demo.name for demo in DEMOS]
    close = difflib.get_close_matches(wanted, names, n=1)
    hint = f"did you mean {close[0]}?" if close else f"the demos are {', '.join(names)}"
    raise UnknownDemo(f"there is no demo {name_or_key[:60]!r}; {hint}")
