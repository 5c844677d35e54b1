"""What a task went through between its beginning and its end, in a bounded number of sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from asynclab.model.activity import ActivityKind
from asynclab.model.state import LabState
from asynclab.model.story.deeds import did
from asynclab.model.story.life import TURNS_KEPT, Life
from asynclab.model.story.phrases import clause, ended_by, first_ones, place, readiness, sentence, took, waited
from asynclab.model.story.repeats import blocks
from asynclab.model.story.sentences import Sentence
from asynclab.model.story.summary import Alike, Summary, alike
from asynclab.model.story.turns import Turn
from asynclab.model.words import length, measured, plural

FIRST_SENTENCES, LAST_SENTENCES = 24, 16
"""Of a long life so much is told at its beginning and its end; what is between is summed up."""

AGAIN = {1: "the same again", 2: "both again", 3: "all three again", 4: "all four again"}
"""How the repetition of so many turns is introduced."""

KINDS_SUMMED_UP = 6
"""How many kinds of turns that sum names."""


class _Part(NamedTuple):
    """Neighbouring turns that are told together: one by itself, or a pattern of some, several times over."""

    turns: Sequence[Turn]
    period: int
    """How many turns the pattern has."""

    @property
    def is_repeated(self) -> bool:
        return len(self.turns) > self.period

    @property
    def sentences(self) -> int:
        """How many it takes: one for each turn of the pattern, and one for its repetition."""
        return self.period + self.is_repeated


class Teller:
    """Tells the turns of one life."""

    def __init__(self, life: Life, state: LabState, home: str) -> None:
        """Begin.

        Args:
            life: Whose.
            state: Has the names.
            home: The file that goes without saying.
        """
        self._life, self._state, self._home = life, state, home

    def tell(self) -> Iterator[Sentence]:
        """The turns, at most some forty sentences."""
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

    def _part(self, part: _Part) -> Iterator[Sentence]:
        for turn in part.turns[: part.period]:
            yield self.turn(turn)
        if part.is_repeated:
            again = [alike(part.turns[index :: part.period]) for index in range(part.period, 2 * part.period)]
            until = measured(part.turns[-1].came)
            said = (
                f"{AGAIN[part.period]} {again[0].count:,} times, until {until}: {'; '.join(map(self._common, again))}"
            )
            yield Sentence(again[0].example.began, "run", sentence(said))

    def turn(self, turn: Turn) -> Sentence:
        """One turn: the wait, what ended it, and what the task did then."""
        text = self._first(turn) if turn.is_first else self._given_up(turn) if turn.yielded else self._waited(turn)
        deeds = did(turn, self._state)
        return Sentence(turn.began, _kind(turn), f"{sentence(text)} Then it {deeds}." if deeds else sentence(text))

    def _first(self, turn: Turn) -> str:
        life, state = self._life, self._state
        parent = None if life.created is None else life.created.parent
        if parent is not None and not turn.follows_step_of_parent:
            return f"ran at once, within the step of {state.task_name(parent)}: it was started eagerly"
        after = f"after {state.task_name(parent)}'s step" if parent is not None else ""
        behind = f"behind {first_ones(turn, state)}" if turn.went_first_count else ""
        order = " and ".join(filter(None, [after, behind]))
        first = f"first ran {took(turn.was_ready)} later{', ' if order else ''}{order}"
        return "; ".join(filter(None, [first, ended_by(turn, state)]))

    def _given_up(self, turn: Turn) -> str:
        often = "" if turn.times == 1 else f" {turn.times:,} times in a row"
        again = f"was ready again at once and ran {took(turn.was_ready)} later"
        if turn.times > 1:
            again = f"was ready again at once each time and ran {took(turn.ready_total / turn.times)} later on average"
        behind = f", behind {first_ones(turn, self._state)}" if turn.went_first_count else ""
        given = f"gave up its turn{often}, as sleep(0) does: it {again}{behind}"
        return "; ".join(filter(None, [given, ended_by(turn, self._state)]))

    def _waited(self, turn: Turn) -> str:
        state, wait = self._state, turn.wait
        if turn.is_cut:
            said = "was in a wait, which ended"
        elif wait is None and not turn.waited:
            said = "did not have to wait: it was ready before its step had ended"
        else:
            where = "" if wait is None else place(wait.file, wait.line, self._home)
            said = f"{waited(wait, self._time(turn), state)}{where}"
        why = ended_by(turn, state)
        return "; ".join(filter(None, [said, why, readiness(turn, state)]))

    def _time(self, turn: Turn) -> str:
        """How long it waited; of a sleep that was cut short, also how long it was to be."""
        wait = turn.wait
        is_cut_short = turn.expired is not None or turn.cause != "timer" or (turn.cancel and turn.cancel.interrupted)
        if wait is None or wait.seconds is None or not is_cut_short:
            return took(turn.waited)
        return f"{took(turn.waited)} of {length(wait.seconds)}"

    def _common(self, alike: Alike) -> str:
        turn = alike.example
        if turn.yielded or turn.is_first:
            return "gave up its turn"
        where = "" if turn.wait is None else place(turn.wait.file, turn.wait.line, self._home)
        said = f"{_on_average(alike, self._state)}{where}"
        verbs = _in_general(turn)
        return f"{said}, then {verbs}" if verbs else said

    def _sum_up(self, parts: Sequence[_Part], between: Summary) -> Sentence:
        summary = Summary()
        summary.absorb(between)
        for part in parts:
            summary.add(part.turns)
        most = sorted(summary.kinds.values(), key=attrgetter("count"), reverse=True)[:KINDS_SUMMED_UP]
        told = [f"{kind.count:,} × {self._common(kind)}" for kind in most]
        rest = summary.count - sum(kind.count for kind in most)
        if rest:
            told.append(f"{plural(rest, 'turn')} of other kinds")
        text = f"In {plural(summary.count, 'turn')} more, until {measured(summary.until)}: {'; '.join(told)}."
        return Sentence(summary.began, "run", text)


def _parts(turns: Sequence[Turn]) -> list[_Part]:
    return [_Part(turns[block.start : block.end], block.period) for block in blocks([turn.key for turn in turns])]


def _within(parts: Sequence[_Part], sentences: int) -> int:
    """How many of the parts, from the first on, take no more than so many sentences."""
    for count, part in enumerate(parts):
        sentences -= part.sentences
        if sentences < 0:
            return count
    return len(parts)


def _on_average(alike: Alike, state: LabState) -> str:
    wait = alike.example.wait
    if wait is None and not alike.longest:
        return "did not have to wait"
    average, most = took(alike.waited / alike.count), took(alike.longest)
    return waited(wait, average if average == most else f"{average} on average (at most {most})", state)


_VERBS = {
    "created": "created a task",
    "asked": "asked a task to stop",
    "put": "put an item into queue#{}",
    "got": "got an item from queue#{}",
    "task_done": "called task_done()",
    "shut_down": "shut a queue down",
    "changed": "used a lock or the like",
    "notified": "notified a condition",
    "set_timeout": "set a timeout",
    "moved_timeout": "moved a timeout",
    "met_timeout": "was done in time",
    "missed_timeout": "missed its timeout",
    "timed_out": "timed out at once",
    "warned": "made Python complain",
    "printed": "printed",
    "blocked": "blocked the loop",
}


def _in_general(turn: Turn) -> str:
    """What a turn did, without its particulars."""
    return clause(dict.fromkeys(_VERBS[verb].format(number) for verb, number in turn.deeds if verb in _VERBS))


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
