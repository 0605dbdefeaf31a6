# Licensed under a 3-clause BSD style license - see LICENSE
"""Tests of the exact law of counts of equal frames, from tables of one frame."""

import numpy as np
import pytest

from ccdproc_darks.comparison.comparer import compare_rows
from ccdproc_darks.rates.mean_counts import MeanCounts
from ccdproc_darks.statistics.equal_counts_tail import EqualCountsTail
from ccdproc_darks.statistics.rate_distribution import sensor_rate_distribution

SECONDS = 100.0


def _mean_counts(counts, read_noise):
    one = np.ones(counts.shape)[:, None]
    return MeanCounts(counts[:, None].copy(), one, read_noise**2 * one, one > 0, one * np.nan)


def _sensor(read_noise, electrons, frames, spread=0.0, pixels=20000):
    """Counts of pixels, and the distribution of their rates."""
    rng = np.random.default_rng(1)
    expected = electrons * np.exp(spread * rng.standard_normal(pixels))
    counts = rng.poisson(expected, (frames, pixels)) + rng.normal(0, read_noise, (frames, pixels))
    counts[0, ::50] += 6 * read_noise
    rows = _mean_counts(counts, read_noise)
    seconds = np.full(frames, SECONDS)
    return counts, sensor_rate_distribution([rows], seconds, np.ones(frames), [], np.zeros(frames), False)


@pytest.mark.parametrize(
    ("read_noise", "electrons", "frames", "spread"),
    [(1.5, 3.0, 10, 0.0), (3.0, 1.0, 10, 0.3), (1.5, 0.3, 4, 0.3), (0.7, 2.0, 10, 0.5), (1.0, 0.05, 30, 1.0)],
)
def test_deviates_are_those_of_the_exact_law(read_noise, electrons, frames, spread):
    counts, distribution = _sensor(read_noise, electrons, frames, spread)
    tail = EqualCountsTail.of(distribution, SECONDS, read_noise**2, frames)
    fits = tail.fits(counts)
    assert fits.mean() > 0.9
    found = tail.deviate(counts[:, fits])
    settings = np.full(frames, SECONDS), [], np.zeros(frames), False, distribution
    expected = np.abs(compare_rows(_mean_counts(counts[:, fits], read_noise), *settings).significance).ravel()
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)
    assert found.max() > 3.9


def test_deviate_of_a_pixel_does_not_depend_on_the_others():
    counts, distribution = _sensor(1.5, 3.0, 10)
    tail = EqualCountsTail.of(distribution, SECONDS, 2.25, 10)
    fits = np.flatnonzero(tail.fits(counts))
    few = fits[::7]
    np.testing.assert_array_equal(tail.deviate(counts[:, few]), tail.deviate(counts[:, fits])[::7])


def test_pixels_beyond_the_tables_do_not_fit():
    counts, distribution = _sensor(1.5, 3.0, 10)
    tail = EqualCountsTail.of(distribution, SECONDS, 2.25, 10)
    counts = counts[:, :4].copy()
    counts[0] = [1e4, -1e4, np.nan, counts[0, 3]]
    np.testing.assert_array_equal(tail.fits(counts), [False, False, False, True])


def test_no_tables_without_read_noise_or_a_distribution_of_rates():
    _, distribution = _sensor(1.5, 3.0, 10)
    assert EqualCountsTail.of(None, SECONDS, 2.25, 10) is None
    assert EqualCountsTail.of(distribution, SECONDS, 0.0, 10) is None
    assert EqualCountsTail.of(distribution, SECONDS, 1e-6, 10) is None
