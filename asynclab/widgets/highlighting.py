"""Python source in lines of coloured spans."""

from __future__ import annotations

from functools import lru_cache

from asynclab.model.text import clean
from asynclab.widgets.lines import Line, Span

SOURCE_LIMIT = 1_000_000
"""The characters of a file that are shown."""

COLOUR_LIMIT = 100_000
"""The characters of a file that is coloured; a longer one is plain, for colouring would hold up the loop."""

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


@lru_cache(maxsize=16)
def highlighted(text: str) -> tuple[Line, ...]:
    """The lines of a Python file, in spans whose parts say what each is.

    Args:
        text: The file's contents; nothing in it is trusted.
    """
    safe = clean(text, SOURCE_LIMIT).expandtabs(4)
    if len(safe) > COLOUR_LIMIT:
        return tuple(((line, ""),) for line in safe.split("\n"))
    # Imported when there is code to show: it would delay the first paint.
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
