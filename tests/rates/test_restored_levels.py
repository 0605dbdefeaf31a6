"""Rates and masks where levels do not fit together; the truth is known."""

import warnings

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import (
    BiasWarning,
    MissingInformationWarning,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    master_bias,
    repeatability,
)

from ..frames.evidence.level_frames import camera_frames, mean_of
from ..helpers import ELECTRON_PER_SECOND, assert_same_image

CMOS = {"gain": 0.3, "read_noise": 1.5, "rate": 0.02}
CCD = {"gain": 1.5, "read_noise": 8.0, "rate": 0.5}
BLACK = "^the camera subtracts its optical black"


def measured(plan, **camera):
    biases, darks = camera_frames(plan, **camera)
    return darks, master_bias(biases)


@pytest.mark.parametrize(
    ("plan", "camera", "black"),
    [([(600, 6)], CMOS, 0.02), ([(100, 5), (600, 5)], CMOS, 0.03), ([(100, 5), (400, 5)], CCD, 0.5)],
)
def test_optical_black_is_restored(plan, camera, black):
    darks, bias = measured(plan, black=black, **camera)
    with pytest.warns(BiasWarning, match=BLACK):
        rate = dark_rate(darks, bias=bias)
    assert np.median(rate.data) == pytest.approx(camera["rate"], rel=0.05)
    assert rate.meta["DKBLACK"] == pytest.approx(camera["rate"], rel=0.05)
    # The noise model holds: pixels that do not switch are not TELEGRAPH, and a threshold is above zero.
    options = {"bias": bias, "optical_black": rate.meta["DKBLACK"] * ELECTRON_PER_SECOND}
    longest = [dark for dark in darks if dark.meta["EXPTIME"] == plan[-1][0]]
    scatter = dark_scatter(longest, **options)
    assert scatter.meta["DKWIDTH"] == pytest.approx(1, abs=0.03)
    mask = hot_pixel_mask(dark_rate(longest, **options), scatter=scatter)
    assert mask.meta["NTELEGR"] <= 5
    assert 145 <= mask.meta["NHOT"] <= 160
    assert mask.meta["DKTHRESH"] > camera["rate"]


def test_rates_of_two_exposure_times_agree():
    darks, bias = measured([(100, 5), (600, 5)], black=0.03, **CMOS)
    options = {"bias": bias, "optical_black": 0.02 * ELECTRON_PER_SECOND}
    rates = [dark_rate([dark for dark in darks if dark.meta["EXPTIME"] == time], **options) for time in (100, 600)]
    for rate in rates:
        assert np.median(rate.data) == pytest.approx(0.02, rel=0.05)
    assert hot_pixel_mask(*rates).meta["NNONLIN"] <= 5


@pytest.mark.parametrize("bias", ["level", "frame"])
def test_noise_that_levels_do_not_tell_of_refutes_no_header(bias):
    """Of one exposure time, nothing but the argument says that the darks have dark electrons."""
    biases, darks = camera_frames([(600, 6)], black=0.5, **CCD)
    bias = 1000 * u.adu if bias == "level" else master_bias(biases)
    rate = dark_rate(darks, bias=bias, optical_black=0.5 * ELECTRON_PER_SECOND)
    assert np.median(rate.data) == pytest.approx(0.5, abs=0.02)
    assert rate.meta["DKRDNOI"] == pytest.approx(8.0, rel=0.01)


def test_read_noise_is_estimated_right_all_the_same():
    darks, bias = measured([(100, 5), (600, 5)], black=0.02, **CMOS)
    for dark in darks:
        del dark.meta["RDNOISE"]
    with pytest.warns(BiasWarning, match=BLACK):
        rate = dark_rate(darks, bias=bias)
    assert rate.meta["DKRDNOI"] == pytest.approx(1.5, rel=0.05)


def test_slopes_of_free_offsets():
    darks, _ = measured([(100, 5), (600, 5)], black=0.02, **CMOS)
    with pytest.warns(BiasWarning, match=BLACK):
        rate = dark_rate(darks, offset="pixel")
    assert np.median(rate.data) == pytest.approx(0.02, rel=0.05)


def test_zero_adds_nothing():
    darks, bias = measured([(600, 5)], black=0.02, **CMOS)
    rate = dark_rate(darks, bias=bias, optical_black=0 * ELECTRON_PER_SECOND)
    assert abs(np.median(rate.data)) < 0.001
    assert "DKBLACK" not in rate.meta


def test_healthy_frames_are_left_as_they_are():
    darks, bias = measured([(60, 5), (300, 5)])
    rate = dark_rate(darks, bias=bias)
    assert_same_image(rate, dark_rate(darks, bias=bias, optical_black=0 * ELECTRON_PER_SECOND))
    assert "DKBLACK" not in rate.meta


def test_wrong_rates_are_refused():
    darks, bias = measured([(60, 2)])
    with pytest.raises(ValueError, match="optical_black must be"):
        dark_rate(darks, bias=bias, optical_black=-1 * ELECTRON_PER_SECOND)
    with pytest.raises(u.UnitsError, match="optical_black"):
        dark_rate(darks, bias=bias, optical_black=1 * u.electron)
    with pytest.raises(TypeError, match="optical_black"):
        dark_scatter(darks * 2, bias=bias, optical_black=1)


def test_repeatability_takes_the_rate():
    darks, bias = measured([(600, 6)], black=0.02, **CMOS)
    halves = repeatability(darks, bias=bias, optical_black=0.02 * ELECTRON_PER_SECOND)
    assert halves.meta["DKWIDTH"] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("above", "camera"), [(-5, {}), (12, {"gain": 2.0, "read_noise": 14.0})])
def test_bias_of_another_level(above, camera):
    darks, bias = measured([(60, 5), (300, 5)], bias_above=above, **camera)
    with pytest.warns(BiasWarning, match="^the bias lies .* at zero exposure"):
        rate = dark_rate(darks, bias=bias)
    assert abs(np.median(rate.data) - 0.05) > 0.01
    # As the sentence says.
    bias.data -= above
    assert np.median(dark_rate(darks, bias=bias).data) == pytest.approx(0.05, rel=0.1)
    slope = dark_rate(darks, offset="pixel")
    assert np.median(slope.data) == pytest.approx(0.05, rel=0.1)


def test_bias_level_and_subtracted_frames():
    darks, bias = measured([(60, 5), (300, 5)], bias_above=-6)
    with pytest.warns(BiasWarning, match="^the bias lies"):
        dark_rate(darks, bias=994 * u.adu)
    for dark in darks:
        dark.data = dark.data - bias.data
    with pytest.warns(BiasWarning, match="^a bias of 0 adu lies"):
        dark_rate(darks)


def test_raw_frames_without_a_bias_are_told_of_once():
    darks, _ = measured([(60, 5), (300, 5)])
    with pytest.warns(BiasWarning) as caught:
        dark_rate(darks)
    assert not any("the bias lies" in str(one.message) for one in caught)


def test_average_of_an_unknown_number():
    darks, bias = measured([(300, 12)])
    average = mean_of(darks)
    with pytest.warns(MissingInformationWarning, match=r"^darks\[0\] seems to be the mean of 12 exposures"):
        rate = dark_rate(average, bias=bias)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = dark_rate(average, bias=bias, n_combined=12)
    # Taken for one exposure: an error that is too large, not too small.
    assert np.median(rate.uncertainty.array) > 2 * np.median(told.uncertainty.array)


def test_optical_black_of_too_few_pixels():
    darks, _ = measured([(60, 3)], shape=(20, 30), hot=0)
    with pytest.raises(
        ValueError, match=r"optical_black of 0.02 electron/s cannot be added: too few typical pixels \(1"
    ):
        dark_rate(darks, bias=1000 * u.adu, optical_black=0.02 * ELECTRON_PER_SECOND)


def test_optical_black_that_frames_contradict():
    darks, bias = measured([(100, 5), (400, 5)], **CCD)
    with pytest.warns(
        BiasWarning, match="^optical_black is given as 4 electron/s, but the camera does not subtract its"
    ):
        dark_rate(darks, bias=bias, optical_black=4 * ELECTRON_PER_SECOND)
