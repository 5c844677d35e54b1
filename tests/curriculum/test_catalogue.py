"""Tests the catalogue of demos: how a demo is found by name, and how its file is read."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from asynclab.curriculum.catalogue import DEMOS, LessonError, UnknownDemo, find, read_lesson
from asynclab.curriculum.demo_parameters import Parameter
from tests.fast_loop import FastLoop

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


FILE = '''
"""One idea, in
one sentence.

Watch: what moves
    and when.
{watches}Belief: "It is so": it is: otherwise,
    always.
Docs: Page, Section
"""

from typing import Annotated, Literal

async def main({signature}) -> None:
    raise AssertionError("a lesson is read, not run")
'''


def read(signature: str, watches: str = "") -> tuple[Parameter, ...]:
    return read_lesson(FILE.format(signature=signature, watches=watches)).parameters


def test_the_docstring_is_the_lesson_and_its_lines_may_be_folded() -> None:
    lesson = read_lesson(FILE.format(signature="", watches=""))
    assert lesson.concept == "One idea, in one sentence."
    assert lesson.watch == "what moves and when."
    assert lesson.belief == "It is so"
    assert lesson.truth == "it is: otherwise, always."
    assert lesson.docs == "Page, Section"
    assert lesson.parameters == ()


@pytest.mark.parametrize(
    ("signature", "parameter"),
    [
        ("n: Annotated[int, range(1, 10)] = 3", Parameter("n", "int", 3, low=1, high=9)),
        ("s: Annotated[float, (0.5, 2.0)] = 1.0", Parameter("s", "float", 1.0, low=0.5, high=2.0)),
        ("b: bool = True", Parameter("b", "bool", True)),
        ("c: Literal['x', 'y'] = 'x'", Parameter("c", "choice", "x", choices=("x", "y"))),
        ("t: str = 'hi'", Parameter("t", "str", "hi")),
        ("u: Annotated[str, 'url']", Parameter("u", "url", "")),
        ("u: Annotated[str, 'url'] = 'http://a.test/'", Parameter("u", "url", "http://a.test/")),
        ("u: Annotated[list[str], 'urls']", Parameter("u", "urls", [])),
        ("u: Annotated[list[str], 'urls'] = ['http://a.test/']", Parameter("u", "urls", ["http://a.test/"])),
    ],
)
def test_a_parameter_is_read_from_its_annotation(signature: str, parameter: Parameter) -> None:
    assert read(signature) == (parameter,)


MISTAKE = "b: Annotated[bool, 'mistake: no'] = False"


def test_a_mistake_has_what_to_watch_for_while_it_is_on() -> None:
    mistake = Parameter("b", "bool", False, mistake="no", watch="it falls over.")
    assert read(MISTAKE, watches="Watch b: it falls\n    over.\n") == (mistake,)


def test_a_mistake_without_anything_to_watch_for_is_refused() -> None:
    with pytest.raises(LessonError, match="no line that starts with Watch b:"):
        read(MISTAKE)


@pytest.mark.parametrize("signature", [MISTAKE, "c: bool = False"])
def test_what_to_watch_for_while_something_is_on_that_is_no_mistake_is_refused(signature: str) -> None:
    with pytest.raises(LessonError, match="no mistake is called c"):
        read(signature, watches="Watch b: it falls.\nWatch c: it stands.\n" if "b:" in signature else "Watch c: it.\n")


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        ("n", "n has no annotation"),
        ("b: bool", "b has no default"),
        ("n: int = 1", "n has an unknown kind of annotation"),
        ("n: Annotated[int, (1, 10)] = 1", "n has an unknown kind of annotation"),
        ("b: Annotated[bool, 'forgets'] = False", "b has an unknown kind of annotation"),
    ],
)
def test_a_parameter_that_no_form_could_show_is_refused(signature: str, message: str) -> None:
    with pytest.raises(LessonError, match=message):
        read(signature)


@pytest.mark.parametrize("label", ["Watch", "Belief", "Docs"])
def test_a_docstring_that_lacks_a_line_is_refused(label: str) -> None:
    with pytest.raises(LessonError, match=f"no line that starts with {label}:"):
        read_lesson(FILE.format(signature="", watches="").replace(f"{label}: ", "Note: "))


def test_a_belief_needs_its_quotes_and_what_is_true() -> None:
    with pytest.raises(LessonError, match="the belief in double quotes"):
        read_lesson(FILE.format(signature="", watches="").replace('"It is so": ', "It is so "))


def test_a_file_without_main_is_refused() -> None:
    with pytest.raises(LessonError, match="no async def main"):
        read_lesson(FILE.format(signature="", watches="").replace("async def main", "async def start"))


GUIDE = Path(__file__).parents[2] / "docs" / "writing-a-demo.md"


def test_the_example_is_a_lesson_that_runs(capsys: pytest.CaptureFixture[str]) -> None:
    example = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[0]
    assert [parameter.name for parameter in read_lesson(example).parameters] == ["visitors", "room", "own_semaphore"]
    module: dict[str, Any] = {"__name__": "example"}
    exec(example, module)
    for mistake, seconds in ((False, 3), (True, 1)):
        with asyncio.Runner(loop_factory=FastLoop) as runner:
            runner.run(module["main"](own_semaphore=mistake))
            assert runner.get_loop().time() == pytest.approx(seconds)
    assert len(capsys.readouterr().out.splitlines()) == 12
