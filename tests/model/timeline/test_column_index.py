"""An index tells of each column what a search would, however the moments came and went."""

from __future__ import annotations

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from asynclab.model.timeline.column_index import COLUMNS_A_MOMENT, COLUMNS_AT_LEAST, ColumnIndex
from asynclab.model.timeline.scale import STEPS, Scale

MOMENTS = st.lists(st.floats(0, 50) | st.integers(0, 50).map(float) | st.integers(0, 50).map(lambda n: n / 10))


def searched(times: list[float], scale: Scale, first: int, count: int) -> list[int]:
    return [bisect_left(times, scale.begin(column)) for column in range(first, first + count)]


@given(
    st.lists(st.tuples(MOMENTS, st.integers(0, 20)), min_size=1, max_size=5),
    st.integers(0, STEPS - 1),
    st.floats(0, 60),
    st.integers(1, 40),
)
def test_it_says_what_a_search_would(batches: list[tuple[list[float], int]], step: int, at: float, count: int) -> None:
    index, times, gone, latest = ColumnIndex(), list[float](), 0, 0.0
    scale = Scale(step)
    for new, dropped in batches:
        times += [latest + later for later in sorted(new)]
        latest = max([latest, *times])
        index.grow(times, gone)
        gone += min(dropped, len(times))
        del times[:dropped]
        first = scale.column(at)
        assert index.before(times, gone, scale, first, count) == searched(times, scale, first, count)


def test_it_has_few_columns_a_moment_however_long_the_run_is() -> None:
    index, times = ColumnIndex(), [turn * 7.0 for turn in range(300)]
    for length in range(300):
        index.grow(times[:length], 0)
        assert len(index) <= COLUMNS_AT_LEAST + COLUMNS_A_MOMENT * length


def test_it_keeps_no_columns_of_what_is_gone() -> None:
    index, times = ColumnIndex(), [turn * 0.01 for turn in range(20_000)]
    for end in range(100, 20_000, 100):
        begin = max(0, end - 200)
        index.grow(times[begin:end], begin)
    assert len(index) <= COLUMNS_AT_LEAST + COLUMNS_A_MOMENT * 200


def test_a_long_past_is_taken_in_little_by_little() -> None:
    index, times = ColumnIndex(), [turn * 0.01 for turn in range(10_000)]
    lengths = []
    for _ in range(80):
        index.grow(times, 0)
        lengths.append(index.known)
    assert lengths[0] < 1_000
    assert lengths == sorted(lengths)
    assert lengths[-1] == len(times)
