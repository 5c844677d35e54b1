"""Colours Python source code: turns a file into lines of spans."""

from __future__ import annotations

from functools import lru_cache

from asynclab.model.text import clean
from asynclab.widgets.spans import Line, Span

SOURCE_LIMIT = 1_000_000
"""The most characters of a file that are shown."""

COLOUR_LIMIT = 100_000
"""The most characters of a coloured file. Colouring a longer file would block the loop, so it is shown plain."""

KEPT = 64
"""The number of latest coloured files that are cached."""

remembered: dict[str, tuple[Line, ...]] = {}
"""The cache of coloured files, by their text."""

_PART_OF = {
    "Comment": "comment",
    "Keyword": "keyword",
    "Operator.Word": "keyword",
    "Literal.String": "string",
    "Literal.String.Doc": "comment",
    "Literal.Number": "number",
    "Name.Function": "name",
    "Name.Class": "name",
    "Name.Decorator": "name",
    "Name.Builtin": "accent",
    "Name.Exception": "accent",
}


def uncoloured(text: str) -> tuple[Line, ...]:
    """The lines of a file without colours. Takes little time. An empty text has no lines."""
    if not text:
        return ()
    return tuple(((line, ""),) if line else () for line in _safe(text).removesuffix("\n").split("\n"))


def first_of_code(text: str) -> int:
    """The number, from 1, of a file's first line of code, after its docstring, comments and blank lines."""
    _, quotes, rest = text.partition('"""') if text.startswith('"""') else ("", "", text)
    body = rest.partition('"""')[2] if quotes else text
    before = text[: len(text) - len(body)].count("\n")
    for number, line in enumerate(body.split("\n"), before + 1):
        if line.strip() and not line.startswith("#"):
            return number
    return 1


def highlighted(text: str) -> tuple[Line, ...]:
    """The lines of a Python file, with a colour for each kind of token. The text may come from outside."""
    if text not in remembered:
        remembered[text] = _highlight(text)
        if len(remembered) > KEPT:
            del remembered[next(iter(remembered))]
    return remembered[text]


def highlighted_before(text: str) -> tuple[Line, ...] | None:
    """The coloured lines of a file if they are cached."""
    return remembered.get(text)


def _highlight(text: str) -> tuple[Line, ...]:
    safe = _safe(text)
    if not text or len(safe) > COLOUR_LIMIT:
        return uncoloured(text)
    # Imported only when needed, because the import would delay the first paint.
    from pygments.lexers.python import PythonLexer  # type: ignore[import-untyped]

    lines: list[list[Span]] = [[]]
    for kind, token in PythonLexer(stripnl=False).get_tokens(safe):
        part = _part(str(kind).removeprefix("Token."))
        first, *rest = token.split("\n")
        _add(lines[-1], first, part)
        for piece in rest:
            lines.append([])
            _add(lines[-1], piece, part)
    if not lines[-1]:
        lines.pop()
    return tuple(tuple(line) for line in lines)


def _safe(text: str) -> str:
    return clean(text, SOURCE_LIMIT).expandtabs(4)


def _add(line: list[Span], text: str, part: str) -> None:
    if not text:
        return
    if line and line[-1][1] == part:
        line[-1] = (line[-1][0] + text, part)
    else:
        line.append((text, part))


@lru_cache(maxsize=256)
def _part(kind: str) -> str:
    while kind:
        if kind in _PART_OF:
            return _PART_OF[kind]
        kind = kind.rpartition(".")[0]
    return ""
