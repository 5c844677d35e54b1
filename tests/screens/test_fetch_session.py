"""Which task fetches which URL."""

from asynclab.model import events as e
from asynclab.screens.fetch.fetch_session import FetchSession
from asynclab.screens.lab.run_record import Record
from tests.screens.frozen import frozen_lab


def session(*tasks: tuple[str, int | None]) -> FetchSession:
    """A session whose tasks have these names and parents, numbered from 1."""
    made = FetchSession()
    created = [e.TaskCreated(0.0, number, name, "_fetch", parent) for number, (name, parent) in enumerate(tasks, 1)]
    made.record = Record(frozen_lab([e.RunStarted(0.0, "fetch", 1.0, "3.13.0"), *created], 1.0))
    made.pump()
    return made


async def test_before_anything_is_fetched_no_task_is_known() -> None:
    assert FetchSession().task_of(1) is None
    assert FetchSession().number_of(1) is None


async def test_the_task_of_a_url_and_the_url_of_a_task() -> None:
    fetched = session(("run", None), ("fetch 1", 1), ("fetch 12", 1))
    assert (fetched.task_of(12), fetched.number_of(3)) == (3, 12)
    assert fetched.task_of(2) is None


async def test_what_a_library_makes_for_a_task_is_on_behalf_of_its_url() -> None:
    fetched = session(("run", None), ("fetch 7", 1), ("connect", 2), ("Task-9", 3))
    assert fetched.number_of(4) == 7


async def test_other_tasks_are_about_no_url() -> None:
    fetched = session(("run", None), ("fetch mail", 1), ("Task-9", 1))
    assert [fetched.number_of(task) for task in (1, 2, 3, 99)] == [None] * 4


async def test_with_no_list_to_fetch_again_nothing_starts() -> None:
    idle = FetchSession()
    idle.start(paused=True)
    assert not idle.is_active
