"""The parameters of demos, and how text is parsed into their values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

Kind: TypeAlias = Literal["int", "float", "bool", "choice", "str", "url", "urls"]
"""The kind of a parameter's value."""

Value: TypeAlias = bool | int | float | str | list[str]
"""An argument of main."""

LONGEST_TEXT = 2_000
"""The most characters of a text or a URL."""

MOST_URLS = 50
"""The most URLs in one parameter."""

PAGES_FETCHED = 3
"""How many pages of the practice server replace an empty list of URLs."""

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class ParameterError(ValueError):
    """An invalid value; the message is one line for the person who typed it."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a demo's main, as described by its annotation."""

    name: str
    kind: Kind
    default: Value
    """The default; an empty `url` or `urls` means pages of the practice server."""
    low: float | None = None
    """The smallest number allowed."""
    high: float | None = None
    """The largest number allowed."""
    choices: tuple[str, ...] = ()
    """The values of a `choice`."""
    mistake: str = ""
    """What the demo does wrong while this parameter is on; empty if the parameter isn't a mistake."""
    watch: str = ""
    """What to watch while the mistake is on."""
    findings: tuple[str, ...] = ()
    """The names of the rules that find the mistake."""

    @property
    def help(self) -> str:
        """The mistake in a sentence, or the valid values."""
        return self.mistake or self.takes

    @property
    def takes(self) -> str:
        """The valid values, as the end of "it must be …"."""
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
                return f"text of at most {LONGEST_TEXT:,} characters"
            case "url":
                return "an http:// or https:// address, or empty for a practice page"
            case "urls":
                return f"up to {MOST_URLS} http:// or https:// addresses, or empty for the practice pages"

    def parse(self, text: str) -> Value:
        """Parse a value that a user typed, or that `show` returned.

        Raises:
            ParameterError: The text is not valid for this parameter.
        """
        try:
            return self._parsed(text.strip())
        except (ValueError, KeyError):
            raise ParameterError(f"{self.name} must be {self.takes}, not {_shorten(text)!r}") from None

    def show(self, value: Value) -> str:
        """Return a value as text that `parse` accepts."""
        match value:
            case bool():
                return "yes" if value else "no"
            case list():
                return " ".join(value)
            case _:
                return str(value)

    def _parsed(self, text: str) -> Value:
        match self.kind:
            case "int":
                return int(self._within(int(text)))
            case "float":
                return self._within(float(text))
            case "bool":
                return _WORDS[text.lower()]
            case "choice" if text in self.choices:
                return text
            case "str" if len(text) <= LONGEST_TEXT:
                return text
            case "url" if not text or _is_url(text):
                return text
            case "urls" if len(urls := text.split()) <= MOST_URLS and all(map(_is_url, urls)):
                return urls
        raise ValueError(text)

    def _within(self, number: float) -> float:
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if not low <= number <= high:  # also refuses NaN, for which every comparison is false
            raise ValueError(number)
        return number


def parse_all(demo: str, parameters: Sequence[Parameter], texts: Mapping[str, str]) -> dict[str, Value]:
    """Parse the typed values, by parameter, into all arguments of a demo's main; an empty URL stays empty.

    Raises:
        ParameterError: A name is unknown, or a text is not valid for its parameter.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in texts:
        if name not in known:
            raise ParameterError(f"{demo} has no parameter {_shorten(name)!r}; it has {', '.join(known)}")
    return {name: known[name].parse(texts[name]) if name in texts else known[name].default for name in known}


def wants_pages(parameters: Sequence[Parameter], values: Mapping[str, Value]) -> bool:
    """Whether a URL is empty, so that the practice server is needed."""
    return any(_is_empty_url(parameter, values) for parameter in parameters)


def fill_urls(parameters: Sequence[Parameter], values: Mapping[str, Value], pages: Sequence[str]) -> dict[str, Value]:
    """Replace empty URLs by pages of the practice server, which has at least one."""
    filled = dict(values)
    for parameter in parameters:
        if _is_empty_url(parameter, values):
            filled[parameter.name] = pages[0] if parameter.kind == "url" else list(pages[:PAGES_FETCHED])
    return filled


def _is_empty_url(parameter: Parameter, values: Mapping[str, Value]) -> bool:
    return parameter.kind in ("url", "urls") and not values.get(parameter.name, parameter.default)


def _is_url(text: str) -> bool:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0 or len(text) > LONGEST_TEXT:
        return False
    return not any(character.isspace() or not character.isprintable() for character in text)


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
