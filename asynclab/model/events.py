"""Defines the events of a lab: one struct for each kind. A lab is one observed run of asyncio code.

An event is a past fact. The tracer writes events, and the model folds them into a `LabState`.
`asynclab demo NAME --json` prints them: one JSON object per line, whose field `type` is the name of the event.

- `at` is the time of the event, in lab seconds. Lab time starts at 0, stands still while the lab is paused, and runs at
  the lab's speed. Events are in the order in which they happened.
- Tasks, queues, primitives and timeouts are identified by small integers, numbered in order within a lab. The loops of
  an observed process share one numbering of tasks.
- `task` is the task that did something, or to which it happened; None (null in JSON) for code outside of all tasks.
- JSON has neither infinity nor "not a number". A field that allows null has null for both, for example a deadline that
  never comes. Other fields have the largest float for infinity, and 0 for "not a number".
- Text (names, reprs, prints, exceptions) is as the program wrote it; long text is cut. It is untrusted: before a view
  shows it, `asynclab.model.text.clean` must remove its control characters.
"""

# docs/events.md is written from these docstrings: run docs/make_events_page.py after a change.

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, Union

import msgspec

Outcome: TypeAlias = Literal["done", "failed", "cancelled"]
"""How a task or a run ended."""

WakeCause: TypeAlias = Literal["created", "task", "timer", "callback", "cancel"]
"""Why a task became ready: its creation, another task's step, a timer, another callback (I/O, threads), or a cancel."""

WaitKind: TypeAlias = Literal[
    "sleep",
    "task",
    "gather",
    "wait",
    "wait_for",
    "shield",
    "as_completed",
    "task_group",
    "queue.get",
    "queue.put",
    "queue.join",
    "lock",
    "semaphore",
    "event",
    "condition",
    "barrier",
    "future",
    "stream",
    "socket",
    "process",
    "thread",
    "library",
    "async_generator",
    "unknown",
]
"""What a suspended task waits for. "library" is a future in the code of an installed package: see `Wait.library`."""

MAIN = 1
"""The number of a lab's main task."""

BACKLOG = 100
"""A put that makes a queue hold a multiple of this many items reports its line of code."""

ITEMS_SHOWN = 1_000
"""The most items of a queue whose reprs are kept; further items are only counted."""

BLOCKED_AFTER = 0.1
"""Real seconds after which a step counts as blocking the loop."""

BLAMED_AFTER = 0.4
"""Real seconds that a step must run to be reported as a mistake, without time in which the CPU ran other programs."""

StepTaken: TypeAlias = Literal["step", "jump", "outside", "nothing"]
"""The result of a request to step: "step" ran one step of a task, "jump" jumped to the next timer.

"outside" and "nothing" did nothing: all tasks wait for I/O or threads, or nothing is pending.
"""

MisuseKind: TypeAlias = Literal["coroutine", "loop", "stream", "generator", "future"]
"""What was misused: a coroutine awaited twice, an object of another loop, or a stream or async generator in use.

"future" is a future whose result was set although its waiting task, and with it the future, had been cancelled.
"""

PrimitiveKind: TypeAlias = Literal["lock", "semaphore", "event", "condition", "barrier"]
"""The class of a primitive of asyncio."""


class Wait(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a suspended task waits for, and in which line of code.

    No value is guessed: if the frames that wait can't be seen, the kind is "unknown" or "async_generator".
    """

    kind: WaitKind
    number: int = 0
    """The number of the queue or primitive: 2 for "lock#2". Each kind has its own numbering; 0 if unknown."""
    tasks: tuple[int, ...] = ()
    """The tasks that it waits for; for a lock, the task that holds it."""
    count: int = 0
    """For gather and wait: the number of awaitables, including those that aren't tasks."""
    seconds: float | None = None
    """For a sleep: its whole length in lab seconds; None if it is unknown or infinite."""
    deadline: float | None = None
    """The lab time at which a timer will end this wait; None if no timer will."""
    library: str = ""
    """For the kind "library": the package whose code waits."""
    file: str = ""
    """The file of the innermost frame of user code."""
    line: int = 0
    """The line in that file; 0 if it is unknown, because the inner frames can't be seen."""


class StackFrame(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One coroutine of a suspended task, or several that are shown as one.

    That is so if they belong to one library and await each other, or are in the middle of a very long chain.
    """

    function: str
    """The coroutine's qualified name; for several, that of the outermost."""
    file: str = ""
    line: int = 0
    """The line at which it will resume, or the first line of its body if it has not started."""
    library: str = ""
    """The package of its code, such as "asyncio"; empty for the user's own code."""
    count: int = 1
    """The number of coroutines."""


class Event(msgspec.Struct, gc=False, tag=True, omit_defaults=True):
    """The base of all events. Each of its subclasses is a group of events."""

    at: float
    """Lab time in seconds."""


class RunEvent(Event):
    """The run."""


class TaskEvent(Event):
    """The life of a task."""


class StepEvent(Event):
    """Steps and waits."""


class QueueEvent(Event):
    """Queues."""


class PrimitiveEvent(Event):
    """Locks, semaphores, events, conditions and barriers."""


class TimeoutEvent(Event):
    """Timeouts and callbacks."""


class ProgramEvent(Event):
    """What the program and the loop say."""


class RunStarted(RunEvent):
    """A lab started to run a coroutine function."""

    name: str
    """The lab's name, such as the name of a demo."""
    epoch: float
    """The time of the event in seconds since 1970."""
    python: str
    """The interpreter's version, such as "3.13.0"."""


class RunEnded(RunEvent):
    """The main task ended, and everything that it left behind was cleaned up."""

    outcome: Outcome
    detail: str = ""
    """The repr of the main task's result, or its exception in one line."""
    leaked: tuple[int, ...] = ()
    """The tasks that were still pending when the main task ended."""


class ClockChanged(RunEvent):
    """Lab time was paused or resumed, its speed was changed, or the whole process was stopped for a while."""

    paused: bool
    """Whether lab time stands still."""
    speed: float
    """Lab seconds per real second."""
    instant: bool
    """Whether idle time is skipped."""
    stopped: float = 0.0
    """How many real seconds the whole process was stopped just before, for example by Ctrl-Z."""


class TaskChosen(RunEvent):
    """In a paused lab, the user chose a ready task to run before others that were ahead of it in the ready queue."""

    task: int
    ahead_of: int
    """The task that would have run next."""


class TaskHeld(RunEvent):
    """A paused lab holds a ready task: the task's next step waits until the user steps, or the clock resumes.

    Held tasks run in the order in which they were held, unless the user chooses one.
    """

    task: int


class TaskReleased(RunEvent):
    """A task is no longer held, and won't run its held step, because the program cancelled the handle of that step.

    A task that steps, or that runs because the clock resumes, has no such event.
    """

    task: int


class StepReported(RunEvent):
    """The user asked a lab for a step. Its result is known, and the events of the step follow."""

    outcome: StepTaken


class RunningTo(RunEvent):
    """A paused lab starts to run step by step until something happens to a certain task, or stops doing so.

    It stops when that has happened, when no step is left, or because of another command.
    """

    task: int | None = None
    """The task whose next event it runs to; None if it has stopped."""


class EndRequested(RunEvent):
    """The run was asked to end, by the user or because its program ends. Until RunEnded it cleans up."""


class RunStalled(RunEvent):
    """All tasks wait, and nothing known can wake them: no timer, no I/O, no thread, no process.

    It is sent once this has lasted for 0.1 real seconds.
    """

    stalled: bool = True
    """False if the run continues after all."""


class TaskCreated(TaskEvent):
    """A task was created. It is ready, and has not run yet. With `found`, it was created earlier, and waits."""

    task: int
    name: str
    """As returned by `get_name()`."""
    coroutine: str
    """The qualified name of its coroutine."""
    parent: int | None = None
    """The task whose step created it; None for the main task, and for tasks created by other callbacks."""
    file: str = ""
    line: int = 0
    """The line that created it: in the innermost frame outside asyncio."""
    internal: bool = False
    """Whether a library created it to run the library's own code. The activity log leaves out most of what it does."""
    found: bool = False
    """Whether it was pending already when the observation of its loop began. It waits, and its creator is unknown."""


class TaskRenamed(TaskEvent):
    """A task got another name."""

    task: int
    name: str


class TaskCancelRequested(TaskEvent):
    """Code called cancel() on a task. The task is not cancelled yet: it may clean up, or ignore the request.

    If the task is ready or has not started, the request wakes nothing. Then this event is sent later: at the end of the
    step that created the task, or of the task's own next step.
    """

    task: int
    by: int | None = None
    """The task that called it. Or the task whose end ran a callback that called it, as in a task group.

    None for the user, for the lab itself, or if the caller is unknown.
    """


class TaskCutOff(TaskEvent):
    """At its end, asyncio.run() cancels a task without an owner, whose work would have come to an end.

    No code refers to that task or waits for it. With `by_close`, the task was pending when its loop was closed, and may
    be any task: then not even its finally blocks run.
    """

    task: int
    by_close: bool = False
    """Whether the loop was closed."""
    cleans_up: bool = False
    """Whether closing the loop lost clean-up code: the task was cancelled before, or is inside a try or with."""


class TaskReplaced(TaskEvent):
    """A task runs an endless loop, and the only variable that referred to it now refers to another task.

    Or it is one of many tasks that were created one after another, and only the newest is awaited.
    """

    task: int
    by: int
    """The task to which the variable refers now, or the newest task."""
    name: str
    """The variable, such as "Poller.task"; empty for one of many tasks."""
    count: int = 0
    """How many of these tasks are pending although no code refers to them."""


class CancelIgnored(TaskEvent):
    """A task was cancelled, suppressed its CancelledError, and waits again."""

    task: int
    by_timeout: bool = False
    """Whether a timeout around its code had cancelled it."""
    by: int | None = None
    """The task that had cancelled it."""
    by_group: bool = False
    """Whether a failed task group had cancelled it, and it is still in the body of that group."""
    is_endless: bool = False
    """Whether it waits in a loop that only an exception can end."""


class CancelShared(TaskEvent):
    """The future that a task awaits was cancelled together with another task.

    That task awaits the future too, or has cancelled it.
    """

    task: int
    """The task that waits."""
    by: int
    is_raised_again: bool = False
    """Whether the very CancelledError of the other task was raised in this one, without a cancelled future."""


class SourceDropped(TaskEvent):
    """The event, future, queue or condition that a task waits for was dropped by all other code that referred to it."""

    task: int
    event: int = 0
    """The number of the event; 0 for any other object."""
    queue: int = 0
    """The number of the queue; 0 for any other object."""
    condition: int = 0
    """The number of the condition; 0 for any other object."""


class Waker(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The only function of the program that, by its code, would wake a task."""

    task: int
    function: str
    file: str
    line: int
    """The line that would wake it."""


class TasksStranded(RunEvent):
    """No code that can still run refers to some waiting tasks, or to what they wait for. Other tasks may still run."""

    tasks: tuple[int, ...]
    """The tasks that two searches in a row have found."""
    is_sure: bool = True
    """Whether nothing can wake them even if another task of their task group fails."""
    serves: bool = False
    """Whether only the main task is stranded and a server still runs: then it may wait on purpose, for an interrupt."""
    wakers: tuple[Waker, ...] = ()
    """The functions that would wake the tasks."""


class HandoverLost(TaskEvent):
    """A task was cancelled after it was woken and before it ran. So it never got the result that it was woken with."""

    task: int
    result: str
    """The repr of that result, cut short."""


class ReplyUnread(TaskEvent):
    """A task reads from a stream or queue in which the reply to another, cancelled request is still unread."""

    task: int
    of: int
    """The task whose request was cancelled."""
    reads_once: bool = False
    """Whether the function reads only once, so that it takes the first reply for its own."""
    is_queue: bool = False
    """Whether it reads from a queue, and not from a stream."""
    file: str = ""
    line: int = 0
    """The line that reads."""


class FailureUnseen(TaskEvent):
    """A task has failed and its exception was not retrieved. Its code would have woken other tasks, which wait."""

    task: int
    waiting: tuple[int, ...] = ()
    """The tasks that it would have woken."""
    file: str = ""
    line: int = 0
    """The line of the user's code at which it failed."""


class CancelMisplaced(TaskEvent):
    """A timeout or task group in an async generator cancels its task while the generator is suspended at a yield."""

    task: int
    block: str
    """What cancels the task: "timeout" or "task group"."""
    generator: str
    """The name of the generator's function."""
    file: str = ""
    line: int = 0
    """The line of that yield."""
    has_ended: bool = False
    """Whether the task had ended already, so that nothing is cancelled."""


class GeneratorKilled(TaskEvent):
    """A timeout around the wait for an async generator's next item has ended the generator.

    Code that asks it for further items gets none.
    """

    task: int
    generator: str
    """The name of the generator's function."""
    file: str = ""
    line: int = 0
    """The line that waits for the next item."""


class PipeFull(TaskEvent):
    """A task waits for a child process that is blocked in a write: its pipe is full, and no code reads from it."""

    task: int
    stream: str
    """The child's stream: "stdout" or "stderr"."""
    held: int = 0
    """How many bytes are in its StreamReader, in addition to those in the pipe."""


class ChildLeft(TaskEvent):
    """A child process still runs and no code refers to it, because the task that waited for its end was cancelled."""

    task: int
    child: int
    """The pid of the child."""
    file: str = ""
    line: int = 0
    """The line at which the task waited; 0 if only Python's own code waited."""


class PipeKeptOpen(TaskEvent):
    """A task still waits for a child process that has ended: another process, such as its child, holds the pipe.

    For "stdin", the child waits for the end of its input, which only the waiting task could close.
    """

    task: int
    stream: str
    """The child's stream: "stdin", "stdout" or "stderr"."""


class ScheduledFromThread(TaskEvent):
    """Code in another thread or in a signal handler has scheduled a callback without waking the loop."""

    task: int | None = None
    """The task whose step the callback runs; None for another callback."""
    thread: str = ""
    """The thread's name; empty for a signal handler."""
    file: str = ""
    line: int = 0
    """The line that did it."""
    stops: bool = False
    """Whether that code called the loop's stop() instead."""


class TaskEnded(TaskEvent):
    """A task has ended."""

    task: int
    outcome: Outcome
    detail: str = ""
    """The repr of its result, or its exception in one line."""
    tree: tuple[str, ...] = ()
    """For an exception group, or an exception with causes: a few lines that draw the exceptions as a tree."""


class ResultUnread(TaskEvent):
    """An ended task was destroyed with an unread result: an item of a queue, or an object that must be closed."""

    task: int
    is_sure: bool = False
    """Whether no code referred to the task when it ended. Otherwise a later await may have read the result."""
    meant_for: int | None = None
    """For an object that must be closed: the task that waited for it, and was cancelled before it ran."""
    is_given_up: bool = False
    """For an object that must be closed: whether no task waited for it any more, as after a wait in shield()."""


class ItemLost(TaskEvent):
    """A timeout ends a function that has taken an item from a queue, and has neither used nor returned it."""

    task: int
    item: str
    """The item's repr, cut short."""
    file: str = ""
    line: int = 0
    """The line at which the function waits."""
    is_leaked: bool = False
    """Whether the item must be closed or given back."""


class TaskCollected(TaskEvent):
    """A pending task was destroyed by the garbage collector, because nothing referred to it. It counts as failed."""

    task: int


class Progressed(TaskEvent):
    """A task reported its progress, with progress() or track()."""

    task: int
    done: float
    total: float | None = None
    """None if it is unknown."""
    unit: str = ""


class TaskReady(StepEvent):
    """A task was put in the ready queue. If its own step still runs, it is ready when the step ends.

    A new task has no such event. Neither has a task that yields with sleep(0): see `ready` of Stepped and StepEnded.
    """

    task: int
    cause: WakeCause
    waker: int | None = None
    """The task whose step made it ready, directly or through callbacks."""


class Stepped(StepEvent):
    """A whole step of a task in which nothing else happened: StepStarted and StepEnded in one. Most steps are so.

    `at` is the start of the step. It ended at lab time `at + seconds * speed`, or at `at` if the clock was paused.
    """

    task: int
    seconds: float
    """How long the step ran, in real seconds."""
    ready: bool = False
    """Whether the task is ready again at once, for example after sleep(0)."""
    ends: bool = False
    """Whether the task ended with this step: its TaskEnded follows."""


class StepStarted(StepEvent):
    """The loop started to run a task. The events of the step follow, and then its StepEnded.

    Steps nest: an eager task runs its first step within the step of the task that creates it.
    """

    task: int


class StepEnded(StepEvent):
    """A task gave control back to the loop."""

    task: int
    seconds: float
    """How long the step ran, in real seconds."""
    ready: bool = False
    """Whether the task is ready again at once, for example after sleep(0)."""
    ends: bool = False
    """Whether the task ended with this step: its TaskEnded follows."""


class TaskWaiting(StepEvent):
    """A suspended task was inspected, and waits for this.

    Not every wait is inspected: a short one may end before.
    """

    task: int
    wait: Wait


class TaskStands(StepEvent):
    """A suspended or ready task was inspected, and these are its frames.

    It is sent only if a view shows the task: for the selected task, and for ready tasks whose line no TaskWaiting has
    reported. The frames are valid until the task's next step.
    """

    task: int
    frames: tuple[StackFrame, ...]
    """Its coroutines, outermost first."""
    opaque: bool = False
    """Whether there may be inner frames that can't be seen, in an async generator or in C code."""


class QueueCreated(QueueEvent):
    """A queue was created, or first seen. The name of queue number N is "queue#N"."""

    queue: int
    kind: str
    """Its class: Queue, LifoQueue, PriorityQueue or a subclass."""
    maxsize: int
    """The most items that it can hold; 0 for no limit."""
    items: tuple[str, ...] = ()
    """If it was first seen later than it was created: the reprs of the oldest items that it held then."""
    size: int = 0
    """How many items it held at that time."""
    unfinished: int = 0
    """How many calls of task_done() were missing at that time."""


class QueuePut(QueueEvent):
    """An item was put into a queue."""

    queue: int
    item: str
    """The item's repr, cut short."""
    size: int
    """How many items the queue holds after this."""
    unfinished: int
    """How many calls of task_done() are missing after this."""
    task: int | None = None
    file: str = ""
    line: int = 0
    """The line that put it, if the queue now holds a multiple of 100 items; otherwise 0."""


class QueueGot(QueueEvent):
    """An item was taken out of a queue."""

    queue: int
    item: str
    """The item's repr, cut short."""
    size: int
    """How many items the queue holds after this."""
    unfinished: int
    """How many calls of task_done() are missing after this."""
    index: int = 0
    """The item's position in the queue, in the order in which the items were put."""
    task: int | None = None


class QueueTaskDone(QueueEvent):
    """Code called task_done() of a queue."""

    queue: int
    unfinished: int
    """How many calls of task_done() are still missing."""
    task: int | None = None


class QueueShutDown(QueueEvent):
    """A queue was shut down (Python 3.13 and later): it accepts no more items."""

    queue: int
    immediate: bool
    """Whether it was emptied as well."""
    task: int | None = None


class PrimitiveCreated(PrimitiveEvent):
    """A lock, semaphore, event, condition or barrier was created, or first seen."""

    primitive: int
    """The primitive's number among primitives of all kinds."""
    kind: PrimitiveKind
    number: int
    """The number among primitives of its kind, from 1: 2 for "lock#2"."""
    value: int = 0
    """As in PrimitiveChanged."""
    holder: int | None = None
    """For a lock that was held when it was first seen: the task that holds it; None if unknown."""


class PrimitiveChanged(PrimitiveEvent):
    """A lock was acquired or released, the count of a semaphore or barrier changed, or an event was set or cleared."""

    primitive: int
    value: int
    """Lock: 1 held, 0 free. Event: 1 set, 0 not set. Semaphore: the permits left. Barrier: the parties that wait."""
    task: int | None = None
    """The task that changed it; for a lock that was acquired, the task that holds it."""
    taker: int | None = None
    """For a permit that goes directly to a waiting task: that task."""
    in_block: bool = False
    """Whether `async with` has acquired the lock or permit. Then only the same task should release it.

    For a lock that another task than its holder released: whether the end of a block did so, or a condition's wait().
    """
    file: str = ""
    line: int = 0
    """The line that released another task's lock, or gave a semaphore more permits than it ever had; 0 otherwise."""


class ConditionNotified(PrimitiveEvent):
    """Code called notify() or notify_all() of a condition."""

    primitive: int
    count: int
    """How many waiters it was asked to wake."""
    task: int | None = None


class TimeoutStarted(TimeoutEvent):
    """A timeout (asyncio.timeout, wait_for) was started around a block of a task's code."""

    timeout: int
    deadline: float | None
    """The lab time at which it expires; None for never."""
    task: int | None = None
    library: str = ""
    """The installed package that started it; empty for the user's own code and for Python's."""


class TimeoutRescheduled(TimeoutEvent):
    """A timeout's deadline was moved."""

    timeout: int
    deadline: float | None
    """None for never."""


class TimeoutExpired(TimeoutEvent):
    """A timeout's deadline came before its block ended."""

    timeout: int


class TimeoutDropped(TimeoutEvent):
    """The block of an expired timeout ended without an exception, because code in it suppressed the CancelledError."""

    task: int
    file: str = ""
    line: int = 0
    """The line of the block."""


class TimeoutMet(TimeoutEvent):
    """A timeout's block ended before the timeout's timer fired."""

    timeout: int
    late: float = 0.0
    """Lab seconds from the deadline to the end of the block; more than 0 if the loop was too busy to run the timer."""


class CallScheduled(TimeoutEvent):
    """A callback was scheduled with call_later or call_at. Sleeps and timeouts have their own events.

    If a whole process is observed, a library's callback is reported a moment later, unless it was cancelled by then.
    """

    call: int
    name: str
    """The name of the function that will be called."""
    deadline: float | None
    """The lab time at which it is due; None for never."""
    task: int | None = None
    library: str = ""
    """The installed package that defines the function; empty for the user's own code and for Python's."""


class CallEnded(TimeoutEvent):
    """A scheduled callback is called now, or was cancelled."""

    call: int


class Output(ProgramEvent):
    """Text was printed."""

    text: str
    """The text as it was written, with its newlines. A line may come in several pieces."""
    task: int | None = None
    stream: Literal["stdout", "stderr"] = "stdout"


class Warned(ProgramEvent):
    """Python or asyncio gave a warning: for example, a coroutine was never awaited."""

    text: str
    task: int | None = None


class CoroutineDropped(ProgramEvent):
    """A coroutine was destroyed without ever being awaited: none of its code has run."""

    coroutine: str
    """The coroutine's qualified name."""
    file: str = ""
    line: int = 0
    """The innermost line of user code that dropped it."""
    task: int | None = None


class ExceptionDropped(ProgramEvent):
    """Nobody has retrieved the exception of a failed task or future, and nobody will.

    The task or future was destroyed, its loop was closed, or a gather() has ended and its results are dropped.
    """

    task: int | None = None
    """The failed task; None for a future that is not a task."""
    error: str = ""
    """For a future that is not a task: its exception in one line."""
    file: str = ""
    line: int = 0
    """The innermost line of user code that raised it, or 0. With `ignored_by`, the line that awaits gather()."""
    ignored_by: int | None = None
    """The task that drops the results of gather(..., return_exceptions=True), including this exception."""
    is_passed_on: bool = False
    """Whether run_coroutine_threadsafe() created the task, and no thread has retrieved the exception."""


class ThreadStands(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A thread that waits until something else in the program releases it."""

    name: str
    function: str = ""
    """The innermost function in which it is, outside the standard library."""
    file: str = ""
    line: int = 0
    waits_in: str = ""
    """The function of the standard library that it has called there, such as "Queue.get"."""


class GeneratorStands(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An async generator that was abandoned at a yield, and holds a lock or permit that tasks wait for."""

    name: str
    file: str
    line: int
    """The line of that yield."""
    kind: Literal["lock", "semaphore"]
    number: int
    """The number of the lock or semaphore: 2 for "lock#2"."""


class GeneratorLeft(ProgramEvent):
    """An async generator has been suspended at a yield for a while, and no code seems to use it."""

    generator: GeneratorStands


class ExecutorFull(ProgramEvent):
    """A call has waited for a while for a thread of its executor, because all threads are busy.

    It is sent for a lookup of a host name, which uses the same threads as `asyncio.to_thread`, and for a call with
    `holds_up`, `given_up` or `never_begun`.
    """

    function: str
    """The function of the waiting call, such as "getaddrinfo"."""
    seconds: float
    """How many real seconds it has waited so far."""
    queued: int
    """How many calls wait for a thread."""
    busy: tuple[ThreadStands, ...] = ()
    """What the first few of the threads do."""
    workers: int = 0
    """The number of threads."""
    task: int | None = None
    """The task that made the call."""
    holds_up: bool = False
    """Whether the call could release one of the busy threads, because it uses the object that all of them wait for."""
    given_up: bool = False
    """Whether nobody waits any more for the results of the busy threads."""
    never_begun: bool = False
    """Whether the call was cancelled, for example by a timeout, before a thread started it."""


class Outside(ProgramEvent):
    """The loop has been idle for a while. The fields count what can still wake it.

    If all counts are 0, nothing can. The event is sent again if something else has happened, or a field has changed.
    """

    io: int = 0
    """Files that the loop watches, except for connections with both ends on this loop."""
    threads: int = 0
    """Threads that may call the loop. Excluded are the loop's own thread, idle pool threads, and those in `held`."""
    processes: int = 0
    """Child processes that have not ended."""
    signals: int = 0
    """Signals for which the program has a handler."""
    timers: int = 0
    """Timers that are scheduled."""
    held: tuple[ThreadStands, ...] = ()
    """Threads that wait for each other or for the loop's tasks; empty if other threads may release them."""
    queued: int = 0
    """Calls that wait for a thread of an executor whose threads are all in `held`."""
    generators: tuple[GeneratorStands, ...] = ()
    """Generators that hold locks or permits. They are searched only if nothing but timers can wake the loop."""
    interrupt: int = 0
    """Main tasks that wait for an object that no other code refers to: probably on purpose, until Ctrl-C."""
    wakers: tuple[Waker, ...] = ()
    """The functions that would wake the tasks. They are searched only if nothing at all can wake the loop."""


class LoopBlocked(ProgramEvent):
    """A step or another callback blocks the loop. The event is sent while it still runs."""

    task: int | None
    """The task whose step blocks; None for another callback."""
    seconds: float
    """Real seconds so far."""
    file: str
    """The file of the code that runs; empty for a callback that isn't Python code, such as time.sleep."""
    line: int
    function: str
    stolen: float = 0.0
    """The part of these seconds in which the CPU may have run something else; 0 if the system doesn't report it."""
    late: int = 0
    """How many sleeps should have ended by now."""
    ready: int = 0
    """If it waits for another thread: how many callbacks are ready."""


class CallbackFailed(ProgramEvent):
    """A callback or a method of a protocol has raised an exception, which asyncio only logs."""

    function: str
    error: str
    """The exception in one line."""
    file: str = ""
    line: int = 0
    """The innermost line of the user's code that raised it or passed it on."""


class StreamUnread(ProgramEvent):
    """A task waits to write, or for a connection of a pool, while received data stays unread."""

    task: int
    library: str
    """The library of the pool; empty if the task waits in drain()."""
    streams: int
    """How many connections have unread data."""
    size: int
    """How many received bytes are unread."""


class LoopFreed(ProgramEvent):
    """A callback that blocked the loop has ended. For a step, its StepEnded or Stepped says so."""

    seconds: float
    """Real seconds for which it ran."""
    function: str


class ClientConnected(ProgramEvent):
    """A client of an HTTP library has opened a connection. Only aiohttp's clients are noticed."""

    library: str
    client: int
    """The number of the client; for aiohttp, of its connector."""
    host: str
    """The address and port of the other end."""
    task: int | None = None
    file: str = ""
    line: int = 0
    """The line of the user's code that waits for the connection."""


class ConnectionDropped(ProgramEvent):
    """A connection or client was destroyed without having been closed."""

    what: str
    """Its description, such as "connection to 127.0.0.1:80" or "client session"."""
    task: int | None = None
    file: str = ""
    line: int = 0
    """The line that opened the connection; 0 for a client."""
    client: int = 0
    """The number of the client, as in ClientConnected; 0 if it has opened no connection."""
    left_at: int = 0
    """If the connection was left open because the task was cancelled: the line at which the task waited."""


class WriteUndrained(ProgramEvent):
    """In several steps, a task writes to a stream that can't send, without drain(), which would wait or fail."""

    task: int
    size: int
    """How many unsent bytes are in memory."""
    steps: int
    """The number of steps in which it has written meanwhile."""
    file: str = ""
    line: int = 0
    """The line that writes."""
    is_lost: bool = False
    """Whether the connection is closed or lost, so that all data is dropped."""


class LocksPrivate(ProgramEvent):
    """Tasks are inside a block for which each of them has created its own lock or semaphore, which excludes nobody.

    With `lock`, a lock was dropped while the first task held it, and the second task acquired another at the same line.
    """

    tasks: tuple[int, ...]
    file: str = ""
    line: int = 0
    """The line that acquires the locks."""
    lock: int = 0
    """The number of the dropped lock; 0 if each task has created its own."""


class UpdateLost(ProgramEvent):
    """Two tasks have read the same value, wait, and will both write it. Then one overwrites the other's update."""

    tasks: tuple[int, ...]
    name: str
    """The variable that they write, as written in the code of the second: "self.total"."""
    is_checked: bool = False
    """Whether they only check the value, and both act on it."""
    is_computed: bool = False
    """Whether they compute the new value from the old one without a call, as in a sum."""
    file: str = ""
    line: int = 0
    """The line at which the second task will write."""


class Misused(ProgramEvent):
    """A task fails because it used an object that another task is using, or that can be used only once."""

    task: int
    kind: MisuseKind
    file: str = ""
    line: int = 0
    """The line that used the object."""
    waiter: int | None = None
    """For a future: the task that had waited for it."""
    since: float = 0.0
    """For a future: when that task was cancelled, in lab seconds."""


class CoroutineCached(ProgramEvent):
    """A cache around an async function has returned the same coroutine object more than once."""

    function: str
    times: int
    """How many times it has returned such an object again."""
    file: str = ""
    line: int = 0
    """The line of the function."""


class WorkLeft(ProgramEvent):
    """A task still runs though its gather() has failed, and its code will change or print something after its wait."""

    task: int
    waiter: int
    """The task that called gather()."""
    file: str = ""
    line: int = 0
    """Where it will do that."""


class TasksDropped(ProgramEvent):
    """A task waits in asyncio.wait() for tasks that it has made, and that its code never uses again."""

    task: int
    tasks: tuple[int, ...]
    """The tasks: whichever is still pending after the wait is left alone."""
    file: str = ""
    line: int = 0
    """Where the task waits."""


class ClockMistaken(ProgramEvent):
    """A timer is set for a time of time.time(), which the loop's clock will reach only in decades."""

    name: str
    """The name of the function that will be called; empty for a timeout."""
    seconds: float
    """Seconds until the timer is due."""
    task: int | None = None
    file: str = ""
    line: int = 0
    """The line that sets it."""


class LoopSpun(ProgramEvent):
    """For a while the loop ran only tasks, or a callback, that are ready again at once: they busy-wait."""

    tasks: tuple[int, ...]
    """One task, or two that wake each other; empty for a callback."""
    seconds: float
    """How many real seconds this took."""
    file: str = ""
    line: int = 0
    """The line at which the first task was seen."""
    function: str = ""
    only_waits: bool = False
    """Whether the code there only checks whether it may continue."""
    is_reader: bool = False
    """Whether it is a callback of add_reader() for a file that is at its end."""
    attempts: int = 0
    """If the task tries to connect: the number of its failed attempts meanwhile."""


class LoopLagged(ProgramEvent):
    """A regular measurement of the loop's lag."""

    seconds: float
    """How many seconds late the loop ran a callback."""


class EventsDropped(ProgramEvent):
    """Events were lost before they could be read, or left out of a recording of limited size."""

    count: int
    named: dict[str, int] = {}
    """For each coroutine name: how many unnamed tasks of it were created in the events that were left out."""
    ended: dict[Outcome, int] = {}
    """How many ended tasks were left out entirely, by outcome."""


if TYPE_CHECKING:
    AnyEvent: TypeAlias = Event
else:
    AnyEvent = Union[tuple(kind for group in Event.__subclasses__() for kind in group.__subclasses__())]  # noqa: UP007
"""The tagged union of all events, which `event_codec` encodes and decodes."""
