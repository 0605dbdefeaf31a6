"""Full well, linearity limit and ADC."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import NoUsablePixelWarning, Sensor, dark_rate, simulate_dark
from ccdproc_darks.simulation import CosmicRays, LowFullWellPixels

from ..helpers import ELECTRON_PER_SECOND

RATES = np.linspace(0, 400, 100).reshape(10, 10)


def counts(seconds=100.0, dtype="float64", **options):
    camera = Sensor(rate=RATES * ELECTRON_PER_SECOND, gain=2 * u.electron / u.adu, bias=1000 * u.adu, **options)
    return simulate_dark(camera, exposure=seconds * u.s, rng=1, dtype=dtype)


def test_full_well_clips_before_the_noise():
    full = counts(full_well=20000 * u.electron).data
    assert (full.ravel()[RATES.ravel() * 100 > 21000] == 11000).all()
    assert full.max() == 11000
    noisy = counts(full_well=20000 * u.electron, read_noise=10 * u.electron).data
    assert noisy.max() > 11003
    assert noisy[-1].std() == pytest.approx(5, rel=0.5)


def test_full_well_as_a_level():
    np.testing.assert_array_equal(counts(full_well=11000 * u.adu).data, counts(full_well=20000 * u.electron).data)


def test_linear_up_to_the_limit_and_smooth_above():
    plain = counts().data
    limited = counts(full_well=30000 * u.electron, linearity_limit=20000 * u.electron).data
    electrons = 2 * (plain - 1000)
    below = electrons <= 20000
    np.testing.assert_array_equal(limited[below], plain[below])
    expected = 20000 + 10000 * (1 - np.exp(-(electrons[~below] - 20000) / 10000))
    np.testing.assert_allclose(2 * (limited[~below] - 1000), expected, rtol=1e-12)
    assert limited.max() < 16000


def test_adc_clips_last():
    frame = counts(saturation=4095 * u.adu, dtype="uint16")
    assert frame.data.max() == 4095
    assert frame.meta["SATURATE"] == 4095


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 65535),
        ({"full_well": 200e3 * u.electron}, 65535),
        # Five read noises (with the quantisation) below the full well.
        ({"full_well": 20e3 * u.electron, "read_noise": 10 * u.electron}, 10974),
        ({"full_well": 30e3 * u.electron, "linearity_limit": 20e3 * u.electron, "read_noise": 10 * u.electron}, 11000),
        ({"full_well": 20e3 * u.electron, "saturation": 4095 * u.adu}, 4095),
    ],
)
def test_the_header_says_up_to_where_counts_can_be_trusted(options, expected):
    assert counts(dtype="uint16", **options).meta["SATURATE"] == expected


def test_the_trusted_level_is_that_of_the_lowest_pixel():
    bias = np.full((10, 10), 1000.0)
    bias[3, 3] = 900
    options = {"gain": 2 * u.electron / u.adu, "full_well": 20e3 * u.electron, "linearity_limit": 10e3 * u.electron}
    frame = simulate_dark(Sensor(bias=bias * u.adu, **options), exposure=1 * u.s)
    assert frame.meta["SATURATE"] == 5900
    columns = Sensor(shape=(10, 10), bias=1000 * u.adu, column_pattern=20 * u.adu, **options)
    lowest = simulate_dark(columns, exposure=0 * u.s, dtype="float64").data.min()
    assert lowest < 990
    assert simulate_dark(columns, exposure=1 * u.s).meta["SATURATE"] == np.floor(lowest + 5000)


def test_a_level_is_above_the_typical_bias():
    bias = np.full((10, 10), 1000.0)
    bias[3, 3], bias[4, 4] = 900, 1500
    camera = Sensor(bias=bias * u.adu, rate=1e5 * ELECTRON_PER_SECOND, full_well=11000 * u.adu)
    full = simulate_dark(camera, exposure=1 * u.s, dtype="float64").data
    np.testing.assert_array_equal(full, bias + 10000)


@pytest.mark.parametrize("limit", [None, 20000 * u.electron])
def test_the_true_rate_has_the_response(limit):
    camera = Sensor(rate=np.repeat(RATES, 100, axis=0) * ELECTRON_PER_SECOND, full_well=30000 * u.electron,
                    linearity_limit=limit)  # fmt: skip
    truth = camera.true_rate(exposure=100 * u.s).data * 100
    frame = simulate_dark(camera, exposure=100 * u.s, rng=1, dtype="float64").data
    assert truth.max() < 30000.1
    rows = [image.reshape(10, 100, 10).mean(axis=1) for image in (frame, truth)]
    assert np.abs((rows[0] - rows[1]) / np.sqrt(np.maximum(rows[1], 1) / 100)).max() < 5


def test_a_low_full_well_is_met_exactly():
    camera = Sensor(shape=(20, 20), rate=10 * ELECTRON_PER_SECOND, pixel_size=20 * u.um,
                    cosmic_rays=CosmicRays(rate=1 / (u.cm**2 * u.ms)),
                    defects=[LowFullWellPixels(full_well=800 * u.electron)])  # fmt: skip
    frame = simulate_dark(camera, exposure=100 * u.s, rng=1, dtype="float64")
    assert (frame.data == 800).all()
    assert (frame.meta["XPIXSZ"], frame.meta["YPIXSZ"]) == (20, 20)


def test_a_full_sensor_is_measured_as_saturated():
    camera = Sensor(shape=(50, 60), rate=500 * ELECTRON_PER_SECOND, gain=2 * u.electron / u.adu, bias=1000 * u.adu,
                    read_noise=10 * u.electron, full_well=20e3 * u.electron)  # fmt: skip
    darks = [simulate_dark(camera, exposure=100 * u.s, rng=seed) for seed in range(3)]
    with pytest.warns(NoUsablePixelWarning, match="9000 are at the saturation level"):
        rate = dark_rate(darks, bias=1000 * u.adu)
    assert rate.mask.all()


def test_saturation_above_what_uint16_holds():
    camera = Sensor(shape=(2, 2), saturation=1e5 * u.adu)
    assert simulate_dark(camera, exposure=1 * u.s, dtype="float32").data.dtype == np.float32
    with pytest.raises(ValueError, match=r"^saturation must not be above 65535 adu, .* got 100000 adu"):
        simulate_dark(camera, exposure=1 * u.s)
