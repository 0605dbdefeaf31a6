"""Warnings of frames that are doubtful."""

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import (
    BiasWarning,
    FrameLevelWarning,
    MissingInformationWarning,
    NoiseWarning,
    TemperatureWarning,
    compare_dark_rates,
    dark_rate,
    hot_pixel_mask,
    simulate_dark,
)

CAMERA = {"gain": 1.5 * u.electron / u.adu, "read_noise": 8 * u.electron, "rate": 0.1 * u.electron / u.s}
SHAPE = (60, 80)


def frames(number, seconds=100, *, levels=None, temperature=-20, seed=0, bias=500):
    rng = np.random.default_rng(seed)
    levels = np.zeros(number) if levels is None else levels
    return [
        simulate_dark(
            SHAPE,
            exposure=seconds * u.s,
            bias=(bias + level) * u.adu,
            temperature=temperature * u.deg_C,
            rng=rng,
            **CAMERA,
        )
        for level in levels
    ]


def test_good_frames_raise_no_doubt():
    rates = [dark_rate(frames(4, seconds, seed=seconds), bias=500 * u.adu) for seconds in (30, 300)]
    hot_pixel_mask(*rates)


def test_a_frame_that_drifted():
    with pytest.warns(
        FrameLevelWarning,
        match=r"^darks\[2\] sits \+19\.\d adu|^darks\[2\] sits \+20\.\d adu from the other frames of 100 s",
    ):
        dark_rate(frames(5, levels=[0, 0, 20, 0, 0]), bias=500 * u.adu)


def test_small_images_of_pure_noise_raise_no_doubt():
    for seed in range(20):
        darks = [frame[:8, :15] for frame in frames(3, seed=seed)]
        dark_rate(darks, bias=500 * u.adu)


def test_temperatures_that_are_not_one():
    darks = frames(2) + frames(1, temperature=0, seed=1)
    with pytest.warns(TemperatureWarning, match=r"the darks were taken at -20\.0 to 0\.0 deg C"):
        dark_rate(darks, bias=500 * u.adu)


@pytest.mark.parametrize("function", [compare_dark_rates, hot_pixel_mask])
def test_rates_of_different_temperature(function):
    rates = [
        dark_rate(frames(3), bias=500 * u.adu),
        dark_rate(frames(3, 300, temperature=0, seed=1), bias=500 * u.adu),
    ]
    with pytest.warns(TemperatureWarning, match=r"the rates were measured at -20\.0 to 0\.0 deg C"):
        function(*rates)


def test_a_bias_taken_twice():
    bias = CCDData(np.full(SHAPE, 500.0), unit="adu")
    darks = [ccdproc.subtract_bias(frame, bias) for frame in frames(3)]
    with (
        pytest.warns(
            BiasWarning, match="the median rate is -7.* electron/s, far below zero: was the bias subtracted twice"
        ),
        pytest.warns(BiasWarning, match=r"^the header of darks\[0\] \(and 2 more\) has SUBBIAS = 'ccd="),
    ):
        dark_rate(darks, bias=bias)
    # What headers say is not asked then.
    with pytest.warns(BiasWarning, match="the median rate is -7.* electron/s, far below zero"):
        dark_rate(darks, bias=bias, check_headers=False)


def test_the_error_of_the_bias_is_not_the_noise_of_a_frame():
    """ccdproc.subtract_bias leaves a frame with the uncertainty of the master bias alone."""
    biases = frames(10, 0, seed=3)
    master = ccdproc.combine(biases, method="average")
    master.meta["NCOMBINE"] = len(biases)
    raw = frames(6)
    for frame in raw:
        frame.meta.remove("RDNOISE")
    darks = [ccdproc.subtract_bias(frame, master) for frame in raw]
    with pytest.warns(NoiseWarning, match="equal frames scatter by .* not by the .* of their uncertainties"):
        rate = dark_rate(darks)
    assert rate.meta["DKNOISE"] == "estimated"
    assert rate.meta["DKRDNOI"] == pytest.approx(8, rel=0.03)
    direct = dark_rate(raw, bias=master)
    np.testing.assert_allclose(rate.data, direct.data, rtol=1e-4, atol=1e-4)


def test_a_bias_that_is_still_in_the_frames_is_not_taken_for_electrons():
    darks = frames(5)
    for frame in darks:
        frame.meta.remove("RDNOISE")
    with (
        pytest.warns(BiasWarning, match="is the bias still in them?"),
        pytest.warns(MissingInformationWarning, match="the result has no uncertainty"),
    ):
        rate = dark_rate(darks, bias=0 * u.adu)
    assert rate.uncertainty is None


def test_uncertainties_that_are_right_are_believed():
    rng = np.random.default_rng(5)
    darks = []
    for _ in range(5):
        electrons = rng.poisson(10.0, SHAPE) + rng.normal(0, 8.0, SHAPE)
        deviation = np.full(SHAPE, np.sqrt(10 + 64))
        darks.append(CCDData(electrons, unit="electron", meta={"EXPTIME": 100.0}))
        from astropy.nddata import StdDevUncertainty

        darks[-1].uncertainty = StdDevUncertainty(deviation)
    assert dark_rate(darks).meta["DKNOISE"] == "uncertainty"


def test_read_noise_from_the_master_bias():
    """A single dark tells no read noise; the scatter of the bias frames, which combine keeps, does."""
    master = ccdproc.combine(frames(20, 0, seed=3), method="average")
    master.meta["NCOMBINE"] = 20
    (dark,) = frames(1)
    dark.meta.remove("RDNOISE")
    rate = dark_rate(dark, bias=master)
    assert rate.meta["DKNOISE"] == "bias"
    assert rate.meta["DKRDNOI"] == pytest.approx(np.sqrt(64 + 1.5**2 / 12), rel=0.02)


def test_a_header_that_says_that_the_bias_is_subtracted():
    """It is warned of where a bias is given, and only there."""
    darks = [ccdproc.subtract_bias(frame, CCDData(np.full(SHAPE, 500.0), unit="adu")) for frame in frames(3)]
    for frame in darks:
        for key in ("SUBBIAS", "SUBTRACT_BIAS"):
            frame.meta.remove(key, ignore_missing=True)
        frame.meta["CALSTAT"] = "B"
    for bias in (None, 0 * u.adu):
        dark_rate(darks, bias=bias)
    with pytest.warns(BiasWarning, match=r"^the header of darks\[0\] \(and 2 more\) has CALSTAT = 'B': its bias is"):
        dark_rate(darks, bias=0.5 * u.adu)
