"""Reads a program's source code: the function around a line, the line's code, and the comments that apply to it."""

from __future__ import annotations

import ast
import tokenize
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

_Block = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class SourceCode:
    """The text of one file. If it can't be parsed, it has no functions, and comments apply only to their own lines."""

    def __init__(self, text: str) -> None:
        self._lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")  # as Python counts lines

    def code(self, line: int) -> str:
        """The code of a line without its comment, with single spaces."""
        if not 0 < line <= len(self._lines):
            return ""
        column, _ = self._comments.get(line, (None, ""))
        return " ".join(self._lines[line - 1][:column].split())

    def function(self, line: int) -> str:
        """The name of the function around a line, such as "Pool.acquire"; empty outside of functions."""
        around = [node for node in self._statements(line) if isinstance(node, _Block)]
        while around and isinstance(around[-1], ast.ClassDef):
            around.pop()
        return ".".join(node.name for node in around)

    def comments(self, line: int) -> Iterator[tuple[int, str]]:
        """The comments that apply to a line, with their line numbers.

        These are the comments in its statement and in the heads of the functions around it, and the comment lines
        directly above these.
        """
        for first, last in dict.fromkeys(self._headers(line)):
            above = first - 1
            while above in self._comments and not self.code(above):
                above -= 1
            for number in range(above + 1, last + 1):
                if number in self._comments and (number < first or number == line or self.code(number)):
                    yield number, self._comments[number][1]

    @cached_property
    def _comments(self) -> dict[int, tuple[int, str]]:
        """The column and text of each comment, by line."""
        found: dict[int, tuple[int, str]] = {}
        lines = iter([f"{line}\n" for line in self._lines])
        with suppress(tokenize.TokenError, SyntaxError):  # comments before the error are kept
            for token in tokenize.generate_tokens(lambda: next(lines, "")):
                if token.type == tokenize.COMMENT:
                    found[token.start[0]] = token.start[1], token.string
        return found

    @cached_property
    def _tree(self) -> ast.Module | None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python gave its warnings when the code ran
            try:
                return ast.parse("\n".join(self._lines))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return None

    def _headers(self, line: int) -> Iterator[tuple[int, int]]:
        """The first and last lines of the statement at a line, and of the heads of the functions around it."""
        statements = self._statements(line)
        if not statements:
            yield line, line
        for node in statements:
            if node is statements[-1] or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield _head(node)

    def _statements(self, line: int) -> list[ast.stmt]:
        """The statements around a line, the outermost first. Decorators belong to the function or class below."""
        found: list[ast.stmt] = []
        node: ast.AST | None = self._tree
        while node is not None:
            inner = (each for each in _statements_in(node) if _first(each) <= line <= (each.end_lineno or 0))
            node = next(inner, None)
            if node is not None:
                found.append(node)
        return found


class Sources:
    """The source files of a program; each is read once."""

    def __init__(self, text_of: Callable[[str], str | None]) -> None:
        """Read files by path; `text_of` returns the text of a file, or None if there is none."""
        self._text_of = text_of
        self._read: dict[str, SourceCode] = {}

    def __getitem__(self, file: str) -> SourceCode | None:
        if file not in self._read:
            text = self._text_of(file)
            if text is None:  # it may come later: a recording has files at its end
                return None
            self._read[file] = SourceCode(text)
        return self._read[file]


def text_on_disk(file: str) -> str | None:
    """The text of a file; None if it can't be read."""
    try:
        path = Path(file)
        return path.read_bytes().decode("utf-8-sig", errors="replace") if path.is_file() else None
    except (OSError, ValueError):  # a name may contain a NUL
        return None


def _statements_in(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements directly inside a node: in its body, its `else`, its exception handlers and its cases."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from _statements_in(child)


def _first(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, _Block) else []
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _head(node: ast.stmt) -> tuple[int, int]:
    """The first and last line of a statement's head: the part before its body, or all if it has no body."""
    body: list[ast.stmt] = getattr(node, "body", [])
    if isinstance(node, ast.Match):
        body = [case.body[0] for case in node.cases]
    last = node.end_lineno or node.lineno
    return _first(node), max(node.lineno, _first(body[0]) - 1) if body else last
