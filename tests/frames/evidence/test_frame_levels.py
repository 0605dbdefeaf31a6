"""Level and noise of typical pixels."""

import numpy as np
import pytest

from ccdproc_darks.frames.inputs import as_frames

from .level_frames import camera_frames, group_of, mean_of


def test_levels_and_noise():
    levels = group_of(*camera_frames([(60, 5), (300, 5)])).levels
    short, long = levels.sets
    assert short.level - levels.bias_level == pytest.approx(0.05 * 60 / 1.5, abs=0.2)
    assert long.level - levels.bias_level == pytest.approx(0.05 * 300 / 1.5, abs=0.2)
    for one, electrons in ((short, 3), (long, 15)):
        true = (64 + electrons) / 1.5**2 + 1 / 12
        assert abs(one.variance - true) < 4 * one.variance_error
    assert 1 <= levels.drift < 1.1


def test_hot_pixels_are_not_typical():
    biases, darks = camera_frames([(300, 3)], hot=2000)
    levels = group_of(biases, darks).levels
    assert levels.sets[0].level - levels.bias_level == pytest.approx(10, abs=0.3)


def test_a_walking_level_is_drift():
    assert group_of(*camera_frames([(60, 10)], drift=2.0, seed=4)).levels.drift > 3


def test_too_few_pixels():
    assert group_of(*camera_frames([(60, 3)], shape=(20, 30), hot=0)).levels is None


def test_pixels_that_are_no_numbers_are_left_out():
    biases, darks = camera_frames([(60, 2), (300, 2)], hot=0)
    for frame in darks:
        frame.data = frame.data.astype("float32")
    darks[0].data[:20], darks[3].data[:, :20] = np.nan, np.inf
    levels = group_of(biases, darks).levels
    assert levels.typical.size <= 100 * 130
    assert np.isfinite([one.level for one in levels.sets]).all()


def test_combined_frames_have_the_variance_of_one_exposure():
    biases, darks = camera_frames([(300, 8)])
    averages = [darks[0].copy(), darks[1].copy()]
    for start, average in enumerate(averages):
        average.data = np.mean([frame.data for frame in darks[start::2]], axis=0)
        average.meta["NCOMBINE"] = 4
    (one,) = group_of(biases, averages).levels.sets
    assert one.variance == pytest.approx(79 / 1.5**2, rel=0.05)


@pytest.mark.parametrize("value", [0, 40000])
def test_masked_pixels_are_not_typical(value):
    biases, darks = camera_frames([(60, 4), (300, 4)])
    expected = group_of(biases, darks).levels
    for frame in darks:
        frame.mask = np.zeros(frame.shape, dtype=bool)
        frame.mask[:, :90] = True
        frame.data[:, :90] = value + frame.meta["EXPTIME"]
    levels = group_of(biases, darks).levels
    assert np.all(levels.typical % 150 >= 90)
    for one, other in zip(levels.sets, expected.sets, strict=True):
        assert one.level - levels.bias_level == pytest.approx(other.level - expected.bias_level, abs=0.2)


def test_masked_pixels_of_a_master_bias_are_not_typical():
    biases, darks = camera_frames([(300, 3)])
    master = mean_of(biases)
    master.mask = np.zeros(master.shape, dtype=bool)
    master.mask[:, :90] = True
    master.data[:, :90] = 0
    (frame,) = as_frames(master)
    levels = group_of(None, darks, master=frame).levels
    assert levels.sets[0].level - levels.bias_level == pytest.approx(10, abs=0.3)
