"""Lists tasks as a tree, in which children follow their parent."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Reversible, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import NamedTuple, overload

from asynclab.model.tasks import TaskState

LEVELS_DRAWN = 12
"""How many levels of the tree are drawn. Deeper tasks are drawn at this depth, after an ellipsis."""


class TaskRow(NamedTuple):
    """One row of a list of tasks."""

    task: int
    guide: str
    """The lines of the tree to draw before the name: "", "├ ", "└ ", "│ └ "."""


class TaskRows(Sequence[TaskRow]):
    """All tasks in rows, each followed by its children in the order of their creation.

    The order is computed at once, the guides only for rows that are read. It is valid until the tasks change.
    """

    def __init__(
        self, tasks: Mapping[int, TaskState], roots: Iterable[int], shown: AbstractSet[int] | None = None
    ) -> None:
        """Order all tasks, or only those in `shown`, which must include their ancestors."""
        self._tasks = tasks
        self._roots = frozenset(roots)
        self._last_children: dict[int, int] = {}
        self._order = self._depth_first(shown)

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> TaskRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[TaskRow]: ...
    def __getitem__(self, index: int | slice) -> TaskRow | list[TaskRow]:
        if isinstance(index, slice):
            return [self._row(task) for task in self._order[index]]
        return self._row(self._order[index])

    def position(self, task: int | None) -> int | None:
        """The index of a task's row, from 0; None if it has no row."""
        return None if task is None else self._positions.get(task)

    @cached_property
    def _positions(self) -> dict[int, int]:
        return {task: position for position, task in enumerate(self._order)}

    def _row(self, task: int) -> TaskRow:
        return TaskRow(task, self._guide(task))

    def _guide(self, task: int) -> str:
        """The lines of the tree to draw before a task."""
        branches: list[str] = []
        while task not in self._roots and len(branches) < LEVELS_DRAWN:
            is_last, parent = self._place(task)
            if branches:
                branches.append("  " if is_last else "│ ")
            else:
                branches.append("└ " if is_last else "├ ")
            task = parent
        if task not in self._roots:
            branches[-1] = "… "
        return "".join(reversed(branches))

    def _place(self, task: int) -> tuple[bool, int]:
        """Whether a task is its parent's last child, and the parent."""
        parent = self._tasks[task].parent
        assert parent is not None, "a task without a parent is a root"
        return self._last_children[parent] == task, parent

    def _depth_first(self, shown: AbstractSet[int] | None) -> list[int]:
        order: list[int] = []
        pending = sorted(self._roots if shown is None else self._roots & shown, reverse=True)
        while pending:
            task = pending.pop()
            order.append(task)
            children: Sequence[int] = self._tasks[task].children
            if shown is not None:
                children = [child for child in children if child in shown]
            if children:
                self._last_children[task] = children[-1]
                pending.extend(reversed(children))
        return order


def some_tasks(
    tasks: Mapping[int, TaskState],
    roots: Container[int],
    ended: Reversible[int],
    *,
    room: int | None = None,
    keep: int | None = None,
    text: str = "",
) -> set[int]:
    """The tasks whose names contain a text, and their ancestors. If no name contains it, all tasks.

    Args:
        tasks: All tasks.
        roots: The tasks without a parent in `tasks`.
        ended: The ended tasks, in the order in which they ended.
        room: The most tasks to return. If there are more, those that ended first are left out. None for no limit.
        keep: A task that is never left out.
        text: The text in lower case. The case of names doesn't matter.
    """

    def unseen(task: int) -> list[int]:
        """The task and its ancestors, without those that are chosen already."""
        found = []
        while task not in chosen:
            found.append(task)
            if task in roots:
                break
            parent = tasks[task].parent
            assert parent is not None, "a task without a parent is a root"
            task = parent
        return found

    named: AbstractSet[int] = tasks.keys()
    if text:
        named = {number for number, task in tasks.items() if text in task.name.casefold()} or named
    chosen: set[int] = set()
    for task in named if room is None else (named - set(ended)) | (named & {keep}):
        chosen.update(unseen(task))
    if room is None:
        return chosen
    for task in reversed(ended):
        if task in named:
            added = unseen(task)
            if len(chosen) + len(added) > room:
                break
            chosen.update(added)
    return chosen
