"""Presets are what they say."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import DARK_FLAGS, sensor_preset, simulate_dark
from ccdproc_darks.simulation import PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_all_make_frames(name):
    sensor = sensor_preset(name, shape=(64, 80), seed=1)
    assert sensor.shape == (64, 80)
    dark = simulate_dark(sensor, exposure=100 * u.s, rng=1)
    assert dark.meta["INSTRUME"] == f"{name} (simulated)"
    assert dark.meta["CCD-TEMP"] == pytest.approx(sensor.temperature.value)
    assert sensor_preset(name).shape[0] >= 2048
    assert 2 < sensor.rate_factor(sensor.temperature + 10 * u.deg_C) < 13


def test_the_guides_camera():
    sensor = sensor_preset("aspen-cg16m", shape=(2048, 2048), seed=3)
    rate = sensor.true_rate().data
    assert np.median(rate) == pytest.approx(0.01, rel=0.02)
    above = np.count_nonzero(rate > 4) / rate.size
    assert above == pytest.approx(0.00026, rel=5 / np.sqrt(0.00026 * rate.size))
    short, long = (sensor.true_rate(exposure=seconds * u.s).data for seconds in (90, 1000))
    np.testing.assert_array_equal(short > long * (1 + 1e-6), rate >= 4)
    nonlinear = (sensor.true_flags().data & DARK_FLAGS.NONLINEAR) > 0
    np.testing.assert_array_equal(nonlinear, rate >= 4)
    assert (sensor.gain, sensor.read_noise) == (1.5 * u.electron / u.adu, 10 * u.electron)
    assert simulate_dark(sensor, exposure=0 * u.s).meta["SATURATE"] == pytest.approx(55000, abs=10)


def test_the_cryogenic_ccd_glows_in_a_corner():
    rate = sensor_preset("cryogenic-ccd", shape=(1024, 1024), seed=1).true_rate().data
    assert np.median(rate[:20, :20]) > 40 * np.median(rate[-200:, -200:])


def test_the_cmos_camera_has_every_kind():
    sensor = sensor_preset("low-noise-cmos", shape=(1024, 1024), seed=1)
    assert set(sensor.pixels.kinds) == {"hot", "edge", "well", "offset", "telegraph", "reading"}
    assert np.log(sensor.pixels.noise).std() == pytest.approx(0.15, rel=0.01)
    noise = sensor.true_read_noise(dtype="float64").data
    assert np.median(noise) == pytest.approx(1, rel=0.03)
    noisy = (sensor.true_flags().data & DARK_FLAGS.UNRELIABLE_ERROR) > 0
    assert noisy.mean() == pytest.approx(0.08, rel=1e-3)
    # Shifts of 1 to 20 electron, of 18 to 50 % of the readings.
    assert np.abs(noise[noisy].mean() - 4) < 0.5
    assert noise[noisy].max() < np.hypot(20 * np.sqrt(0.5), 2)


def test_unknown():
    with pytest.raises(ValueError, match=r"^name must be one of 'aspen-cg16m', 'cryogenic-ccd', 'low-noise-cmos', got"):
        sensor_preset("kodak")
    with pytest.raises(TypeError, match=r"^sensor must be a Sensor or \(rows, columns\), .*; try sensor_preset\('low"):
        simulate_dark("low-noise-cmos", exposure=1 * u.s)
    with pytest.raises(TypeError, match=r"^Sensor has no parameter colour"):
        sensor_preset("aspen-cg16m", colour="blue")
