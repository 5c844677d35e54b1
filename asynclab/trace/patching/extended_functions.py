"""Runs code of ours around the body of one of Python's functions, in the function's own frame.

A wrapper would be a frame of ours: it would show in tracebacks, and be taken for the place of a warning. So the
function is compiled anew, with its body inside a `with`; lines and columns stay as they are.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import CodeType, FunctionType
from typing import Any, TypeVar

from asynclab.trace.reading.function_source import UNREADABLE, codes_in, parsed

_Node = TypeVar("_Node", bound=ast.AST)

Around = Callable[..., AbstractContextManager[Any]]
"""Called with the function's arguments. The body runs inside what it returns, unless that is entered as False."""

_MARK = "_asynclab_extended"
"""The attribute that a function of ours has."""

_FACTORY, _AROUND, _RUNS = "_asynclab_factory", "_asynclab_around", "_asynclab_runs"

_CLASS = frozenset({"__class__"})

_ATTEMPTS = 5
"""How often a function is compiled before that is given up, where Python 3.11 raises SystemError: see `parsed`."""


def extended(original: Any, around: Around, *, takes_result: bool = False) -> FunctionType | None:
    """A function that does what another one does, inside a `with` of ours; None if its source is not to be had.

    If `takes_result`, what the `with` is entered as is called with what the function returns.
    """
    code = getattr(original, "__code__", None)
    factory = factory_of(code, code.co_filename, takes_result) if isinstance(code, CodeType) else None
    if code is None or factory is None:
        return None
    namespace: dict[str, Any] = {}
    exec(factory, original.__globals__, namespace)
    cells = (cell.cell_contents for cell in original.__closure__ or ())
    function: Any = functools.wraps(original)(namespace[_FACTORY](around, *cells))
    function.__code__ = function.__code__.replace(co_qualname=code.co_qualname, co_flags=code.co_flags)
    function.__defaults__, function.__kwdefaults__ = original.__defaults__, original.__kwdefaults__
    vars(function)[_MARK] = True
    return function  # type: ignore[no-any-return]


class AroundFunction:
    """Goes around a function of asyncio's, whose failures it leaves alone.

    What is made of a generator does the same, but takes four times as long.
    """

    def __enter__(self) -> bool:
        return True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        pass


def around_body(original: Any, around: Around, *, takes_result: bool = False) -> Callable[..., Any]:
    """An extended function, or a wrapper where that can't be had."""
    return extended(original, around, takes_result=takes_result) or _wrapped(original, around, takes_result)


def is_extended(function: FunctionType) -> bool:
    """Whether a function is one that was made here."""
    return hasattr(function, _MARK)


def _wrapped(original: Any, around: Around, takes_result: bool) -> Callable[..., Any]:

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with around(*args, **kwargs) as runs:
            result = original(*args, **kwargs) if runs else None
            return runs(result) if takes_result else result

    vars(wrapper)[_MARK] = True
    return wrapper


def can_be_compiled(code: CodeType) -> bool:
    """Whether a function uses no variables of a function around it; its class for `super()` is no harm."""
    return _CLASS.issuperset(code.co_freevars)


@functools.cache
def factory_of(code: CodeType, file: str, takes_result: bool) -> CodeType | None:
    """The code of a module that makes the function of what goes around it.

    The function itself is not kept: it would keep its module alive at the program's end. Equal code may be in two
    files.
    """
    for _ in range(_ATTEMPTS):
        try:
            return _compiled(code, takes_result)
        except SystemError:
            continue
        except UNREADABLE:
            break
    return None


def _compiled(code: CodeType, takes_result: bool) -> CodeType | None:
    function: Any = parsed(code)
    if not can_be_compiled(code) or not isinstance(function, ast.FunctionDef):
        return None
    _strip(function)
    documented = 1 if ast.get_docstring(function) is not None else 0
    body = function.body[documented:]
    if takes_result:
        body = [_TakenResults().visit(each) for each in body]
    place = body[0]
    runs = ast.copy_location(ast.If(_placed(ast.Name(_RUNS, ast.Load()), place), body, []), place)
    enters = ast.withitem(_call_with_arguments(function.args), ast.Name(_RUNS, ast.Store()))
    function.body[documented:] = [ast.copy_location(ast.With([_placed(enters, place)], [runs]), place)]
    parameters = ", ".join([_AROUND, *code.co_freevars])
    factory: Any = ast.parse(f"def {_FACTORY}({parameters}):\n    return {function.name}")
    factory.body[0].body.insert(0, function)
    flags = code.co_flags & annotations.compiler_flag
    compiled = compile(factory, code.co_filename, "exec", flags, dont_inherit=True)
    return compiled if _is_of(compiled, code) else None


def _placed(node: _Node, where: ast.AST) -> _Node:
    """A new node, which with those in it is put where another is.

    `ast.fix_missing_locations` would leave garbage behind.
    """
    for each in ast.walk(node):
        ast.copy_location(each, where)
    return node


class _TakenResults(ast.NodeTransformer):
    """Takes the value that a function returns, but not the values of functions defined within it."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        """Replace the value."""
        value = node.value or _placed(ast.Constant(None), node)
        node.value = ast.copy_location(ast.Call(_placed(ast.Name(_RUNS, ast.Load()), value), [value], []), value)
        return node


def _call_with_arguments(arguments: ast.arguments) -> ast.Call:
    values: list[ast.expr] = [ast.Name(each.arg, ast.Load()) for each in (*arguments.posonlyargs, *arguments.args)]
    names = [ast.keyword(each.arg, ast.Name(each.arg, ast.Load())) for each in arguments.kwonlyargs]
    if arguments.vararg is not None:
        values.append(ast.Starred(ast.Name(arguments.vararg.arg, ast.Load()), ast.Load()))
    if arguments.kwarg is not None:
        names.append(ast.keyword(None, ast.Name(arguments.kwarg.arg, ast.Load())))
    return ast.Call(ast.Name(_AROUND, ast.Load()), values, names)


def _strip(function: ast.FunctionDef) -> None:
    """Take away what is evaluated where a function is defined, perhaps among names that are gone."""
    arguments = function.args
    function.decorator_list, function.returns = [], None
    for each in _parameters(arguments):
        each.annotation = None
    none = _placed(ast.Constant(None), function)
    arguments.defaults = [none for _ in arguments.defaults]
    arguments.kw_defaults = [default and none for default in arguments.kw_defaults]


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    rest = (each for each in (arguments.vararg, arguments.kwarg) if each is not None)
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]


def _is_of(compiled: CodeType, code: CodeType) -> bool:
    """Whether a function was compiled of the source of another: its file may have been written since."""
    # Not by the instructions: which are used for a call depends on what the module imports.
    return any(_shape(each) == _shape(code) for each in codes_in(compiled))


def _shape(code: CodeType) -> tuple[object, ...]:
    variables = tuple(name for name in code.co_varnames if name != _RUNS)
    names = tuple(name for name in code.co_names if name not in _CLASS)  # what super() looks at, outside a class
    return code.co_name, variables, names
