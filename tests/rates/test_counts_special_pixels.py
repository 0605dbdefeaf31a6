"""Pixels that wait: none is lost, and each keeps its own samples, however they come and go."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks.rates.counts import SpecialPixels, Waiting

from ..strategies import seeds

FRAMES = 3


def picked_of(numbers, rng, with_bad):
    """Pixels that are known by their numbers, in all that belongs to them."""
    special = rng.random(numbers.size) < 0.6
    few = numbers[special]
    samples = few + 1000 * np.arange(FRAMES)[:, None]
    return SpecialPixels(special, samples, samples % 3 == 0 if with_bad else None, few / 4, numbers[~special] / 2)


def assert_are(found, numbers, may_be_bad):
    np.testing.assert_array_equal(found.counts, numbers[~found.special] / 2)
    few = numbers[found.special]
    np.testing.assert_array_equal(found.bias, few / 4)
    np.testing.assert_array_equal(found.samples, few + 1000 * np.arange(FRAMES)[:, None])
    if found.bad is not None:
        np.testing.assert_array_equal(found.bad, (found.samples % 3 == 0) & may_be_bad[few])


@given(seeds, st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=6), st.integers(1, 12))
def test_first_come_first_served(seed, parts, most):
    rng, waiting, known = np.random.default_rng(seed), Waiting(), 0
    may_be_bad = np.zeros(0, dtype=bool)
    for size, with_bad in parts:
        waiting.add(picked_of(np.arange(known, known + size), rng, with_bad))
        known += size
        may_be_bad = np.append(may_be_bad, np.full(size, with_bad))
    for first in range(0, known, most):
        number = min(most, known - first)
        found = waiting.take(number)
        assert found.special.size == number
        assert_are(found, np.arange(first, first + number), may_be_bad)
        if any(with_bad for _, with_bad in parts):
            assert found.bad is not None
    left = waiting.take(0)
    assert left.counts.size == left.special.size == left.bias.size == left.samples.shape[1] == 0


def test_more_may_come_in_between():
    rng, waiting = np.random.default_rng(1), Waiting()
    may_be_bad = np.ones(9, dtype=bool)
    waiting.add(picked_of(np.arange(5), rng, True))
    assert_are(waiting.take(3), np.arange(3), may_be_bad)
    waiting.add(picked_of(np.arange(5, 9), rng, True))
    assert_are(waiting.take(6), np.arange(3, 9), may_be_bad)
