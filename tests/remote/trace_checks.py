"""Checks a trace for the rules of Chrome's and Perfetto's viewers: sorted by time, and each track is a stack."""

import json
from collections import defaultdict
from typing import Any, TypeAlias

Entry: TypeAlias = dict[str, Any]

REQUIRED = {"ph", "pid", "tid", "ts", "name"}
FURTHER = {"M": {"args"}, "B": {"args"}, "E": set(), "X": {"dur", "args"}, "i": {"s"}, "C": {"args"}}
FURTHER |= {"s": {"id", "cat"}, "f": {"id", "cat", "bp"}}
"""The required members for each kind of event."""


def checked(text: str) -> list[Entry]:
    """The events of a valid trace; fails if it isn't valid."""
    events: list[Entry] = json.loads(text)["traceEvents"]
    tracks = defaultdict(list)
    for event in events:
        assert event.keys() >= REQUIRED | FURTHER[event["ph"]], event
        assert type(event["ts"]) is type(event.get("dur", 1)) is int
        assert event["ts"] >= 0 < event.get("dur", 1)
        tracks[event["pid"], event["tid"]].append(event)
    for track in tracks.values():
        _check_nesting(sorted(track, key=lambda event: int(event["ts"])))
    _check_arrows(events)
    return events


def _check_nesting(track: list[Entry]) -> None:
    """Check that each begin has an end, that no slice exceeds the one around it, and that arrows are inside slices."""
    stack: list[tuple[str, int | None]] = []
    for event in track:
        while stack and stack[-1][1] is not None and stack[-1][1] <= event["ts"]:
            stack.pop()
        match event["ph"]:
            case "B":
                assert not stack or stack[-1][1] is None, f"{event} begins inside a slice that it can't be in"
                stack.append((event["name"], None))
            case "E":
                assert stack.pop() == (event["name"], None), event
            case "X":
                assert stack, f"{event} is outside of a life"
                assert stack[-1][1] is None, f"{event} is inside of {stack[-1]}"
                stack.append((event["name"], event["ts"] + event["dur"]))
            case "s" | "f":
                assert stack, event
                assert stack[-1][1] is not None, f"{event} is in no slice"
    assert not stack, f"{stack} never ends"


def _check_arrows(events: list[Entry]) -> None:
    begins, ends = ({event["id"]: event["ts"] for event in events if event["ph"] == letter} for letter in "sf")
    assert begins.keys() == ends.keys()
    assert len(begins) == sum(event["ph"] == "s" for event in events)
    assert all(begins[number] <= ends[number] for number in begins)
