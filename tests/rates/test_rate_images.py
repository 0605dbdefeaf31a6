"""Rates read back as the counts that they came from."""

import numpy as np
import pytest

from ccdproc_darks import dark_rate
from ccdproc_darks.rates.rate_images import RateImages

from ..helpers import dark, master_bias, noisy_darks, rate_image

EVERYTHING = slice(None)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("number", [1, 2, 10, 50])
def test_frames_that_survived_are_found_from_the_uncertainty(number, dtype):
    """Whatever the error of the bias that the uncertainty contains."""
    rng = np.random.default_rng(number)
    rates = rng.choice([0.01, 1.0, 100.0], (30, 30))
    darks = noisy_darks(rng, rates, 100.0, number, 5.0, rates.shape)
    survived = np.full(rates.shape, number)
    for frame in darks[1:]:
        lost = rng.random(rates.shape) < 0.1
        frame.mask = lost
        survived -= lost
    rate = dark_rate(darks, bias=master_bias(rng, 5.0, 3, rates.shape), clip=None, dtype=dtype)
    rows = RateImages([rate]).rows(EVERYTHING)
    np.testing.assert_array_equal(rows.frames[0], survived)
    np.testing.assert_allclose(rows.read_variance[0], 25 / survived, rtol=1e-6)
    np.testing.assert_allclose(rows.counts[0], rate.data * 100.0, rtol=1e-6)


def test_sorted_by_exposure():
    stack = RateImages([rate_image([[1.0]], seconds) for seconds in (300.0, 10.0, 90.0)])
    np.testing.assert_array_equal(stack.seconds, [10, 90, 300])


def test_shared_bias():
    rng = np.random.default_rng(0)
    biases = [master_bias(rng, 5.0, 4, (3, 3)) for _ in range(2)]
    rates = [
        dark_rate(dark(np.ones((3, 3)), seconds, "electron"), bias=bias)
        for seconds, bias in ((10.0, biases[0]), (20.0, biases[1]), (40.0, biases[0]))
    ]
    groups = RateImages(rates).shared
    assert [members for members, _ in groups] == [[0, 2], [1]]
    assert [variance for _, variance in groups] == pytest.approx([25 / 4, 25 / 4])


def test_masked_by_somebody_else_is_not_saturated():
    rate = rate_image([[50.0, 1.0]], 10.0)
    rate.mask = rate.mask | [[True, False]]
    rows = RateImages([rate]).rows(EVERYTHING)
    np.testing.assert_array_equal(rows.usable[0], [[False, True]])
    np.testing.assert_array_equal(rows.lower_limit[0], [[np.nan, np.nan]])


def test_saturated_and_missing_are_told_apart():
    frame = dark([[5000.0, np.nan, 10.0]], 10.0, "electron")
    rows = RateImages([dark_rate(frame, saturation=1000 * frame.unit)]).rows(EVERYTHING)
    np.testing.assert_array_equal(rows.usable[0], [[False, False, True]])
    np.testing.assert_array_equal(rows.lower_limit[0], [[100.0, np.nan, np.nan]])
