"""The read noise, measured on the scatter of equal frames."""

import numpy as np
import pytest

from ccdproc_darks.frames.inputs import as_frames
from ccdproc_darks.rates.bias import Bias
from ccdproc_darks.rates.dark_frames import DarkSet, ElectronReader
from ccdproc_darks.rates.frame_selection import frame_level_shifts
from ccdproc_darks.rates.read_noise import measure_scatter, scatter_read_noise

from ..helpers import dark

SHAPE = (300, 300)


def scatter_of(images, unit="electron"):
    frames = as_frames([dark(image, unit=unit) for image in images])
    dark_set, reader = DarkSet(frames, 100.0, np.ones(len(frames))), ElectronReader(1.0, Bias(), None)
    dark_set.level_shifts = frame_level_shifts(dark_set, reader)
    return measure_scatter(dark_set, reader)


def images(rng, number, electrons, noise):
    return rng.poisson(electrons, (number, *SHAPE)) + rng.normal(0, noise, (number, *SHAPE))


@pytest.mark.parametrize("number", [3, 4, 10])
@pytest.mark.parametrize(("electrons", "noise"), [(0.0, 5.0), (1.0, 3.0), (50.0, 10.0)])
def test_read_noise(number, electrons, noise):
    rng = np.random.default_rng(number)
    scatter = scatter_of(images(rng, number, electrons, noise))
    assert scatter.variance == pytest.approx(electrons + noise**2, rel=0.01)
    assert scatter.electrons == pytest.approx(electrons, abs=0.2)
    assert scatter_read_noise(scatter, 1.0) == pytest.approx(noise, rel=0.01)


def test_hot_pixels_cosmic_rays_and_drift_do_not_matter():
    rng = np.random.default_rng(7)
    electrons = np.full(SHAPE, 2.0)
    electrons.flat[rng.choice(electrons.size, 1800, replace=False)] = 5000.0
    frames = images(rng, 5, electrons, 6.0)
    for frame, level in zip(frames, (0, 3, -4, 25, 0), strict=True):
        frame.flat[rng.choice(frame.size, 200, replace=False)] += rng.exponential(2000, 200)
        frame += level
    assert scatter_read_noise(scatter_of(frames), 1.0, dark_electrons=2.0) == pytest.approx(6.0, rel=0.015)


def test_never_below_the_rounding_of_the_adc():
    scatter = scatter_of(np.full((3, *SHAPE), 7.0))
    assert scatter_read_noise(scatter, 3.0) == pytest.approx(3 / np.sqrt(12))


def test_nothing_to_measure_on():
    assert scatter_of(np.full((3, *SHAPE), np.nan)) is None
