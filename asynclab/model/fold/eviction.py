"""Drops queues and primitives when there are too many: the oldest that nothing depends on."""

from __future__ import annotations

from itertools import islice
from typing import TypeVar

from asynclab.model.resources import KEPT, PrimitiveState, QueueState

Resource = TypeVar("Resource", QueueState, PrimitiveState)


def make_room(resources: dict[int, Resource], room: int) -> tuple[int, int]:
    """Drop the oldest quiet resources before another one comes, if there are `room` of them, at first `KEPT`.

    Returns:
        How many were dropped, and the room for the next call. If too many are in use it grows by a quarter at a time,
        so that a program with thousands of queues isn't searched at each new one.
    """
    if len(resources) < room:
        return 0, room
    quiet = (number for number, resource in resources.items() if resource.is_quiet)
    gone = list(islice(quiet, len(resources) + 1 - KEPT))
    for number in gone:
        del resources[number]
    left = len(resources)
    return len(gone), KEPT if left < KEPT else left + left // 4
