"""Thresholds of HOT and NONLINEAR: of how many pixels, and set from which."""

import numpy as np
import pytest

from ccdproc_darks._compute.workers import Execution
from ccdproc_darks.comparison.comparer import RateComparer
from ccdproc_darks.comparison.false_positives import FalsePositiveControl
from ccdproc_darks.masks.hot_pixels import HotPixelTest
from ccdproc_darks.masks.thresholds import set_thresholds, typical_samples
from ccdproc_darks.rates.rate_images import RateImages

from ..helpers import rate_image


@pytest.fixture
def rates():
    """Two rates of the same pixels, of which three are masked in one of them."""
    values = np.random.default_rng(5).uniform(1, 2, (40, 50))
    images = [rate_image(values, 100.0), rate_image(values, 30.0)]
    images[1].mask[0, :3] = True
    return images


def test_pixels_are_counted_in_which_two_rates_can_be_compared(rates):
    images = RateImages(rates)
    comparer, control = RateComparer(images, None, "theoretical"), FalsePositiveControl(0.5)
    hot_pixels = HotPixelTest(None, None, typical_samples(images, comparer, None), images)
    compared, critical = set_thresholds(control, images, comparer, hot_pixels, Execution())
    assert compared == 1997
    assert critical == control.critical(1997, 2)


@pytest.mark.parametrize("surroundings", [None, np.ones((40, 50))])
def test_samples_cover_a_small_image(rates, surroundings):
    images = RateImages(rates)
    samples = typical_samples(images, RateComparer(images, None, "theoretical"), surroundings)
    assert sum(measured.rate.size for _, measured in samples) in (1997, 2000)
