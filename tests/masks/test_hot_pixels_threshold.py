"""The typical pixel, and how far above it is hot."""

import numpy as np
import pytest
from scipy import stats

from ccdproc_darks.masks.hot_pixels import TypicalPixel, typical_pixel
from ccdproc_darks.statistics.robust import robust_mean


def test_typical_pixel_of_noise_and_hot_pixels():
    rng = np.random.default_rng(1)
    rates = rng.normal(0.2, 0.05, 10**5)
    rates[:2000] = rng.uniform(1, 1000, 2000)
    typical = typical_pixel(rates, lambda rate: np.full(rates.shape, 0.05))
    assert typical.rate == pytest.approx(0.2, abs=0.002)
    assert typical.width == pytest.approx(1, abs=0.03)


def test_scatter_of_good_pixels_widens():
    """Rates that differ from pixel to pixel by twice their noise."""
    rng = np.random.default_rng(2)
    rates = rng.normal(1, 0.1, 10**5) + rng.normal(0, 0.05, 10**5)
    typical = typical_pixel(rates, lambda rate: np.full(rates.shape, 0.05))
    assert typical.rate == pytest.approx(1, abs=0.005)
    assert typical.width == pytest.approx(np.hypot(2, 1), rel=0.02)


@pytest.mark.parametrize("rates", [np.array([]), np.array([2.0]), np.full(50, 2.0), np.zeros(10)])
def test_of_few_or_equal(rates):
    typical = typical_pixel(rates, lambda rate: np.full(rates.shape, 0.1))
    assert typical.rate == pytest.approx(rates[0] if rates.size else 0)
    assert typical.width == 1


@pytest.mark.parametrize("number", range(2, 12))
def test_width_of_a_few_pixels(number):
    """Of the lower half of their deviates from the median, as numpy has it."""
    rates = np.random.default_rng(number).uniform(1, 2, number)
    typical = typical_pixel(rates, lambda rate: np.full(rates.shape, 1e-3))
    expected = -np.quantile((rates - np.median(rates)) / 1e-3, stats.norm.cdf(-1))
    assert typical.width == pytest.approx(expected, rel=1e-6)


def test_typical_rate_is_weighed_by_its_own_noise():
    """A third of the pixels are of another camera mode: more electrons, less read noise, and a tenth higher."""
    rng = np.random.default_rng(3)
    third = np.arange(4000) % 3 == 0
    rates = np.where(third, 1.1, 1.0) + rng.normal(0, 0.01, third.size)

    def deviation_at(rate):
        return np.sqrt(np.where(third, 0.5 + 4 * rate, 2 + 0.1 * rate))

    typical = typical_pixel(rates, deviation_at)
    assert typical.rate == pytest.approx(robust_mean(rates, deviation_at(typical.rate)), rel=2e-7)
    assert abs(typical.rate - np.median(rates)) > 1e-3


def test_typical_rate_of_pixels_in_another_order():
    """Only some of many pixels tell where to look for it: which, moves it by less than half of its error."""
    rng = np.random.default_rng(4)
    truth = 0.05 * np.exp(0.3 * rng.normal(size=2**18))
    truth[::50] *= 100
    rates = rng.poisson(truth * 1000) / 1000 + rng.normal(0, 0.01, truth.size)
    found = [
        typical_pixel(rng.permutation(rates), lambda rate: np.full(rates.shape, np.sqrt(1e-4 + rate / 1000))).rate
        for _ in range(6)
    ]
    assert np.ptp(found) < 0.5 * np.sqrt(1e-4 + 0.05 / 1000) / np.sqrt(rates.size)


@pytest.mark.parametrize("expected", [5.0, 50.0])
@pytest.mark.parametrize("deviate", [3.0, 5.0])
def test_threshold_has_the_tail_asked_for(expected, deviate):
    """Poisson counts over one second without noise: the exact tail at the threshold, a lattice."""
    typical = TypicalPixel(expected, 1.0)
    limit = typical.threshold(deviate, expected, 1.0)
    # P(N >= n) at n = the limit, which lies half a step above the continuous one.
    tail = stats.poisson.sf(np.floor(limit) - 1, expected), stats.poisson.sf(np.ceil(limit) + 1, expected)
    assert tail[1] < stats.norm.sf(deviate) < tail[0]
    excess = typical.excess(np.array([limit]), np.array([expected]), np.array([1.0]))
    assert excess.item() == pytest.approx(deviate, abs=1e-3)


def test_threshold_without_poisson_noise():
    assert TypicalPixel(0.0, 2.0).threshold(5.0, 0.04, 1.0) == pytest.approx(2)
