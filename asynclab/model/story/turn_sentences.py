"""Describes the turns of a task's life in a limited number of sentences. Repetitions are described once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from asynclab.model.activity import ActivityKind
from asynclab.model.state import LabState
from asynclab.model.story.life import TURNS_KEPT, Life
from asynclab.model.story.sentences import Sentence
from asynclab.model.story.turns import Alike, Summary, Turn, alike
from asynclab.model.story.wakes import did, ended_by, first_ones, readiness
from asynclab.model.wording.grammar import joined, listed, sentence
from asynclab.model.wording.places import line_in_story
from asynclab.model.wording.quantities import duration, length, measured, plural
from asynclab.model.wording.step_deeds import done_in_general
from asynclab.model.wording.wait import waited

FIRST_SENTENCES, LAST_SENTENCES = 24, 16
"""The most sentences for the start and for the end of a long life. The turns between are summed up in one."""

AGAIN = {1: "repeated", 2: "both repeated", 3: "all three repeated", 4: "all four repeated"}
"""How the sentence for the repetitions of a pattern begins, by the number of turns in the pattern."""

KINDS_SUMMED_UP = 6
"""The most kinds of turns that a summary names."""


class _SentencePart(NamedTuple):
    """Consecutive turns that are described together: a single turn, or a repeated pattern of `period` turns."""

    turns: Sequence[Turn]
    period: int

    @property
    def is_repeated(self) -> bool:
        """Whether the pattern occurs more than once."""
        return len(self.turns) > self.period

    @property
    def sentences(self) -> int:
        """The number of its sentences: one for each turn of the pattern, and one for the repetitions."""
        return self.period + self.is_repeated


class Teller:
    """Describes the turns of one life."""

    def __init__(self, life: Life, state: LabState, home: str) -> None:
        """Prepare to describe a life. `home` is the file that isn't named."""
        self._life, self._state, self._home = life, state, home

    def begin(self) -> Iterator[Sentence]:
        """The sentences for the first turns, the same as in `tell`. Takes little time."""
        parts = _parts(self._life.turns[:TURNS_KEPT])
        for part in parts[: _within(parts, FIRST_SENTENCES)]:
            yield from self._part(part)

    def tell(self) -> Iterator[Sentence]:
        """The sentences for all turns, some forty at most."""
        turns, between = self._life.turns, self._life.between
        gap = TURNS_KEPT if between.count else len(turns)
        early, late = _parts(turns[:gap]), _parts(turns[gap:])
        first = _within(early, FIRST_SENTENCES)
        last = _within((late or early[first:])[::-1], LAST_SENTENCES)
        parts = [*early, *late]
        rest = parts[first : len(parts) - last]
        for part in parts[:first]:
            yield from self._part(part)
        if rest or between.count:
            yield self._sum_up(rest, between)
        for part in parts[len(parts) - last :]:
            yield from self._part(part)

    def _part(self, part: _SentencePart) -> Iterator[Sentence]:
        for turn in part.turns[: part.period]:
            yield self.turn(turn)
        if part.is_repeated:
            again = [alike(part.turns[index :: part.period]) for index in range(part.period, 2 * part.period)]
            until = measured(part.turns[-1].came)
            said = f"{AGAIN[part.period]} {again[0].count:,} times until {until}: {joined(*map(self._common, again))}"
            yield Sentence(again[0].example.began, "run", sentence(said))

    def turn(self, turn: Turn) -> Sentence:
        """The sentence for a turn: the wait, what ended it, and what the task did then."""
        text = self._first(turn) if turn.is_first else self._yielded(turn) if turn.yielded else self._waited(turn)
        deeds = did(turn, self._state)
        return Sentence(turn.began, _kind(turn), f"{sentence(text)} Then it {deeds}." if deeds else sentence(text))

    def _first(self, turn: Turn) -> str:
        life, state = self._life, self._state
        parent = None if life.created is None else life.created.parent
        if parent is not None and not turn.follows_step_of_parent:
            return f"started eagerly: it ran at once, within {state.task_name(parent)}'s step"
        if turn.cancel is not None:
            return ended_by(turn, state)  # its first step only raised CancelledError
        after = f"after {state.task_name(parent)}'s step" if parent is not None else ""
        behind = f"behind {first_ones(turn, state)}" if turn.went_first_count else ""
        order = " and ".join(filter(None, [after, behind]))
        when = f"{duration(turn.was_ready)} later" if turn.was_ready else "" if order else "at once"
        said = ", ".join(filter(None, [when, order]))
        return joined(f"first ran {said}", ended_by(turn, state))

    def _yielded(self, turn: Turn) -> str:
        behind = f", behind {first_ones(turn, self._state)}" if turn.went_first_count else ""
        if turn.times > 1:
            later = f"{duration(turn.ready_total / turn.times)} later on average"
            said = f"yielded {turn.times:,} times in a row (like sleep(0)) and ran again {later}"
        else:
            later = f"{duration(turn.was_ready)} later" if turn.was_ready else "at once"
            said = f"yielded (like sleep(0)) and ran again {later}"
        return joined(f"{said}{behind}", ended_by(turn, self._state))

    def _waited(self, turn: Turn) -> str:
        state, wait = self._state, turn.wait
        if turn.is_cut:
            said = "was waiting (start not recorded)"
        elif wait is None and not turn.waited:
            said = "didn't wait: it was woken before its step ended"
        else:
            where = "" if wait is None else line_in_story(wait.file, wait.line, self._home)
            said = f"{waited(wait, self._time(turn), state)}{where}"
        return joined(said, ended_by(turn, state), readiness(turn, state))

    def _time(self, turn: Turn) -> str:
        """How long it waited. For a sleep that was cut short, also its intended length."""
        wait = turn.wait
        is_cut_short = turn.expired is not None or turn.cause != "timer" or (turn.cancel and turn.cancel.interrupted)
        if wait is None or wait.seconds is None or not is_cut_short:
            return duration(turn.waited)
        return f"{duration(turn.waited)} of {length(wait.seconds)}"

    def _common(self, alike: Alike) -> str:
        turn = alike.example
        if turn.yielded or turn.is_first:
            return "yielded"
        where = "" if turn.wait is None else line_in_story(turn.wait.file, turn.wait.line, self._home)
        said = f"{_on_average(alike, self._state)}{where}"
        verbs = _in_general(turn)
        return f"{said}, then {verbs}" if verbs else said

    def _sum_up(self, parts: Sequence[_SentencePart], between: Summary) -> Sentence:
        summary = between.copy()
        for part in parts:
            summary.add(part.turns)
        most = sorted(summary.kinds.values(), key=attrgetter("count"), reverse=True)[:KINDS_SUMMED_UP]
        told = [f"{kind.count:,} × {self._common(kind)}" for kind in most]
        rest = summary.count - sum(kind.count for kind in most)
        if rest:
            told.append(f"{plural(rest, 'turn')} of other kinds")
        text = f"{plural(summary.count, 'more turn')} until {measured(summary.until)}: {joined(*told)}."
        return Sentence(summary.began, "run", text)


def _parts(turns: Sequence[Turn]) -> list[_SentencePart]:
    return [
        _SentencePart(turns[block.start : block.end], block.period) for block in blocks([turn.key for turn in turns])
    ]


def _within(parts: Sequence[_SentencePart], sentences: int) -> int:
    """How many of the first parts fit into a number of sentences."""
    for count, part in enumerate(parts):
        sentences -= part.sentences
        if sentences < 0:
            return count
    return len(parts)


def _on_average(alike: Alike, state: LabState) -> str:
    wait = alike.example.wait
    if wait is None and not alike.longest:
        return "didn't wait"
    average, most = duration(alike.waited / alike.count), duration(alike.longest)
    return waited(wait, average if average == most else f"{average} on average (at most {most})", state)


def _in_general(turn: Turn) -> str:
    """What the task did in a turn, without details."""
    return listed(dict.fromkeys(done_in_general(verb, number) for verb, number in turn.deeds))


def _kind(turn: Turn) -> ActivityKind:
    if ("blocked", 0) in turn.deeds:
        return "blocked"
    if ("warned", 0) in turn.deeds:
        return "warned"
    if turn.cancel is not None or turn.cause == "cancel":
        return "cancel"
    if turn.expired is not None or ("timed_out", 0) in turn.deeds:
        return "expired"
    if ("missed_timeout", 0) in turn.deeds:
        return "late"
    return "created" if turn.is_first else "woke" if turn.yielded else "waits"


LONGEST = 4
"""The most turns in a pattern."""

WORTH_FOLDING = 12
"""The fewest turns that the repetitions of a pattern must cover, for them to be described once."""


class Stretch(NamedTuple):
    """Consecutive turns: a single one, or a pattern that is repeated `times` times."""

    start: int
    """The index of its first turn."""
    period: int
    """How many turns the pattern has."""
    times: int

    @property
    def end(self) -> int:
        """The index after its last turn."""
        return self.start + self.period * self.times


def blocks(keys: Sequence[Hashable]) -> Iterator[Stretch]:
    """Divide turns, given by their keys, into stretches. Turns that are alike have equal keys. Takes linear time."""
    start = 0
    while start < len(keys):
        block = max((_repeats(keys, start, period) for period in range(1, LONGEST + 1)), key=_worth)
        if block.times < 3 or block.period * block.times < WORTH_FOLDING:
            block = Stretch(start, 1, 1)
        yield block
        start = block.end


def _worth(block: Stretch) -> tuple[int, int]:
    """A key to compare stretches: the more turns it covers, the better, and then the shorter its pattern."""
    covered = block.period * block.times if block.times > 1 else 0
    return covered, -block.period


def _repeats(keys: Sequence[Hashable], start: int, period: int) -> Stretch:
    end = start + period
    while end < len(keys) and keys[end] == keys[end - period]:
        end += 1
    return Stretch(start, period, max(1, (end - start) // period))
