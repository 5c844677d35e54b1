"""Stands in for what fails."""

from collections.abc import Callable
from typing import Any


def raising(error: BaseException) -> Callable[..., Any]:
    """A function that raises an error, whatever it is given."""

    def raise_it(*_: object, **__: object) -> Any:
        raise error

    return raise_it
