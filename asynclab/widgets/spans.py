"""Defines spans, the pieces of a line, and functions to align, cut, wrap, join and style them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import TypeAlias

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.style import Style
from textual.color import Color
from textual.content import Content

from asynclab.model.text import shorten_middle

Span: TypeAlias = tuple[str, str]
"""A text, and its parts, separated by spaces; "" for plain text. A part is a name for a style, such as "running"."""

Line: TypeAlias = tuple[Span, ...]
"""One line of a view. Equal lines look the same."""


class Filled(tuple[Span, ...]):
    """A line that has exactly the needed width, so that it need not be measured."""

    __slots__ = ()


_text_of: Callable[[Span], str] = itemgetter(0)

FULL, HALF, REST, DASH = "━", "╸", "─", "┅"
PULSE = 3
"""The width in cells of the moving piece of a bar for progress of unknown length."""

EIGHTHS = "▁▂▃▄▅▆▇█"


def plain(line: Iterable[Span]) -> str:
    """The text of a line."""
    return "".join(text for text, _ in line)


def width_of(line: Iterable[Span]) -> int:
    """The width of a line in cells."""
    return sum(map(cell_len, map(_text_of, line)))


def left(text: str, width: int) -> str:
    """The text in exactly `width` cells. If it is too long, its middle is cut out."""
    return set_cell_size(shorten_middle(text, width) if cell_len(text) > width else text, width)


def left_cut_end(text: str, width: int) -> str:
    """The text in exactly `width` cells. If it is too long, its end is cut off."""
    if cell_len(text) > width > 0:
        text = set_cell_size(text, width - 1).rstrip() + "…"
    return set_cell_size(text, width)


def right(text: str, width: int) -> str:
    """The text, right-aligned in `width` cells."""
    return " " * (width - cell_len(text)) + text if cell_len(text) <= width else left_cut_end(text, width)


def fit(line: Iterable[Span], width: int) -> Line:
    """The line in at most `width` cells, with an ellipsis if it was cut."""
    spans = tuple(line)
    if width_of(spans) <= width:
        return spans
    kept: list[Span] = []
    room = width - 1
    for text, part in spans:
        kept.append((set_cell_size(text, min(room, cell_len(text))), part))
        room -= cell_len(kept[-1][0])
        if room <= 0:
            break
    return (*kept, ("…"[: max(0, width)], "past"))


def fill(line: Iterable[Span], width: int) -> Line:
    """The line in exactly `width` cells, cut or padded."""
    if isinstance(line, Filled):
        return line
    spans = tuple(line)
    room = width - width_of(spans)
    if room < 0:
        spans = fit(spans, width)
        room = width - width_of(spans)
    return (*spans, (" " * room, "")) if room > 0 else spans


def bar(fraction: float | None, width: int, part: str) -> Line:
    """A progress bar, precise to half a cell, that is full up to a fraction from 0 to 1. None is like 0."""
    halves = 0 if fraction is None else round(min(1.0, max(0.0, fraction)) * width * 2)
    full, half = divmod(halves, 2)
    spans = ((FULL * full + HALF * half, part), (REST * (width - full - half), "rest"))
    return tuple(span for span in spans if span[0])


def pulse(seconds: float, width: int, part: str) -> Line:
    """A bar for progress of unknown length: a piece moves back and forth, one cell each half second."""
    piece = min(PULSE, width)
    room = width - piece
    turn = int(seconds * 2) % (2 * room) if room else 0
    before = min(turn, 2 * room - turn)
    spans = ((REST * before, "rest"), (DASH * piece, part), (REST * (room - before), "rest"))
    return tuple(span for span in spans if span[0])


def sparkline(values: Sequence[float], width: int, top: float) -> str:
    """The last values as a column chart of one line, right-aligned in `width` cells. A full column stands for `top`."""
    shown = list(values)[-width:] if width > 0 else []
    columns = (EIGHTHS[max(0, min(7, round(value / top * 8) - 1))] for value in shown)
    return "".join(columns).rjust(width)


def wrap(text: str, width: int) -> list[str]:
    """Wrap a text to lines of at most `width` cells, between words if possible.

    A word that is too long is broken after a dot, slash or bracket, so that code and paths stay legible.
    """
    lines, current = [], ""
    for word in text.split():
        for piece in _pieces(word, max(1, width)):
            longer = f"{current} {piece}" if current else piece
            if cell_len(longer) > width and current:
                lines.append(current)
                longer = piece
            current = longer
    return [*lines, current]


def hanging(head: Line, text: str, width: int, part: str = "") -> list[Line]:
    """A head and a text, wrapped to `width` cells. Further lines are indented to the start of the text."""
    indent = width_of(head)
    first, *rest = wrap(text, width - indent)
    return [(*head, (first, part)), *(((" " * indent, ""), (line, part)) for line in rest)]


def _pieces(word: str, width: int) -> Iterator[str]:
    while cell_len(word) > width:
        head = chop_cells(word, width)[0] or word[0]
        end = max(head.rfind(mark) for mark in "./(") + 1 or len(head)
        yield word[:end]
        word = word[end:]
    yield word


def joined(groups: Iterable[Line], separator: str = " · ") -> Line:
    """Several lines joined to one line, with a separator between them."""
    spans: list[Span] = []
    for group in groups:
        if spans:
            spans.append((separator, "past"))
        spans.extend(group)
    return tuple(spans)


def to_content(line: Iterable[Span]) -> Content:
    """A line as `Content` for a border or a label, in colours of the theme. Its text is never read as markup."""
    return Content.assemble(*((text, COLOURS.get(part, "")) for text, part in line))


_COLOURED = ("text", "running", "ready", "waiting", "done", "failed", "cancelled", "past", "accent", "rest", "keyword")

COLOURS: Mapping[str, str] = MappingProxyType({part: f"$state-{part}" for part in _COLOURED})
"""The theme variable of each part that has its own colour."""

_GROUNDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cell": ("state-cell-text", "state-cell"),
        "row": ("", "state-row"),
        "row-blurred": ("", "state-row"),
        "flag": ("state-step-text", "state-accent"),
        "step": ("state-step-text", "state-running"),
    }
)
"""The theme variables of the text and background of each part that has a background."""

_BOLD = frozenset({"strong", "flag"})

_SAME_AS: Mapping[str, str] = MappingProxyType(
    {
        "heading": "strong past",
        "tab": "row strong",
        "mark": "accent",
        "mark-blurred": "past",
        "string": "running",
        "number": "ready",
        "name": "waiting",
        "comment": "past",
    }
)
"""Parts with the same style as other parts."""


def style_of(parts: str, variables: Mapping[str, str]) -> Style:
    """The style of parts, separated by spaces, in a theme with these variables. Later parts take precedence."""
    style = Style.null()
    for part in parts.split():
        same = _SAME_AS.get(part, part)
        style += _look(part, variables) if same == part else style_of(same, variables)
    return style


def _look(part: str, variables: Mapping[str, str]) -> Style:
    """The style of one part.

    Component classes are not used, because Textual computes all their styles, in each view, whenever the focus moves.
    """
    text, ground = _GROUNDS.get(part, (COLOURS.get(part, "").removeprefix("$"), ""))
    colour, background = (Color.parse(variables[name]).rich_color if name else None for name in (text, ground))
    return Style(color=colour, bgcolor=background, bold=part in _BOLD or None)
