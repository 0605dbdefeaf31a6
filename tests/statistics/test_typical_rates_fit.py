"""Typical rates of simulated pixels."""

import numpy as np
import pytest

from ccdproc_darks.statistics.typical_rates_fit import _in_bins, fit_typical_rates

PIXELS = 2**17


def sample(rng, spread, *, rate=1.0, exposure=100.0, noise=0.1, hot=0.0, pixels=PIXELS):
    """Measured rates, variance of a typical one, true median; some pixels are hot, from 3 times the rate on."""
    truth = rate * np.exp(spread * rng.normal(size=pixels))
    some = rng.random(pixels) < hot
    truth[some] = 3 * rate / rng.random(some.sum())
    rates = rng.poisson(np.minimum(truth, 1e6) * exposure) / exposure + rng.normal(0, noise, pixels)
    return rates, noise**2 + rate / exposure, np.median(truth)


@pytest.mark.statistics
@pytest.mark.parametrize("spread", [0.0, 0.05, 0.3, 0.5])
@pytest.mark.parametrize("noise", [0.02, 0.3, 2.0])
@pytest.mark.parametrize("hot", [0.0, 0.02])
def test_median_within_its_error(spread, noise, hot):
    """However noisy the pixels are, and whether some are hot."""
    rates, variance, median = sample(np.random.default_rng(1), spread, noise=noise, hot=hot)
    typical = fit_typical_rates(rates, variance, 100.0)
    assert abs(typical.median - median) < 3.5 * typical.error
    assert typical.error < 0.02 * np.hypot(1, 4 * noise)
    if noise < 1 and spread >= 0.05:
        assert typical.width == pytest.approx(spread, abs=0.03 * np.hypot(1, noise / spread))


@pytest.mark.statistics
def test_errors_are_as_large_as_told():
    """Over 60 samples."""
    rng = np.random.default_rng(2)
    departures = []
    for _ in range(60):
        rates, variance, _ = sample(rng, 0.3, pixels=4000)
        typical = fit_typical_rates(rates, variance, 100.0)
        departures.append((typical.median - 1) / typical.error)
    assert np.std(departures) == pytest.approx(1, abs=0.35)
    assert abs(np.mean(departures)) < 0.6


def test_noise_of_each_pixel():
    """The same as if all were of one noise, where half of the pixels have three times the noise."""
    rng = np.random.default_rng(3)
    noise = np.where(np.arange(PIXELS) % 2 == 0, 0.1, 0.3)
    rates, variance, median = sample(rng, 0.3, noise=noise)
    typical = fit_typical_rates(rates, variance, np.full(PIXELS, 100.0))
    assert abs(typical.median - median) < 3 * typical.error
    assert typical.width == pytest.approx(0.3, abs=0.02)
    assert typical.skew == pytest.approx(0.3, abs=0.05)


def test_above_the_surroundings():
    rng = np.random.default_rng(4)
    background = np.linspace(1, 5, PIXELS)
    rates = rng.poisson(background * 100) / 100 + rng.normal(0, 0.1, PIXELS)
    typical = fit_typical_rates(rates, 0.01 + background / 100, 100.0, background)
    assert abs(typical.median) < 4 * typical.error
    assert typical.width < 0.05


def test_rates_below_zero():
    """A bias error moves them all; their noise is not less than that of no dark current."""
    rng = np.random.default_rng(5)
    rates = rng.normal(-1, 0.1, PIXELS)
    typical = fit_typical_rates(rates, 0.01, 100.0)
    assert abs(typical.median + 1) < 4 * typical.error
    assert typical.width < 0.03


@pytest.mark.parametrize("rates", [np.array([]), np.array([2.0]), np.full(50, 2.0), np.zeros(10), np.full(1000, 2.0)])
def test_of_few_or_equal(rates):
    typical = fit_typical_rates(rates, 0.01, 100.0)
    assert typical.rate == pytest.approx(rates[0] if rates.size else 0)
    assert typical.width == 0


def test_of_few():
    """Robust mean, and the scatter of the lower half in excess of the noise."""
    rates = np.r_[1 + 0.3 * np.linspace(-2, 2, 101), 50.0]
    typical = fit_typical_rates(rates, 0.01, 100.0)
    assert typical.rate == pytest.approx(1, abs=0.01)
    low, median = np.quantile(rates, [0.15865525, 0.5])
    assert typical.width == pytest.approx(np.sqrt((median - low) ** 2 - 0.01), rel=1e-6)
    assert typical.skew == pytest.approx(typical.width / typical.rate)


def test_numbers_in_bins_are_those_of_numpy():
    """Also of values on an edge, or next to one."""
    rng = np.random.default_rng(0)
    for scatter in (1e-4, 0.3, 7.0, 1e4):
        edges = 0.1 + scatter * np.arange(-7, 3.075, 0.15)
        sides = [np.nextafter(edges[1:], way) for way in (-np.inf, np.inf)]
        values = np.r_[0.1 + scatter * rng.normal(size=3000) * 3, edges[1:], *sides]
        edges[0] = -np.inf
        np.testing.assert_array_equal(_in_bins(values, edges), np.histogram(values, np.r_[-1e300, edges[1:]])[0])


def test_pixels_of_another_noise():
    """A few of larger noise are no class of the fit, and count among those that are below the median."""
    rng = np.random.default_rng(6)
    rates = 1 + 0.1 * rng.normal(size=PIXELS)
    variance = np.full(PIXELS, 0.01)
    few = PIXELS // 125
    rates[:few], variance[:few] = rates[:few] - 3, 0.1
    typical = fit_typical_rates(rates, variance, 1e6)
    assert abs(typical.median - np.median(rates)) < typical.error


def test_noise_that_is_not_normal():
    """Pixels of telegraph read noise make the distribution wide without skewness: the error has what that may do."""
    rng = np.random.default_rng(7)
    truth = 0.02 * np.exp(0.25 * rng.normal(size=PIXELS))
    noise = rng.normal(0, 1, PIXELS) + 6 * (rng.random(PIXELS) < 0.08) * rng.normal(size=PIXELS)
    rates = rng.poisson(600 * truth) / 600 + noise * np.sqrt(1.1 / 3600 / 5)
    typical = fit_typical_rates(rates, 1.1 / 3600 / 5 + 0.02 / 600, 600.0)
    assert abs(typical.median - np.median(truth)) < 3 * typical.error
