"""Lists the demos, finds one by its name or key, and reads the lesson in its docstring."""

from __future__ import annotations

import ast
import difflib
import importlib
import re
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from asynclab import demos
from asynclab.curriculum.demo_parameters import Kind, Parameter, Value, parse_all

_LABEL = re.compile(r"^(Watch(?: \w+)?|Belief|Docs): ", re.MULTILINE)
_BELIEF = re.compile(r'"(?P<belief>[^"]+)": (?P<truth>.+)')
_FINDINGS = re.compile(r"\bFinding: (?P<rules>[\w-]+(?:, [\w-]+)*)\.$")
_NAMES = {"Annotated": Annotated, "Literal": Literal, "range": range} | {
    plain.__name__: plain for plain in (int, float, bool, str, list)
}
_MISTAKE = "mistake: "


class LessonError(ValueError):
    """A demo's file lacks something; the message is for the author of the demo."""


@dataclass(frozen=True)
class Lesson:
    """The lesson of a demo, read from its docstring and the signature of its main."""

    concept: str
    """The idea in one sentence."""
    watch: str
    """What to watch while it runs."""
    belief: str
    """A wrong belief that the demo corrects."""
    truth: str
    """The correction of the belief."""
    docs: str
    """The page of the Python documentation, by title and section."""
    parameters: tuple[Parameter, ...]
    """The parameters of main, in order."""


def read_lesson(source: str) -> Lesson:
    """Read a lesson, or raise a LessonError that says what the docstring or the signature of main lacks."""
    tree = ast.parse(source)
    opening, *parts = _LABEL.split(ast.get_docstring(tree) or "")
    labelled = {label: _on_one_line(text) for label, text in zip(parts[::2], parts[1::2], strict=True)}
    for label in ("Watch", "Belief", "Docs"):
        if not labelled.get(label):
            raise LessonError(f"the docstring has no line that starts with {label}:")
    belief = _BELIEF.fullmatch(labelled["Belief"])
    if belief is None:
        raise LessonError("Belief: needs the belief in double quotes, a colon, and what is true")
    return Lesson(
        concept=_on_one_line(opening),
        watch=labelled["Watch"],
        belief=belief["belief"],
        truth=belief["truth"],
        docs=labelled["Docs"],
        parameters=tuple(_with_watches(_read_parameters(_find_main(tree).args), labelled)),
    )


def _with_watches(parameters: Iterable[Parameter], labelled: Mapping[str, str]) -> Iterator[Parameter]:
    """Add to each mistake what to watch while it is on, and which rules find it; refuse missing and extra lines."""
    watches = {label.removeprefix("Watch "): text for label, text in labelled.items() if label.startswith("Watch ")}
    for parameter in parameters:
        if parameter.mistake and not watches.get(parameter.name):
            raise LessonError(f"the docstring has no line that starts with Watch {parameter.name}:")
        if parameter.mistake:
            watch = watches.pop(parameter.name)
            found = _FINDINGS.search(watch)
            findings = () if found is None else tuple(found["rules"].split(", "))
            parameter = replace(parameter, watch=watch, findings=findings)
        yield parameter
    if watches:
        raise LessonError(f"no mistake is called {', '.join(watches)}")


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _find_main(tree: ast.Module) -> ast.AsyncFunctionDef:
    for node in tree.body:
        if isinstance(node, ast.AsyncFunctionDef) and node.name == "main":
            return node
    raise LessonError("the module has no async def main")


def _read_parameters(arguments: ast.arguments) -> Iterator[Parameter]:
    missing = len(arguments.args) - len(arguments.defaults)
    defaults = [None] * missing + list(arguments.defaults)
    for argument, default in zip(arguments.args, defaults, strict=True):
        if argument.annotation is None:
            raise LessonError(f"{argument.arg} has no annotation")
        annotation = eval(compile(ast.Expression(argument.annotation), "<annotation>", "eval"), dict(_NAMES))
        yield _parameter(argument.arg, annotation, ast.literal_eval(default) if default else None)


def _parameter(name: str, annotation: Any, default: Value | None) -> Parameter:
    """Read one annotation; docs/writing-a-demo.md lists all kinds."""
    if get_origin(annotation) is Literal:
        return Parameter(name, "choice", _given(name, default), choices=get_args(annotation))
    plain, *metadata = get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)
    match plain, metadata:
        case _, ["url"] if plain is str:
            return Parameter(name, "url", default or "")
        case _, ["urls"] if plain == list[str]:
            return Parameter(name, "urls", default or [])
        case _, [range() as bounds] if plain is int:
            return Parameter(name, "int", _given(name, default), low=bounds[0], high=bounds[-1])
        case _, [(float() as low, float() as high)] if plain is float:
            return Parameter(name, "float", _given(name, default), low=low, high=high)
        case _, [str() as text] if plain is bool and text.startswith(_MISTAKE):
            return Parameter(name, "bool", _given(name, default), mistake=text.removeprefix(_MISTAKE))
        case _, [] if plain in (bool, str):
            kind: Kind = "bool" if plain is bool else "str"
            return Parameter(name, kind, _given(name, default))
    raise LessonError(f"{name} has an unknown kind of annotation: {annotation}")


def _given(name: str, default: Value | None) -> Value:
    if default is None:
        raise LessonError(f"{name} has no default")
    return default


_DEMOS_FOLDER = Path(demos.__file__).parent


class UnknownDemo(LookupError):  # noqa: N818  a user mistyped a name: not an error of the program
    """No demo has the given name or key; the message lists or suggests names."""


@dataclass(frozen=True)
class Demo:
    """A demo. Its file is read when its lesson is first used, and imported only by `load`."""

    key: str
    """The key that starts the demo: a digit, or a free letter once all digits are used."""
    name: str
    """The demo's name in the list and on the command line."""
    section: str
    """The heading above the demo in the list."""
    module_name: str
    """The name of the demo's file in `asynclab/demos`, without the suffix."""

    @property
    def path(self) -> Path:
        """The demo's file."""
        return _DEMOS_FOLDER / f"{self.module_name}.py"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the demo's main, in order."""
        return self.lesson.parameters

    @property
    def mistakes(self) -> tuple[Parameter, ...]:
        """The parameters that switch on a mistake."""
        return tuple(parameter for parameter in self.parameters if parameter.mistake)

    def arguments(self, texts: Mapping[str, str]) -> dict[str, Value]:
        """Parse the typed values of parameters into the arguments of main, as `parse_all` does."""
        return parse_all(self.name, self.parameters, texts)

    @cached_property
    def source(self) -> str:
        """The source text of the demo's file."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def lesson(self) -> Lesson:
        """The demo's lesson, read from its file."""
        return read_lesson(self.source)

    def load(self) -> Callable[..., Coroutine[Any, Any, None]]:
        """Import the demo's module and return its main."""
        main: Callable[..., Coroutine[Any, Any, None]] = importlib.import_module(
            f"{demos.__name__}.{self.module_name}"
        ).main
        return main


DEMOS: tuple[Demo, ...] = (
    Demo("1", "coroutines", "BASICS", "coroutines"),
    Demo("2", "await", "BASICS", "awaiting"),
    Demo("3", "gather", "BASICS", "gather"),
    Demo("4", "create_task", "BASICS", "create_task"),
    Demo("5", "results", "BASICS", "results"),
    Demo("6", "timeout", "TIME", "timeout"),
    Demo("7", "queue", "QUEUES", "producer_consumer"),
    Demo("8", "session", "HTTP", "session"),
    Demo("9", "fetch_all", "HTTP", "fetch_all"),
    Demo("0", "futures", "FUTURES", "futures"),
)
"""All demos, in the order of the list."""


def find(name_or_key: str) -> Demo:
    """Find a demo by its name or key.

    Raises:
        UnknownDemo: No demo has that name or key.
    """
    wanted = name_or_key.strip().lower().replace("-", "_")
    for demo in DEMOS:
        if wanted in (demo.key, demo.name):
            return demo
    names = [demo.name for demo in DEMOS]
    close = difflib.get_close_matches(wanted, names, n=1)
    hint = f"did you mean {close[0]}?" if close else f"the demos are {', '.join(names)}"
    raise UnknownDemo(f"there is no demo {name_or_key[:60]!r}; {hint}")
