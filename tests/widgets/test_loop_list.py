from __future__ import annotations

import pytest

from asynclab.widgets.loop_list import LoopList, LoopRow
from tests.widgets.stage import on_stage, painted


@pytest.mark.parametrize("number", [1, 42, 301, 12_345])
async def test_the_tasks_and_the_state_of_a_loop_show_whatever_its_number(number: int) -> None:
    async with on_stage(LoopList(), 24, 3) as (loops, _):
        loops.show_rows([LoopRow(number, "a thread of a pool", "done", 3)], None)
        assert painted(loops)[0].endswith(" 3 ✓")
