"""Defines `Command`, a decorator that declares a method of a screen or app as a command of the user.

The key bindings, the key bar, the palette, the help page and the README's table of keys are made from these.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Literal, TypeAlias, TypeVar, get_args

from textual.binding import Binding, BindingType

from asynclab.docstrings import docstring

Target = TypeVar("Target")
Method = TypeVar("Method", bound=Callable[..., object])

Group: TypeAlias = Literal["Run", "URLs", "Text", "Results", "Stage", "Time", "History", "Looking", "App"]
"""The headings of the help page. Commands in the help page and the key bar have the same order."""

SHOWN_KEYS = {
    "comma": ",",
    "full_stop": ".",
    "slash": "/",
    "backslash": "\\",
    "question_mark": "?",
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
}

GAP = 2
"""Cells between two entries of the key bar."""


def always(target: object) -> bool:
    """The condition of commands that always apply."""
    return True


@dataclass(frozen=True)
class Command(Generic[Target]):
    """Declares the action method that it decorates as a command. The method's docstring is the help text.

    A module defines `command = Command["LearnScreen"]`, so that type checkers know the argument of `when` and others.
    A subclass that overrides the method inherits the declaration, and its docstring is the help text there.
    """

    name: str
    """The name of the command, one or two words."""
    key: str
    """Textual's names of its keys, separated by commas. The first is shown in the key bar. Empty for none."""
    group: Group
    """The heading of the command in the help page."""
    rank: int | Callable[[Target], int | None] | None = None
    """A narrow key bar leaves out the commands with the highest ranks. None if it is never in the bar."""
    when: Callable[[Target], bool] = always
    """Returns whether the command applies now."""
    offered: Callable[[Target], bool] = always
    """Returns whether the command exists here at all, now or later."""
    shown: str = ""
    """The keys as shown in the help page, if not by their names."""
    bar: tuple[str, str] | Callable[[Target], tuple[str, str]] | None = None
    """The keys and the name in the key bar, if different. Commands for which these are equal share an entry."""
    takes_key: bool = False
    """Whether the action has the pressed key as its argument."""
    in_palette: bool = True
    explains: bool = False
    """Whether its keys work even if it doesn't apply, to say why."""
    action: str = ""
    """The Textual action, such as "pause" of a screen or "app.quit". Set when the class is created."""
    help: str = ""
    """The help text. Set when the class is created."""

    def __call__(self, method: Method) -> Method:
        """Declare a method as the action of this command."""
        setattr(method, _DECLARATION, self)
        return method

    @property
    def keys(self) -> tuple[str, ...]:
        """Textual's names of its keys."""
        return tuple(filter(None, self.key.split(",")))

    @property
    def all_keys(self) -> str:
        """All its keys, as shown to the user."""
        return self.shown or " ".join(map(shown_key, self.keys))

    @property
    def title(self) -> str:
        """Its name and first key, for the palette."""
        first = self.shown or shown_key(self.keys[0]) if self.keys else ""
        return f"{self.name} ({first})" if first else self.name

    def bindings(self) -> list[Binding]:
        """A Textual binding for each key, with an id for keymaps."""
        return [self._binding(key) for key in self.keys]

    def _binding(self, key: str) -> Binding:
        action = f"{self.action}('{key}')" if self.takes_key else self.action
        name = f"{self.action}.{key}" if len(self.keys) > 1 else self.action
        is_global = key.startswith("ctrl+")
        return Binding(key, action, self.name, show=False, id=name, tooltip=self.help, priority=is_global)


_DECLARATION = "__command__"


@dataclass(frozen=True, slots=True)
class Offer:
    """A command, and the screen or app that has its action."""

    command: Command[Any]
    target: object

    @property
    def is_offered(self) -> bool:
        """Whether the command exists here at all."""
        return self.command.offered(self.target)

    @property
    def applies(self) -> bool:
        """Whether the command applies now."""
        return self.is_offered and self.command.when(self.target)

    @property
    def answers(self) -> bool:
        """Whether its keys do anything now, if only to say why the command doesn't apply."""
        return self.is_offered and (self.command.explains or self.command.when(self.target))

    @property
    def rank(self) -> int | None:
        """The present rank in the key bar."""
        rank = self.command.rank
        return rank(self.target) if callable(rank) else rank

    @property
    def in_bar(self) -> tuple[str, str]:
        """The present keys and name in the key bar."""
        bar = self.command.bar
        if bar is None:
            return self.command.shown or shown_key(self.command.keys[0]), self.command.name
        return bar(self.target) if callable(bar) else bar


class Commanding:
    """The base of screens and apps whose methods declare commands, from which the bindings are made."""

    commands: ClassVar[tuple[Command[Any], ...]] = ()
    """The commands of this class and its bases, in the order of the help page."""
    action_prefix: ClassVar[str] = ""
    """The prefix that Textual needs before the name of an action."""
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init_subclass__(cls, **extra: Any) -> None:
        """Collect the commands, before Textual collects the bindings."""
        found = list(_declared(cls))
        cls.commands = tuple(sorted(found, key=lambda command: get_args(Group).index(command.group)))
        cls.BINDINGS = [*vars(cls).get("BINDINGS", ()), *bindings_of(cls.commands)]
        super().__init_subclass__(**extra)

    @property
    def own_offers(self) -> list[Offer]:
        """The commands of only this screen or app."""
        return [Offer(command, self) for command in self.commands]

    def answers(self, action: str) -> bool:
        """Whether the keys of an action do anything now. Keys of actions that aren't commands always do."""
        name = f"{self.action_prefix}{action}"
        declared = [offer for offer in self.own_offers if offer.command.action == name]
        return not declared or any(offer.answers for offer in declared)


def _declared(cls: type[Commanding]) -> Iterator[Command[Any]]:
    """The commands of a class, in the order of their methods, followed by those of its bases."""
    seen: set[str] = set()
    for base in cls.__mro__:
        for name, value in vars(base).items():
            declaration = getattr(value, _DECLARATION, None)
            if isinstance(declaration, Command) and name not in seen:
                seen.add(name)
                help = docstring(getattr(cls, name)).partition("\n\n")[0].replace("\n", " ")
                yield replace(declaration, action=cls.action_prefix + name.removeprefix("action_"), help=help)


@dataclass(frozen=True, slots=True)
class BarEntry:
    """An entry of the key bar."""

    keys: str
    name: str
    action: str
    """The action of a click; empty if the entry has keys with different actions."""
    rank: int

    @property
    def width(self) -> int:
        """The width in cells, including the gap after it."""
        return len(self.keys) + 1 + len(self.name) + GAP


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One line of the command palette."""

    text: str
    help: str
    run: Callable[[], Awaitable[Any] | Any]


def shown_key(key: str) -> str:
    """The name of a key as shown to the user: "^p" for "ctrl+p"."""
    if key.startswith("ctrl+"):
        return "^" + shown_key(key.removeprefix("ctrl+"))
    return SHOWN_KEYS.get(key, key)


def bindings_of(commands: Iterable[Command[Any]]) -> list[Binding]:
    """The bindings of commands, in the same order."""
    return [binding for command in commands for binding in command.bindings()]


def bar_entries(offers: Iterable[Offer]) -> tuple[BarEntry, ...]:
    """The entries of the key bar for commands that apply now, in the same order."""
    entries: dict[tuple[str, str], BarEntry] = {}
    for offer in offers:
        if not offer.command.keys or not offer.applies or (rank := offer.rank) is None:
            continue
        is_several = offer.command.takes_key or offer.in_bar in entries
        entries[offer.in_bar] = BarEntry(*offer.in_bar, "" if is_several else offer.command.action, rank)
    return tuple(entries.values())


def entries_while_typing(offers: Iterable[Offer]) -> tuple[BarEntry, ...]:
    """The entries of the key bar while text is typed: only keys that type no character."""
    entries = []
    for offer in offers:
        key = next((key for key in offer.command.keys if _types_nothing(key)), None)
        if key is not None and offer.applies and (rank := offer.rank) is not None:
            entries.append(BarEntry(shown_key(key), offer.command.name, offer.command.action, rank))
    return tuple(entries)


def _types_nothing(key: str) -> bool:
    return re.fullmatch(r"tab|f\d+|ctrl\+.+", key) is not None


def fit(entries: Sequence[BarEntry], width: int) -> list[BarEntry]:
    """The entries with the lowest ranks that fit into `width` cells, in the same order."""
    room = width
    kept = set()
    for entry in sorted(entries, key=lambda entry: entry.rank):
        if entry.width <= room:
            room -= entry.width
            kept.add(entry)
    return [entry for entry in entries if entry in kept]
