"""What a person can do with the run that is on the stage, whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from asynclab.screens.commands import Command, Situation, always

EXPLAIN = Command(
    "explain",
    ("enter",),
    "explain",
    "On a task: tell its life in sentences: who made it, what it waited for, who woke it, how it ended.",
    "Looking",
    rank=8,
    applies=lambda now: now.in_tasks,
)

CANCEL_TASK = Command(
    "cancel_task",
    ("x",),
    "cancel task",
    "Cancel the selected task alone.",
    "Demos",
    rank=10,
    applies=lambda now: now.is_running and now.has_live_task,
    says_why_not=True,
    needs_control=True,
)

TIME_COMMANDS: tuple[Command, ...] = (
    Command(
        "pause",
        ("space",),
        "pause",
        "While lab time goes on: hold it and every task; the rest of the app goes on.",
        "Time",
        rank=3,
        applies=lambda now: now.is_running and not now.is_paused,
        needs_control=True,
    ),
    Command(
        "resume",
        ("space",),
        "resume",
        "While they are held: let tasks and lab time go on.",
        "Time",
        rank=3,
        applies=lambda now: now.is_running and now.is_paused,
        needs_control=True,
    ),
    Command(
        "step",
        ("n",),
        "step",
        "Run one step: of the ready task that was selected last, else of the first in line; with none ready, jump to "
        "the next timer. What has never run is started, and held.",
        "Time",
        rank=4,
        applies=lambda now: not now.has_ended,
        says_why_not=True,
        needs_control=True,
    ),
    Command(
        "run_to_event",
        ("N",),
        "next of task",
        "Pause, and run step after step until something happens to the selected task.",
        "Time",
        rank=12,
        applies=lambda now: now.is_running and now.has_live_task,
        says_why_not=True,
        needs_control=True,
    ),
    Command(
        "slower",
        ("comma",),
        "slower",
        "Slow lab time down.",
        "Time",
        rank=6,
        bar=(", .", "speed"),
        needs_control=True,
    ),
    Command(
        "faster",
        ("full_stop",),
        "faster",
        "Speed lab time up.",
        "Time",
        rank=6,
        bar=(", .", "speed"),
        needs_control=True,
    ),
    Command(
        "instantly",
        ("i",),
        "instant",
        "Skip all waiting: lab time jumps from timer to timer. What does not run is started so.",
        "Time",
        rank=13,
        applies=lambda now: not now.is_instant,
        needs_control=True,
    ),
    Command(
        "go_back",
        ("left_square_bracket",),
        "back",
        "Look at the past: one event back. The run itself is not touched.",
        "History",
        rank=8,
        held_rank=3,
        bar=("[ ]", "history"),
        applies=lambda now: now.has_past,
    ),
    Command(
        "go_forth",
        ("right_square_bracket",),
        "forth",
        "Look at one event later, up to the present.",
        "History",
        rank=8,
        held_rank=3,
        bar=("[ ]", "history"),
        applies=lambda now: now.has_past,
    ),
    Command(
        "go_to_first",
        ("left_curly_bracket",),
        "beginning",
        "Look at the beginning of the run.",
        "History",
        applies=lambda now: now.has_past,
    ),
    Command(
        "go_to_present",
        ("right_curly_bracket",),
        "present",
        "Look at the present again; so does esc.",
        "History",
        rank=1,
        bar=("esc", "now"),
        applies=lambda now: now.is_past,
    ),
)
"""Lab time and every task held, let go, stepped, at another speed; and the way through the past."""

LOOKING_COMMANDS: tuple[Command, ...] = (
    Command(
        "filter",
        ("slash",),
        "filter",
        "Show only the activity that contains a text.",
        "Looking",
        rank=14,
        applies=lambda now: now.has_lines or now.has_filter,
    ),
    Command(
        "copy",
        ("y",),
        "copy",
        "Copy the selected line of the focused pane.",
        "Looking",
        rank=15,
        applies=lambda now: not now.in_list,
    ),
    Command(
        "copy_activity",
        ("Y",),
        "copy all activity",
        "Copy every line of the activity.",
        "Looking",
        applies=lambda now: now.has_lines,
    ),
    Command(
        "next_pane",
        ("tab",),
        "pane",
        "Go to the next pane.",
        "Looking",
        rank=7,
        in_palette=False,
    ),
    Command(
        "previous_pane",
        ("shift+tab",),
        "previous pane",
        "Go to the pane before.",
        "Looking",
        in_palette=False,
    ),
    Command(
        "view",
        ("w",),
        "view",
        "Show the next of timeline, queues and event loop: in the middle, where they take turns, or in front.",
        "Looking",
        rank=10,
        applies=lambda now: now.has_turns,
        says_why_not=True,
    ),
    Command(
        "zoom",
        ("z", "m"),
        "zoom",
        "Give the whole screen to the focused pane, and take it back.",
        "Looking",
        rank=11,
        applies=lambda now: not now.in_list or now.is_zoomed,
    ),
)
"""The panes: which is seen, and what of it is filtered or copied."""


def leave_commands(
    help: str, group: str, *, otherwise: Callable[[Situation], bool] = always
) -> tuple[Command, Command]:
    """What `esc` does: in the key bar while a zoomed pane or a filter hides something, else out of it.

    In the past the key bar has a better word for it.

    Args:
        help: What it does, in a sentence.
        group: The heading under which help lists it.
        otherwise: When it applies apart from that.
    """
    leave = Command("leave", ("escape",), "back", help, group, in_palette=False)
    in_bar = replace(leave, rank=1, applies=lambda now: (now.is_zoomed or now.has_filter) and not now.is_past)
    return in_bar, replace(leave, applies=otherwise)
