"""The best estimate of each pixel's rate, as an image."""

import numpy as np

from ccdproc_darks._compute.workers import Execution
from ccdproc_darks.comparison.comparer import RateComparer
from ccdproc_darks.masks.best_rates import best_rates
from ccdproc_darks.masks.pixel_rates import pixel_rates
from ccdproc_darks.rates.rate_images import RateImages

from ..helpers import rate_image


def test_rate_of_one_exposure_time_is_as_it_is():
    values = np.arange(1.0, 101.0).reshape(10, 10)
    images = RateImages([rate_image(values, 100.0)])
    np.testing.assert_allclose(best_rates(images, None, Execution()), values)


def test_rates_of_several_are_those_that_the_flags_are_set_by():
    values = np.random.default_rng(3).uniform(1, 2, (300, 20))
    images = RateImages([rate_image(values, 100.0), rate_image(values * 1.01, 30.0)])
    comparer = RateComparer(images, None, "theoretical")
    found = best_rates(images, comparer, Execution())
    np.testing.assert_array_equal(found, pixel_rates(images, comparer, slice(0, 300)).rate)
    assert np.all((found > values) & (found < values * 1.01))
