"""Programs with objects that behave oddly or must not be called at all; a lab must not change their output."""

import asyncio
import contextvars
import sys
import traceback
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, TypeAlias

Program: TypeAlias = Callable[[], Coroutine[Any, Any, Any]]

PROGRAMS: list[Program] = []


def program(function: Program) -> Program:
    PROGRAMS.append(function)
    return function


def since_3_12(function: Program) -> Program:
    """Add a program to the list, if tasks can start eagerly."""
    return program(function) if sys.version_info >= (3, 12) else function


async def outcome_of(awaitable: Awaitable[Any]) -> str:
    """How an awaitable ended: the type of its result, or the type of its exception and its number of arguments."""
    try:
        return f"returned {type(await awaitable).__name__}"
    except BaseException as error:
        return f"raised {type(error).__name__} of {len(error.args)}"


def frames_of(error: BaseException) -> list[str]:
    """The names of the functions through which an exception passed."""
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


class Odd(BaseException):
    """An exception that no code expects."""


# Values without a repr


class Unshowable:
    """Raises an error in its `__repr__`."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __repr__(self) -> str:
        raise self._error

    __str__ = __repr__


REFUSALS = (SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError(), GeneratorExit(), Odd(), RecursionError())


@program
async def results_that_refuse_to_be_shown() -> None:
    async def returns(value: object) -> object:
        return value

    for error in REFUSALS:
        print(await outcome_of(asyncio.create_task(returns(Unshowable(error)))))
        print(await outcome_of(asyncio.gather(returns([Unshowable(error)]), returns({1: Unshowable(error)}))))


@program
async def queue_items_that_refuse_to_be_shown() -> None:
    for kind in (asyncio.Queue, asyncio.LifoQueue):
        queue: asyncio.Queue[Any] = kind(len(REFUSALS) * 2)
        for error in REFUSALS:
            queue.put_nowait(Unshowable(error))
            await queue.put((1, Unshowable(error)))
        print(queue.qsize(), [type(queue.get_nowait()).__name__ for _ in REFUSALS], queue.full())


@program
async def exceptions_that_refuse_to_be_shown() -> None:
    class Mute(Exception):  # noqa: N818
        def __str__(self) -> str:
            raise SystemExit(4)

        __repr__ = __str__

    async def fails(error: BaseException) -> None:
        raise error

    print(await outcome_of(asyncio.create_task(fails(Mute("first")))))
    print(await outcome_of(asyncio.create_task(fails(Mute(Unshowable(KeyboardInterrupt()), 2)))))
    print(await outcome_of(asyncio.create_task(fails(ExceptionGroup("group", [Mute(1), Mute(2)])))))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails(Mute("in a group")))
    except* Mute as caught:
        print(len(caught.exceptions))


@program
async def nobody_is_asked_for_a_repr() -> None:
    asked = []

    class Counts:
        def __repr__(self) -> str:
            asked.append("repr")
            return "counts"

        def __str__(self) -> str:
            asked.append("str")
            return "counts"

        def __len__(self) -> int:
            asked.append("len")
            return 1

        def __bool__(self) -> bool:
            asked.append("bool")
            return False

        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            raise AttributeError(name)

    async def returns() -> object:
        await asyncio.sleep(1)
        return Counts()

    queue: asyncio.Queue[Any] = asyncio.Queue()
    await queue.put(Counts())
    queue.put_nowait(Counts())
    queue.get_nowait()
    await queue.get()
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    future.set_result(Counts())
    await future
    await asyncio.gather(returns(), asyncio.create_task(returns()))
    print(asked)


@program
async def subclasses_of_plain_types_are_foreign_too() -> None:
    class Text(str):
        def __repr__(self) -> str:
            raise Odd

        __str__ = __format__ = __repr__  # type: ignore[assignment]

    class Number(int):
        def __repr__(self) -> str:
            raise Odd

        def __lt__(self, other: object) -> bool:
            raise SystemExit("compared")

        __gt__ = __le__ = __ge__ = __eq__ = __lt__
        __hash__ = int.__hash__

    class Many(list[int]):
        def __iter__(self) -> Any:
            raise KeyboardInterrupt

        def __len__(self) -> int:
            raise Odd

    async def returns(value: object) -> object:
        return value

    queue: asyncio.Queue[Any] = asyncio.Queue()
    for value in (Text("text"), Number(7), Many([1]), (Many(), Number())):
        queue.put_nowait(value)
        print(type(queue.get_nowait()).__name__, await outcome_of(asyncio.create_task(returns(value))))


@program
async def an_object_lies_about_its_class() -> None:
    class Liar:
        def __getattribute__(self, name: str) -> Any:
            raise SystemExit("asked for its class") if name == "__class__" else KeyboardInterrupt(name)

    async def returns() -> object:
        return Liar()

    queue: asyncio.Queue[Any] = asyncio.Queue()
    queue.put_nowait(Liar())
    liar, result = queue.get_nowait(), await asyncio.create_task(returns())
    print(type(liar).__name__, type(result).__name__)


# Futures, coroutines and awaitables of other classes


class Duck:
    """Looks like a future to asyncio, but not to other code."""

    _asyncio_future_blocking = False

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._woken: list[tuple[Any, Any]] = []
        self._answer: Any = None

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def add_done_callback(self, callback: Any, *, context: Any = None) -> None:
        self._woken.append((callback, context))

    def cancel(self, msg: object = None) -> bool:
        return False

    def result(self) -> Any:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer

    def answer(self, answer: object) -> None:
        self._answer = answer
        for callback, context in self._woken:
            self._loop.call_soon(callback, self, context=context)

    def __await__(self) -> Generator[Any, Any, Any]:
        self._asyncio_future_blocking = True
        yield self
        return self.result()


@program
async def a_task_waits_for_what_only_looks_like_a_future() -> None:
    async def waits(duck: Duck) -> Any:
        return await duck

    loop = asyncio.get_running_loop()
    for answer in ("quack", ValueError("quack"), asyncio.CancelledError("quack")):
        duck = Duck()
        task = asyncio.create_task(waits(duck))
        loop.call_later(1, duck.answer, answer)
        print(await outcome_of(asyncio.wait_for(task, 5)), task.cancelled())


@program
async def a_future_is_told_apart_by_nobody() -> None:
    class Sulky(asyncio.Future[Any]):
        def cancelled(self) -> bool:
            print("asked whether it was cancelled")
            return super().cancelled()

        def exception(self) -> Any:
            print("asked for its exception")
            return super().exception()

        def __repr__(self) -> str:
            raise Odd

    async def waits(future: Any) -> Any:
        return await future

    loop = asyncio.get_running_loop()
    future = Sulky(loop=loop)
    task = asyncio.create_task(waits(future))
    loop.call_later(1, future.set_result, "result")
    print(await task)
    future = Sulky(loop=loop)
    task = asyncio.create_task(waits(future))
    loop.call_later(1, future.cancel)
    print(await outcome_of(task))


class Strict(Coroutine[Any, Any, Any]):
    """A coroutine without a generator, with only the three required methods."""

    def __init__(self, turns: int) -> None:
        self._turns = turns

    def __getattr__(self, name: str) -> Any:
        raise Odd(name)

    def send(self, value: object) -> Any:
        self._turns -= 1
        if self._turns < 0:
            raise StopIteration("by hand")
        return None

    def throw(self, *error: Any) -> Any:
        raise error[0]

    def close(self) -> None:
        print("closed by hand")

    def __await__(self) -> Any:
        raise Odd("not awaited but run")


@program
async def a_coroutine_written_by_hand() -> None:
    print(await asyncio.create_task(Strict(3), name="by hand"))
    task = asyncio.create_task(Strict(1_000))
    await asyncio.sleep(0)
    task.cancel()
    print(await outcome_of(task))


@program
async def an_awaitable_hides_what_it_waits_for() -> None:
    class Hidden:
        def __init__(self, future: asyncio.Future[Any]) -> None:
            self._future = future

        def __getattribute__(self, name: str) -> Any:
            if name == "_future":
                return object.__getattribute__(self, name)
            raise SystemExit(name)

        def __await__(self) -> Any:
            return iter(Steps(self._future.__await__()))

    class Steps:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        @property
        def gi_yieldfrom(self) -> Any:
            raise KeyboardInterrupt

        cr_await = gi_frame = cr_frame = gi_code = gi_yieldfrom

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> Any:
            return next(self._inner)

        def send(self, value: object) -> Any:
            return next(self)

    async def waits(future: asyncio.Future[Any]) -> Any:
        return await Hidden(future)

    loop = asyncio.get_running_loop()
    future = loop.create_future()
    task = asyncio.create_task(waits(future))
    loop.call_later(2, future.set_result, "found")
    print(await task)


@program
async def generators_are_coroutines_by_decree() -> None:
    @types.coroutine
    def steps() -> Generator[Any, Any, str]:
        yield
        yield from asyncio.sleep(1).__await__()
        return "by decree"

    async def runs() -> str:
        return await steps()

    steps.__qualname__ = steps.__name__ = "renamed by decree"
    print(await asyncio.create_task(runs()), await steps())


# Tasks of other classes


@program
async def tasks_that_answer_with_exceptions() -> None:
    class Hostile(asyncio.Task[Any]):
        def get_name(self) -> str:
            raise SystemExit("name")

        def get_coro(self) -> Any:
            raise KeyboardInterrupt("coroutine")

        def get_stack(self, *, limit: int | None = None) -> Any:
            raise Odd("stack")

        def __repr__(self) -> str:
            raise GeneratorExit("repr")

    async def sleeps() -> str:
        await asyncio.sleep(1)
        return "slept"

    loop = asyncio.get_running_loop()
    print(await Hostile(sleeps(), loop=loop))
    task = Hostile(sleeps(), loop=loop)
    loop.call_later(0.5, task.cancel)
    print(await outcome_of(task))


@program
async def tasks_that_lie_about_their_end() -> None:
    class Liar(asyncio.Task[Any]):
        def done(self) -> bool:
            raise SystemExit("done")

        def cancelled(self) -> bool:
            raise SystemExit("cancelled")

        def exception(self) -> Any:
            raise SystemExit("exception")

        def cancelling(self) -> int:
            raise SystemExit("cancelling")

    async def turns() -> str:
        await asyncio.sleep(0)
        await asyncio.sleep(1)
        return "ended"

    print(await Liar(turns(), loop=asyncio.get_running_loop()))


@program
async def a_future_notes_what_it_is_asked() -> None:
    asked: list[str] = []

    class Notes(asyncio.Future[str]):
        def __getattribute__(self, name: str) -> Any:
            if not name.startswith("__"):
                asked.append(name)
            return super().__getattribute__(name)

        def __hash__(self) -> int:
            asked.append("hash")
            return 1

    class NoisyCallback:
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            raise AttributeError(name)

        def __call__(self, *_: object) -> None:
            asked.append("called")

    async def waits(future: asyncio.Future[str]) -> str:
        return await future

    loop = asyncio.get_running_loop()
    future = Notes(loop=loop)
    future.add_done_callback(NoisyCallback())
    task = asyncio.create_task(waits(future))
    task.add_done_callback(NoisyCallback())
    print(await outcome_of(asyncio.wait_for(asyncio.shield(future), 0.001)))
    print(await outcome_of(asyncio.wait_for(future, 0.001)))
    print(await outcome_of(task))
    print(asked)


@program
async def a_metaclass_notes_what_it_is_asked() -> None:
    asked: list[str] = []

    class Notes(type):
        def __getattribute__(cls, name: str) -> Any:
            asked.append(name)
            return super().__getattribute__(name)

        def __hash__(cls) -> int:
            asked.append("hash")
            return 1

        def __eq__(cls, other: object) -> bool:
            asked.append("eq")
            return cls is other

    class Connection(metaclass=Notes):
        def close(self) -> None:
            asked.append("called")

    class OwnError(Exception, metaclass=Notes):
        pass

    class Turn(metaclass=Notes):
        def __await__(self) -> Generator[Any, None, None]:
            yield from asyncio.sleep(0.001).__await__()

    async def connect() -> Connection:
        return Connection()

    async def fails() -> None:
        await Turn()
        raise OwnError("no")

    kept = Connection()
    queue = asyncio.Queue[object]()
    queue.put_nowait(kept)
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_later(0.001, future.set_result, kept)
    tasks = [asyncio.create_task(connect()) for _ in range(3)]
    asked.clear()
    await queue.get()
    await future
    await asyncio.gather(*tasks)
    await asyncio.wait([asyncio.create_task(connect())], return_when=asyncio.FIRST_COMPLETED)
    failed = await asyncio.gather(asyncio.create_task(fails()), return_exceptions=True)
    print(len(failed), asked)


@program
async def tasks_are_never_compared() -> None:
    class Incomparable(asyncio.Task[Any]):
        def __eq__(self, other: object) -> bool:
            raise Odd("compared")

        __hash__ = asyncio.Task.__hash__

        def __bool__(self) -> bool:
            raise Odd("taken for a truth value")

        def __len__(self) -> int:
            raise Odd("measured")

    async def turns(lock: asyncio.Lock) -> str:
        async with lock:
            await asyncio.sleep(1)
        return "ended"

    loop, lock = asyncio.get_running_loop(), asyncio.Lock()
    tasks = [Incomparable(turns(lock), loop=loop) for _ in range(3)]
    for task in tasks:
        print(await task)


@program
async def a_task_notes_what_it_is_asked() -> None:
    asked: set[str] = set()

    class Notes(asyncio.Task[Any]):
        def __getattribute__(self, name: str) -> Any:
            if not name.startswith("__"):
                asked.add(name)
            return super().__getattribute__(name)

    async def turns() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(1)

    task = Notes(turns(), loop=asyncio.get_running_loop())
    await asyncio.sleep(2)
    print(sorted(asked))
    await task


@program
async def a_cancel_of_its_own() -> None:
    class Counts(asyncio.Task[Any]):
        calls = 0

        def cancel(self, msg: object = None) -> bool:
            type(self).calls += 1
            print("asked to end", msg, type(self).calls)
            return super().cancel(msg) if type(self).calls > 1 else False

    task = Counts(asyncio.sleep(5), loop=asyncio.get_running_loop())
    await asyncio.sleep(0)
    print(task.cancel("once"), task.cancelling(), task.cancel("twice"), await outcome_of(task))


@program
async def tasks_written_in_python() -> None:
    kind: Any = asyncio.tasks._PyTask  # type: ignore[attr-defined]

    async def turns(name: str) -> str:
        await asyncio.sleep(0)
        print(name, "between")
        await asyncio.sleep(1)
        return name

    loop = asyncio.get_running_loop()
    first, second = kind(turns("first"), loop=loop), kind(turns("second"), loop=loop, name="named")
    await asyncio.sleep(0.5)
    second.cancel("by name")
    print(await first, await outcome_of(second), second.get_name(), first.done())


# Tasks that start eagerly


def eager(coroutine: Any, **options: Any) -> asyncio.Task[Any]:
    """A task whose first step runs while it is created."""
    make: Any = asyncio.Task
    task: asyncio.Task[Any] = make(coroutine, loop=asyncio.get_running_loop(), eager_start=True, **options)
    return task


def who() -> str:
    """The name of the current task, without a number that depends on earlier tasks."""
    task = asyncio.current_task()
    name = "nobody" if task is None else task.get_name()
    return "unnamed" if name.startswith("Task-") else name


@since_3_12
async def eager_tasks_know_who_they_are() -> None:
    async def inner(name: str, depth: int) -> str:
        print(name, "is", who(), len(asyncio.all_tasks()))
        if depth:
            print("below:", await eager(inner(f"{name}.{depth}", depth - 1), name=f"{name}.{depth}"))
        await asyncio.sleep(0)
        print(name, "still is", who())
        return name

    task = eager(inner("outer", 2), name="outer")
    print("back in", who())
    print(await task)


@since_3_12
async def eager_tasks_that_never_wait() -> None:
    async def returns(value: object) -> object:
        return value

    async def fails() -> None:
        raise ValueError("at once")

    async def spawns() -> list[Any]:
        return [eager(returns(number)).result() for number in range(3)]

    done = eager(returns("at once"))
    print(done.done(), done.result(), eager(spawns()).result(), who())
    print(await outcome_of(eager(fails())))
    print(sum(task.done() for task in asyncio.all_tasks()))


@since_3_12
async def eager_tasks_in_contexts_of_their_own() -> None:
    variable = contextvars.ContextVar("variable", default="outside")

    async def sets() -> str:
        before = variable.get()
        variable.set("inside")
        await asyncio.sleep(1)
        return before + variable.get()

    context = contextvars.Context()
    variable.set("creator's")
    print(await eager(sets(), context=context), variable.get(), context[variable])


@since_3_12
async def eager_tasks_that_wake_and_cancel_one_another() -> None:
    async def waits(event: asyncio.Event) -> str:
        await event.wait()
        return who()

    async def sets(event: asyncio.Event) -> None:
        event.set()
        await asyncio.sleep(0)

    event = asyncio.Event()
    tasks = [eager(waits(event), name=str(number)) for number in range(3)]
    tasks[1].cancel()
    eager(sets(event))
    print([await outcome_of(task) for task in tasks], [task.get_name() for task in tasks])
