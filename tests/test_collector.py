"""Tests how often garbage is collected while the app paints."""

import gc
from collections.abc import Iterator

import pytest

from asynclab.collector import FEW, RARELY, RareCollections


@pytest.fixture(autouse=True)
def without_exempt_objects() -> Iterator[None]:
    """Tests begin with objects exempt from collection, and collections are rare: see conftest."""
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*RARELY)
    gc.freeze()


def test_collections_are_rare_in_between_and_as_before_afterwards() -> None:
    threshold = gc.get_threshold()
    collections = RareCollections()
    collections.start()
    assert gc.get_threshold() == RARELY
    assert gc.get_freeze_count() >= FEW
    collections.stop()
    assert gc.get_threshold() == threshold
    assert gc.get_freeze_count() < FEW


def test_objects_that_python_exempts_itself_are_no_reason_to_exempt_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gc, "get_freeze_count", lambda: 375)
    collections = RareCollections()
    collections.start()
    monkeypatch.undo()
    assert gc.get_freeze_count() >= FEW
    collections.stop()
    assert gc.get_freeze_count() < FEW


def test_objects_that_somebody_else_has_exempted_stay_exempt() -> None:
    gc.freeze()
    collections = RareCollections()
    collections.start()
    collections.stop()
    assert gc.get_freeze_count() >= FEW


def test_stopping_what_was_not_started_changes_nothing() -> None:
    threshold = gc.get_threshold()
    RareCollections().stop()
    assert gc.get_threshold() == threshold
