"""What a person can do while a fetch's lab is on the stage."""

from __future__ import annotations

from dataclasses import replace

from asynclab.screens.commands import Command
from asynclab.screens.stage_commands import CANCEL_TASK, EXPLAIN, LOOKING_COMMANDS, TIME_COMMANDS, leave_commands

FETCH_LAB_COMMANDS: tuple[Command, ...] = (
    Command(
        "start_selected",
        ("r",),
        "fetch again",
        "Fetch the same list afresh.",
        "Fetch",
        rank=12,
    ),
    Command(
        "start_held",
        ("R",),
        "fetch held",
        "Fetch the same list afresh, held before its first step.",
        "Fetch",
    ),
    EXPLAIN,
    *TIME_COMMANDS,
    Command(
        "cancel",
        ("c",),
        "cancel all",
        "Cancel everything that is fetched here; what has come stays.",
        "Fetch",
        rank=5,
        applies=lambda now: now.is_active,
        needs_control=True,
    ),
    replace(CANCEL_TASK, group="Fetch"),
    Command(
        "back",
        ("T", "f"),
        "URLs",
        "Go back to the URLs; that of the selected task is selected there.",
        "Fetch",
        rank=2,
    ),
    Command(
        "other",
        ("S",),
        "other run",
        "Show what fetches one after another, or again what fetches all together.",
        "Fetch",
        rank=9,
        applies=lambda now: now.has_other,
    ),
    *LOOKING_COMMANDS,
    *leave_commands(
        "Come back from the past, clear the filter, leave the zoomed pane, or go back to the URLs.", "Fetch"
    ),
    Command("help", ("question_mark", "f1"), "help", "Show every key and what the marks mean.", "App", rank=1),
)
"""In the order of the key bar."""
