"""Lines of activity in fewer words, where room is short: what matters least is left out first."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from asynclab.model.activity import ActivityKind
from asynclab.model.text import cell_width

SHORTER: Mapping[ActivityKind, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "woke": (("ready again after ", "ready after "), ("ready after ", "after ")),
        "chosen": (("chosen to go next, ahead of ", "chosen before "),),
        "waits": (("waits for queue.", "waits: "), (" on queue#", " queue#"), ("waits for ", "waits: ")),
        "timeout": ((" started", ""), ("timeout moved to ", "timeout at ")),
        "met": (("timeout met with ", "timeout met, "), (" to spare", " left"), ("timeout met, ", "met, ")),
        "late": (
            ("timeout missed by ", "missed by "),
            (": the loop was blocked at its deadline", ", loop blocked"),
            (": the loop was busy at its deadline", ", loop busy"),
        ),
        "expired": (("timeout expired at ", "timed out at "),),
        "task_done": (("task_done on ", "task_done "), (" unfinished", " left"), ("task_done ", "done ")),
        "cancel": (("cancel requested by ", "cancel() by "),),
        "blocked": (
            (" so far at ", " at "),
            ("blocked the loop for ", "blocked for "),
            ("blocks the loop: ", "blocks: "),
        ),
    }
)
"""What is said shorter in the lines of each kind, in this order. Kinds with text from outside are not among them."""


def abbreviated(kind: ActivityKind, text: str, width: int) -> str:
    """The text of a line in so many cells, if fewer words make it fit; else as short as they make it."""
    if cell_width(text) <= width:
        return text
    if kind in ("put", "got"):
        return text.rpartition(" (")[0] or text  # how full the queue is
    for longer, shorter in SHORTER.get(kind, ()):
        text = text.replace(longer, shorter, 1)
        if cell_width(text) <= width:
            break
    return text
