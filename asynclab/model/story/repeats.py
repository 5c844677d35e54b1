"""Finds where a life repeats itself, so that it can be told once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

LONGEST = 4
"""The length of the longest pattern that is looked for, in parts."""

WORTH_FOLDING = 12
"""The fewest parts that repetitions must cover to be told once."""


class Block(NamedTuple):
    """Neighbouring parts: one by itself, or a pattern several times over."""

    start: int
    """The index of its first part."""
    period: int
    """How many parts the pattern has."""
    times: int

    @property
    def end(self) -> int:
        """The index after its last part."""
        return self.start + self.period * self.times


def blocks(keys: Sequence[Hashable]) -> Iterator[Block]:
    """Parts in their order, with repetitions grouped; parts that are alike have equal keys. Takes linear time."""
    start = 0
    while start < len(keys):
        block = max((_repeats(keys, start, period) for period in range(1, LONGEST + 1)), key=_worth)
        if block.times < 3 or block.period * block.times < WORTH_FOLDING:
            block = Block(start, 1, 1)
        yield block
        start = block.end


def _worth(block: Block) -> tuple[int, int]:
    """How many parts it folds; of two that fold as many, the shorter pattern is better."""
    covered = block.period * block.times if block.times > 1 else 0
    return covered, -block.period


def _repeats(keys: Sequence[Hashable], start: int, period: int) -> Block:
    end = start + period
    while end < len(keys) and keys[end] == keys[end - period]:
        end += 1
    return Block(start, period, max(1, (end - start) // period))
