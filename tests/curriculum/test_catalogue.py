"""Which demos there are, and how one is found."""

import subprocess
import sys

import pytest

from asynclab.curriculum.catalogue import DEMOS, UnknownDemo, find

TEN = ["coroutines", "await", "gather", "create_task", "results", "timeout", "queue", "session", "fetch_all", "futures"]


def test_the_ten_demos_are_on_the_keys_one_to_nine_and_nought() -> None:
    assert [demo.name for demo in DEMOS] == TEN
    assert "".join(demo.key for demo in DEMOS) == "1234567890"


def test_the_sections_stand_in_the_order_of_the_list() -> None:
    assert list(dict.fromkeys(demo.section for demo in DEMOS)) == ["BASICS", "TIME", "QUEUES", "HTTP", "FUTURES"]


@pytest.mark.parametrize("wanted", ["9", "fetch_all", "fetch-all", " Fetch_All "])
def test_a_demo_is_found_by_key_and_by_name(wanted: str) -> None:
    assert find(wanted).name == "fetch_all"


def test_a_misspelt_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(UnknownDemo, match=r"there is no demo 'gahter'; did you mean gather\?"):
        find("gahter")


def test_a_name_like_no_other_is_answered_with_all_of_them() -> None:
    with pytest.raises(UnknownDemo, match=r"the demos are coroutines, await, .* futures$"):
        find("\x1b[31m")


def test_a_long_or_hostile_name_is_cut_and_escaped_in_the_message() -> None:
    with pytest.raises(UnknownDemo) as caught:
        find("\x1b" + "x" * 10_000)
    assert len(str(caught.value)) < 300
    assert "\x1b" not in str(caught.value)


def test_reading_every_lesson_imports_neither_aiohttp_nor_a_demo() -> None:
    script = (
        "import sys; from asynclab.curriculum.catalogue import DEMOS; [demo.lesson.concept for demo in DEMOS];"
        "print(*sorted({'aiohttp', 'textual', 'asynclab.demos.gather'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == ""
