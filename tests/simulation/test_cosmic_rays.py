"""Cosmic rays."""

import numpy as np
import pytest
from astropy import units as u
from scipy import ndimage

from ccdproc_darks import Sensor, simulate_dark
from ccdproc_darks.simulation import CosmicRays
from ccdproc_darks.simulation.cosmic_rays import draw_tracks

from ..helpers import ELECTRON_PER_SECOND

SHAPE = (800, 1000)


def frame(seconds, rng=1, **options):
    rays = CosmicRays(**options)
    camera = Sensor(shape=SHAPE, rate=0 * ELECTRON_PER_SECOND, cosmic_rays=rays, pixel_size=10 * u.um)
    return simulate_dark(camera, exposure=seconds * u.s, rng=rng, dtype="float64").data


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


def test_charge_goes_with_the_path():
    """A vertical ray leaves 70 electron/um; the mean path is 4/3 of the depth, Moyal's mean 1.27 widths above."""
    totals = np.array([frame(60000, seed, depth=15 * u.um).sum() for seed in range(5)])
    rays = 0.8 * 1000
    expected = rays * 15 * 4 / 3 * (70 + 4.9 * (np.euler_gamma + np.log(2)))
    # Long paths that leave the sensor deposit less.
    assert totals.mean() == pytest.approx(expected, rel=0.06)


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
