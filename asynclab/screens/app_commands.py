"""What a person can do everywhere in the app, and where in it one can be."""

from __future__ import annotations

from asynclab.screens.commands import Command

TABS = {"Learn": "learn", "Fetch": "fetch"}
"""The tabs of the title bar, and the app's mode that each stands for."""

APP_COMMANDS: tuple[Command, ...] = (
    Command(
        "app.command_palette",
        ("ctrl+p",),
        "palette",
        "Find a command or a demo by name.",
        "App",
        rank=16,
        in_palette=False,
    ),
    Command("app.change_theme", ("t",), "theme", "Choose another theme; it is remembered.", "App", rank=17),
    Command("app.suspend_process", ("ctrl+z",), "suspend", "Go to the shell; fg comes back.", "App"),
    Command(
        "app.quit",
        ("q", "ctrl+q"),
        "quit",
        "Cancel every demo, wait for its clean-up, and leave.",
        "App",
        rank=0,
    ),
)
"""What works on every screen; the key bar shows these last."""
