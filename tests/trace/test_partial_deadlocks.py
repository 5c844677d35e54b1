"""Tests that tasks which nothing can wake are found by counting references."""

import weakref
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from asynclab.trace.reading.references import References

KEPT: list[object] = []


class Node:
    """Stands for a task, and for what it refers to."""

    _callbacks = None

    def __init__(self, *others: object) -> None:
        self.others = others


def _circle() -> list[Any]:
    first = Node()
    first.others = (Node(first),)
    return [first]


def _kept_inside() -> list[Any]:
    [first] = _circle()
    KEPT.append(first.others[0])
    return [first]


def _known_to_a_function() -> list[Any]:
    first = Node()
    first.others = (lambda: first,)
    return [first]


def _known_to_a_cache() -> list[Any]:
    cache: weakref.WeakValueDictionary[int, Node] = weakref.WeakValueDictionary()
    KEPT.append(cache)
    cache[1] = first = Node()
    first.others = (first,)
    return [first]


def _has_a_cache() -> list[Any]:
    cache: weakref.WeakValueDictionary[int, Node] = weakref.WeakValueDictionary()
    cache[1] = first = Node(cache)
    first.others = (first, cache)
    return [first]


def _holds_a_generator_that_the_loop_knows() -> list[Any]:
    async def pages() -> AsyncIterator[Node]:
        yield node

    node, generator = Node(), pages()
    KEPT.append(weakref.ref(generator))
    node.others = (generator,)
    return [node]


@pytest.mark.parametrize(
    ("make", "is_in_use"),
    [
        (_circle, False),
        (_kept_inside, True),
        (_known_to_a_function, False),
        (_known_to_a_cache, True),
        (_has_a_cache, False),
        (_holds_a_generator_that_the_loop_knows, False),
    ],
)
def test_what_only_refers_to_itself_is_not_in_use(make: Callable[[], list[Any]], is_in_use: bool) -> None:
    found = References(make()).in_use()[0]
    KEPT.clear()
    assert found is is_in_use
