"""Odds of a departure, from the pixels of the sensor."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import dark_rate
from ccdproc_darks.comparison.comparer import RateComparer
from ccdproc_darks.comparison.departure_prior import DeparturePrior, departure_prior
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
    assert few.hot > many.hot
    assert many.hot < 3.2
    assert few.typical == many.typical > 4
    assert 0.5 < few.hot_above < 20


def test_odds_are_right():
    """Of pixels near the deviate of even odds, half depart."""
    rng = np.random.default_rng(7)
    departs = rng.random(10**6) < 0.02
    size = np.abs(np.where(departs, rng.uniform(-40, 40, 10**6), rng.normal(size=10**6)))
    from ccdproc_darks.comparison.departure_prior import _even

    near = np.abs(size - _even(size)) < 0.1
    assert departs[near].mean() == pytest.approx(0.5, abs=0.06)


def test_without_pixels():
    """What is known before any is seen."""
    prior = prior_of(0, shape=(4, 4), hot=0)
    assert prior.hot == pytest.approx(3.5, abs=0.1)


def test_deviates_of():
    prior = DeparturePrior(1.0, 4.0, 3.0)
    typical, hot = prior.deviates_of(0.03)
    np.testing.assert_allclose(prior.of(np.array([typical, hot, 4.0]), np.array([0.5, 2.0, 0.1])), [0.03, 0.03, 0.5])
    assert DeparturePrior(1.0, 4.0, 1.0).deviates_of(0.03)[1] == 0
