"""Which demos there are, and what each is about."""

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


class UnknownDemo(LookupError):  # noqa: N818  what is unknown is no error of the program
    """No demo has that name or key; its message says which there are."""


@dataclass(frozen=True)
class Demo:
    """One demo. Its file is read when it is first asked for, and runs only once `load` is called."""

    key: str
    """What starts it: a digit, or a letter that is no other key's where the digits are taken."""
    name: str
    """What the list calls it."""
    section: str
    """The heading that it stands under."""
    module_name: str
    """Its file in `asynclab/demos`, without the suffix."""

    @property
    def path(self) -> Path:
        """The file that runs."""
        return _DEMOS_FOLDER / f"{self.module_name}.py"

    @property
    def concept(self) -> str:
        """The idea in one sentence."""
        return self._lesson.concept

    @property
    def watch(self) -> str:
        """What to look at while it runs."""
        return self._lesson.watch

    @property
    def belief(self) -> str:
        """The belief that it corrects."""
        return self._lesson.belief

    @property
    def truth(self) -> str:
        """What is true instead."""
        return self._lesson.truth

    @property
    def docs(self) -> str:
        """The page of the documentation to read on, by title and section."""
        return self._lesson.docs

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What its main takes, in order."""
        return self._lesson.parameters

    @property
    def mistakes(self) -> tuple[Parameter, ...]:
        """Those parameters that switch a mistake on."""
        return tuple(parameter for parameter in self.parameters if parameter.mistake)

    def arguments(self, texts: Mapping[str, str]) -> dict[str, Value]:
        """What main is called with where these texts were typed, by parameter; as `parse_all` makes it.

        Raises:
            ParameterError: A name is unknown, or a text is no value of its parameter.
        """
        return parse_all(self.name, self.parameters, texts)

    def source(self) -> str:
        """Return the text of its file."""
        return self._source

    def load(self) -> Callable[..., Coroutine[Any, Any, None]]:
        """Import its module and return main."""
        main: Callable[..., Coroutine[Any, Any, None]] = importlib.import_module(
            f"{demos.__name__}.{self.module_name}"
        ).main
        return main

    @cached_property
    def _source(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def _lesson(self) -> Lesson:
        return read_lesson(self._source)


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
    """Return the demo of that name or key.

    Raises:
        UnknownDemo: There is none.
    """
    wanted = name_or_key.strip().lower().replace("-", "_")
    for demo in DEMOS:
        if wanted in (demo.key, demo.name):
            return demo
    names = [demo.name for demo in DEMOS]
    close = difflib.get_close_matches(wanted, names, n=1)
    hint = f"did you mean {close[0]}?" if close else f"the demos are {', '.join(names)}"
    raise UnknownDemo(f"there is no demo {name_or_key[:60]!r}; {hint}")
