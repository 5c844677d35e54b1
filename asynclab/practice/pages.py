"""The pages that the practice server serves: a little to read, each with a title and a delay of its own."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Page:
    """One page."""

    name: str
    """The last part of its path."""
    title: str
    delay: float
    """Seconds before it is answered, so that pages arrive in another order than they were asked for."""
    text: str

    def html(self) -> str:
        """Return the document."""
        return document(self.title, f"<p>{escape(self.text)}</p>")


def document(title: str, body: str) -> str:
    """Return a small HTML document.

    Args:
        title: Text; it is escaped.
        body: HTML; it is not.
    """
    title = escape(title)
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n'
        f"<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


PAGES: tuple[Page, ...] = (
    Page(
        "event-loop",
        "The event loop",
        0.5,
        "One thread, one loop: it runs a ready callback until that returns, then the next. "
        "With none ready it sleeps until a timer is due or a socket has something to say.",
    ),
    Page(
        "coroutines",
        "Coroutines",
        1.1,
        "Calling an async function makes a coroutine object and runs nothing. "
        "Awaiting the object, or making a task of it, is what runs it.",
    ),
    Page(
        "tasks",
        "Tasks",
        0.3,
        "A task drives a coroutine on the loop, one step at a time. "
        "A step ends where the coroutine suspends, and only there can another task have its turn.",
    ),
    Page(
        "futures",
        "Futures",
        0.8,
        "A future is a place for a result that is not there yet. "
        "Who awaits it sleeps until somebody sets the result, an exception, or cancels it.",
    ),
    Page(
        "queues",
        "Queues",
        0.6,
        "A queue with a maxsize holds its producers back once it is full. "
        "join() waits for a task_done() for each item that was put, not for an empty queue.",
    ),
    Page(
        "timeouts",
        "Timeouts",
        1.4,
        "A timeout cancels what it waits for, and a cancellation is an exception raised at an await. "
        "Code that never suspends, or swallows it, is not stopped by any timeout.",
    ),
)
"""The pages that demos fetch, in the order of the index."""
