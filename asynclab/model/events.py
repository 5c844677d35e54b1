"""What can be seen to happen in a lab: one struct for each kind of event.

An event is a past fact. The tracer writes events, the model folds them, and the same events are the headless
output, a recording and a replay. `at` is the moment in lab seconds; ids are small integers, counted up within a lab.
docs/events.md explains each event in a sentence.
"""

from __future__ import annotations

import math
import sys
from functools import cache
from typing import Any, Literal, TypeAlias, TypeVar, get_args, get_type_hints

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

BLOCKED_AFTER = 0.1
"""A step that has run for as many real seconds blocks the loop, in every part that speaks of it."""

StepTaken: TypeAlias = Literal["step", "jump", "outside", "nothing"]
"""What a request to step did: one step of a task; a jump to the next timer; nothing, as what is next comes from outside
(I/O, a thread); nothing, as nothing is to come."""

PrimitiveKind: TypeAlias = Literal["lock", "semaphore", "event", "condition", "barrier"]


class Wait(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a suspended task waits for, and where in the code.

    Opaque waits have the kind "unknown" or "async_generator"; nothing in here is guessed.
    """

    kind: WaitKind
    number: int = 0
    """Which queue or primitive is waited for: 2 for "lock#2". Each kind is counted by itself; 0 where unknown."""
    tasks: tuple[int, ...] = ()
    """The tasks waited for, or for a lock the task that holds it."""
    count: int = 0
    """For gather and wait: how many awaitables, tasks or not."""
    seconds: float | None = None
    """For a sleep: its whole length in lab seconds; None where it is not known, or has no end."""
    deadline: float | None = None
    """The lab time at which a timer ends this wait by itself; None where none does."""
    library: str = ""
    """The package whose code waits, where the kind is "library"."""
    file: str = ""
    """The file of the innermost frame of user code."""
    line: int = 0
    """The line in that file; 0 where it can't be told, as frames further in can't be seen."""


class Frame(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A coroutine of a suspended task; or several that are told as one, being a library's or too many."""

    function: str
    """Its qualified name; of several the outermost's."""
    file: str = ""
    line: int = 0
    """Where it goes on: its suspended line, or the first of its body where it has not begun."""
    library: str = ""
    """The package that it is of, such as "asyncio"; empty for the user's own code."""
    count: int = 1
    """How many coroutines it stands for."""


class Event(msgspec.Struct, gc=False, tag=True, omit_defaults=True):
    """The base of all events."""

    at: float
    """Lab time in seconds."""


class RunStarted(Event):
    """A lab began to run a coroutine function."""

    name: str
    epoch: float
    """Seconds since 1970 at lab time `at`."""
    python: str
    """The interpreter's version, such as "3.13.0"."""


class RunEnded(Event):
    """The main task ended, and everything it left behind was cleaned up."""

    outcome: Outcome
    detail: str = ""
    """The repr of what was returned, or the exception in one line."""
    leaked: tuple[int, ...] = ()
    """Tasks that were still pending when main ended."""


class ClockChanged(Event):
    """Lab time was paused, resumed, given another speed, or stood still because the whole process did."""

    paused: bool
    speed: float
    """Lab seconds per real second."""
    instant: bool
    """Whether idle time is skipped."""
    stopped: float = 0.0
    """For how many real seconds the whole process was stopped just before, as by ctrl+z."""


class TaskCreated(Event):
    """A task was born; it has not run yet."""

    task: int
    name: str
    coroutine: str
    """The qualified name of its coroutine."""
    parent: int | None = None
    """The task whose step created it."""
    file: str = ""
    line: int = 0
    """Where it was created: the innermost frame outside asyncio."""
    internal: bool = False
    """Whether a library created it for itself, out of the user's sight."""


class TaskRenamed(Event):
    task: int
    name: str


class TaskReady(Event):
    """A task was put in the ready queue. A task that yields with sleep(0) has none: see `Stepped.ready`."""

    task: int
    cause: WakeCause
    waker: int | None = None
    """The task whose step made it ready, directly or through callbacks."""


class Stepped(Event):
    """A whole step of a task, in which nothing else happened: StepStarted and StepEnded in one.

    `at` is its beginning. Its end in lab time is `at + seconds * speed`, or `at` while the clock is paused.
    """

    task: int
    seconds: float
    """How long the step ran, in real seconds."""
    ready: bool = False
    """Whether the task asked for another turn at once."""
    ends: bool = False
    """Whether the task ended with this step: its TaskEnded follows, and until then it does not wait."""


class StepStarted(Event):
    """The loop began to run a task, up to its next suspension; what happens in the step follows."""

    task: int


class StepEnded(Event):
    """A task gave control back to the loop."""

    task: int
    seconds: float
    """How long the step ran, in real seconds."""
    ready: bool = False
    """Whether the task asked for another turn at once."""
    ends: bool = False
    """Whether the task ended with this step: its TaskEnded follows, and until then it does not wait."""


class TaskWaiting(Event):
    """A suspended task was looked at, and this is what it waits for."""

    task: int
    wait: Wait


class TaskStands(Event):
    """A task between two of its steps was looked at, and this is where in the code it stands.

    It tells the place of tasks that are ready, too, and all the frames; a `TaskWaiting` tells the innermost line alone.
    """

    task: int
    frames: tuple[Frame, ...]
    """Its coroutines, outermost first."""
    opaque: bool = False
    """Whether more frames may follow that can't be seen: inside an async generator, or in C."""


class TaskCancelRequested(Event):
    """Somebody called cancel() on a task."""

    task: int
    by: int | None = None
    """The task that asked; None for the person at the keyboard or the lab itself."""


class TaskEnded(Event):
    task: int
    outcome: Outcome
    detail: str = ""
    """The repr of its result, or its exception in one line."""
    tree: tuple[str, ...] = ()
    """For an exception that has others in it or was caused by others: these, drawn as a tree, in some lines."""


class TaskCollected(Event):
    """A pending task was destroyed by the garbage collector: nothing referred to it any more."""

    task: int


class Progressed(Event):
    """A task reported how far it is."""

    task: int
    done: float
    total: float | None = None
    unit: str = ""


class QueueCreated(Event):
    queue: int
    kind: str
    """Its class: Queue, LifoQueue, PriorityQueue or a subclass."""
    maxsize: int
    """0 for no bound."""


class QueuePut(Event):
    queue: int
    item: str
    """The item's repr, cut short."""
    size: int
    """How many items it holds now."""
    unfinished: int
    task: int | None = None


class QueueGot(Event):
    queue: int
    item: str
    size: int
    unfinished: int
    index: int = 0
    """Where the item stood, in the order of putting, among those that the queue held."""
    task: int | None = None


class QueueTaskDone(Event):
    queue: int
    unfinished: int
    task: int | None = None


class QueueShutDown(Event):
    queue: int
    immediate: bool
    task: int | None = None


class PrimitiveCreated(Event):
    primitive: int
    kind: PrimitiveKind
    number: int
    """Which one of its kind, from 1: 2 for "lock#2"."""
    value: int = 0
    """As in `PrimitiveChanged`."""


class PrimitiveChanged(Event):
    """A lock was taken or released, a semaphore's or barrier's count changed, an event was set or cleared."""

    primitive: int
    value: int
    """Lock: 1 held, 0 free. Event: 1 set. Semaphore: permits left. Barrier: parties that wait in it."""
    task: int | None = None


class ConditionNotified(Event):
    primitive: int
    count: int
    task: int | None = None


class TimeoutStarted(Event):
    """A timeout (asyncio.timeout, wait_for) was armed around a block of a task."""

    timeout: int
    deadline: float | None
    """Lab time at which it expires; None for never."""
    task: int | None = None


class TimeoutRescheduled(Event):
    timeout: int
    deadline: float | None
    """None for never."""


class TimeoutExpired(Event):
    timeout: int


class TimeoutMet(Event):
    """The block ended before the timeout could expire."""

    timeout: int
    late: float = 0.0
    """How long after the deadline, in lab seconds: a busy loop runs no timer, and by then the block was over."""


class CallScheduled(Event):
    """A callback was set for later with call_later or call_at; sleeps and timeouts are told of elsewhere."""

    call: int
    name: str
    """What is to be called."""
    deadline: float | None
    """Lab time at which it is due; None for never."""
    task: int | None = None
    library: str = ""
    """The installed package whose function it is; empty for the user's own, and for Python's."""


class CallEnded(Event):
    """A callback that was set for later is called now, or was cancelled."""

    call: int


class TaskChosen(Event):
    """The person at the keyboard let a ready task go before others that were ahead of it."""

    task: int
    ahead_of: int
    """The task that would have gone."""


class TaskHeld(Event):
    """A paused lab keeps a ready task from running its step."""

    task: int


class TaskReleased(Event):
    """A held step was called off, so the task is no longer held. One that steps or is resumed has no such event."""

    task: int


class StepReported(Event):
    """The person at the keyboard asked for a step, and this came of it; the step itself follows."""

    outcome: StepTaken


class RunningTo(Event):
    """A paused lab begins to run step after step until something happens to a task, or stops doing so."""

    task: int | None = None
    """The task to whose next event it runs; None where it has stopped."""


class EndRequested(Event):
    """The run was asked to end; it cleans up until `RunEnded`."""


class RunStalled(Event):
    """All tasks wait, and nothing that is known could wake one: no timer, no I/O, no thread."""

    stalled: bool = True
    """False where it goes on after all."""


class Output(Event):
    """Text was printed."""

    text: str
    """As it was written, with its newline."""
    task: int | None = None
    stream: Literal["stdout", "stderr"] = "stdout"


class Warned(Event):
    """Python or asyncio complained: a coroutine never awaited, an exception never retrieved."""

    text: str
    task: int | None = None


class LoopBlocked(Event):
    """A step, or another callback, kept the whole loop from running; sent while it still does."""

    task: int | None
    """Whose step it is; None for a callback that runs none."""
    seconds: float
    """How long so far, in real seconds."""
    file: str
    """Empty for a callback that is no Python code, such as time.sleep."""
    line: int
    function: str


class LoopFreed(Event):
    """A callback that kept the loop from running has ended; of a step, its own end tells that."""

    seconds: float
    """How long it ran, in real seconds."""
    function: str


class LoopLagged(Event):
    """A regular measurement: how late the loop was to run a callback."""

    seconds: float


class EventsDropped(Event):
    """Events were lost before they could be read."""

    count: int


AnyEvent: TypeAlias = (
    RunStarted
    | RunEnded
    | ClockChanged
    | TaskCreated
    | TaskRenamed
    | TaskReady
    | Stepped
    | StepStarted
    | StepEnded
    | TaskWaiting
    | TaskStands
    | TaskCancelRequested
    | TaskEnded
    | TaskCollected
    | Progressed
    | QueueCreated
    | QueuePut
    | QueueGot
    | QueueTaskDone
    | QueueShutDown
    | PrimitiveCreated
    | PrimitiveChanged
    | ConditionNotified
    | TimeoutStarted
    | TimeoutRescheduled
    | TimeoutExpired
    | TimeoutMet
    | CallScheduled
    | CallEnded
    | TaskChosen
    | TaskHeld
    | TaskReleased
    | StepReported
    | RunningTo
    | EndRequested
    | RunStalled
    | Output
    | Warned
    | LoopBlocked
    | LoopFreed
    | LoopLagged
    | EventsDropped
)
"""The tagged union that the codec reads and writes."""

AnyStruct = TypeVar("AnyStruct", bound=msgspec.Struct)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode(event: Event) -> bytes:
    """One event as a line of JSON, without the newline; its numbers are those of `finite`."""
    line = _encoder.encode(event)
    return _encoder.encode(finite(event)) if b"null" in line else line  # as it writes what JSON has no number for


def finite(struct: AnyStruct) -> AnyStruct:
    """An event whose numbers can all be written as JSON, which knows neither infinity nor "not a number".

    Where a number may be None, None stands for these; elsewhere the largest number for infinity, and 0 for no number.
    """
    changes: dict[str, Any] = {}
    for name, is_optional in _numbers_of(type(struct)):
        value = getattr(struct, name)
        if isinstance(value, Wait):
            changes[name] = finite(value)
        elif value is not None and not math.isfinite(value):
            changes[name] = None if is_optional else _nearest(value)
    return msgspec.structs.replace(struct, **changes) if changes else struct


def _nearest(value: float) -> float:
    return 0.0 if math.isnan(value) else math.copysign(sys.float_info.max, value)


@cache
def _numbers_of(kind: type[msgspec.Struct]) -> tuple[tuple[str, bool], ...]:
    """The fields that may hold floats, directly or in a Wait, and whether each may be None."""
    hints = {name: get_args(hint) or (hint,) for name, hint in get_type_hints(kind).items()}
    return tuple((name, type(None) in types) for name, types in hints.items() if {float, Wait} & {*types})


def decode(line: bytes | str) -> AnyEvent:
    """The event in a line of JSON.

    Raises:
        msgspec.ValidationError: The line is JSON but no event.
        msgspec.DecodeError: The line is not JSON.
    """
    return _decoder.decode(line)
