"""Tests that replaced functions are restored, whether they were called or not."""

from collections.abc import Callable

import pytest

from asynclab.trace.patching.patches import Patches


class Greeter:
    def greet(self) -> str:
        return "hello"


def doubled(greet: Callable[[Greeter], str]) -> Callable[[Greeter], str]:
    def greet_twice(self: Greeter) -> str:
        return greet(self) * 2

    return greet_twice


@pytest.mark.parametrize("is_used", [False, True])
def test_a_method_that_is_replaced_once_it_is_used_is_put_back(is_used: bool) -> None:
    original, made = vars(Greeter)["greet"], list[object]()

    def around(greet: Callable[[Greeter], str]) -> Callable[[Greeter], str]:
        made.append(doubled(greet))
        return doubled(greet)

    with Patches() as patches:
        patches.wrap_once_used(Greeter, "greet", around)
        if is_used:
            assert [Greeter().greet(), Greeter.greet(Greeter())] == ["hellohello"] * 2
            assert vars(Greeter)["greet"] is Greeter.greet
    assert len(made) == is_used
    assert vars(Greeter)["greet"] is original


def test_what_the_program_puts_in_its_place_stays() -> None:
    original = vars(Greeter)["greet"]
    with Patches() as patches:
        patches.wrap_once_used(Greeter, "greet", doubled)
        asks = vars(Greeter)["greet"].__get__
        Greeter.greet = lambda self: "good day"  # type: ignore[method-assign]
        assert asks(Greeter(), Greeter)() == "hellohello"
    assert Greeter().greet() == "good day"
    Greeter.greet = original  # type: ignore[method-assign]
