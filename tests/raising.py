"""Makes functions that fail."""

from collections.abc import Callable
from typing import Any


def raising(error: BaseException) -> Callable[..., Any]:
    """A function that raises an error, whatever its arguments are."""

    def raise_it(*_: object, **__: object) -> Any:
        raise error

    return raise_it
