"""Odds of a departure, from the pixels of the sensor."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import dark_rate
from ccdproc_darks.comparison.comparer import RateComparer
from ccdproc_darks.comparison.departure_prior import DeparturePrior, _departing, _even, departure_prior
from ccdproc_darks.rates.rate_images import RateImages

from ..helpers import mean_dark


def prior_of(departing, shape=(200, 200), hot=2000):
    """Of a sensor with hot pixels, of which the first are not proportional."""
    rates = []
    for seed, seconds in enumerate((50.0, 500.0)):
        values = np.full(shape, 0.5)
        values.flat[:hot] = 20.0
        values.flat[:departing] *= 1 + np.linspace(0, 0.3, departing) * (seconds > 100)
        frame = mean_dark(np.random.default_rng(seed), values, seconds, 10, 5.0, shape)
        rates.append(dark_rate(frame, bias=0 * u.electron))
    return departure_prior(RateComparer(RateImages(rates), "common", "theoretical"))


def test_the_more_depart_the_sooner():
    """Hot pixels have odds of their own."""
    few, many = prior_of(20), prior_of(1000)
    assert few.below < 0.1 * many.below
    # Long exposures read higher: they depart below zero.
    assert many.above < 0.05 * many.below
    assert many.of(np.array([-2.5, 2.5]), 20.0) == pytest.approx([0.9, 0.1], abs=0.1)
    assert few.typical == many.typical > 4
    assert 0.5 < few.hot_above < 20


def test_odds_are_right():
    """Of pixels near the deviate of even odds, half depart."""
    rng = np.random.default_rng(7)
    departs = rng.random(10**6) < 0.02
    size = np.abs(np.where(departs, rng.uniform(-40, 40, 10**6), rng.normal(size=10**6)))
    near = np.abs(size - _even(size)) < 0.1
    assert departs[near].mean() == pytest.approx(0.5, abs=0.06)


def test_without_pixels():
    """What is known before any is seen."""
    prior = prior_of(0, shape=(4, 4), hot=0)
    assert prior.above == prior.below
    assert prior.of(np.array([3.2, 3.6]), 20.0) == pytest.approx([0.4, 0.7], abs=0.15)


def test_odds_of_hot_pixels_are_right():
    """Sizes of one sign, evenly spread in their logarithm from 1 to 50 sigma."""
    rng = np.random.default_rng(8)
    size = np.where(rng.random(10**6) < 0.1, np.exp(rng.uniform(0, np.log(50), 10**6)), 0.0)
    deviate = size + rng.normal(size=10**6)
    prior = DeparturePrior(1.0, 4.0, *_departing(deviate))
    assert prior.above == pytest.approx(0.1 / 0.9 / np.log(50), rel=0.07)
    probability = prior.of(deviate, 2.0)
    for low, high in ((-1, 0), (0, 1), (1, 2), (2, 2.5), (2.5, 3), (3, 4), (4, 8)):
        near = (deviate > low) & (deviate < high)
        assert probability[near].mean() == pytest.approx((size[near] > 0).mean(), rel=0.2, abs=0.003)


def test_deviates_of():
    prior = DeparturePrior(1.0, 4.0, 0.05, 0.001)
    typical, low, high = prior.deviates_of(0.03)
    found = prior.of(np.array([typical, 4.0, low, high]), np.array([0.5, 0.1, 2.0, 2.0]))
    np.testing.assert_allclose(found, [0.03, 0.5, 0.03, 0.03], atol=1e-3)
    assert low < -2 < 0 < high < 1.5
    # Where even a deviate of zero is doubted, all are.
    assert DeparturePrior(1.0, 4.0, 10.0, 10.0).deviates_of(0.03)[1:] == (0.0, 0.0)
