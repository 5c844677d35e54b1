"""Defines the turns of a task's life: each is a wait and the step that follows it. Also sums up many turns."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal, TypeAlias

import msgspec

from asynclab.model.events import Event, Wait, WakeCause

Verb: TypeAlias = Literal[
    "created",
    "woke",
    "asked",
    "asked_itself",
    "was_asked",
    "put",
    "got",
    "task_done",
    "shut_down",
    "changed",
    "notified",
    "set_timeout",
    "moved_timeout",
    "met_timeout",
    "missed_timeout",
    "timed_out",
    "printed",
    "warned",
    "blocked",
]
"""The kinds of deeds: what a task can do in a step, or what can happen to it."""

OBJECTS_KEPT = 3
"""The most objects of a deed that are kept; further ones are only counted."""

DEEDS_KEPT = 8

NAMES_KEPT = 3
"""The most tasks that ran first whose numbers are kept."""


class Deed(msgspec.Struct, gc=False):
    """What a task did in a step, once or several times."""

    verb: Verb
    resource: int
    """The number of the queue or primitive; 0 for none."""
    objects: list[str | int] = msgspec.field(default_factory=list)
    """Its first few objects: texts or task numbers. For "changed", 1 if the primitive's value rose, 0 if it fell."""
    count: int = 0


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """A call of cancel() on the task."""

    at: float
    by: int | None
    """The task that called it; None for the user or the lab itself."""
    interrupted: bool = False
    """Whether it ended a wait."""
    timed_out: float | None = None
    """The length of a timeout of the calling task, if that had just expired."""
    after_main: bool = False
    after_failure: bool = False
    """Whether the calling task had failed."""


class Turn(msgspec.Struct, gc=False):
    """A wait, and the step that follows it. Times are in lab seconds, except where noted.

    It is a struct because a long life has a hundred thousand turns: a dataclass takes five times as long to create.
    """

    began: float
    """When the wait began; for the first turn, when the task was created."""
    is_first: bool = False
    is_cut: bool = False
    """Whether the start of the wait was not recorded."""
    yielded: bool = False
    """Whether the task yielded, as by sleep(0), instead of waiting."""
    wait: Wait | None = None
    """The wait, if it was inspected."""
    ready: float | None = None
    """When the task was put in the ready queue; None if not recorded."""
    ready_moment: int | None = None
    """The same moment, counted in events."""
    cause: WakeCause | None = None
    waker: int | None = None
    reason: Event | None = None
    """What the waker had done just before, which may be the reason."""
    cancel: CancelRequest | None = None
    """The first call of cancel() before its step."""
    expired: float | None = None
    """The length of the task's own timeout that expired during the wait; None if none did."""
    expired_at: float = 0.0
    """When that timeout expired."""
    went_first: tuple[int, ...] = ()
    """The first few tasks that ran while this one was ready."""
    went_first_count: int = 0
    chosen_before: int | None = None
    """The task that would have run next, had the user not chosen this one."""
    follows_step_of_parent: bool = True
    """For the first turn: whether the step that created the task had ended when the task ran."""
    ran: float | None = None
    """When its step began; None before."""
    is_over: bool = False
    deeds: dict[tuple[Verb, int], Deed] = msgspec.field(default_factory=dict)
    more_deeds: int = 0
    times: int = 1
    """How many turns it stands for: consecutive turns in which the task only yields are counted as one."""
    ready_total: float = 0.0
    """How long these turns were ready in total."""
    _key: Hashable = None

    @property
    def woke(self) -> float | None:
        """When the wait ended."""
        return self.ran if self.ready is None else self.ready

    @property
    def came(self) -> float:
        """When its step began; before that, when the wait began."""
        return self.began if self.ran is None else self.ran

    @property
    def waited(self) -> float:
        """How long the wait took; 0 while it lasts."""
        return 0.0 if self.woke is None else max(0.0, self.woke - self.began)

    @property
    def was_ready(self) -> float:
        """How long the task was ready before it ran."""
        return 0.0 if self.ran is None or self.ready is None else max(0.0, self.ran - self.ready)

    @property
    def is_plain(self) -> bool:
        """Whether the task only yielded and nothing else happened."""
        return self.yielded and not self.deeds and self.cancel is None and self.expired is None

    @property
    def key(self) -> Hashable:
        """A key that is equal for turns that are alike: the same wait, the same kind of end, and the same deeds."""
        if self._key is None or not self.is_over:
            self._key = self._alike()
        return self._key

    def _alike(self) -> Hashable:
        wait = self.wait
        place = None if wait is None else (wait.kind, wait.number, wait.library, wait.file, wait.line)
        deeds = tuple(deed for deed in self.deeds if deed[0] != "woke")
        interruption = self.cancel is not None, self.cause == "cancel", self.expired is not None
        return self.is_first, self.is_cut, self.yielded, place, interruption, deeds

    def went_ahead(self, tasks: Sequence[int]) -> None:
        """Note which tasks ran while this one was ready."""
        if tasks:
            others = dict.fromkeys(tasks)
            self.went_first_count = len(others)
            self.went_first = tuple(islice(others, NAMES_KEPT))

    def did(self, verb: Verb, resource: int = 0, thing: str | int | None = None) -> None:
        """Note something that the task did in its step."""
        deed = self.deeds.get((verb, resource))
        if deed is None:
            if len(self.deeds) >= DEEDS_KEPT:
                self.more_deeds += 1
                return
            deed = self.deeds[verb, resource] = Deed(verb, resource)
        deed.count += 1
        if thing is not None and len(deed.objects) < OBJECTS_KEPT:
            deed.objects.append(thing)


@dataclass(slots=True)
class Alike:
    """A sum of turns that are alike."""

    example: Turn
    """The first of the turns."""
    count: int = 0
    waited: float = 0.0
    """Their total wait, in lab seconds."""
    longest: float = 0.0
    """The longest wait, in lab seconds."""

    def add(self, turn: Turn) -> None:
        """Add a turn."""
        waited = turn.waited
        self.count += 1
        self.waited += waited
        if waited > self.longest:
            self.longest = waited


@dataclass(slots=True)
class Summary:
    """A sum of consecutive turns. Its memory depends on the number of kinds of turns, not on the number of turns."""

    kinds: dict[Hashable, Alike] = field(default_factory=dict)
    """The turns of each kind, by their key, in the order of first appearance."""
    count: int = 0
    began: float = float("inf")
    """When the first turn began."""
    until: float = 0.0
    """When the step of the last turn began."""

    def add(self, turns: Sequence[Turn]) -> None:
        """Add more turns, in their order."""
        for turn in turns:
            alike = self.kinds.get(turn.key)
            if alike is None:
                alike = self.kinds[turn.key] = Alike(turn)
            alike.add(turn)
        if turns:
            self.count += len(turns)
            self.began = min(self.began, turns[0].began)
            self.until = max(self.until, turns[-1].came)

    def copy(self) -> Summary:
        """A copy, to which turns can be added."""
        return replace(self, kinds={key: replace(kind) for key, kind in self.kinds.items()})


def alike(turns: Sequence[Turn]) -> Alike:
    """The sum of one or more turns that are alike."""
    summary = Summary()
    summary.add(turns)
    (found,) = summary.kinds.values()
    return found
