"""Memory that is used again: never by two at a time, and not for ever."""

import threading
import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks._compute.buffers import empty, give_back, reused

SHAPES = st.tuples(st.integers(0, 5), st.integers(1, 40))
TYPES = st.sampled_from(["u1", "?", "u2", "f4", "f8"])


def test_the_same_memory_again():
    with reused() as renew:
        first = empty((3, 4), float)
        assert not np.shares_memory(first, empty((3, 4), float))
        renew()
        again = [empty((6, 4), np.float32), empty((12,), float)]
        assert any(np.shares_memory(first, array) for array in again)


def test_what_is_given_back_is_used_first():
    with reused():
        first = empty((5, 8), np.uint16)
        give_back(first)
        assert np.shares_memory(first, empty((10, 4), np.uint16))
        assert not np.shares_memory(first, empty((10, 4), np.uint16))


def test_what_others_own_is_left_alone():
    mine = np.zeros((5, 8))
    with reused():
        for array in (mine, mine[1:], mine.reshape(-1)):
            give_back(array)
        assert not np.shares_memory(mine, empty((5, 8), float))
    give_back(mine)


def test_outside_it_is_numpy_s():
    with reused():
        inside = empty((7,), float)
    outside = empty((7,), float)
    assert outside.base is None
    assert not np.shares_memory(inside, outside)


def test_one_within_another():
    with reused() as renew:
        first = empty((9,), float)
        with reused():
            assert not np.shares_memory(first, empty((9,), float))
        renew()
        assert np.shares_memory(first, empty((9,), float))


def test_threads_have_their_own():
    found = []
    with reused() as renew:
        first = empty((9,), float)
        renew()
        thread = threading.Thread(target=lambda: found.append(empty((9,), float)))
        thread.start()
        thread.join()
        assert found[0].base is None
        assert np.shares_memory(first, empty((9,), float))


@given(st.lists(st.lists(st.tuples(SHAPES, TYPES, st.booleans()), max_size=12), max_size=6))
def test_nobody_writes_into_what_another_has(rounds):
    """Whatever is asked for and given back, arrays in use keep what is in them."""
    with reused() as renew:
        for wanted in rounds:
            renew()
            held = []
            for number, (shape, dtype, short) in enumerate(wanted):
                array = empty(shape, dtype)
                assert array.shape == shape
                assert array.dtype == dtype
                array[...] = number % 2
                if short:
                    give_back(array)
                else:
                    held.append((array, number % 2))
            for array, value in held:
                np.testing.assert_array_equal(array, np.full(array.shape, value, array.dtype))


def test_sizes_that_never_come_again_do_not_pile_up():
    tracemalloc.start()
    try:
        with reused() as renew:
            for number in range(200):
                renew()
                empty((10_000 + number,), float)
            held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 5 * 8 * 10_200
