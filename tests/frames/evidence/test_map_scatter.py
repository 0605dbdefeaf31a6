"""Whether a map of read noise is of the sensor whose darks it is held against."""

import warnings

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import (
    DarkSequence,
    NoiseWarning,
    dark_rate,
    dark_scatter,
    master_bias,
    read_noise_map,
    sensor_preset,
)
from ccdproc_darks.frames.evidence.map_scatter import map_scatter

from .cameras import Camera, group_of

SHAPE = (150, 200)
TEXT = r"^the read noise map is not of this sensor: pixels that it calls noisy do not scatter more in these frames"


def night(seed, times=((8, 60), (10, 600)), preset="low-noise-cmos"):
    sensor = sensor_preset(preset, shape=SHAPE, seed=seed)
    frames = list(DarkSequence(sensor, [(20, 0 * u.s), *((n, t * u.s) for n, t in times)], rng=seed))
    return frames[:20], frames[20:]


@pytest.fixture(scope="module")
def nights():
    return {seed: night(seed) for seed in (1, 2)}


def group(spread, *, rate=0.0, number=6, seconds=100.0, seed=3):
    """`FrameGroup` of equal darks, and the true read noise of their pixels (electron)."""
    noise = 5 * np.exp(np.random.default_rng(seed).normal(0, spread, SHAPE))
    camera = Camera(read_noise=noise, rate=rate, shape=SHAPE, hot=100)
    return group_of(camera.frames(seconds, number, RDNOISE=None), gain=(1.0, "EGAIN")), noise


def shuffled(noise):
    return np.random.default_rng(1).permutation(noise.ravel()).reshape(noise.shape)


@pytest.mark.parametrize("number", [4, 6, 12])
def test_right_map_is_seen(number):
    found = map_scatter(*group(0.2, number=number))
    assert found.seen == pytest.approx(1, abs=4 * found.error + 0.1)
    assert found.spread == pytest.approx(0.2, abs=0.02)
    assert not found.is_of_another


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_map_of_other_pixels_is_not(rate):
    frames, noise = group(0.2, rate=rate)
    found = map_scatter(frames, shuffled(noise))
    assert abs(found.seen) < 4 * found.error
    assert found.is_of_another


def test_error_is_the_scatter_over_maps_of_other_pixels():
    frames, noise = group(0.2)
    rng = np.random.default_rng(2)
    found = [map_scatter(frames, rng.permutation(noise.ravel()).reshape(noise.shape)) for _ in range(100)]
    assert np.std([one.seen / one.error for one in found]) == pytest.approx(1, abs=0.25)


def test_poisson_noise_that_drowns_the_read_noise_is_no_proof():
    frames, noise = group(0.1, rate=20.0, number=4)
    assert not map_scatter(frames, shuffled(noise)).is_of_another


def test_three_frames_do_not_tell():
    assert map_scatter(*group(0.2, number=3)) is None


def test_equal_pixels_do_not_tell():
    frames, noise = group(0.0)
    assert map_scatter(frames, noise) is None
    assert not map_scatter(frames, shuffled(group(0.02)[1])).is_of_another


@pytest.mark.parametrize("of_map", [1, 2])
@pytest.mark.parametrize("of_darks", [1, 2])
@pytest.mark.parametrize("seconds", [60, 600])
def test_of_cmos_sensors_only_another_ones_map_warns(nights, of_map, of_darks, seconds):
    noise, (biases, darks) = read_noise_map(nights[of_map][0]), nights[of_darks]
    bias = master_bias(biases)
    equal = [frame for frame in darks if frame.meta["EXPTIME"] == seconds]
    if of_map == of_darks:
        with warnings.catch_warnings():
            warnings.simplefilter("error", NoiseWarning)
            dark_rate(equal, bias=bias, read_noise=noise)
        return
    for function in (dark_rate, dark_scatter):
        with pytest.warns(NoiseWarning, match=TEXT):
            function(equal, bias=bias, read_noise=noise)


def test_map_without_uncertainty_may_be_mostly_its_own_error():
    biases, darks = night(1, ((6, 60),), "aspen-cg16m")
    noise = read_noise_map(biases)
    with warnings.catch_warnings():
        warnings.simplefilter("error", NoiseWarning)
        dark_rate(darks, bias=master_bias(biases), read_noise=noise)
    noise.uncertainty = None
    with pytest.warns(NoiseWarning, match="or what it tells is mostly its own error"):
        dark_rate(darks, bias=master_bias(biases), read_noise=noise)
