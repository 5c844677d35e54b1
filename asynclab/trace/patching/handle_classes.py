"""Makes asyncio create a `TracedHandle` for each callback, also for those that other threads schedule."""

from __future__ import annotations

from asyncio import events
from asyncio.events import Handle
from types import CellType, FunctionType

from asynclab.trace import cpython
from asynclab.trace.patching.handles import TracedHandle
from asynclab.trace.patching.patches import Patches


def replace_handles(patches: Patches) -> None:
    """Make asyncio create traced handles, until the patches are undone."""
    patches.set(events, "Handle", TracedHandle)
    if _TracedThreadSafeHandle is not None:
        patches.set(events, cpython.THREAD_SAFE_HANDLE, _TracedThreadSafeHandle)


def _traced_thread_safe_handle() -> type[Handle] | None:
    """A copy of asyncio's _ThreadSafeHandle (since Python 3.14) that derives from TracedHandle; None before that.

    It uses the code of asyncio's methods, including that for the lock, so tracebacks show asyncio's frames. Only
    `super()` means another class in them.
    """
    original = cpython.ThreadSafeHandle
    if original is None:
        return None
    names = {"__slots__": original.__slots__, "__module__": original.__module__, "__doc__": original.__doc__}
    twin = type(original.__name__, (TracedHandle,), names)
    for name, function in vars(original).items():
        if isinstance(function, FunctionType):
            setattr(twin, name, _in_class(twin, function))
    return twin


def _in_class(kind: type, function: FunctionType) -> FunctionType:
    """Copy a method to another class, so that its `super()` refers to that class."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    closure = tuple(CellType(kind) if name == "__class__" else cell for name, cell in cells)
    moved = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__, closure)
    moved.__qualname__ = function.__qualname__
    moved.__kwdefaults__ = function.__kwdefaults__
    return moved


_TracedThreadSafeHandle = _traced_thread_safe_handle()
