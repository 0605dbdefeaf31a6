"""Deferred pixels: none is lost, and each keeps its own samples, however they are joined and split."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks.rates.counts import DeferredSamples, SpecialPixels

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
def test_none_is_lost(seed, blocks, most):
    rng, parts, known = np.random.default_rng(seed), [], 0
    may_be_bad = np.zeros(0, dtype=bool)
    for size, with_bad in blocks:
        numbers = np.arange(known, known + size)
        sets = [picked_of(numbers, rng, with_bad) for _ in range(2)]
        parts.append(DeferredSamples(np.arange(size), sets).moved(known))
        known += size
        may_be_bad = np.append(may_be_bad, np.full(size, with_bad))
    left = DeferredSamples.joined(parts)
    assert len(left) == known
    for first in range(0, known, most):
        found, left = left.split(most)
        number = min(most, known - first)
        assert len(found) == number
        np.testing.assert_array_equal(found.pixels, np.arange(first, first + number))
        for one in found.sets:
            assert one.special.size == number
            assert_are(one, np.arange(first, first + number), may_be_bad)
            assert (one.bad is not None) == any(with_bad for _, with_bad in blocks)
    assert len(left) == 0
    for one in left.sets:
        assert one.counts.size == one.special.size == one.bias.size == one.samples.shape[1] == 0
