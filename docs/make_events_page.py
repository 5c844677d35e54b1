"""Writes docs/events.md from the docstrings of the event vocabulary: `python docs/make_events_page.py`."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import get_args

from asynclab.model import events

PAGE = Path(__file__).parent / "events.md"

WIDTH = 120

LIFE = """\
A short life, as it is printed:

```json
{"type":"TaskCreated","at":0.0002,"task":2,"name":"brew tea","coroutine":"brew","parent":1,"file":"gather.py","line":18}
{"type":"Stepped","at":0.0003,"task":2,"seconds":0.00006}
{"type":"TaskWaiting","at":0.0004,"task":2,"wait":{"kind":"sleep","seconds":1.0,"deadline":1.0003,"file":"gather.py","line":13}}
{"type":"TaskReady","at":1.0004,"task":2,"cause":"timer"}
{"type":"StepStarted","at":1.0005,"task":2}
{"type":"Output","at":1.0006,"text":"tea is ready\\n","task":2}
{"type":"StepEnded","at":1.0006,"task":2,"seconds":0.00008,"ends":true}
{"type":"TaskEnded","at":1.0006,"task":2,"outcome":"done","detail":"'tea'"}
```
"""


HEAD = "<!-- Written by docs/make_events_page.py from the docstrings of asynclab/model/events.py. -->"


def page() -> str:
    """The whole page, in Markdown."""
    module = ast.parse(inspect.getsource(events))
    parts = [f"{HEAD}\n\n# Events\n\n{ast.get_docstring(module)}\n", LIFE]
    for title, names in [
        *_groups(),
        ("What events contain", ["Wait", "StackFrame", "ThreadStands", "GeneratorStands", "Waker"]),
    ]:
        parts += [f"## {title}\n", *struct_texts(module, names)]
    return "\n".join(parts)


def struct_texts(module: ast.Module, names: Iterable[str]) -> list[str]:
    """Structs of a module, each with its fields."""
    structs = {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}
    return [_struct(structs[name], dict(_documented(module))) for name in names]


def _groups() -> Iterator[tuple[str, list[str]]]:
    """The title of each group, which is the docstring of its base class, and the names of the events in it."""
    for group in events.Event.__subclasses__():
        yield (group.__doc__ or "").rstrip("."), [kind.__name__ for kind in group.__subclasses__()]


def _documented(body: ast.Module | ast.ClassDef) -> Iterator[tuple[str, str]]:
    """The names with an annotation that have a docstring below them, and these."""
    for node, below in pairwise(body.body):
        match node, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.split())


def _struct(struct: ast.ClassDef, types: dict[str, str]) -> str:
    """A struct with its fields; one without a docstring has that of its type, if it is one of ours."""
    texts = dict(_documented(struct))
    lines = [f"### {struct.name}", "", ast.get_docstring(struct) or "", ""]
    for field in struct.body:
        if isinstance(field, ast.AnnAssign):
            text = texts.get(ast.unparse(field.target)) or types.get(ast.unparse(field.annotation), "")
            lines += _field(field, text)
    return "\n".join(lines).rstrip() + "\n"


def _field(field: ast.AnnAssign, text: str) -> list[str]:
    """One field as a bullet: "- `late` (float, by default 0.0): How long after the deadline"."""
    otherwise = "" if field.value is None else f", by default {_value(field.value)}"
    said = f"- `{ast.unparse(field.target)}` ({_type(field.annotation)}{otherwise}){': ' if text else ''}{text}"
    return textwrap.wrap(said, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _value(default: ast.expr) -> str:
    """A default as JSON has it; what is absent from a line has its default."""
    words = {"None": "null", "()": "empty", "''": "empty", "False": "false", "True": "true", "0.0": "0"}
    source = ast.unparse(default)
    return words.get(source, source.strip("'"))


def _type(annotation: ast.expr) -> str:
    """A type in words; one that is a choice of words is told as these."""
    match annotation:
        case ast.BinOp(left=left, right=right):
            return f"{_type(left)} or {_type(right)}"
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[kind, *_])):
            return f"list of {_type(kind)}s"
        case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Tuple(elts=choices)):
            return _one_of(map(ast.literal_eval, choices))
    name = ast.unparse(annotation)
    words = {"None": "null", "str": "text", "float": "number", "int": "integer", "bool": "Boolean"}
    return _one_of(get_args(getattr(events, name, None))) or words.get(name, name)


def _one_of(choices: Iterable[str]) -> str:
    return ", ".join(f"`{choice}`" for choice in choices)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
