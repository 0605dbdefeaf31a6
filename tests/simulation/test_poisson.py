"""Poisson numbers, however they are drawn."""

import numpy as np
import pytest
from scipy import stats

from ccdproc_darks.simulation.poisson import PoissonPixels

pytestmark = pytest.mark.statistics

SIZE = 400_000


def goodness(counts, probability, total):
    """p-value of counts against their probabilities, rare ones together."""
    expected = probability * total
    keep = expected >= 10
    observed = np.append(counts[keep], counts[~keep].sum())
    expected = np.append(expected[keep], total - expected[keep].sum())
    if expected[-1] < 10:
        observed, expected = observed[:-1], expected[:-1] * observed[:-1].sum() / expected[:-1].sum()
    return stats.chisquare(observed, expected).pvalue


@pytest.mark.parametrize("mean", [0.0, 1e-6, 0.01, 1.0, 7.3, 59.9, 60.1, 5000.0])
def test_one_mean(mean):
    drawn = PoissonPixels(mean, mean).draw(np.random.default_rng(1), None, SIZE)
    assert drawn.dtype == float
    if mean < 1e-3:
        assert drawn.sum() <= 5
        return
    counts = np.bincount(drawn.astype(int))
    assert goodness(counts, stats.poisson.pmf(np.arange(counts.size), mean), SIZE) > 1e-3


def test_tail_beyond_what_16_bits_decide():
    """At a mean of 0.01, more than one electron is rarer than 1 / 2**14, more than two than 1 / 2**22."""
    rng, pixels = np.random.default_rng(2), PoissonPixels(0.01, 0.01)
    counts = sum(np.bincount(pixels.draw(rng, None, 2**21).astype(int), minlength=6) for _ in range(40))
    expected = stats.poisson.pmf(np.arange(6), 0.01) * 40 * 2**21
    for number in (1, 2, 3):
        assert abs(counts[number] - expected[number]) < 4.5 * np.sqrt(expected[number])
    assert counts[4:].sum() <= 1


@pytest.mark.parametrize(
    ("low", "high"), [(1.0, 1.5), (0.0, 0.3), (0.5, 4.0), (10.0, 14.0), (1.0, 9.0), (70.0, 71.0), (2.0, 2.0)]
)
def test_means_that_differ(low, high):
    """Below, between and above the limits, in one block: each kind has the right mixture."""
    rng = np.random.default_rng(3)
    means = np.array([0, 0.5 * low, low, 0.7 * low + 0.3 * high, high, 2 * high + 1, 50 * high])
    index = rng.integers(0, means.size, SIZE)
    drawn = PoissonPixels(low, high).draw(rng, means[index], SIZE)
    for number, mean in enumerate(means):
        own = drawn[index == number]
        if mean == 0:
            assert (own == 0).all()
            continue
        counts = np.bincount(own.astype(int))
        assert goodness(counts, stats.poisson.pmf(np.arange(counts.size), mean), own.size) > 1e-4


def test_pixels_are_independent():
    """Of neighbours, and of a pixel and the block's total."""
    rng = np.random.default_rng(4)
    means = np.tile([0.4, 1.0, 1.6, 3.0], 500)
    pixels = PoissonPixels(0.8, 1.8)
    drawn = np.array([pixels.draw(rng, means, means.size) for _ in range(3000)])
    total = drawn.sum(axis=1)
    assert total.mean() == pytest.approx(means.sum(), abs=5 * np.sqrt(means.sum() / 3000))
    assert total.var() == pytest.approx(means.sum(), rel=5 * np.sqrt(2 / 3000))
    away = drawn - means
    for step in (1, 2, 16):
        product = away[:, step:] * away[:, :-step]
        assert abs(product.mean()) < 5 * product.std() / np.sqrt(product.size)
