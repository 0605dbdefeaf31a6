# Licensed under a 3-clause BSD style license - see LICENSE
"""Tests of the exact law of counts of equal frames, from tables of one frame."""

import numpy as np
import pytest

from ccdproc_darks.comparison.comparer import compare_rows
from ccdproc_darks.rates.mean_counts import MeanCounts
from ccdproc_darks.statistics.equal_counts_tail import EqualCountsTails
from ccdproc_darks.statistics.rate_distribution import sensor_rate_distribution

SECONDS = 100.0


def _mean_counts(counts, read_noise):
    one = np.ones(counts.shape)[:, None]
    return MeanCounts(counts[:, None].copy(), one, np.square(read_noise) * one, one > 0, one * np.nan)


def _sensor(read_noise, electrons, frames, spread=0.0, pixels=20000):
    """Counts of pixels, and the distribution of their rates."""
    rng = np.random.default_rng(1)
    expected = electrons * np.exp(spread * rng.standard_normal(pixels))
    counts = rng.poisson(expected, (frames, pixels)) + rng.normal(0, read_noise, (frames, pixels))
    counts[0, ::50] += 6 * read_noise
    rows = _mean_counts(counts, read_noise)
    seconds = np.full(frames, SECONDS)
    return counts, sensor_rate_distribution([rows], seconds, np.ones(frames), [], np.zeros(frames), False)


def _expected(counts, distribution, read_noise):
    """Deviates as of exposures that are compared."""
    settings = np.full(len(counts), SECONDS), [], np.zeros(len(counts)), False, distribution
    return np.abs(compare_rows(_mean_counts(counts, read_noise), *settings).significance).ravel()


@pytest.mark.parametrize(
    ("read_noise", "electrons", "frames", "spread"),
    [
        (1.5, 3.0, 10, 0.0),
        (3.0, 1.0, 10, 0.3),
        (1.5, 0.3, 4, 0.3),
        (0.7, 2.0, 10, 0.5),
        (1.0, 0.05, 30, 1.0),
        (1.5, 0.1, 60, 0.3),
    ],
)
def test_deviates_are_those_of_the_exact_law(read_noise, electrons, frames, spread):
    counts, distribution = _sensor(read_noise, electrons, frames, spread)
    tails = EqualCountsTails.of(distribution, SECONDS, frames, read_noise**2)
    found = tails.deviate(counts, np.full(counts.shape[1], read_noise**2))
    fits = np.isfinite(found)
    assert fits.mean() > 0.99
    np.testing.assert_allclose(found[fits], _expected(counts, distribution, read_noise)[fits], rtol=0, atol=5e-5)
    assert found[fits].max() > 3.9


@pytest.mark.parametrize(("read_noise", "electrons"), [(1.5, 3.0), (3.0, 1.0), (1.0, 0.3)])
def test_pixels_of_unequal_read_noise(read_noise, electrons):
    counts, distribution = _sensor(read_noise, electrons, 8, 0.2)
    noise = read_noise * np.exp(0.3 * np.random.default_rng(2).standard_normal(counts.shape[1]))
    found = EqualCountsTails.of(distribution, SECONDS, 8, read_noise**2).deviate(counts, noise**2)
    fits = np.isfinite(found)
    assert fits.mean() > 0.9
    np.testing.assert_allclose(found[fits], _expected(counts, distribution, noise)[fits], rtol=0, atol=1e-3)


def test_deviate_of_a_pixel_does_not_depend_on_the_others():
    counts, distribution = _sensor(1.5, 3.0, 10)
    tails = EqualCountsTails.of(distribution, SECONDS, 10, 2.25)
    variance = np.linspace(1.5, 3.0, counts.shape[1])
    found = tails.deviate(counts[:, ::7], variance[::7])
    np.testing.assert_array_equal(found, tails.deviate(counts, variance)[::7])


def test_pixels_beyond_the_tables():
    counts, distribution = _sensor(1.5, 3.0, 10)
    tails = EqualCountsTails.of(distribution, SECONDS, 10, 2.25)
    far = np.flatnonzero(tails.deviate(counts, np.full(counts.shape[1], 2.25)) > 3)[:5]
    counts, variance = counts[:, far].copy(), np.array([2.25, 2.25, 2.25, 1e4, 2.25])
    counts[0, :3], counts[1:, 3] = [1e4, -1e4, np.nan], counts[1:, 3] * 100
    np.testing.assert_array_equal(np.isnan(tails.deviate(counts, variance)), [True, True, True, True, False])


def test_no_tables_without_read_noise_or_a_distribution_of_rates():
    _, distribution = _sensor(1.5, 3.0, 10)
    assert EqualCountsTails.of(None, SECONDS, 10, 2.25) is None
    assert EqualCountsTails.of(distribution, SECONDS, 10, 0.0) is None
    assert EqualCountsTails.of(distribution, SECONDS, 10, 1e-6) is None
