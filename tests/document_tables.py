"""Compares tables in the documentation with the declarations in the code, or updates them for --update-golden."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def check_table(document: str, name: str, table: str, request: pytest.FixtureRequest) -> None:
    """Compare a table in a document with the expected Markdown; with --update-golden, write it instead.

    The table is between the lines `<!-- name -->` and `<!-- end of name -->`.
    """
    file = ROOT / document
    before, start, rest = file.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    told, end, after = rest.partition(f"\n<!-- end of {name} -->\n")
    assert start, f"{document} has no place for {name}"
    assert end, f"{document} has no end of {name}"
    if request.config.getoption("update_golden"):
        file.write_text(f"{before}{start}{table}\n{end}{after}", encoding="utf-8")
    else:
        assert told.splitlines() == table.splitlines(), f"{document} has other {name}: pytest --update-golden"
