"""Counts of single pixels: rates times exposure time, and the rate of all frames."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import MissingInformationWarning, dark_rate, master_bias
from ccdproc_darks.rates.pixel_counts import pixel_counts

from ..helpers import dark, whole

SHAPE, NOISE, SECONDS, FULL = (40, 50), 5.0, (20.0, 60.0, 200.0), 4000.0
EVERY = [(x, y) for y in range(SHAPE[0]) for x in range(SHAPE[1])]


@pytest.fixture(scope="module")
def frames():
    """Bias frames, and darks by exposure time, of which one pixel saturates at 200 s and one is masked."""
    rng = np.random.default_rng(2)
    rate = rng.uniform(0.2, 2.0, SHAPE)
    rate[3, 7] = 30.0
    mask = np.zeros(SHAPE, bool)
    mask[4, 8] = True

    def exposed(seconds, number):
        values = (np.minimum(rng.poisson(rate * seconds) + rng.normal(300, NOISE, SHAPE), FULL) for _ in range(number))
        return [dark(each, seconds, "electron", read_noise=NOISE, mask=mask) for each in values]

    biases = [CCDData(rng.normal(300, NOISE, SHAPE), unit="electron", meta={"IMAGETYP": "bias"}) for _ in range(6)]
    return biases, {seconds: exposed(seconds, 4) for seconds in SECONDS}


@pytest.fixture(scope="module")
def bias(frames):
    return master_bias(frames[0], read_noise=NOISE * u.electron)


@pytest.fixture(scope="module")
def rates(frames, bias):
    # From the longest: they are sorted.
    options = {"bias": bias, "saturation": FULL * u.electron, "dtype": "float64"}
    return [dark_rate(frames[1][seconds], **options) for seconds in SECONDS[::-1]]


def test_counts_are_rates_times_exposure_time(rates):
    found = pixel_counts(rates, [(10, 20), (30, 5)], 5)
    assert found.seconds.tolist() == list(SECONDS)
    for index, (x, y) in enumerate([(10, 20), (30, 5)]):
        expected = [rate.data[y, x] * seconds for rate, seconds in zip(rates[::-1], SECONDS, strict=True)]
        errors = [rate.uncertainty.array[y, x] * seconds for rate, seconds in zip(rates[::-1], SECONDS, strict=True)]
        np.testing.assert_allclose(found.counts[:, index] + found.offsets[:, index], expected)
        np.testing.assert_allclose(found.errors[:, index], errors)
    assert np.isnan(found.lower_limits).all()


def test_the_rate_is_that_of_all_frames(frames, bias, rates):
    every = [one for each in frames[1].values() for one in each]
    together = dark_rate(every, bias=bias, saturation=FULL * u.electron, dtype="float64")
    found = pixel_counts(rates, EVERY, 10_000)
    good = ~together.mask.ravel()
    assert np.abs(found.offsets).max() < 0.5
    np.testing.assert_allclose(found.rate[good], together.data.ravel()[good], rtol=0.002)
    np.testing.assert_allclose(found.rate_error[good], together.uncertainty.array.ravel()[good], rtol=0.01)


@pytest.mark.statistics
def test_residuals_of_proportional_pixels(rates):
    """Sum of squares of three residuals about one rate: two, and as much again as what the bias has in common."""
    found = pixel_counts(rates, EVERY, 10_000)
    left = found.residuals[:, ~np.isnan(found.residuals).any(axis=0)]
    assert abs(left.mean()) < 0.05
    assert 0.75 < left.std() < 1.0
    assert np.abs(left).max() < 5


def test_a_drift_of_all_pixels_is_taken_off(rates):
    """As in a comparison: a level that drifts makes no pixel look as if it were not proportional."""
    shifted = [*rates[:-1], rates[-1].copy()]
    shifted[-1].data += 40 / SECONDS[0]
    expected, found = (pixel_counts(given, EVERY, 10_000) for given in (rates, shifted))
    assert (found.offsets - expected.offsets)[0, 0] == pytest.approx(40, abs=0.05)
    np.testing.assert_allclose(found.counts, expected.counts, atol=0.1)
    left = found.residuals - expected.residuals
    # The noise is that of the electrons that were seen, which a drift of the level is counted among.
    assert np.nanmax(np.abs(left)) < 0.5


def test_a_saturated_pixel_has_a_lower_limit_and_is_not_fitted(rates):
    found = pixel_counts(rates, [(7, 3)], 5)
    assert np.isnan(found.counts[2, 0])
    assert np.isnan(found.residuals[2, 0])
    assert found.lower_limits[2, 0] == pytest.approx(FULL - 300, rel=0.01)
    assert np.isnan(found.lower_limits[:2]).all()
    assert found.rate[0] == pytest.approx(30, rel=0.03)


def test_a_masked_pixel_has_no_counts(rates):
    found = pixel_counts(rates, [(8, 4)], 5)
    for values in (found.counts, found.errors, found.lower_limits, found.residuals, found.rate, found.rate_error):
        assert np.isnan(values).all()


def test_a_rate_without_uncertainty():
    with pytest.warns(MissingInformationWarning):
        rate = dark_rate(dark(np.full((4, 4), 100.0), 50.0, "electron", read_noise=None), saturation=1e9 * u.electron)
    found = pixel_counts([rate], [(1, 1)], 5)
    assert found.counts[0, 0] == pytest.approx(100)
    assert found.rate[0] == pytest.approx(2)
    for values in (found.errors, found.rate_error, found.residuals):
        assert np.isnan(values).all()


def test_amplifiers_have_their_own_noise(frames, bias):
    amplifiers = ["[1:25, 1:40]", "[26:50, 1:40]"]
    options = {"bias": bias, "saturation": FULL * u.electron, "amplifiers": amplifiers}
    rates = [dark_rate(frames[1][seconds], **options) for seconds in SECONDS]
    pixels = [(30, 5), (10, 20), (26, 39)]
    found = pixel_counts(rates, pixels, 5)
    assert found.x.tolist() == [30, 10, 26]
    assert found.y.tolist() == [5, 20, 39]
    for index, (x, y) in enumerate(pixels):
        expected = [rate.data[y, x] * s for rate, s in zip(rates, SECONDS, strict=True)]
        np.testing.assert_allclose((found.counts + found.offsets)[:, index], expected, rtol=1e-6)
    assert found.seconds.shape == (3,)
    assert found.residuals.shape == (3, 3)


def test_no_rates():
    with pytest.raises(ValueError, match=whole("at least one rate is needed, of one exposure time each, got 0")):
        pixel_counts([], [(1, 1)], 5)


def test_a_rate_of_several_exposure_times(frames, bias):
    every = [one for each in frames[1].values() for one in each]
    rate = dark_rate(every, bias=bias, saturation=FULL * u.electron)
    with pytest.raises(ValueError, match=r"^rates\[0\] is already one rate of 3 exposure times; rates of one"):
        pixel_counts([rate], [(1, 1)], 5)


def test_rates_of_several_shapes(rates):
    other = dark_rate(dark(np.full((4, 4), 100.0), 50.0, "electron"), saturation=1e9 * u.electron)
    text = "rates must have one shape: rates[0] is (40, 50), rates[1] is (4, 4)"
    with pytest.raises(ValueError, match=whole(text)):
        pixel_counts([rates[0], other], [(1, 1)], 5)


def test_what_is_no_rate(rates):
    with pytest.raises(
        TypeError, match=r"^rates\[0\] must be CCDData, a result of dark_rate, got list; pass the rates"
    ):
        pixel_counts([rates], [(1, 1)], 5)
