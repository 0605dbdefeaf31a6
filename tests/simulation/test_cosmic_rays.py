"""Cosmic rays."""

import numpy as np
import pytest
from astropy import units as u
from scipy import ndimage

from ccdproc_darks import Sensor, simulate_dark
from ccdproc_darks.simulation import CosmicRays, OffsetPixels
from ccdproc_darks.simulation.cosmic_rays import draw_tracks

from ..helpers import ELECTRON_PER_SECOND

SHAPE = (800, 1000)


def frame(seconds, rng=1, **options):
    rays = CosmicRays(**options)
    camera = Sensor(shape=SHAPE, rate=0 * ELECTRON_PER_SECOND, cosmic_rays=rays, pixel_size=10 * u.um)
    return simulate_dark(camera, exposure=seconds * u.s, rng=rng, dtype="float64").data


@pytest.mark.statistics
@pytest.mark.parametrize("per_minute", [1.0, 5.0])
def test_number_of_tracks(per_minute):
    """0.8 cm2."""
    expected = per_minute * 0.8 * 20
    found = [
        ndimage.label(frame(1200, seed, rate=per_minute / (u.cm**2 * u.min)) > 0, np.ones((3, 3)))[1]
        for seed in range(30)
    ]
    # A few cross, and faint ends of a track may be empty.
    assert np.mean(found) == pytest.approx(expected, rel=0.08)
    assert np.var(found) == pytest.approx(expected, rel=0.9)


@pytest.mark.statistics
def test_charge_goes_with_the_path():
    """A vertical ray leaves 70 electron/um; the mean path is 4/3 of the depth, Moyal's mean 1.27 widths above."""
    rays = 1e5
    rate = rays / (0.8 * u.cm**2 * 100 * u.s)
    total = frame(100, rate=rate, depth=2 * u.um).sum()
    expected = rays * 2 * 4 / 3 * (70 + 4.9 * (np.euler_gamma + np.log(2)))
    # The paths, 1 / cos(zenith), have the variance 2/9.
    assert total == pytest.approx(expected, rel=5 * np.sqrt((1 + 2 / 9 * 9 / 16) / rays))


@pytest.mark.statistics
@pytest.mark.parametrize("depth", [10, 40])
def test_pixels_of_a_track(depth):
    """A line of length L crosses 1 + 4 L / pi pixels on average; L is pi / 4 of the depth on average."""
    rays = 2e4
    rays_at_a_time = CosmicRays(rate=rays / (0.8 * u.cm**2 * 100 * u.s) / 100, depth=depth * u.um)
    rng = np.random.default_rng(1)
    found = [draw_tracks(rng, rays_at_a_time, SHAPE, 10.0, 100.0) for _ in range(100)]
    assert all(electrons.dtype.kind == "i" for _, electrons in found)
    crossed = sum(index.size for index, _ in found) / rays
    # A corner that is cut short may be passed over, and a few tracks meet or leave the sensor.
    assert 0.95 * (1 + depth / 10) < crossed < 1.01 * (1 + depth / 10)


@pytest.mark.statistics
def test_what_leaves_the_sensor_is_not_counted():
    """A thick single pixel: no ray leaves more than its longest chord holds."""
    rays = CosmicRays(rate=1 / (u.um**2 * u.s), depth=300 * u.um)
    _, electrons = draw_tracks(np.random.default_rng(1), rays, (1, 1), 10.0, 1000.0)
    # Projected chords of a square from a point inside have a mean of 0.473 sides.
    assert electrons.sum() / 1e5 < 300 * 4 / 3 * 76.3 * 0.2


def test_they_come_on_top_of_what_a_pixel_has():
    rays = CosmicRays(rate=50 / (u.cm**2 * u.s))
    common = {"shape": SHAPE, "rate": 0 * ELECTRON_PER_SECOND, "pixel_size": 10 * u.um}
    both = Sensor(cosmic_rays=rays, defects=[OffsetPixels(offset=300 * u.electron)], **common)
    options = {"exposure": 100 * u.s, "rng": 1, "dtype": "float64"}
    total = simulate_dark(both, **options).data.mean()
    alone = simulate_dark(Sensor(cosmic_rays=rays, **common), **options).data.mean()
    assert total == pytest.approx(300 + alone, abs=0.03 * alone)
    assert alone > 5


@pytest.mark.statistics
def test_tracks_are_straight_and_go_every_way():
    rng = np.random.default_rng(3)
    rays = CosmicRays(rate=1 / (u.cm**2 * u.min), depth=300 * u.um)
    straight, directions = [], []
    for _ in range(400):
        index, electrons = draw_tracks(rng, rays, SHAPE, 10.0, 75.0)
        if index.size < 15:
            continue
        row, column = np.divmod(index, SHAPE[1])
        _, number = ndimage.label(np.bincount(index, minlength=800000).reshape(SHAPE), np.ones((3, 3)))
        if number != 1:
            continue
        _, widths, axes = np.linalg.svd(np.stack([row - row.mean(), column - column.mean()], axis=1))
        straight.append(widths[1] / np.sqrt(row.size))
        directions.append(np.arctan2(axes[0, 0], axes[0, 1]) % np.pi)
        assert electrons.min() >= 0
    assert len(straight) > 50
    # As thin as the pixels that it crosses.
    assert max(straight) < 0.5
    assert abs(np.mean(np.exp(2j * np.array(directions)))) < 4 / np.sqrt(len(directions))


def test_bias_frames_and_no_rate_have_none():
    assert frame(0).sum() == 0
    assert frame(3600, rate=0 / (u.cm**2 * u.s)).sum() == 0


def test_every_pixel_is_on_the_sensor():
    rng = np.random.default_rng(1)
    rays = CosmicRays(rate=100 / (u.cm**2 * u.s), depth=100 * u.um)
    index, electrons = draw_tracks(rng, rays, (7, 9), 1000.0, 60.0)
    assert index.min() >= 0
    assert index.max() < 63
    assert (np.diff(index) > 0).all()
    assert index.size == electrons.size
