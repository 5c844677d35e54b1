"""What a person can do, declared once: keys, key bar, palette and help are all made from these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from textual.binding import Binding

SHOWN_KEYS = {
    "comma": ",",
    "full_stop": ".",
    "slash": "/",
    "question_mark": "?",
    "enter": "enter",
    "escape": "esc",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "shift+tab": "shift+tab",
}


GAP = 2
"""Cells between two entries of the key bar."""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that decides which commands apply now."""

    has_control: bool = True
    """Whether what is shown can be controlled, or would be once it was started; a recording can't."""
    is_running: bool = False
    """Whether what is shown runs."""
    is_active: bool = False
    """Whether the selected demo runs, or is about to, or is cleaning up."""
    has_ended: bool = False
    """Whether the selected demo has run, and does not any more."""
    is_paused: bool = False
    is_instant: bool = False
    has_live_task: bool = False
    """Whether the selected task has not ended."""
    has_parameters: bool = False
    has_mistakes: bool = False
    has_lines: bool = False
    """Whether there is activity to filter or copy."""
    has_past: bool = False
    """Whether anything has happened that could be looked at again."""
    is_past: bool = False
    """Whether the past is looked at."""
    has_turns: bool = False
    """Whether panes take turns in the middle row."""
    has_other: bool = False
    """Whether another lab can be put on the stage."""
    is_zoomed: bool = False
    has_filter: bool = False
    in_list: bool = False
    """Whether the list of demos has the focus."""
    in_tasks: bool = False
    """Whether a view of tasks has the focus, and tasks in it."""
    is_typing: bool = False
    """Whether a text has the focus, so that letters are typed."""
    has_urls: bool = False
    has_ignored: bool = False
    """Whether lines of the text hold no URL."""
    has_url: bool = False
    """Whether a URL is selected."""
    has_live_url: bool = False
    """Whether the selected URL has not ended."""
    has_ended_url: bool = False
    """Whether the selected URL was fetched, well or not."""
    has_failed: bool = False
    """Whether URLs have failed, or were cancelled."""
    has_results: bool = False
    """Whether URLs were fetched, so that there is something to export."""


def always(situation: Situation) -> bool:
    """For commands that apply in every situation."""
    return True


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that a person can do."""

    action: str
    """The Textual action; "app.quit" is the app's, "pause" the screen's own."""
    keys: tuple[str, ...]
    """Textual's names of its keys; the first ones are what is shown."""
    name: str
    """What it does, in one or two words."""
    help: str
    """What it does, in a sentence."""
    group: str
    """The heading under which help lists it."""
    applies: Callable[[Situation], bool] = always
    """When it can be done, where it is offered."""
    rank: int | None = None
    """How soon it is left out of a narrow key bar: 0 last; None for never in the bar."""
    held_rank: int | None = None
    """The rank while the run is held, or its past is looked at; None for the same."""
    shown: str = ""
    """How its keys are written, where that is not the first key's own name."""
    bar: tuple[str, str] | None = None
    """Keys and name in the key bar where they are others, as for neighbours that share one entry."""
    takes_key: bool = False
    """Whether the action's argument is the key that was pressed."""
    in_palette: bool = True
    says_why_not: bool = False
    """Whether its keys work also where it doesn't apply: to say why."""
    needs_control: bool = False
    """Whether it controls the run; where nobody can, it is not offered at all."""

    @property
    def label(self) -> str:
        """Its keys as a person reads them."""
        return self.shown or shown_key(self.keys[0])

    def bindings(self) -> list[Binding]:
        """A Textual binding for each key; its id can be used in a keymap."""
        return [self._binding(key) for key in self.keys]

    def rank_in(self, situation: Situation) -> int | None:
        """How soon it is left out of a narrow key bar now."""
        is_still = situation.is_paused or situation.is_past
        return self.rank if self.held_rank is None or not is_still else self.held_rank

    def is_offered(self, situation: Situation) -> bool:
        """Whether there is such a thing to do here, now or at another time."""
        return situation.has_control or not self.needs_control

    def applies_now(self, situation: Situation) -> bool:
        """Whether it can be done now."""
        return self.is_offered(situation) and self.applies(situation)

    def answers(self, situation: Situation) -> bool:
        """Whether its keys do anything: what it is for, or to say why that can't be done now."""
        return self.is_offered(situation) and (self.says_why_not or self.applies(situation))

    def _binding(self, key: str) -> Binding:
        action = f"{self.action}('{key}')" if self.takes_key else self.action
        name = f"{self.action}.{key}" if len(self.keys) > 1 else self.action
        is_global = key.startswith("ctrl+")
        return Binding(key, action, self.name, show=False, id=name, tooltip=self.help, priority=is_global)


@dataclass(frozen=True, slots=True)
class BarEntry:
    """One entry of the key bar."""

    keys: str
    name: str
    action: str
    """What a click does; empty where the entry stands for several keys."""
    rank: int

    @property
    def width(self) -> int:
        """In cells, with the gap that follows."""
        return len(self.keys) + 1 + len(self.name) + GAP


WHILE_TYPING = (
    BarEntry("tab", "pane", "next_pane", rank=3),
    BarEntry("f1", "help", "help", rank=2),
    BarEntry("^q", "quit", "app.quit", rank=1),
)
"""What the key bar says wherever a text is typed: other keys are letters of it."""


def filter_entries(lines: str) -> tuple[BarEntry, ...]:
    """What the key bar says while a filter is typed.

    Args:
        lines: What is filtered, in the plural.
    """
    leave = BarEntry("esc", f"show all {lines}", "leave", rank=0)
    return (BarEntry("enter", "keep the filter", "", rank=0), leave, *WHILE_TYPING)


def shown_key(key: str) -> str:
    """A key's name as a person reads it: "^p" for "ctrl+p"."""
    if key.startswith("ctrl+"):
        return "^" + key.removeprefix("ctrl+")
    return SHOWN_KEYS.get(key, key)


def bindings_of(commands: Iterable[Command]) -> list[Binding]:
    """The bindings of all commands, in their order, each once."""
    return list(dict.fromkeys(binding for command in commands for binding in command.bindings()))


def bar_entries(commands: Iterable[Command], situation: Situation) -> tuple[BarEntry, ...]:
    """The key bar's entries for the commands that apply now, in their order."""
    entries: dict[tuple[str, str], BarEntry] = {}
    for command in commands:
        rank = command.rank_in(situation)
        if rank is None or not command.applies_now(situation):
            continue
        keys, name = command.bar or (command.label, command.name)
        is_several = command.takes_key or (keys, name) in entries
        entries[keys, name] = BarEntry(keys, name, "" if is_several else command.action, rank)
    return tuple(entries.values())


def fit(entries: Sequence[BarEntry], width: int) -> list[BarEntry]:
    """The entries that fit into a width in cells: the ones with the lowest ranks, in their order."""
    room = width
    kept = set()
    for entry in sorted(entries, key=lambda entry: entry.rank):
        if entry.width <= room:
            room -= entry.width
            kept.add(entry)
    return [entry for entry in entries if entry in kept]
