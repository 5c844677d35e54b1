"""Cells of CSV are no formulas, wherever a spreadsheet separates columns, and can be turned back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.fetch.export import protected, unprotected

TEXTS = st.text(st.sampled_from("ab;|\t\n\r\"' =+-@＝＋－＠,"), max_size=20)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+2", "'=1+2"),
        ("a;=1+2;b", "a;'=1+2;b"),
        ("a\t@b", "a\t'@b"),
        ("a| -1", "a| '-1"),
        ("a\n+1", "a\n'+1"),
        (" ＝1+2", " '＝1+2"),
        ('a;"=1"', 'a;"\'=1"'),
        ("'=1", "''=1"),
        ("it's a=b, c - d", "it's a=b, c - d"),
        ("https://a.com/@48.1,-11.5,15z?a=b;c=d", "https://a.com/@48.1,-11.5,15z?a=b;c=d"),
    ],
)
def test_what_could_begin_a_formula_gets_an_apostrophe(text: str, cell: str) -> None:
    assert protected(text) == cell


@given(TEXTS)
def test_no_part_of_a_cell_begins_a_formula_and_it_reads_back(text: str) -> None:
    cell = protected(text)
    assert not any(part.lstrip(' "').startswith(tuple("=+-@＝＋－＠")) for part in re.split(r"[;|\t\n\r]", cell))
    assert unprotected(cell) == text
