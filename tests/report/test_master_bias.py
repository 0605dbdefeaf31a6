"""The master bias of a report."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import simulate_dark
from ccdproc_darks.frames import as_frames
from ccdproc_darks.report.master_bias import BiasFrames, standing_out

GAIN, NOISE = 1.5, 6.0


def bias_frames(count, *, levels=None, shape=(200, 200), hot=False):
    rate = np.zeros(shape)
    if hot:
        rate[::20, ::20] = 5000.0
    frames = []
    for number in range(count):
        frame = simulate_dark(
            exposure=0 * u.s if not hot else 1 * u.s,
            rate=rate * u.electron / u.s,
            bias=(800 + (0 if levels is None else levels[number])) * u.adu,
            gain=GAIN * u.electron / u.adu,
            read_noise=NOISE * u.electron,
            rng=number,
        )
        frames.append(frame)
    return as_frames(frames)


def test_read_noise_includes_quantisation():
    measured = BiasFrames(bias_frames(5), GAIN).read_noise()
    assert measured == pytest.approx(np.sqrt(NOISE**2 + GAIN**2 / 12), rel=0.01)


def test_two_frames_tell_no_read_noise():
    assert BiasFrames(bias_frames(2), GAIN).read_noise() is None


def test_mean_number_and_error():
    master = BiasFrames(bias_frames(9), GAIN).master(NOISE)
    assert master.unit == u.adu
    assert master.meta["NCOMBINE"] == 9
    assert master.data.mean() == pytest.approx(800, abs=0.05)
    assert master.data.std() == pytest.approx(NOISE / GAIN / 3, rel=0.03)
    assert np.median(master.uncertainty.array) == pytest.approx(NOISE / GAIN / 3, rel=1e-3)


def test_a_frame_of_another_level_is_left_out():
    biases = BiasFrames(bias_frames(6, levels=[4, 0, 0, 0.2, 0, 0]), GAIN)
    assert biases.odd == [0]
    assert biases.levels[0] == pytest.approx(4, abs=0.1)
    master = biases.master(NOISE)
    assert master.meta["NCOMBINE"] == 5
    assert master.data.mean() == pytest.approx(800, abs=0.1)


def test_none_is_left_out_where_fewer_than_three_remain():
    biases = BiasFrames(bias_frames(3, levels=[4, 0, 0]), GAIN)
    assert biases.odd == []
    assert biases.master(NOISE).meta["NCOMBINE"] == 3


def test_cosmic_rays_are_not_in_it_and_hot_pixels_are():
    frames = bias_frames(10, hot=True)
    frames[3]._ccd.data[55, 55] = 30000
    master = BiasFrames(frames, GAIN).master(NOISE)
    assert master.data[55, 55] == pytest.approx(800, abs=8)
    # 5000 electrons, and all their Poisson scatter kept: no bias from a clip at the read noise.
    hot = master.data[::20, ::20] - 800
    error = np.sqrt((5000 + NOISE**2) / 10 / hot.size) / GAIN
    assert hot.mean() == pytest.approx(5000 / GAIN, abs=4 * error)


def test_levels_that_drift_together_stand_out_not():
    assert standing_out(np.array([0.0, 1.5, -2.0, 3.0, -1.0, 2.2])) == []
    assert standing_out(np.array([0.0, 20.0])) == []
    assert standing_out(np.array([0.0, 0.1, 0.0, -4.0])) == [3]
