"""Watches calls of a loop's exception handler: unhandled exceptions, and tasks destroyed while pending."""

from __future__ import annotations

import dis
from asyncio import BaseEventLoop, CancelledError, Future
from asyncio.events import Handle
from asyncio.log import logger
from functools import partial
from types import AsyncGeneratorType, FunctionType
from typing import Any

from asynclab.model.events import CallbackFailed, ConnectionDropped, ExceptionDropped, Warned
from asynclab.trace.governing.tracer import Tracer
from asynclab.trace.patching.extended_functions import around_body, can_be_compiled, is_extended
from asynclab.trace.patching.loop_hooks import HOOKS, LoopHooks
from asynclab.trace.patching.patches import OnceUsed, Patches
from asynclab.trace.reading.standing_generators import place_of_yield
from asynclab.trace.recording.code_ownership import is_asyncio
from asynclab.trace.recording.exception_tree import raised_at
from asynclab.trace.recording.future_state import exception_of, is_done, is_future
from asynclab.trace.recording.loop_tasks import tasks_of
from asynclab.trace.recording.recorder import Recorder
from asynclab.trace.recording.scope import CURRENT
from asynclab.trace.recording.task_registry import RAISED_ON
from asynclab.trace.recording.values import callable_name, short_error, type_name
from asynclab.trace.watching.observer import Observer

_COMPLAIN = "call_exception_handler"
_PROTOCOL_FAILED = "Fatal error: protocol."
_SERVERS = {"Unhandled exception in client_connected_cb": "client_connected_cb"}
"""asyncio's message for the coroutine that a server runs for each connection, and our name for that coroutine."""
_UNCLOSED = "Unclosed "
"""How aiohttp's messages about an unclosed session or connector begin."""
_NEVER_RETRIEVED = " exception was never retrieved"
"""How asyncio's message ends when a failed task or future is destroyed and nobody read its exception, all versions."""


def patch_complaints(kind: type[BaseEventLoop], patches: Patches) -> None:
    """Patch call_exception_handler in the class that defines it, unless that is done already for another subclass.

    A program's tests may put a mock there, often in BaseEventLoop. A patch of ours in a subclass would hide the mock.

    Raises:
        TypeError: The method isn't a plain function, but a mock for example.
    """
    owner = _owner(kind)
    original = vars(owner)[_COMPLAIN]
    if not _is_ours(original):
        patches.wrap_once_used(owner, _COMPLAIN, lambda method: around_body(method, partial(_HandlerCall, owner)))


class _HandlerCall:
    """Runs around call_exception_handler: reports the error to its lab, and uses that lab's exception handler."""

    def __init__(self, owner: type, loop: BaseEventLoop, context: dict[str, Any]) -> None:
        self._hooks = HOOKS.get(loop) if HOOKS and _owner(type(loop)) is owner else None
        self._tracer = None if self._hooks is None else _owner_of(context, self._hooks)
        if self._hooks is None:
            _report_dropped(loop, tasks_of(loop).everybodys, context)
        elif self._tracer is not None:
            with self._tracer.guard("complaints"):
                _report(self._tracer, context)

    def __enter__(self) -> bool:
        tracer = self._tracer
        if tracer is None or self._hooks is None:
            return True
        # The loop may call this outside of any lab, but the handler's output belongs to the lab.
        self._token = CURRENT.set(tracer)
        self._handler = self._hooks.swap_handler(tracer.exception_handler)
        # Without a handler, logging writes to stderr, which is the screen of the app that shows the lab.
        return tracer.echo or tracer.exception_handler is not None or logger.hasHandlers()

    def __exit__(self, *_: object) -> None:
        if self._tracer is not None and self._hooks is not None:
            self._hooks.swap_handler(self._handler)
            CURRENT.reset(self._token)


def _owner(kind: type) -> type:
    """The first class in a class's MRO whose call_exception_handler can be patched without a wrapper.

    If a method can't be, the search continues: it most likely calls the next one.

    Raises:
        TypeError: As `patch_complaints`.
    """
    for ancestor in kind.__mro__:
        method = vars(ancestor).get(_COMPLAIN)
        if method is None:
            continue
        if _is_ours(method):
            return ancestor
        if not isinstance(method, FunctionType):
            raise TypeError(f"{ancestor.__name__}.{_COMPLAIN} is not a plain function: {type(method).__name__}")
        if can_be_compiled(method.__code__):
            return ancestor
    return BaseEventLoop


def _is_ours(method: object) -> bool:
    return isinstance(method, OnceUsed) or (isinstance(method, FunctionType) and is_extended(method))


def _owner_of(context: dict[str, Any], hooks: LoopHooks) -> Tracer | None:
    """The lab that a call of the exception handler concerns: that of the running code, or of the task or callback."""
    tracer = hooks.current()
    for each in () if tracer is not None else hooks.tracers:
        with each.guard("complaints"):
            if getattr(context.get("handle"), "_tracer", None) is each or _number(context, each) is not None:
                return each
    return tracer


def _report(tracer: Observer, context: dict[str, Any]) -> None:
    message = str(context.get("message") or "Unhandled exception in the event loop")
    error = context.get("exception")
    number = _number(context, tracer)
    text = message if error is None else f"{message}: {short_error(error)}"
    tracer.emit(Warned(tracer.clock.now(), text, tracer.current_number() if number is None else number))


def _report_dropped(loop: BaseEventLoop, tracer: Recorder | None, context: dict[str, Any]) -> None:
    """Report what asyncio says about a destroyed, failed task or future, a failed callback, or an unclosed client."""
    if not isinstance(tracer, Observer):
        return
    with tracer.guard("complaints"):
        error = context.get("exception")
        if not isinstance(error, BaseException):
            _report_unclosed(tracer, context)
            return
        name = _failed_callback(context, error) if loop.get_exception_handler() is None else None  # else it gets it
        if name is not None:
            generator = context.get("asyncgen")
            place = raised_at(error, tracer.code.owns)
            if type(generator) is AsyncGeneratorType and generator.ag_frame is not None:  # it ignored aclose()
                place = place_of_yield(generator)
            tracer.emit(CallbackFailed(tracer.clock.now(), name, short_error(error), *place))
        if not str(context.get("message")).endswith(_NEVER_RETRIEVED):
            return
        event = ExceptionDropped(tracer.clock.now(), _number(context, tracer))
        if event.task is not None and isinstance(error, RAISED_ON):
            return
        if event.task is None:
            event.error = short_error(error)
            event.file, event.line = raised_at(error, tracer.code.owns)
        tracer.emit(event)


def _report_unclosed(tracer: Observer, context: dict[str, Any]) -> None:
    """Report a client that its library finds unclosed when it is destroyed.

    The client that has opened connections may be the object in the message, or one of its attributes.
    """
    message = str(context.get("message"))
    if not message.startswith(_UNCLOSED):
        return
    parts = [part for each in context.values() for part in (each, *getattr(each, "__dict__", {}).values())]
    clients = (tracer.resources.known.get(id(part)) for part in parts)
    client = next((known.of_its_kind for known in clients if known is not None and not known.number), 0)
    what, now = message.removeprefix(_UNCLOSED), tracer.clock.now()
    tracer.emit(ConnectionDropped(now, what, tracer.current_number(), client=client))


def _failed_callback(context: dict[str, Any], error: BaseException) -> str | None:
    """The name of the callback that has failed; None if it only raised a task's exception again as its last action."""
    handle: Any = context.get("handle")
    if isinstance(handle, Handle):
        futures = [each for each in handle._args or () if is_future(each) and is_done(each)]
        passed_on = any(exception_of(future) is error for future in futures)
        callback = handle._callback  # type: ignore[attr-defined]
        # Up to Python 3.11 a server's callback for a connection's end fails if the connection's task was cancelled.
        is_asyncios = type(callback) is FunctionType and is_asyncio(callback.__code__.co_filename)
        is_told = (passed_on and not _was_to_do_more(error)) or (is_asyncios and isinstance(error, CancelledError))
        return None if is_told else callable_name(callback)
    message, generator = str(context.get("message")), context.get("asyncgen")
    if type(generator) is AsyncGeneratorType:
        return f"aclose of async generator {generator.__qualname__}"
    if isinstance(error, OSError):  # a connection was lost
        return None
    if message.startswith(_PROTOCOL_FAILED):
        return f"of protocol {type_name(context.get('protocol'))}"
    return _SERVERS.get(message)


def _was_to_do_more(error: BaseException) -> bool:
    """Whether the outermost function in a traceback that isn't asyncio's would have called other functions later."""
    traceback = error.__traceback__
    while traceback is not None and is_asyncio(traceback.tb_frame.f_code.co_filename):
        traceback = traceback.tb_next
    if traceback is None:
        return False
    code, last = dis.Bytecode(traceback.tb_frame.f_code), traceback.tb_lasti
    handlers = [range(each.start, each.end) for each in code.exception_entries if each.lasti]  # type: ignore[attr-defined]
    later = (each.offset for each in code if each.offset > last and each.opname.startswith("CALL"))
    return any(not any(offset in handler for handler in handlers) for offset in later)


def _number(context: dict[str, Any], tracer: Observer) -> int | None:
    """The number of the task in the context of an exception handler's call."""
    future: Future[Any] | None = context.get("task") or context.get("future")
    return tracer.registry.number_of(future)
