"""The help page: what every key does, and what the marks mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from textual.binding import Binding, BindingType

from asynclab.model.tasks import StateWord
from asynclab.model.wording.glyphs import GLYPHS
from asynclab.screens.shared.command import Command, shown_key
from asynclab.screens.shared.text_modal import ReadingScreen
from asynclab.widgets.spans import Line, hanging, left

MEANINGS: dict[StateWord, str] = {
    "ready": "in the ready queue; the loop runs it when its turn comes",
    "running": "its step is under way; one task of a loop runs at a time",
    "waiting": "suspended at an await until something wakes it",
    "done": "returned",
    "failed": "raised an exception",
    "cancelled": "ended by a CancelledError",
}
"""The meaning of each task state."""


class Sign(NamedTuple):
    """A line of the legend: a mark that the screen uses, and its meaning."""

    drawn: str
    """The mark, with its name if it has one."""
    part: str
    """The part that determines its colour."""
    meaning: str


LOOP_MARK = Sign("▁▂▅▁", "waiting", "how late the app's own loop was, oldest first")

LAB_MARKS: tuple[Sign, ...] = (
    *(Sign(f"{GLYPHS[word]} {word}", word, meaning) for word, meaning in MEANINGS.items()),
    Sign("◌2▸1", "waiting", "in the source: at this line two tasks wait, one is ready"),
    Sign("✗", "failed", "before a task or a line: a finding is about it; b tells more"),
    Sign("► →", "waiting", "in the source: the line that blocks the loop; the line that runs next"),
    Sign("█ ▎ ▒ ─", "waiting", "in the timeline: the task ran, ran briefly (less than half a cell), was ready, waited"),
    Sign("▄ ▖ ░ ┄", "waiting", "in the timeline: the same, after the moment looked at"),
    Sign("→ ← · »", "waiting", "in the timeline: it put, got, called task_done, printed"),
    Sign("⊢ ⊣", "waiting", "in the timeline: its timeout began, was met in time"),
    Sign("◷ ◶", "waiting", "in the timeline: its timeout expired, was missed"),
    Sign("○ ⊗ !", "waiting", "in the timeline: a lock or event; cancel(); a warning or error"),
    Sign("│ ▲ ▼", "waiting", "in the timeline: an arrow from waker to woken; below the lanes, ▲ is the moment shown"),
    Sign("◂ ▸", "waiting", "in the timeline: the moment shown is to the left, to the right"),
    Sign("!!!!", "failed", "above the timeline: one step blocked the loop"),
    Sign("━━╸──", "waiting", "progress; of a sleep, the time that has passed"),
    Sign("┅┅", "waiting", "progress of a task that doesn't say how far it is"),
    Sign("+ ·", "done", "in a task's life: it was created; facts about all of it"),
    Sign("1 leak", "done", "in the list: a task was still pending when main ended, and was cancelled"),
    LOOP_MARK,
)
"""The marks of a lab on the stage."""


KEYS_WIDTH = 14
"""The width of the column of keys and marks in cells, with the gap after it."""


class HelpScreen(ReadingScreen[None]):
    """All commands of a screen, the keys of its views, and a legend of its marks."""

    heading = "Help"
    WIDEST = 84
    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,f1", "close", "close", show=False)]

    def __init__(
        self, commands: Sequence[Command[Any]], views: Mapping[str, Iterable[BindingType]], marks: Iterable[Sign]
    ) -> None:
        """Make a help page for commands, for bindings of views by heading, and for marks."""
        super().__init__()
        self._offered = commands, views, tuple(marks)

    def text_lines(self, width: int) -> Sequence[Line]:
        return help_lines(*self._offered, width)


def help_lines(
    commands: Sequence[Command[Any]],
    views: Mapping[str, Iterable[BindingType]],
    marks: Iterable[Sign],
    width: int,
) -> list[Line]:
    """The lines of the help page: commands by group, keys of views by heading, and marks."""
    sections = {
        group: [Sign(keys, "strong accent", help) for keys, help in rows]
        for group, rows in key_rows(commands, views).items()
    }
    lines: list[Line] = []
    for heading, rows in (sections | {"Marks": list(marks)}).items():
        lines += [(), ((heading.upper(), "heading"),)]
        for drawn, part, meaning in rows:
            lines += hanging(((left(drawn, KEYS_WIDTH), part),), meaning, width)
    return lines[1:]


def key_rows(
    commands: Iterable[Command[Any]], views: Mapping[str, Iterable[BindingType]]
) -> dict[str, list[tuple[str, str]]]:
    """Keys and their help texts by heading: first those of commands, then those of views.

    If several commands have the same keys, only the help text of the first is shown.
    """
    groups: dict[str, list[tuple[str, str]]] = {}
    for command in commands:
        rows = groups.setdefault(command.group, [])
        if command.keys and command.all_keys not in dict(rows):
            rows.append((command.all_keys, command.help))
    return groups | {heading: _rows_of(bindings) for heading, bindings in views.items()}


def _rows_of(bindings: Iterable[BindingType]) -> list[tuple[str, str]]:
    keys: dict[str, list[str]] = {}
    for binding in bindings:
        assert isinstance(binding, Binding)
        keys.setdefault(binding.description, []).extend(shown_key(key.strip()) for key in binding.key.split(","))
    return [(" ".join(dict.fromkeys(names)), description) for description, names in keys.items() if description]
