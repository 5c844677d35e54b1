"""The panes of a stage and of the list beside it, by id."""

from __future__ import annotations

PANES = {
    "demos": "demos",
    "tasks": "tasks",
    "timeline": "timeline",
    "gauges": "queues",
    "loop": "loop",
    "source": "code",
    "activity": "activity",
    "concept": "lesson",
}
"""What can have the focus, in the order of the tab key: ids, and what the tabs call them."""
