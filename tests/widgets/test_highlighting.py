from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynclab.model.text import clean
from asynclab.widgets.highlighting import (
    COLOUR_LIMIT,
    KEPT,
    first_of_code,
    highlighted,
    highlighted_before,
    uncoloured,
)
from asynclab.widgets.spans import Line, plain


def test_words_of_the_language_strings_and_names_have_their_parts() -> None:
    (line,) = highlighted("async def brew(drink): return 'tea', 3  # hot\n")
    assert {text.strip(): part for text, part in line if part} == {
        "async": "keyword",
        "def": "keyword",
        "brew": "name",
        "return": "keyword",
        "'tea'": "string",
        "3": "number",
        "# hot": "comment",
    }


def test_a_docstring_is_a_comment_over_all_its_lines() -> None:
    lines = highlighted('"""One.\n\nTwo.\n"""\n')
    assert [part for line in lines for _, part in line] == ["comment"] * 3


@given(st.text(alphabet="ab \n\t\"#'", max_size=60))
def test_a_file_has_the_same_lines_before_it_is_coloured(text: str) -> None:
    def lines(code: Iterable[Line]) -> list[str]:
        return [plain(line) for line in code]

    assert "\n".join(lines(uncoloured(text))).rstrip("\n") == "\n".join(lines(highlighted(text))).rstrip("\n")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("import asyncio\n", 1),
        ('"""One line."""\n\nimport asyncio\n', 3),
        ('"""First.\n\nMore.\n"""\n\n# A comment.\nimport asyncio\n', 7),
        ('"""Never closed\n\nimport asyncio\n', 1),
        ("", 1),
        ("# Only a comment.\n", 1),
    ],
)
def test_the_first_of_the_code_comes_after_docstring_and_comments(text: str, line: int) -> None:
    assert first_of_code(text) == line


@given(st.text(max_size=300))
def test_no_line_of_any_text_is_lost(text: str) -> None:
    lines = [plain(line) for line in highlighted(text)]
    assert "\n".join(lines).rstrip("\n") == clean(text).expandtabs(4).rstrip("\n")


def test_a_very_long_file_is_plain() -> None:
    lines = highlighted("import asyncio\n" * (COLOUR_LIMIT // 10))
    assert {part for line in lines for _, part in line} == {""}


def test_the_latest_files_are_kept_in_colour() -> None:
    texts = [f"def f{number}(): ..." for number in range(KEPT + 1)]
    lines = [highlighted(text) for text in texts]
    assert highlighted_before(texts[0]) is None
    assert [highlighted_before(text) for text in texts[1:]] == lines[1:]
    assert highlighted(texts[-1]) is lines[-1]
