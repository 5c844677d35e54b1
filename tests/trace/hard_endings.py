"""Programs that end in unusual ways: by an exit, an interrupt or a cancel anywhere, or by a failing clean-up."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.trace.hard_scripts import Odd, outcome_of, program

KEPT: list[Any] = []
"""Objects that the programs leave, kept so that they aren't garbage-collected at an arbitrary time."""


def tell_complaints() -> None:
    """Set an exception handler that prints the loop's errors."""

    def handler(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        told = context["message"].split(" at 0x")[0].split("\n")[0]
        print("complaint:", told[:40], sorted(context), type(context.get("exception")).__name__)

    asyncio.get_running_loop().set_exception_handler(handler)


async def lasting(name: str, last_word: BaseException | None = None) -> None:
    """Sleep until cancelled, print that, and perhaps raise another exception."""
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError as error:
        print(name, "is cancelled", error.args)
        if last_word is not None:
            raise last_word from None
        raise


def background(*arguments: Any) -> asyncio.Task[Any]:
    """A task that sleeps; a reference to it is kept."""
    KEPT[:] = [*KEPT[-20:], task := asyncio.create_task(lasting(*arguments))]
    return task


# SystemExit and KeyboardInterrupt, raised in various places


def exits(*_: object) -> None:
    print("exits")
    raise SystemExit(3)


def interrupts(*_: object) -> None:
    print("interrupts")
    raise KeyboardInterrupt


async def calls(function: Callable[[], None]) -> None:
    """A task that calls a function in its second step."""
    await asyncio.sleep(0)
    function()


async def waits_to_the_end(seconds: float = 1) -> None:
    """A main that prints its end."""
    try:
        await asyncio.sleep(seconds)
    finally:
        print("main's finally")


async def groups_a_child(function: Callable[[], None]) -> None:
    """A main with a task group in which one task raises."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(lasting("sibling"))
            group.create_task(calls(function))
    except BaseException as error:
        print("group raised", type(error).__name__)
        raise


async def awaits_a_child(function: Callable[[], None]) -> str:
    """A main that waits for a task that raises, while another task keeps running."""
    background("beside")
    await asyncio.sleep(0)
    try:
        await asyncio.create_task(calls(function))
    except BaseException as error:
        print("main got", type(error).__name__, error.args)
        raise
    return "not reached"


@program
async def a_child_exits() -> str:
    return await awaits_a_child(exits)


@program
async def a_child_is_interrupted() -> str:
    return await awaits_a_child(interrupts)


@program
async def main_takes_a_childs_exit_for_its_own_and_returns() -> str:
    with contextlib.suppress(BaseException):
        await asyncio.create_task(calls(exits))
    print("suppressed")
    return "main's value"


@program
async def a_child_exits_in_a_group() -> None:
    await groups_a_child(exits)


@program
async def a_child_is_interrupted_in_a_group() -> None:
    await groups_a_child(interrupts)


@program
async def main_exits_in_its_first_step() -> None:
    background("never begun")
    exits()


@program
async def main_exits_while_another_waits() -> None:
    background("another", ValueError("another's last word"))
    await asyncio.sleep(1)
    try:
        exits()
    finally:
        print("main's finally")


@program
async def main_is_interrupted() -> None:
    background("beside")
    await asyncio.sleep(1)
    interrupts()


@program
async def a_callback_exits() -> str:
    asyncio.get_running_loop().call_soon(exits)
    asyncio.get_running_loop().call_soon(print, "the callback after it")
    await waits_to_the_end()
    return "not reached"


@program
async def a_callback_is_interrupted() -> str:
    asyncio.get_running_loop().call_soon(interrupts)
    await waits_to_the_end()
    return "not reached"


@program
async def a_timer_exits_beside_others_that_are_due() -> None:
    loop = asyncio.get_running_loop()
    for function in (print, exits, print):
        loop.call_at(loop.time() + 1, function, "due at once")
    await waits_to_the_end(5)


@program
async def a_done_callback_exits() -> None:
    task = asyncio.create_task(asyncio.sleep(1))
    task.add_done_callback(exits)
    task.add_done_callback(lambda _: print("the one after it"))
    await waits_to_the_end(5)


@program
async def a_signal_handler_exits() -> None:
    import signal

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, exits)
    os.kill(os.getpid(), signal.SIGUSR2)
    try:
        await asyncio.Event().wait()
    finally:
        print("main's finally", asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR2))


@program
async def a_task_exits_while_it_is_cleaned_up() -> str:
    background("leaves", SystemExit(5))
    await asyncio.sleep(0)
    print("main returns")
    return "main's value"


@program
async def a_generator_exits_while_it_is_cleaned_up() -> str:
    async def generate() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            print("generator is closed")
            raise SystemExit(6)

    KEPT.append(generator := generate())
    await anext(generator)
    print("main returns")
    return "main's value"


@program
async def an_exception_handler_exits() -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(exits)
    loop.call_soon(lambda: 1 / 0)
    await waits_to_the_end()


@program
async def a_group_holds_an_exit() -> None:
    print("main raises a group")
    raise BaseExceptionGroup("of main's own", [SystemExit(7), ValueError("beside")])


# Cancel messages


@program
async def main_cancels_itself_with_a_message() -> None:
    task = asyncio.current_task()
    assert task is not None
    print(task.cancel("main's own message"), task.cancelling())
    await asyncio.sleep(1)


@program
async def main_raises_a_cancel_of_its_own_making() -> None:
    print("nobody asked")
    raise asyncio.CancelledError("made up", 2)


@program
async def messages_pass_through_whatever_waits() -> None:
    for around in (asyncio.shield, asyncio.gather, lambda inner: asyncio.wait_for(inner, 9), asyncio.ensure_future):
        inner = background("inner")
        outer: Any = asyncio.ensure_future(around(inner))
        await asyncio.sleep(0.1)
        print(outer.cancel("why"), await outcome_of(outer), inner.done())
        inner.cancel("in the end")
        print(await outcome_of(inner))


@program
async def a_message_can_be_anything() -> None:
    class Mute:
        def __repr__(self) -> str:
            raise Odd

        __str__ = __format__ = __repr__  # type: ignore[assignment]

        def __bool__(self) -> bool:
            raise SystemExit

    async def keeps() -> Any:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError as error:
            return error.args

    message = Mute()
    task = asyncio.create_task(keeps())
    await asyncio.sleep(0)
    print(task.cancel(message))
    got = await task
    print(len(got), got[0] is message)


@program
async def a_task_is_asked_twice_before_its_first_step() -> None:
    task = background("never begun")
    print(task.cancel("first"), task.cancel("second"), task.cancelling(), task.uncancel())
    print(await outcome_of(task), task.cancelled(), task.cancel("too late"))


@program
async def a_task_is_asked_while_it_is_ready() -> None:
    async def waits(future: asyncio.Future[str]) -> str:
        try:
            return await future
        except asyncio.CancelledError as error:
            return f"cancelled with {error.args}, {future.done()}"

    for first, second in (("result", "cancel"), ("cancel", "result")):
        future = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(waits(future))
        await asyncio.sleep(0)
        for deed in (first, second):
            if deed == "cancel":
                print(task.cancel(deed))
            elif not future.done():
                future.set_result(deed)
        print(await task, task.cancelling())


# Clean-up


async def leaves_one_that_fails(error: BaseException) -> str:
    """A main that leaves a waiting task which will raise `error`; only one, since clean-up has no fixed order."""
    tell_complaints()
    background("left", error)
    await asyncio.sleep(0)
    return "main's value"


@program
async def clean_up_fails() -> str:
    return await leaves_one_that_fails(ValueError("value"))


@program
async def clean_up_fails_oddly() -> str:
    return await leaves_one_that_fails(Odd("odd"))


@program
async def clean_up_is_cancelled_again() -> str:
    return await leaves_one_that_fails(asyncio.CancelledError("again"))


@program
async def a_generator_fails_while_it_is_closed() -> str:
    tell_complaints()

    async def generate() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            raise ValueError("in the generator")

    KEPT.append(generator := generate())
    return f"main got {await anext(generator)}" + str(print("main returns"))


@program
async def clean_up_takes_its_time_and_makes_more() -> None:
    async def more() -> str:
        await asyncio.sleep(0.1)
        return "made while cleaning up"

    async def thorough() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(0.1)
            print("thorough", await asyncio.create_task(more()), len(asyncio.all_tasks()))

    KEPT.append(asyncio.create_task(thorough()))
    await asyncio.sleep(0)
    print("main returns")


@program
async def main_fails_and_so_does_what_it_leaves() -> None:
    tell_complaints()
    background("left", LookupError("left"))
    await asyncio.sleep(0)
    print("main fails")
    raise ValueError("main", "failed")
