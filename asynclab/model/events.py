"""Defines the events of a lab: one struct for each kind.

An event is a past fact. The tracer writes events, the model folds them into a `LabState`, and
`asynclab demo NAME --json` prints them, one JSON object a line, whose field `type` names the event.

- `at` is the moment, in lab seconds. Lab time starts at 0, stands still while the lab is paused, and goes at the lab's
  speed. Events come in the order in which they happened.
- Tasks, queues, primitives and timeouts are small integers, counted up within a lab; the tasks of all loops of an
  observed process share one count.
- `task` is the task that did it, or that it happened to; None (null in JSON) for code that is in
  no task.
- JSON knows neither infinity nor "not a number". Where null is allowed it stands for these, such as for a deadline that
  never comes; elsewhere the largest number stands for infinity, and 0 for "not a number".
- Text (names, reprs, prints, exceptions) is as the program wrote it, cut short where it is long. It is data: whoever
  shows it neutralises it first, with `asynclab.model.text.clean`.
"""

# docs/events.md is written from these docstrings: run docs/make_events_page.py after a change.

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, Union

import msgspec

Outcome: TypeAlias = Literal["done", "failed", "cancelled"]
"""How a task or a run ended."""

WakeCause: TypeAlias = Literal["created", "task", "timer", "callback", "cancel"]
"""Why a task became ready: its birth, another task's step, a timer, other code on the loop (I/O, threads), a cancel."""

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
"""What a suspended task waits for; "library" is a future inside a package that is not asyncio's (`Wait.library`)."""

MAIN = 1
"""The number of the task that a lab was started with."""

BACKLOG = 100
"""Whenever a queue holds this many more items, it reports where the item was put."""

ITEMS_SHOWN = 1_000
"""How many items of a queue are kept by name; further ones are only counted."""

BLOCKED_AFTER = 0.1
"""Real seconds after which a step counts as blocking the loop, in every view."""

BLAMED_AFTER = 0.4
"""A step is to blame only if it ran for this many real seconds, without the time in which the machine ran others."""

StepTaken: TypeAlias = Literal["step", "jump", "outside", "nothing"]
"""What a request to step did: ran one step of a task; jumped to the next timer; nothing, since all tasks wait for I/O
or threads; nothing, since nothing is pending."""

MisuseKind: TypeAlias = Literal["coroutine", "loop", "stream", "generator", "future"]
"""What was misused: a coroutine awaited twice, an object of another loop, or a stream or async generator in use.

Or a future that was set though the task that waited for it had been cancelled, and the future with it.
"""

PrimitiveKind: TypeAlias = Literal["lock", "semaphore", "event", "condition", "barrier"]
"""Which of asyncio's primitives it is."""


class Wait(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a suspended task waits for, and where in the code.

    Opaque waits have the kind "unknown" or "async_generator"; nothing in here is guessed.
    """

    kind: WaitKind
    number: int = 0
    """Which queue or primitive is waited for: 2 for "lock#2". Each kind is counted by itself; 0 if unknown."""
    tasks: tuple[int, ...] = ()
    """The tasks waited for, or for a lock the task that holds it."""
    count: int = 0
    """For gather and wait: how many awaitables, tasks or not."""
    seconds: float | None = None
    """For a sleep: its whole length in lab seconds; None if it is unknown, or has no end."""
    deadline: float | None = None
    """The lab time at which a timer ends this wait by itself; None if none does."""
    library: str = ""
    """The package whose code waits, where the kind is "library"."""
    file: str = ""
    """The file of the innermost frame of user code."""
    line: int = 0
    """The line in that file; 0 if it is unknown, as frames further in can't be seen."""


class Frame(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A coroutine of a suspended task.

    It may stand for several: coroutines of one library that await each other, or the middle of a very long chain.
    """

    function: str
    """Its qualified name; the outermost one's if there are several."""
    file: str = ""
    line: int = 0
    """Where it resumes: its suspended line, or the first line of its body if it has not started."""
    library: str = ""
    """The package that it belongs to, such as "asyncio"; empty for the user's own code."""
    count: int = 1
    """How many coroutines it stands for."""


class Event(msgspec.Struct, gc=False, tag=True, omit_defaults=True):
    """The base of the groups of events, which are the bases of all events."""

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
    """A lab began to run a coroutine function."""

    name: str
    """The lab's name, such as the demo's."""
    epoch: float
    """Seconds since 1970 at lab time `at`."""
    python: str
    """The interpreter's version, such as "3.13.0"."""


class RunEnded(RunEvent):
    """The main task ended, and everything it left behind was cleaned up."""

    outcome: Outcome
    detail: str = ""
    """The repr of what main returned, or its exception in one line."""
    leaked: tuple[int, ...] = ()
    """Tasks that were still pending when main ended."""


class ClockChanged(RunEvent):
    """Lab time was paused, resumed, given another speed, or stood still because the whole process did."""

    paused: bool
    """Whether lab time stands still."""
    speed: float
    """Lab seconds per real second."""
    instant: bool
    """Whether idle time is skipped."""
    stopped: float = 0.0
    """For how many real seconds the whole process was stopped just before, as by ctrl+z."""


class TaskChosen(RunEvent):
    """The user let a ready task of a paused lab run before others that were ahead of it."""

    task: int
    ahead_of: int
    """The task that would have run."""


class TaskHeld(RunEvent):
    """A paused lab keeps a ready task from running its step, until it steps or ends, or the clock resumes.

    Held tasks run in the order in which they were held, unless somebody chooses.
    """

    task: int


class TaskReleased(RunEvent):
    """A held step was called off, as code cancelled its handle: the task is no longer held, and does not step.

    A task that steps, or that a resumed clock lets run, has no such event.
    """

    task: int


class StepReported(RunEvent):
    """The user asked a lab for a step, with this outcome; the step itself follows."""

    outcome: StepTaken


class RunningTo(RunEvent):
    """A paused lab begins to run step after step until something happens to a task, or stops doing so.

    It stops because that has happened, because no step is left, or because of another command.
    """

    task: int | None = None
    """The task to whose next event it runs; None if it has stopped."""


class EndRequested(RunEvent):
    """The run was asked to end, by a person or by its program's own end; it cleans up until RunEnded."""


class RunStalled(RunEvent):
    """All tasks wait, and nothing that is known could wake one: no timer, no I/O, no thread, no process.

    It comes once that has lasted 0.1 real seconds.
    """

    stalled: bool = True
    """False if the run continues after all."""


class TaskCreated(TaskEvent):
    """A task was born; it is ready, and has not run yet. Or it was there before anybody looked: see `found`."""

    task: int
    name: str
    """As `get_name()` returns it."""
    coroutine: str
    """The qualified name of its coroutine."""
    parent: int | None = None
    """The task whose step created it; None for main and for tasks that other callbacks created."""
    file: str = ""
    line: int = 0
    """Where it was created: the innermost frame outside asyncio."""
    internal: bool = False
    """Whether a library created it for itself, out of the user's sight."""
    found: bool = False
    """Whether it was pending already when its loop began to be observed: it waits, and who created it isn't known."""


class TaskRenamed(TaskEvent):
    """A task was given another name."""

    task: int
    name: str


class TaskCancelRequested(TaskEvent):
    """Somebody called cancel() on a task. It is not cancelled yet: it may clean up, or refuse.

    A request to a task that is ready, or has not begun, wakes nobody: it is sent at the end of the step that made the
    task, or of its own next step.
    """

    task: int
    by: int | None = None
    """The task that asked, or whose end made a callback ask, as a task group's does.

    None for the user, for the lab itself, or if no hook saw the request.
    """


class TaskCutOff(TaskEvent):
    """At its end, asyncio.run() cancels a task that nobody keeps or waits for, and whose work would have ended.

    Or the loop is closed while the task is pending, whatever it does: not even its finally blocks run then.
    """

    task: int
    by_close: bool = False
    """Whether the loop was closed."""
    cleans_up: bool = False
    """Whether the loop was closed, and clean-up never runs: the task was asked to end, or is inside a try or with."""


class TaskReplaced(TaskEvent):
    """A task is in an endless loop, and the only variable by which it was known refers to another one now.

    Or it is one of many that were made in a row, and only the newest is awaited.
    """

    task: int
    by: int
    """The task that has taken its place."""
    name: str
    """Which variable: "Poller.task"; empty for one of many."""
    count: int = 0
    """How many of these tasks are pending without anybody who refers to them."""


class CancelIgnored(TaskEvent):
    """A task was asked to end, swallowed its CancelledError, and waits again."""

    task: int
    by_timeout: bool = False
    """Whether a timeout around it had asked."""
    by: int | None = None
    """The task that had asked."""
    by_group: bool = False
    """Whether it still is in the body of a task group that has failed, and has asked it to end."""
    is_endless: bool = False
    """Whether it waits in a loop that only an exception leaves."""


class CancelShared(TaskEvent):
    """The future that a task waits for is cancelled with another task: one that awaits it, or cancels it at its end."""

    task: int
    """The task that waits."""
    by: int
    is_raised_again: bool = False
    """Whether the other task's CancelledError itself was raised in this task, and not passed on by a future."""


class SourceDropped(TaskEvent):
    """Nobody refers any more to the event, future, queue or condition that a task waits for, as others did before."""

    task: int
    event: int = 0
    """Which event it is; 0 for anything else."""
    queue: int = 0
    """Which queue it is; 0 for anything else."""
    condition: int = 0
    """Which condition it is; 0 for anything else."""


class Waker(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The one function of the program that looks as if it would wake a task."""

    task: int
    function: str
    file: str
    line: int
    """Where it wakes that."""


class TasksStranded(RunEvent):
    """Nothing that can still run leads to what some tasks wait for, nor to these tasks; other tasks may still run."""

    tasks: tuple[int, ...]
    """The tasks that were found so at two looks in a row."""
    is_sure: bool = True
    """Whether nothing leads to them even if a task in one task group with them fails."""
    serves: bool = False
    """Whether it is the main task alone, and a server still runs: main may wait until it is interrupted."""
    wakers: tuple[Waker, ...] = ()
    """The functions that would wake the tasks."""


class HandoverLost(TaskEvent):
    """A task was cancelled after it had been woken and before it ran: it never saw what it was woken with."""

    task: int
    result: str
    """What it had waited for brought this: its repr, cut short."""


class ReplyUnread(TaskEvent):
    """A task reads from a stream or queue from which the reply to a cancelled request was still to be read."""

    task: int
    of: int
    """The task whose request was cancelled."""
    reads_once: bool = False
    """Whether the function that reads can't do so again: it takes what comes first for its own reply."""
    is_queue: bool = False
    """Whether it reads from a queue."""
    file: str = ""
    line: int = 0
    """Where it reads."""


class FailureUnseen(TaskEvent):
    """A task has failed, nobody has looked at its exception since, and its code would have woken others that wait."""

    task: int
    waiting: tuple[int, ...] = ()
    """The tasks that it would have woken."""
    file: str = ""
    line: int = 0
    """Where it failed, in the user's code."""


class CancelMisplaced(TaskEvent):
    """A timeout or task group cancels its task while the async generator that has it stands at a yield."""

    task: int
    block: str
    """What has cancelled it: "timeout" or "task group"."""
    generator: str
    """The name of its function."""
    file: str = ""
    line: int = 0
    """Where it stood."""
    has_ended: bool = False
    """Whether that task had ended, so that this cancels nobody."""


class GeneratorKilled(TaskEvent):
    """A timeout around the wait for an async generator's next item has ended the generator; code may ask it again."""

    task: int
    generator: str
    """The name of its function."""
    file: str = ""
    line: int = 0
    """Where the next item is waited for."""


class PipeFull(TaskEvent):
    """A task waits for a child process that is blocked in a write: its pipe is full, and nobody has read from it."""

    task: int
    stream: str
    """The child's stream: "stdout" or "stderr"."""
    held: int = 0
    """How many bytes its StreamReader holds, beside those in the pipe."""


class ChildLeft(TaskEvent):
    """A child process still runs, and nobody refers to it: the task that waited for its end was cancelled."""

    task: int
    child: int
    """The child's number as a process."""
    file: str = ""
    line: int = 0
    """Where the task waited; 0 if only Python's own code waits in it."""


class PipeKeptOpen(TaskEvent):
    """A task waits for a child process that has ended, as another process keeps its pipe open, such as its child.

    Or the child waits for the end of its input, which nobody but the task could close.
    """

    task: int
    stream: str
    """The child's stream: "stdin", "stdout" or "stderr"."""


class ScheduledFromThread(TaskEvent):
    """Code in another thread, or in a signal handler, has put a callback in the ready queue without waking the loop."""

    task: int | None = None
    """The task whose step that is."""
    thread: str = ""
    """The thread's name; empty for a signal handler."""
    file: str = ""
    line: int = 0
    """Where, in that code."""
    stops: bool = False
    """Whether it has called stop() instead."""


class TaskEnded(TaskEvent):
    """A task has run to its end."""

    task: int
    outcome: Outcome
    detail: str = ""
    """The repr of its result, or its exception in one line."""
    tree: tuple[str, ...] = ()
    """For an exception that has others in it or was caused by others: these, drawn as a tree, in some lines."""


class ResultUnread(TaskEvent):
    """A task that had ended with an item from a queue, or something to be closed, is gone, and nobody has read that."""

    task: int
    is_sure: bool = False
    """Whether nobody referred to the task any more when it ended: somebody may have awaited it later otherwise."""
    meant_for: int | None = None
    """For something to be closed: the task that waited for it, and was cancelled before it ran."""
    is_given_up: bool = False
    """For something to be closed: whether nobody waited for it any more; that may have been a wait in shield()."""


class ItemLost(TaskEvent):
    """A timeout ends a function that has taken an item from a queue, and has not used or returned it."""

    task: int
    item: str
    """Its repr, cut short."""
    file: str = ""
    line: int = 0
    """Where that function waits."""
    is_leaked: bool = False
    """Whether the item has to be closed or given back, and not only to be read."""


class TaskCollected(TaskEvent):
    """A pending task was destroyed by the garbage collector: nothing referred to it any more. It counts as failed."""

    task: int


class Progressed(TaskEvent):
    """A task reported how far it is, with progress() or track()."""

    task: int
    done: float
    total: float | None = None
    """None if it is unknown."""
    unit: str = ""


class TaskReady(StepEvent):
    """A task was put in the ready queue; if its own step is still under way, it is ready when that ends.

    A new task needs no such event, and a task that yields with sleep(0) has none: see `ready` of Stepped and StepEnded.
    """

    task: int
    cause: WakeCause
    waker: int | None = None
    """The task whose step made it ready, directly or through callbacks."""


class Stepped(StepEvent):
    """A whole step of a task, in which nothing else happened: StepStarted and StepEnded in one, as most steps are.

    `at` is its beginning. Its end in lab time is `at + seconds * speed`, or `at` while the clock is paused.
    """

    task: int
    seconds: float
    """How long the step ran, in real seconds."""
    ready: bool = False
    """Whether the task asked for another turn at once."""
    ends: bool = False
    """Whether the task ended with this step: its TaskEnded follows, and until then it does not wait."""


class StepStarted(StepEvent):
    """The loop began to run a task, up to its next suspension; what happens in the step follows, then its StepEnded.

    Steps nest: a task that starts eagerly runs its first step within the step of the task that creates it.
    """

    task: int


class StepEnded(StepEvent):
    """A task gave control back to the loop."""

    task: int
    seconds: float
    """How long the step ran, in real seconds."""
    ready: bool = False
    """Whether the task asked for another turn at once."""
    ends: bool = False
    """Whether the task ended with this step: its TaskEnded follows, and until then it does not wait."""


class TaskWaiting(StepEvent):
    """A suspended task was looked at, and this is what it waits for.

    Not every wait is looked at; a short one may end unseen.
    """

    task: int
    wait: Wait


class TaskStands(StepEvent):
    """A task between two of its steps was looked at, and this is where in the code it stands.

    It comes when somebody watches: for the selected task, and for ready tasks whose line no TaskWaiting has told. It is
    true until the task's next step begins.
    """

    task: int
    frames: tuple[Frame, ...]
    """Its coroutines, outermost first."""
    opaque: bool = False
    """Whether more frames may follow that can't be seen: inside an async generator, or in C."""


class QueueCreated(QueueEvent):
    """A queue was made, or first seen. Queue number N is called "queue#N" everywhere."""

    queue: int
    kind: str
    """Its class: Queue, LifoQueue, PriorityQueue or a subclass."""
    maxsize: int
    """How many items it takes; 0 for no bound."""
    items: tuple[str, ...] = ()
    """The reprs of the oldest items that it held when it was first seen; none if it was seen being made."""
    size: int = 0
    """How many items it held then."""
    unfinished: int = 0
    """How many items lacked their task_done() then."""


class QueuePut(QueueEvent):
    """An item went in."""

    queue: int
    item: str
    """The item's repr, cut short."""
    size: int
    """How many items the queue holds now."""
    unfinished: int
    """How many items lack their task_done()."""
    task: int | None = None
    file: str = ""
    line: int = 0
    """Where it was put, if it makes the queue hold a multiple of a hundred items; else 0."""


class QueueGot(QueueEvent):
    """An item came out."""

    queue: int
    item: str
    """The item's repr, cut short."""
    size: int
    """How many items the queue holds now."""
    unfinished: int
    """How many items lack their task_done()."""
    index: int = 0
    """Where the item stood, in the order of putting, among those that the queue held."""
    task: int | None = None


class QueueTaskDone(QueueEvent):
    """Somebody called task_done()."""

    queue: int
    unfinished: int
    """How many items still lack theirs."""
    task: int | None = None


class QueueShutDown(QueueEvent):
    """A queue was shut down (Python 3.13 and later): it takes no more items."""

    queue: int
    immediate: bool
    """Whether it was emptied as well."""
    task: int | None = None


class PrimitiveCreated(PrimitiveEvent):
    """A lock, semaphore, event, condition or barrier was made, or first seen."""

    primitive: int
    """Its number among primitives of all kinds."""
    kind: PrimitiveKind
    number: int
    """Which one of its kind, from 1: 2 for "lock#2"."""
    value: int = 0
    """As in PrimitiveChanged."""
    holder: int | None = None
    """For a lock that was held when it was first seen: the task that holds it, if that is known."""


class PrimitiveChanged(PrimitiveEvent):
    """A lock was taken or released, a semaphore's or barrier's count changed, an event was set or cleared."""

    primitive: int
    value: int
    """Lock: 1 held, 0 free. Event: 1 set. Semaphore: permits left. Barrier: parties that wait in it."""
    task: int | None = None
    """The task that changed it; for a lock that was taken, the task that holds it."""
    taker: int | None = None
    """For a permit that goes straight to a task that waits for one: that task."""
    in_block: bool = False
    """Whether `async with` has taken the lock or permit: the same task releases it then, and no other.

    For a lock that another task than its holder released: whether by the end of a block or a condition's wait()."""
    file: str = ""
    line: int = 0
    """Where a task released another's lock, or gave a semaphore more permits than it ever had; 0 otherwise."""


class ConditionNotified(PrimitiveEvent):
    """Somebody called notify() or notify_all() on a condition."""

    primitive: int
    count: int
    """How many waiters were to wake."""
    task: int | None = None


class TimeoutStarted(TimeoutEvent):
    """A timeout (asyncio.timeout, wait_for) was armed around a block of a task."""

    timeout: int
    deadline: float | None
    """Lab time at which it expires; None for never."""
    task: int | None = None
    library: str = ""
    """The installed package that armed it; empty for the user's own code, and for Python's."""


class TimeoutRescheduled(TimeoutEvent):
    """A timeout's deadline was moved."""

    timeout: int
    deadline: float | None
    """None for never."""


class TimeoutExpired(TimeoutEvent):
    """The deadline came before the block's end."""

    timeout: int


class TimeoutDropped(TimeoutEvent):
    """The block of a timeout that had expired ended without an exception: its CancelledError was dropped."""

    task: int
    file: str = ""
    line: int = 0
    """Where the block is."""


class TimeoutMet(TimeoutEvent):
    """The block ended before the timeout could expire."""

    timeout: int
    late: float = 0.0
    """How long after the deadline, in lab seconds: a busy loop runs no timer, and by then the block was over."""


class CallScheduled(TimeoutEvent):
    """A callback was set for later with call_later or call_at; sleeps and timeouts have their own events.

    Where a whole process is observed, a library's is sent a moment later, and not at all if it was cancelled by then.
    """

    call: int
    name: str
    """The function that will be called."""
    deadline: float | None
    """Lab time at which it is due; None for never."""
    task: int | None = None
    library: str = ""
    """The installed package whose function it is; empty for the user's own, and for Python's."""


class CallEnded(TimeoutEvent):
    """A callback that was set for later is called now, or was cancelled."""

    call: int


class Output(ProgramEvent):
    """Text was printed."""

    text: str
    """As it was written, with its newlines; a line may come in several pieces."""
    task: int | None = None
    stream: Literal["stdout", "stderr"] = "stdout"


class Warned(ProgramEvent):
    """Python or asyncio complained: a coroutine never awaited, an exception never retrieved."""

    text: str
    task: int | None = None


class CoroutineDropped(ProgramEvent):
    """A coroutine that was never awaited is gone: none of its code has run."""

    coroutine: str
    """Its qualified name."""
    file: str = ""
    line: int = 0
    """Where it was let go; the innermost line of user code."""
    task: int | None = None


class ExceptionDropped(ProgramEvent):
    """A failed task or future is gone, its loop was closed, or its gather() ends, and nobody looks at its exception."""

    task: int | None = None
    """None for a future that is no task."""
    error: str = ""
    """The exception of a future that is no task, in one line."""
    file: str = ""
    line: int = 0
    """Where it was raised: the innermost line of user code; 0 if there is none. Where that gather() is awaited."""
    ignored_by: int | None = None
    """The task that drops the results of a gather(..., return_exceptions=True), including this exception."""
    is_passed_on: bool = False
    """Whether run_coroutine_threadsafe() had made the task: its future for other threads is gone, or never asked."""


class ThreadStands(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A thread that waits for something else in the program to release it."""

    name: str
    function: str = ""
    """What it is in: the innermost function outside Python's own library."""
    file: str = ""
    line: int = 0
    waits_in: str = ""
    """The function of Python's library that it has called there, such as "Queue.get"."""


class GeneratorStands(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An async generator that was left at a yield, and keeps a lock or permit that others wait for."""

    name: str
    file: str
    line: int
    """The line of that yield."""
    kind: Literal["lock", "semaphore"]
    number: int
    """Which lock or semaphore: 2 for "lock#2"."""


class GeneratorLeft(ProgramEvent):
    """While the loop ran, an async generator has stood at a yield for a while, and nobody seems to be using it."""

    generator: GeneratorStands


class ExecutorFull(ProgramEvent):
    """A call has waited for a thread of its executor for a while: all are busy.

    It covers lookups of hosts' names, for which the loop uses the same threads as `asyncio.to_thread`, calls
    that use what all the threads wait for, and any call while the threads are busy with calls that were given up.
    """

    function: str
    """What waits, such as "getaddrinfo"."""
    seconds: float
    """For how many real seconds so far."""
    queued: int
    """How many calls wait."""
    busy: tuple[ThreadStands, ...] = ()
    """What the threads do; the first few."""
    workers: int = 0
    """How many there are."""
    task: int | None = None
    """The task that made the call."""
    holds_up: bool = False
    """Whether the call uses what all the threads wait for, so that it might release one of them."""
    given_up: bool = False
    """Whether nobody waits any more for any of the calls that the threads are busy with."""
    never_begun: bool = False
    """Whether the caller gave up the call, such as by a timeout, before a thread began it."""


class Outside(ProgramEvent):
    """The loop has been idle for a while, and this is what could still wake it.

    It is sent again only after something has happened, or when it has changed. If all are 0, nothing can wake it.
    """

    io: int = 0
    """Files that the loop watches, apart from connections that have both ends on this loop."""
    threads: int = 0
    """Threads that may call the loop: not the loop's own, idle pool threads, or the ones in `held`."""
    processes: int = 0
    """Child processes that have not ended."""
    signals: int = 0
    """Signals that the program handles."""
    timers: int = 0
    """Timers that are due some time."""
    held: tuple[ThreadStands, ...] = ()
    """Threads that wait for each other, or for the loop's tasks; none if other threads may release them."""
    queued: int = 0
    """Calls that wait for a thread of an executor whose threads are all among `held`."""
    generators: tuple[GeneratorStands, ...] = ()
    """What keeps locks and permits from others; looked for where nothing outside can wake the loop."""
    interrupt: int = 0
    """Main tasks that wait for something no other code can reach: they can only be meant to wait for ctrl+c."""
    wakers: tuple[Waker, ...] = ()
    """The functions that would wake the tasks; looked for where nothing at all can wake the loop."""


class LoopBlocked(ProgramEvent):
    """A step, or another callback, kept the whole loop from running; sent while it still does."""

    task: int | None
    """The task whose step it is; None for a callback that runs none."""
    seconds: float
    """How long so far, in real seconds."""
    file: str
    """Empty for a callback that isn't Python code, such as time.sleep."""
    line: int
    function: str
    stolen: float = 0.0
    """The part of these seconds in which the machine may have run something else, as far as the system reports it."""
    late: int = 0
    """How many sleeps should have ended meanwhile."""
    ready: int = 0
    """How many callbacks are ready, if it waits for another thread."""


class CallbackFailed(ProgramEvent):
    """A callback, or a method of a protocol, has raised an exception, which asyncio only logs."""

    function: str
    error: str
    """The exception in one line."""
    file: str = ""
    line: int = 0
    """Where the user's code raised it, or passed it on."""


class StreamUnread(ProgramEvent):
    """A task waits to write, or for a connection of a pool; meanwhile nobody reads what the other side has sent."""

    task: int
    library: str
    """The library whose pool it waits for; empty if it waits in drain()."""
    streams: int
    """How many connections are not read."""
    size: int
    """How many bytes that have come are held here."""


class LoopFreed(ProgramEvent):
    """A callback that kept the loop from running has ended; for a step, its own end tells that."""

    seconds: float
    """How long it ran, in real seconds."""
    function: str


class ClientConnected(ProgramEvent):
    """A client of an HTTP library has opened a connection. Only aiohttp's are seen."""

    library: str
    client: int
    """Which client: for aiohttp, which connector."""
    host: str
    """The address and port that it is connected to."""
    task: int | None = None
    file: str = ""
    line: int = 0
    """Where the user's code waits for it."""


class ConnectionDropped(ProgramEvent):
    """A connection or client is collected that was never closed."""

    what: str
    """Such as "connection to 127.0.0.1:80", or what its library calls it: "client session"."""
    task: int | None = None
    file: str = ""
    line: int = 0
    """Where a connection was opened; 0 for a client."""
    client: int = 0
    """Which client, as in ClientConnected; 0 if it has opened no connection."""
    left_at: int = 0
    """The line at which the task waited when it was cancelled, if that left the connection open with nobody."""


class WriteUndrained(ProgramEvent):
    """A task writes on to a stream that takes no more, in step after step; drain() would make it wait, or fail."""

    task: int
    size: int
    """How many bytes are kept in memory until they can be sent."""
    steps: int
    """In how many steps it has written meanwhile."""
    file: str = ""
    line: int = 0
    """Where it writes."""
    is_lost: bool = False
    """Whether the connection is closed or lost, so that all of it is dropped."""


class LocksPrivate(ProgramEvent):
    """Tasks are inside a block that each of them has made a lock or semaphore for, which nobody else has.

    Or the first one's lock was forgotten while it held that, and the second has taken another at the same line.
    """

    tasks: tuple[int, ...]
    file: str = ""
    line: int = 0
    """Where they take it."""
    lock: int = 0
    """Which lock was forgotten; 0 if each has made its own."""


class UpdateLost(ProgramEvent):
    """Two tasks have read the same value, wait, and will both write it: one overwrites the other's update."""

    tasks: tuple[int, ...]
    name: str
    """The place that they write, as the code of the second names it: "self.total"."""
    is_checked: bool = False
    """Whether they only checked the value, and both act on that check."""
    is_computed: bool = False
    """Whether they write what they compute from the old value, such as a sum, without a call."""
    file: str = ""
    line: int = 0
    """Where the second will write."""


class Misused(ProgramEvent):
    """A task fails since it used an object that another task uses, or has used up."""

    task: int
    kind: MisuseKind
    file: str = ""
    line: int = 0
    """Where it used that."""
    waiter: int | None = None
    """The task that had waited for such a future."""
    since: float = 0.0
    """When that task was cancelled, in lab seconds."""


class CoroutineCached(ProgramEvent):
    """A cache that keeps the coroutines of an async function has given out some that it had given out before."""

    function: str
    times: int
    """How often it has."""
    file: str = ""
    line: int = 0
    """Where the function is."""


class WorkLeft(ProgramEvent):
    """A task still runs though its gather() has failed, and its code will change or print something after its wait."""

    task: int
    waiter: int
    """The task that called gather()."""
    file: str = ""
    line: int = 0
    """Where it will do that."""


class ClockMistaken(ProgramEvent):
    """A timer is set for a moment of time.time(), which the loop's clock reaches in decades."""

    name: str
    """The function that will be called; empty for a timeout."""
    seconds: float
    """How long until then."""
    task: int | None = None
    file: str = ""
    line: int = 0
    """Where it is set."""


class LoopSpun(ProgramEvent):
    """For a while nothing ran on the loop but tasks, or a callback, that ask for another turn at once."""

    tasks: tuple[int, ...]
    """One task, or two that wake each other; none for a callback."""
    seconds: float
    """How many real seconds that took."""
    file: str = ""
    line: int = 0
    """Where the first of them was seen."""
    function: str = ""
    only_waits: bool = False
    """Whether the code there does nothing but ask whether it may proceed."""
    is_reader: bool = False
    """Whether it is a callback of add_reader(), and what it reads has ended."""
    attempts: int = 0
    """How often the task has tried to connect meanwhile, each time in vain, if that is what it does."""


class LoopLagged(ProgramEvent):
    """A regular measurement of the loop's health."""

    seconds: float
    """How late the loop was to run a callback."""


class EventsDropped(ProgramEvent):
    """Events were lost before they could be read, or left out of a recording that keeps the newest."""

    count: int
    named: dict[str, int] = {}
    """How many unnamed tasks, whose births were left out, are named after each coroutine."""
    ended: dict[Outcome, int] = {}
    """How many ended tasks were left out entirely."""


if TYPE_CHECKING:
    AnyEvent: TypeAlias = Event
else:
    AnyEvent = Union[tuple(kind for group in Event.__subclasses__() for kind in group.__subclasses__())]  # noqa: UP007
"""The tagged union of all events, which `event_codec` reads and writes."""
