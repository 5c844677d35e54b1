"""Sends only the cells of the terminal that change, since a slow line needs time for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

Cell: TypeAlias = tuple[str, Style | None]
"""The content of a cell: a character and its style; "" in the second cell of a wide character."""

Placed: TypeAlias = tuple[int, int, Strip]
"""The column and line at which a strip begins, and the strip."""

GAP = 6
"""Up to this many unchanged cells in a row are sent again: moving the cursor past them would take as many bytes."""


class ShownCells:
    """Keeps a copy of all cells that the terminal shows."""

    def __init__(self, *, has_colour: bool = True) -> None:
        """Start without knowing what the terminal shows. Without colour, only styles such as bold are sent."""
        self.has_colour = has_colour
        self._lines: dict[int, dict[int, Cell]] = {}

    def only_changes(self, update: CompositorUpdate) -> CompositorUpdate:
        """The update without cells that the terminal shows already; unknown kinds of updates are unchanged."""
        if type(update) is ChopsUpdate:
            return _Changes(self, _strips_in(update))
        if type(update) is LayoutUpdate:
            return _Changes(self, _lines_of(update))
        self.forget()
        return update

    def forget(self) -> None:
        """Forget what the terminal shows, since something else has changed it."""
        self._lines.clear()

    def changes(self, x: int, y: int, strip: Strip) -> Iterator[tuple[int, Strip]]:
        """Note that a strip is shown at a place; yield the parts that differ from before, each with its column."""
        shown = self._lines.setdefault(y, {})
        cells = list(_cells(strip))
        begin = end = -1
        for offset, cell in enumerate(cells):
            if shown.get(x + offset) == cell:
                continue
            shown[x + offset] = cell
            if begin < 0:
                begin = offset
            elif offset - end > GAP:
                yield x + begin, _strip_of(cells[begin:end])
                begin = offset
            end = offset + 1
        if begin >= 0:
            yield x + begin, _strip_of(cells[begin:end])


class _Changes(CompositorUpdate):
    """An update that sends only changed cells."""

    def __init__(self, shown: ShownCells, strips: Iterable[Placed]) -> None:
        self._shown = shown
        self._strips = strips

    def render_segments(self, console: Console) -> str:
        """The text to send; Textual asks for it once, just before it sends."""
        return _rendered(self._shown, self._strips, console)


def _strips_in(update: ChopsUpdate) -> Iterator[Placed]:
    """The parts of an update's strips that are within its spans."""
    for y, begin, end in update.spans:
        for strip_end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < end and strip_end > begin:
                yield max(x, begin), y, strip.crop(max(x, begin) - x, min(strip_end, end) - x)


def _lines_of(update: LayoutUpdate) -> Iterator[Placed]:
    """The complete lines of an update."""
    for y, line in enumerate(update.strips, update.region.y):
        yield update.region.x, y, Strip.join(list(line))


def _rendered(shown: ShownCells, strips: Iterable[Placed], console: Console) -> str:
    """The text to send: cursor movements and cells, with a style only where it differs from the one before."""
    colours = console._color_system or ColorSystem.TRUECOLOR
    sent: list[str] = []
    painted = ""
    for place, y, strip in strips:
        for x, part in shown.changes(place, y, strip):
            sent.append(Control.move_to(x, y).segment.text)
            for text, full_style, _ in part:
                style = full_style if shown.has_colour or full_style is None else full_style.without_color
                codes = "" if style is None else Strip.render_ansi(style, colours)
                if codes != painted:
                    sent.append(f"\x1b[0;{codes}m" if codes else "\x1b[m")
                    painted = codes
                if style is not None and style.link:
                    text = Strip.render_style(Style(link=style.link), text, colours)
                sent.append(text)
    return "".join([*sent, "\x1b[m"]) if sent else ""


def _cells(strip: Strip) -> Iterator[Cell]:
    for text, style, _ in strip:
        if text.isascii():
            for character in text:
                yield character, style
        elif sum(map(cell_len, text)) == cell_len(text) and all(map(cell_len, text)):
            for character in text:
                yield character, style
                if cell_len(character) == 2:
                    yield "", style
        else:  # joined and combined characters are drawn as one
            yield text, style
            for _ in range(cell_len(text) - 1):
                yield "", style


def _strip_of(cells: Iterable[Cell]) -> Strip:
    """A strip of some cells, with one segment for each run of cells with the same style."""
    segments: list[Segment] = []
    texts: list[str] = []
    painted: Style | None = None
    for text, style in cells:
        if texts and style is not painted and style != painted:
            segments.append(Segment("".join(texts), painted))
            texts = []
        painted = style
        texts.append(text)
    segments.append(Segment("".join(texts), painted))
    return Strip(segments)
