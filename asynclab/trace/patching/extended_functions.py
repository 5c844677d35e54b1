"""Runs code of ours around the body of a function of Python's library, inside the function's own frame.

A wrapper would add a frame of ours, which tracebacks would show, and which could become the place of a warning. So the
function is compiled again from its source, with its body inside a `with`. Lines and columns stay the same.
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
"""Called with the function's arguments, it returns a context manager. Entered as False, it skips the body."""

_MARK = "_asynclab_extended"
"""An attribute that marks a function made here."""

_FACTORY, _AROUND, _RUNS = "_asynclab_factory", "_asynclab_around", "_asynclab_runs"

_CLASS = frozenset({"__class__"})

_ATTEMPTS = 5
"""How often to try to compile a function. Python 3.11 may raise SystemError: see `parsed`."""


def extended(original: Any, around: Around, *, takes_result: bool = False) -> FunctionType | None:
    """Make a function that does the same as `original`, inside a `with` of ours; None if its source can't be read.

    If `takes_result`, the object that the `with` is entered as is called with the function's result, and its return
    value becomes the result.
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
    """Base class for context managers around a function of asyncio. Exceptions of the function pass through.

    It is four times as fast as a `contextmanager`.
    """

    def __enter__(self) -> bool:
        return True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        pass


def around_body(original: Any, around: Around, *, takes_result: bool = False) -> Callable[..., Any]:
    """An extended function, or a wrapper if that can't be made."""
    return extended(original, around, takes_result=takes_result) or _wrapped(original, around, takes_result)


def is_extended(function: FunctionType) -> bool:
    """Whether a function was made here."""
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
    """Whether a function uses no variables of an enclosing function, except `__class__`, which `super()` needs."""
    return _CLASS.issuperset(code.co_freevars)


@functools.cache
def factory_of(code: CodeType, file: str, takes_result: bool) -> CodeType | None:
    """The code of a module with a factory: called with the context manager's function, it returns the new function.

    The cache keeps only code, because a function would keep its module alive at the program's end. `file` is part of
    the cache's key, because two files may contain equal code.
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
    """Give a new node, and all nodes in it, the location of another node.

    `ast.fix_missing_locations` would leave reference cycles.
    """
    for each in ast.walk(node):
        ast.copy_location(each, where)
    return node


class _TakenResults(ast.NodeTransformer):
    """Wraps the values that a function returns in a call, but not those of nested functions."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        """Replace the returned value by a call with that value."""
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
    """Remove decorators, annotations and defaults: they would be evaluated, and their names may not exist any more."""
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
    """Whether compiled source contains the function `code`: the file may have changed since the function was loaded."""
    # Instructions aren't compared: those of a call depend on what the module imports.
    return any(_shape(each) == _shape(code) for each in codes_in(compiled))


def _shape(code: CodeType) -> tuple[object, ...]:
    variables = tuple(name for name in code.co_varnames if name != _RUNS)
    names = tuple(name for name in code.co_names if name not in _CLASS)  # used by super(), outside a class
    return code.co_name, variables, names
