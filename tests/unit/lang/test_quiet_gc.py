import gc

import pytest

from propolis.lang.quiet_gc import quiet_gc


def test_the_collector_rests_inside_and_works_again_afterwards() -> None:
    gc.enable()
    with quiet_gc():
        assert not gc.isenabled()
        with quiet_gc():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_an_error_restores_the_collector() -> None:
    gc.enable()
    with pytest.raises(KeyError), quiet_gc():
        raise KeyError
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with quiet_gc():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_freezing_exempts_what_was_built() -> None:
    try:
        with quiet_gc(freeze=True):
            kept: list[list[int]] = [[] for _ in range(100)]
        assert gc.get_freeze_count() >= len(kept)
    finally:
        gc.unfreeze()
