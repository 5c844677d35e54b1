"""Tests that each printed line becomes a line of the activity."""

from asynclab.model.events import Output, RunEnded, TaskEnded
from asynclab.model.fold.output import UNFINISHED_LIMIT
from asynclab.model.state import LabState
from asynclab.model.wording.outcome import ending
from tests.model.short_histories import COFFEE, TEA, kinds_of, tea_party, told_of


def printed(*texts: str) -> list[str]:
    """What the log shows of tea's prints."""
    state = tea_party(*(Output(0.0, text, TEA) for text in texts))
    assert_nothing_is_unfinished(state)
    return told_of(state, TEA)


def test_each_printed_line_is_quoted_in_whatever_pieces_it_comes() -> None:
    assert printed("tea", " ", "is ready", "\n") == printed("tea is ready\n") == ["“tea is ready”"]
    assert printed("a\n\nb\n") == ["“a”", "“”", "“b”"]


def test_pieces_of_other_code_on_the_loop_are_one_line() -> None:
    state = tea_party(Output(0.0, "tea "), Output(0.0, "is ready\n"))
    assert told_of(state, None) == ["“tea is ready”"]
    assert_nothing_is_unfinished(state)


def test_pieces_of_different_tasks_and_streams_stay_apart() -> None:
    state = tea_party(
        Output(0.0, "te", TEA),
        Output(0.0, "oops\n", TEA, "stderr"),
        Output(0.0, "coffee\n", COFFEE),
        Output(0.0, "a\n", TEA),
    )
    assert told_of(state, TEA) == ["“oops”", "“tea”"]
    assert told_of(state, COFFEE) == ["“coffee”"]


def test_what_lacks_its_newline_is_told_when_the_task_ends() -> None:
    state = tea_party(Output(0.0, "tea…", TEA), TaskEnded(1.0, TEA, "done", "1"))
    assert told_of(state, TEA) == ["“tea…”", ending("done", "1")[0]]
    assert_nothing_is_unfinished(state)


def test_what_lacks_its_newline_is_told_when_the_run_ends() -> None:
    state = tea_party(Output(0.0, "a", None), Output(0.0, "b", None, "stderr"), RunEnded(1.0, "done"))
    assert told_of(state, None)[:2] == ["“a”", "“b”"]
    assert kinds_of(state, None) == ["printed", "printed", "run"]
    assert_nothing_is_unfinished(state)


def test_a_line_without_end_is_told_in_pieces() -> None:
    assert len(printed(*["." * 1000] * 10)) == 10_000 // (UNFINISHED_LIMIT + 1000)


def test_what_an_ended_or_unknown_task_prints_is_told_at_once() -> None:
    state = tea_party(TaskEnded(1.0, TEA, "done", "1"), Output(1.0, "late", TEA), Output(1.0, "who", 99))
    assert told_of(state, TEA)[-1] == "“late”"
    assert told_of(state, 99) == ["“who”"]
    assert_nothing_is_unfinished(state)


def assert_nothing_is_unfinished(state: LabState) -> None:
    assert state.unfinished_lines == {}
