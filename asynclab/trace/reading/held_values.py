"""Finds awaits in an async function during which it holds a value that other tasks may change meanwhile.

For example `self.total += await price()`: it reads the total before the wait, and writes it after the wait. Such code
may lose updates of other tasks. `trace/mishaps/lost_updates.py` uses this.
"""

from __future__ import annotations

import ast
import dis
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from asynclab.trace.reading.function_source import UNREADABLE, Span, parsed, span_at, span_of
from asynclab.trace.reading.shared_places import CHANGES, OF_KEYS, SharedPlace, is_reader, reader_for

PlaceUse: TypeAlias = Literal["computes", "derives", "checks", "sets"]
"""How a function uses a place, such as an attribute, around a wait.

- computes: it has read the place, and will write a value that it computes from that;
- derives: the same, but it gets the new value by a call;
- checks: it has read the place to decide whether to do this work;
- sets: it will set the place to a new value, whatever is there by then.
"""

_WRITES = frozenset(dis.opmap[name] for name in ("STORE_ATTR", "STORE_SUBSCR", "STORE_GLOBAL", "STORE_DEREF"))

_LONGEST = 150
"""The most lines of a function that is analysed: longer ones would take too much time."""

_KEPT = 1_000
"""How many functions are cached."""

_COMPUTES = (ast.BinOp, ast.JoinedStr, ast.List, ast.Tuple, ast.Set, ast.Dict)
"""Expressions whose value is computed from the values in them."""


class Held(msgspec.Struct, frozen=True):
    """A place that a function reads before a wait, or writes after it."""

    target: SharedPlace
    hold: PlaceUse
    line: int
    """The line that writes or checks the place."""


class HeldValues:
    """Finds the places that functions hold at their awaits. It analyses each function once, in about a millisecond."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[CodeType, Mapping[Any, Collection[Held]]]] = {}
        """A cache by the id() of a function's code, with the code itself: to hash the code would be slower."""

    def is_known(self, code: CodeType) -> bool:
        """Whether a function was analysed already."""
        return id(code) in self._found

    def at(self, code: CodeType, instruction: int) -> Collection[Held]:
        """The places that an async function holds while it waits at an instruction; empty if its source is missing."""
        found = self._found.get(id(code))
        if found is None:
            if len(self._found) >= _KEPT:
                self._found.clear()
            found = self._found[id(code)] = code, _held_in(code)
        held = found[1]
        return held.get(span_at(code, instruction), ()) if held else ()


def writes(code: CodeType) -> bool:
    """Whether a function writes to places other than its local variables, or calls a function whose name says so."""
    names = code.co_names
    is_named_so = not CHANGES.isdisjoint(names) or any(reader_for(name) in names for name in names)
    return is_named_so or not _WRITES.isdisjoint(code.co_code[::2])


def _held_in(code: CodeType) -> Mapping[Any, Collection[Held]]:
    try:
        function = parsed(code)
        if not isinstance(function, ast.AsyncFunctionDef) or (function.end_lineno or 0) - function.lineno > _LONGEST:
            return {}
        reader = _Analyser(function)
        reader.block(function.body)
    except (*UNREADABLE, SystemError):
        return {}
    return {span: frozenset(held) for span, held in reader.held.items() if held}


_Made: TypeAlias = frozenset[tuple[int, Literal["reads", "derives", "computes"]]]
"""The origin of a value: the numbers of the reads that it was made from, and how."""

_NOTHING: _Made = frozenset()
_NONE = frozenset[Span]()


@dataclass
class _Analysis:
    """The state of the analysis at one point of a function."""

    waits: dict[int, frozenset[Span]] = field(default_factory=dict)
    """The awaits since each read."""
    variables: dict[str, _Made] = field(default_factory=dict)
    """The origins of the values in local variables."""
    begun: frozenset[Span] = _NONE
    """The awaits since the start of the function."""
    looked: dict[SharedPlace, frozenset[Span]] = field(default_factory=dict)
    """The awaits since the function last read or wrote each place."""
    checked: dict[SharedPlace, int] = field(default_factory=dict)
    """The places that decide whether this point is reached, and the lines that check them."""

    def copy(self) -> _Analysis:
        return _Analysis(dict(self.waits), dict(self.variables), self.begun, dict(self.looked), dict(self.checked))


def _merged(ways: Sequence[_Analysis]) -> _Analysis:
    """The state at a point where several branches join."""
    merged = ways[0].copy()
    for way in ways[1:]:
        for number, spans in way.waits.items():
            merged.waits[number] = merged.waits.get(number, _NONE) | spans
        for name, made in way.variables.items():
            merged.variables[name] = merged.variables.get(name, _NOTHING) | made
        for target in {*merged.looked, *way.looked}:
            before = merged.looked.get(target, merged.begun)
            merged.looked[target] = before | way.looked.get(target, way.begun)
        merged.begun |= way.begun
        merged.checked = {target: line for target, line in merged.checked.items() if target in way.checked}
    return merged


class _Analyser:
    """Walks a function in execution order: through each branch, and twice through each loop."""

    def __init__(self, function: ast.AsyncFunctionDef) -> None:
        self.held: defaultdict[Span, set[Held]] = defaultdict(set)
        kinds = (ast.Global, ast.Nonlocal)
        self._shared = {name for each in ast.walk(function) if isinstance(each, kinds) for name in each.names}
        """The global and nonlocal variables of the function."""
        self._targets: dict[int, SharedPlace] = {}
        """The places that were read, by the numbers of the reads."""
        self._reads = 0
        self._known = _Analysis()
        self._has_left = False
        """Whether the present point is unreachable, for example after a `return`."""
        self._breaks: list[list[_Analysis]] = []
        """For each loop around the present point, the states at its `break` statements."""

    def block(self, statements: Iterable[ast.stmt]) -> None:
        """Walk statements."""
        for statement in statements:
            if self._has_left:
                return
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign():
                made = self._value(node.value)
                is_emptied = isinstance(node.value, ast.Constant) and not node.value.value
                for target in node.targets:
                    self._assign(target, made, is_emptied=is_emptied)
            case ast.AnnAssign(value=ast.expr()):
                self._assign(node.target, self._value(node.value))  # type: ignore[arg-type]
            case ast.AugAssign():
                made = self._value(node.target) | self._value(node.value)
                self._assign(node.target, _computed(made))
            case ast.If():
                self._check(node.test)
                self._branch(node.body, node.orelse)
            case ast.While() | ast.For() | ast.AsyncFor():
                self._loop(node)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    made = _derived(self._value(item.context_expr))
                    if isinstance(node, ast.AsyncWith):
                        self._wait(item.context_expr)
                    if item.optional_vars is not None:
                        self._assign(item.optional_vars, made)
                self.block(node.body)
            case ast.Match():
                self._value(node.subject)
                self._branch(*(case.body for case in node.cases), [])
            case ast.Try() | ast.TryStar():
                self._try(node)
            case ast.Break() | ast.Continue() | ast.Return() | ast.Raise():
                self._values(node)
                if isinstance(node, ast.Break) and self._breaks:
                    self._breaks[-1].append(self._known.copy())
                self._has_left = True
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                pass
            case _:
                self._values(node)

    def _branch(self, *ways: Iterable[ast.stmt]) -> None:
        """Walk each of several branches, and continue where they join."""
        before, ends = self._known, []
        for way in ways:
            self._known, self._has_left = before.copy(), False
            self.block(way)
            if not self._has_left:
                ends.append(self._known)
        self._go_on(ends)

    def _go_on(self, ends: Sequence[_Analysis]) -> None:
        self._has_left = not ends
        if ends:
            self._known = _merged(ends)

    def _loop(self, node: ast.While | ast.For | ast.AsyncFor) -> None:
        self._breaks.append([])
        for _ in range(2):
            if isinstance(node, ast.While):
                self._check(node.test)
            else:
                made = _derived(self._value(node.iter))
                if isinstance(node, ast.AsyncFor):
                    self._wait(node.iter)
                self._assign(node.target, made)
            self._branch(node.body, [])
        if isinstance(node, ast.While):
            self._check(node.test)
        self._branch(node.orelse)
        self._go_on([*([] if self._has_left else [self._known]), *self._breaks.pop()])

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        before, ends = self._known.copy(), []
        self.block(node.body)
        failed = _merged([before, self._known])
        self.block(node.orelse)
        if not self._has_left:
            ends.append(self._known)
        for handler in node.handlers:
            self._known, self._has_left = failed.copy(), False
            self.block(handler.body)
            if not self._has_left:
                ends.append(self._known)
        self._go_on(ends)
        if node.finalbody:
            has_left, self._has_left = self._has_left, False
            self.block(node.finalbody)
            self._has_left = has_left or self._has_left

    def _check(self, test: ast.expr) -> None:
        """Note the places that decide a branch: the test reads them, or uses variables with earlier reads."""
        before = self._reads
        for number, how in self._value(test):
            if number in self._targets and (number > before or how == "reads"):
                self._known.checked[self._targets[number]] = test.lineno

    def _values(self, node: ast.AST) -> _Made:
        """The origins of all expressions in a node."""
        return _NOTHING.union(*(self._value(each) for each in ast.iter_child_nodes(node)))

    def _value(self, node: ast.AST) -> _Made:
        """The origin of an expression's value."""
        match node:
            case ast.Name():
                return self._read(node) if node.id in self._shared else self._known.variables.get(node.id, _NOTHING)
            case ast.Attribute() | ast.Subscript():
                return _derived(self._values(node)) | self._read(node)
            case ast.Await(value=ast.Call() as call):
                return self._call(call, node)
            case ast.Call():
                return self._call(node)
            case ast.Await():
                made = _derived(self._values(node))
                self._wait(node)
                return made
            case ast.NamedExpr():
                made = self._value(node.value)
                self._assign(node.target, made)
                return made
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[container]):
                found = self._value(node.left) | self._read(ast.Subscript(container, node.left, ast.Load()))
                return found or self._values(node)
            case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[other]) if not isinstance(other, ast.Constant):
                self._values(node)  # an identity check, as in a reentrant lock, doesn't decide whether work is due
                return _NOTHING
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp():
                return self._values(node)
            case ast.Lambda():
                return _NOTHING
            case _ if isinstance(node, _COMPUTES):
                return _computed(self._values(node))
        return _derived(self._values(node))

    def _call(self, node: ast.Call, awaited: ast.Await | None = None) -> _Made:
        """The origin of a call's result. A function may read or write a whole place, by its name: `get_x`, `set_x`."""
        function = node.func
        name = getattr(function, "attr", getattr(function, "id", ""))
        changes = name in CHANGES and isinstance(function, ast.Attribute)
        owner = function.value if isinstance(function, ast.Attribute) else function
        made = _NOTHING if changes else _derived(self._value(owner))
        given = _NOTHING.union(*map(self._value, (*node.args, *node.keywords)))
        reader = reader_for(name)
        if reader and (target := self._named(function, reader, node.args[:-1])):
            self._write(target, given, node.lineno, _NONE if awaited is None else frozenset({span_of(awaited)}))
        if changes:
            key = node.args[0] if name in OF_KEYS and node.args else None
            changed = self._target(owner if key is None else ast.Subscript(owner, key, ast.Load()))
            if changed is not None:
                self._write(changed, _NOTHING, node.lineno)
        if awaited is not None:
            self._wait(awaited)
        made |= _derived(given)
        if name == "get" and node.args:
            made |= self._read(ast.Subscript(owner, node.args[0], ast.Load()))
        if is_reader(name) and (target := self._named(function, name, node.args)):
            made |= _derived(self._read_target(target))  # the value may be changed in place
        return made

    def _named(self, function: ast.expr, reader: str, arguments: Sequence[ast.expr]) -> SharedPlace | None:
        """The place that a function reads or writes: made of the function's object and its first argument."""
        owner = SharedPlace("")
        if isinstance(function, ast.Attribute):
            inner = self._owner(function.value)
            if inner is None or inner.key is not None:
                return None
            owner = inner
        if not arguments:
            return replace(owner, reader=reader)
        key = arguments[0]
        if isinstance(key, ast.Constant) and isinstance(key.value, str | int):
            return replace(owner, reader=reader, key=key.value)
        return replace(owner, reader=reader, key=key.id, is_variable=True) if isinstance(key, ast.Name) else None

    def _read(self, node: ast.expr) -> _Made:
        target = self._target(node)
        return _NOTHING if target is None else self._read_target(target)

    def _read_target(self, target: SharedPlace) -> _Made:
        self._reads = number = self._reads + 1
        self._targets[number] = target
        self._known.waits[number] = self._known.looked[target] = _NONE
        return frozenset({(number, "reads")})

    def _wait(self, node: ast.expr) -> None:
        span, known = frozenset({span_of(node)}), self._known
        known.waits = {number: spans | span for number, spans in known.waits.items()}
        known.looked = {target: spans | span for target, spans in known.looked.items()}
        known.begun |= span
        self.held[span_of(node)] |= {Held(target, "checks", line) for target, line in known.checked.items()}

    def _assign(self, node: ast.expr, made: _Made, *, is_emptied: bool = False) -> None:
        if isinstance(node, ast.Tuple | ast.List):
            for each in node.elts:
                self._assign(each, _derived(made))
        elif isinstance(node, ast.Starred):
            self._assign(node.value, _derived(made))
        elif isinstance(node, ast.Name) and node.id not in self._shared:
            self._known.variables[node.id] = made
            self._forget(node.id)
        elif (target := self._target(node)) is not None:
            self._write(target, made, node.lineno)
            if is_emptied:  # setting a place to an empty value twice does no harm
                for held in self.held.values():
                    held.discard(Held(target, "sets", node.lineno))

    def _forget(self, variable: str) -> None:
        """Forget the places that were read by a variable, because the variable has a new value now."""
        for number, target in list(self._targets.items()):
            if variable == target.root or (target.is_variable and variable == target.key):
                del self._targets[number]
                self._known.looked.pop(target, None)
                self._known.checked.pop(target, None)

    def _write(self, target: SharedPlace, made: _Made, line: int, meanwhile: frozenset[Span] = _NONE) -> None:
        """Note a write to a place; `meanwhile` is the await of the write itself, if it has one."""
        known = self._known
        waits = known.looked.get(target, known.begun) | meanwhile
        known.looked[target] = _NONE
        known.checked.pop(target, None)
        if not waits:
            return  # the function has just read the place again
        for number, how in made:
            if how != "reads" and self._targets.get(number) == target:
                for span in known.waits[number] | meanwhile:
                    self.held[span].add(Held(target, how, line))
        for span in waits:
            self.held[span].add(Held(target, "sets", line))

    def _owner(self, node: ast.expr) -> SharedPlace | None:
        """The place of an object that has an attribute or key: it may be any variable."""
        return SharedPlace(node.id) if isinstance(node, ast.Name) else self._target(node)

    def _target(self, node: ast.expr) -> SharedPlace | None:
        """The place that an expression names; None if only running code of the program would show it."""
        if isinstance(node, ast.Name):
            return SharedPlace(node.id) if node.id in self._shared else None
        inner = self._owner(node.value) if isinstance(node, ast.Attribute | ast.Subscript) else None
        if inner is None or inner.key is not None:
            return None
        if isinstance(node, ast.Attribute):
            return replace(inner, attributes=(*inner.attributes, node.attr))
        key = node.slice  # type: ignore[attr-defined]
        if isinstance(key, ast.Constant) and isinstance(key.value, str | int):
            return replace(inner, key=key.value)
        return replace(inner, key=key.id, is_variable=True) if isinstance(key, ast.Name) else None


def _derived(made: _Made) -> _Made:
    return frozenset((number, "derives" if how == "reads" else how) for number, how in made)


def _computed(made: _Made) -> _Made:
    return frozenset((number, "computes") for number, _ in made)
