"""The pages of the practice server: short texts, each with a title and a delay."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

_NOTE = (
    "This page comes from your own machine. The server waits a moment before it sends the headers of a page, and then "
    "sends the body in pieces, so that you can watch it arrive."
)


@dataclass(frozen=True)
class PracticePage:
    """A page with a title."""

    name: str
    """The last part of the page's path."""
    title: str
    delay: float
    """Seconds until the headers are sent; they differ, so that pages don't arrive in the order of the requests."""
    paragraphs: tuple[str, ...]

    def html(self) -> str:
        """The page as an HTML document, with links to the other pages."""
        body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in self.paragraphs)
        links = " ".join(f'<a href="/pages/{page.name}">{escape(page.title)}</a>' for page in PAGES if page is not self)
        return document(self.title, f"{body}<p>More pages: {links}</p><p>{_NOTE}</p>")


def document(title: str, body: str) -> str:
    """Return a small HTML document on one line, so that its first characters print as one line. The title is escaped.

    It begins with its title, so that even its first few characters identify the page.
    """
    title = escape(title)
    return (
        f'<!-- {title} --><!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1>{body}</body></html>\n"
    )


PAGES: tuple[PracticePage, ...] = (
    PracticePage(
        "event-loop",
        "The event loop",
        0.5,
        (
            "An event loop runs on one thread. It runs every callback that is ready, one after the other, and each of "
            "them until it returns. A step of a task is such a callback.",
            "When nothing is ready, the loop sleeps in the operating system until the next timer is due or a socket "
            "can be read or written. Then it marks what became ready, and starts over.",
            "While one callback runs, nothing else on the loop does. A callback that takes a second delays every "
            "timer, every connection and every task by that second.",
        ),
    ),
    PracticePage(
        "coroutines",
        "Coroutines",
        1.1,
        (
            "Calling an async function runs none of its code. The call returns a coroutine object, which remembers "
            "where to start.",
            "Awaiting the object runs it as part of the current task, much like a function call. Making a task of it "
            "lets the event loop run it alongside others.",
            "A coroutine gives up control only where it has to wait: for a timer, for a future, for data. An await "
            "on something that is already there does not pause at all.",
            "A coroutine that is never awaited is a mistake that Python can only report when the object is deleted.",
        ),
    ),
    PracticePage(
        "tasks",
        "Tasks",
        0.3,
        (
            "A task runs a coroutine on the event loop, one step at a time. A step ends where the coroutine waits, "
            "and only between two steps can another task run.",
            "create_task schedules the first step and returns at once. The step itself runs when the current task "
            "has given up control.",
            "The event loop keeps only weak references to its tasks. Keep a reference to yours, and await it: then "
            "its result arrives somewhere, and so does its exception.",
            "Cancelling a task raises CancelledError where it waits. It can clean up, and should then let go.",
        ),
    ),
    PracticePage(
        "futures",
        "Futures",
        0.8,
        (
            "A future stands for a result that does not exist yet. Whoever awaits it sleeps until someone sets a "
            "result or an exception, or cancels it.",
            "A future runs nothing. A task is a future too, one whose outcome is set by the coroutine that it runs.",
            "The outcome can be set only once. Setting it again raises InvalidStateError.",
            "Setting the result does not switch to the waiting task at once. It makes that task ready, and the event "
            "loop runs it after the current step has ended.",
        ),
    ),
    PracticePage(
        "queues",
        "Queues",
        0.6,
        (
            "A queue passes items from producers to consumers. get() waits while the queue is empty.",
            "With a maxsize, put() waits while the queue is full. So producers that are too fast are slowed down to "
            "the speed of the consumers, and memory stays bounded.",
            "join() waits until task_done() has been called once for each item that was put. An empty queue is not "
            "enough: the last items may still be in work.",
            "An asyncio.Queue belongs to one event loop and is not thread-safe. Between threads, use queue.Queue.",
        ),
    ),
    PracticePage(
        "timeouts",
        "Timeouts",
        1.4,
        (
            "A timeout cancels the code inside it. A cancellation is an exception that is raised where that code "
            "waits, so that it can clean up.",
            "Code that never waits cannot be stopped by any timeout: the timer itself needs the event loop to fire.",
            "Code that catches CancelledError and carries on makes the timeout wait for it. What was a limit becomes "
            "a suggestion.",
            "A timeout around a group of tasks limits all of them together; one inside each task limits that task.",
        ),
    ),
)
"""The pages that demos fetch, in the order of the index."""
