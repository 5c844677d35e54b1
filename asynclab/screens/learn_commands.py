"""What a person can do on the Learn screen."""

from __future__ import annotations

from dataclasses import replace

from asynclab.curriculum.catalogue import DEMOS
from asynclab.screens.commands import Command
from asynclab.screens.stage_commands import CANCEL_TASK, EXPLAIN, LOOKING_COMMANDS, TIME_COMMANDS, leave_commands

DEMO_KEYS = tuple(demo.key for demo in DEMOS)

RUN_THIS = Command(
    "start_selected",
    ("r",),
    "run this",
    "Run the selected demo, or run it again; enter does so in the list of demos alone.",
    "Demos",
    rank=12,
    shown="enter r",
)
"""Enter is the list's own key: elsewhere it must not throw away a run."""

LEARN_COMMANDS: tuple[Command, ...] = (
    Command(
        "start_demo",
        DEMO_KEYS,
        "run",
        "Run that demo; a running one is cancelled, cleaned up and started afresh.",
        "Demos",
        rank=2,
        shown="0-9",
        takes_key=True,
        in_palette=False,
    ),
    replace(RUN_THIS, bar=("enter", RUN_THIS.name), applies=lambda now: now.in_list),
    replace(RUN_THIS, bar=("r", RUN_THIS.name), applies=lambda now: not now.in_list),
    Command(
        "start_held",
        ("R",),
        "run held",
        "Run the selected demo, or run it again, held before its first step.",
        "Demos",
    ),
    EXPLAIN,
    *TIME_COMMANDS,
    Command(
        "cancel",
        ("c",),
        "cancel",
        "Cancel the selected demo and let it clean up.",
        "Demos",
        rank=5,
        applies=lambda now: now.is_active,
        needs_control=True,
    ),
    CANCEL_TASK,
    Command(
        "parameters",
        ("p",),
        "params",
        "Change the demo's parameters and run it.",
        "Demos",
        rank=9,
        applies=lambda now: now.has_parameters,
    ),
    Command(
        "mistake",
        ("v",),
        "mistake",
        "Run the demo with its classic mistake; again for the next mistake, or without.",
        "Demos",
        rank=8,
        applies=lambda now: now.has_mistakes,
    ),
    *LOOKING_COMMANDS,
    *leave_commands(
        "Come back from the past, clear the filter, or leave the zoomed pane.",
        "Looking",
        otherwise=lambda now: now.is_past,
    ),
    Command(
        "app.fetch",
        ("f",),
        "fetch",
        "Fetch URLs concurrently; so does pasting a text with URLs in it, anywhere.",
        "App",
        rank=7,
    ),
    Command("help", ("question_mark", "f1"), "help", "Show every key and what the marks mean.", "App", rank=1),
)
"""In the order of the key bar."""
