"""What a demo can be told: its parameters, and how text becomes their values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

Kind: TypeAlias = Literal["int", "float", "bool", "choice", "str", "url", "urls"]
"""What sort of value a parameter takes."""

Value: TypeAlias = bool | int | float | str | list[str]
"""What main is called with."""

LONGEST_TEXT = 2_000
"""Characters that a text or a URL may have."""

MOST_URLS = 50
"""URLs that one parameter may list."""

PAGES_FETCHED = 3
"""How many of the practice server's pages stand in for an empty list of URLs."""

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class ParameterError(ValueError):
    """A value that a demo cannot take; its message is one line for the person who typed it."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a demo's main, as its annotation describes it."""

    name: str
    kind: Kind
    default: Value
    """An empty `url` or `urls` stands for the practice server's own pages."""
    low: float | None = None
    """The smallest number allowed."""
    high: float | None = None
    """The largest number allowed."""
    choices: tuple[str, ...] = ()
    """What a `choice` is chosen from."""
    mistake: str = ""
    """What is done wrong when it is on; empty where the parameter is no mistake."""
    watch: str = ""
    """What to look at while that mistake is on."""

    @property
    def help(self) -> str:
        """The mistake in a sentence, or else what the parameter takes."""
        return self.mistake or self.takes

    @property
    def takes(self) -> str:
        """The values allowed, as the end of the sentence "it must be …"."""
        match self.kind:
            case "int":
                return f"a whole number from {self.low:.0f} to {self.high:.0f}"
            case "float":
                return f"a number from {self.low:g} to {self.high:g}"
            case "bool":
                return "yes or no"
            case "choice":
                return f"one of {', '.join(self.choices)}"
            case "str":
                return f"a text of at most {LONGEST_TEXT:,} characters"
            case "url":
                return "an http:// or https:// address, or empty for a practice page"
            case "urls":
                return f"up to {MOST_URLS} http:// or https:// addresses, or empty for the practice pages"

    def parse(self, text: str) -> Value:
        """Make a value of what somebody typed.

        Args:
            text: The value as text; `show` gives it back.

        Raises:
            ParameterError: The text is no value that the parameter takes.
        """
        try:
            return _PARSERS[self.kind](self, text.strip())
        except ValueError:
            raise ParameterError(f"{self.name} must be {self.takes}, not {_shorten(text)!r}") from None

    def show(self, value: Value) -> str:
        """Return a value as text that `parse` takes."""
        match value:
            case bool():
                return "yes" if value else "no"
            case list():
                return " ".join(value)
            case _:
                return str(value)


def parse_all(demo: str, parameters: Sequence[Parameter], texts: Mapping[str, str]) -> dict[str, Value]:
    """Make the arguments of a demo's main.

    Args:
        demo: Its name, for the message of an error.
        parameters: What its main takes.
        texts: What was typed, by parameter; those left out keep their defaults.

    Returns:
        A value for every parameter. An empty URL stays empty: see `fill_urls`.

    Raises:
        ParameterError: A name is unknown, or a text is no value of its parameter.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in texts:
        if name not in known:
            raise ParameterError(f"{demo} has no parameter {_shorten(name)!r}; it has {', '.join(known)}")
    return {name: known[name].parse(texts[name]) if name in texts else known[name].default for name in known}


def wants_pages(parameters: Sequence[Parameter], values: Mapping[str, Value]) -> bool:
    """Whether a URL was left empty, so that the practice server has to run."""
    return any(_is_empty_url(parameter, values) for parameter in parameters)


def fill_urls(parameters: Sequence[Parameter], values: Mapping[str, Value], pages: Sequence[str]) -> dict[str, Value]:
    """Put the practice server's pages where URLs were left empty.

    Args:
        parameters: What the demo's main takes.
        values: What `parse_all` returned.
        pages: The URLs of the practice server's pages; at least one.
    """
    filled = dict(values)
    for parameter in parameters:
        if _is_empty_url(parameter, values):
            filled[parameter.name] = pages[0] if parameter.kind == "url" else list(pages[:PAGES_FETCHED])
    return filled


def _is_empty_url(parameter: Parameter, values: Mapping[str, Value]) -> bool:
    return parameter.kind in ("url", "urls") and not values.get(parameter.name, parameter.default)


def _parse_int(parameter: Parameter, text: str) -> Value:
    return int(_within(parameter, int(text)))


def _parse_float(parameter: Parameter, text: str) -> Value:
    return _within(parameter, float(text))


def _within(parameter: Parameter, number: float) -> float:
    low = -math.inf if parameter.low is None else parameter.low
    high = math.inf if parameter.high is None else parameter.high
    if not low <= number <= high:  # not a number is not in it either
        raise ValueError(number)
    return number


def _parse_bool(_: Parameter, text: str) -> Value:
    try:
        return _WORDS[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def _parse_choice(parameter: Parameter, text: str) -> Value:
    if text not in parameter.choices:
        raise ValueError(text)
    return text


def _parse_str(_: Parameter, text: str) -> Value:
    if len(text) > LONGEST_TEXT:
        raise ValueError("too long")
    return text


def _parse_url(_: Parameter, text: str) -> Value:
    if text:
        _check_url(text)
    return text


def _parse_urls(_: Parameter, text: str) -> Value:
    urls = text.split()
    if len(urls) > MOST_URLS:
        raise ValueError("too many")
    for url in urls:
        _check_url(url)
    return urls


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0 or len(url) > LONGEST_TEXT:
        raise ValueError(url)
    if any(character.isspace() or not character.isprintable() for character in url):
        raise ValueError(url)


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


_PARSERS: dict[Kind, Callable[[Parameter, str], Value]] = {
    "int": _parse_int,
    "float": _parse_float,
    "bool": _parse_bool,
    "choice": _parse_choice,
    "str": _parse_str,
    "url": _parse_url,
    "urls": _parse_urls,
}
