"""Tests which values a function holds at its awaits, by its source."""

import textwrap
from pathlib import Path
from types import CodeType

import pytest

from asynclab.trace.reading.held_values import HeldValues, writes


def code_of(folder: Path, body: str) -> CodeType:
    """The code of an async function with some lines, in a class of a file."""
    file = folder / "shop.py"
    file.write_text(
        f"class Shop:\n    async def sell(self, name):\n{textwrap.indent(textwrap.dedent(body), ' ' * 8)}\n"
    )
    names: dict[str, type] = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    code = names["Shop"].sell.__code__  # type: ignore[attr-defined]
    assert isinstance(code, CodeType)
    return code


def held(folder: Path, body: str) -> list[str]:
    """What it holds at any of its awaits, such as "computes self.total"."""
    code, values = code_of(folder, body), HeldValues()
    instructions = range(0, len(code.co_code), 2)
    return sorted({f"{each.hold} {each.target.text}" for at in instructions for each in values.at(code, at)})


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("self.total += await price()", ["computes self.total", "sets self.total"]),
        ("self.total = self.total + await price()", ["computes self.total", "sets self.total"]),
        ("total = self.total\nawait price()\nself.total = total + 1", ["computes self.total", "sets self.total"]),
        (
            "total = self.total\nmore = int(total) + 1\nawait price()\nself.total = more",
            ["computes self.total", "sets self.total"],
        ),
        ("self.items = [*self.items, await price()]", ["computes self.items", "sets self.items"]),
        (
            "self.stock[name] = self.stock.get(name, 0) + await price()",
            ["computes self.stock[name]", "sets self.stock[name]"],
        ),
        ("self.stock['tea'] -= await price()", ["computes self.stock['tea']", "sets self.stock['tea']"]),
        ("self.till.total += await price()", ["computes self.till.total", "sets self.till.total"]),
        ("global total\ntotal += await price()", ["computes total", "sets total"]),
        ("self.best = max(self.best, await price())", ["derives self.best", "sets self.best"]),
        (
            "while self.open:\n    total = self.total\n    await price()\n    self.total = total + 1",
            ["checks self.open", "computes self.total", "sets self.total"],
        ),
        ("async with self.session.get(name):\n    pass\nself.page = await price()", ["sets self.page"]),
        ("if self.token is None:\n    self.token = await price()", ["checks self.token", "sets self.token"]),
        ("if self.token:\n    return self.token\nself.token = await price()", ["checks self.token", "sets self.token"]),
        (
            "if name not in self.cache:\n    self.cache[name] = await price()",
            ["checks self.cache[name]", "sets self.cache[name]"],
        ),
        (
            "try:\n    self.total += await price()\nexcept OSError:\n    raise",
            ["computes self.total", "sets self.total"],
        ),
        ("match name:\n    case 'a':\n        self.total += await price()", ["computes self.total", "sets self.total"]),
        (
            "data = self.file.read_text()\nawait price()\nself.file.write_text(data + name)",
            ["computes self.file.read_text()", "sets self.file.read_text()"],
        ),
        ("await self.save([*await self.load(), name])", ["computes self.load()", "sets self.load()"]),
        (
            "count = await redis.get('visits')\nawait redis.set('visits', count + 1)",
            ["computes redis.get('visits')", "sets redis.get('visits')"],
        ),
        (
            "values = await load_session(name)\nvalues.append(1)\nawait save_session(name, values)",
            ["derives load_session(name)", "sets load_session(name)"],
        ),
    ],
)
def test_what_is_read_before_a_wait_and_written_after_it_is_held(tmp_path: Path, body: str, found: list[str]) -> None:
    assert held(tmp_path, body) == found


@pytest.mark.parametrize(
    "body",
    [
        "more = await price()\nself.total += more",
        "self.total += 1\nawait price()\nself.total -= 1",
        "total = self.total\nawait price()\nself.last = total + 1",
        "total = self.total\nself.total = total + 1\nawait price()",
        "state = self.state\nself.state = 'busy'\nawait price()\nself.state = state",
        "total = self.total\nif name:\n    await price()\n    return\nself.total = total - 1",
        "total = self.total\nif name:\n    await price()\n    raise ValueError\nself.total = total - 1",
        "total = self.total\nmore = total + await price()\nif self.total == total:\n    self.total = more",
        "total = 0\ntotal += await price()",
        "for each in self.rows:\n    seen = each.count\n    await price()\n    each = name\n    each.count = seen + 1",
        "def inner():\n    self.total += 1\nawait price()\ninner()",
        "self.rows[name][0] += await price()",
        "data = await self.stream.read()\nawait self.stream.write(data)",
        "item = await self.queue.get()\nawait self.queue.put(item)",
        "value = await redis.get('visits')\nawait redis.set('orders', value)",
    ],
)
def test_what_is_read_after_the_wait_or_written_elsewhere_is_not(tmp_path: Path, body: str) -> None:
    assert not [each for each in held(tmp_path, body) if each.startswith(("computes", "derives"))]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("if len(self.pool) < 9:\n    self.pool.append(await self.connect())", ["checks self.pool", "sets self.pool"]),
        (
            "while self.jobs:\n    await run(self.jobs[0])\n    self.jobs.popleft()",
            ["checks self.jobs", "sets self.jobs"],
        ),
        (
            "if name not in self.seen:\n    await price()\n    self.seen.add(name)",
            ["checks self.seen[name]", "sets self.seen[name]"],
        ),
        ("if name in self.seen:\n    await price()\n    self.seen.discard(name)", ["checks self.seen[name]"]),
        ("if self.owner is not name:\n    self.owner = await price()", ["sets self.owner"]),
        ("if self.owner is None:\n    self.owner = await price()", ["checks self.owner", "sets self.owner"]),
    ],
)
def test_what_is_added_to_or_taken_out_counts_as_set(tmp_path: Path, body: str, found: list[str]) -> None:
    assert held(tmp_path, body) == found


def test_to_say_twice_that_there_is_nothing_does_no_harm(tmp_path: Path) -> None:
    body = "if self.task is not None:\n    await self.task\n    self.task = {}"
    assert held(tmp_path, body.format("None")) == ["checks self.task"]
    assert held(tmp_path, body.format("True")) == ["checks self.task", "sets self.task"]


def test_what_a_loop_looks_at_once_more_is_not_held(tmp_path: Path) -> None:
    body = """
        while name in self.flights:
            await self.flights[name]
        self.flights[name] = self.start(name)
        await price()
        """
    assert held(tmp_path, body) == ["checks self.flights[name]"]


def test_a_function_that_is_not_to_be_had_holds_nothing(tmp_path: Path) -> None:
    code = code_of(tmp_path, "self.total += await price()")
    (tmp_path / "shop.py").unlink()
    assert not any(HeldValues().at(code, at) for at in range(0, len(code.co_code), 2))


def test_a_very_long_function_is_not_read(tmp_path: Path) -> None:
    assert held(tmp_path, "self.total += await price()\n" + "name = 1\n" * 200) == []


def test_most_functions_write_nothing_that_others_see(tmp_path: Path) -> None:
    assert writes(code_of(tmp_path, "self.total += await price()"))
    assert not writes(code_of(tmp_path, "total = self.total\nreturn total + await price()"))
