from __future__ import annotations

import gc

from asynclab.collector import RARELY, RareCollections


def test_collections_are_rare_in_between_and_as_before_afterwards() -> None:
    threshold, frozen = gc.get_threshold(), gc.get_freeze_count()
    collections = RareCollections()
    collections.start()
    assert gc.get_threshold() == RARELY
    assert gc.get_freeze_count() > frozen
    collections.stop()
    assert gc.get_threshold() == threshold
    assert gc.get_freeze_count() == 0


def test_stopping_what_was_not_started_changes_nothing() -> None:
    threshold = gc.get_threshold()
    RareCollections().stop()
    assert gc.get_threshold() == threshold
