"""Which of some equal frames belong together."""

import numpy as np
import pytest

from ccdproc_darks import FrameLevelWarning
from ccdproc_darks.frames.inputs import as_frames
from ccdproc_darks.rates.bias import Bias
from ccdproc_darks.rates.dark_frames import DarkSet, ElectronReader
from ccdproc_darks.rates.frame_selection import frame_level_shifts, outlying_frames, select_biases, select_frames

from ..helpers import dark


def dark_set(*images):
    frames = as_frames([dark(image) for image in images])
    return DarkSet(frames, 100.0, np.ones(len(frames)))


def test_levels():
    rng = np.random.default_rng(2)
    images = [rng.normal(100 + level, 5.0, (200, 200)) for level in (0.0, 0.0, 3.0, -2.0, 0.0)]
    images[1][0, :50] += 1e4
    levels = frame_level_shifts(dark_set(*images), ElectronReader(1.0, Bias(), None))
    np.testing.assert_allclose(levels, [0, 0, 3, -2, 0], atol=0.15)


def test_levels_that_are_only_noise_are_none():
    rng = np.random.default_rng(2)
    levels = frame_level_shifts(dark_set(*rng.normal(100, 5.0, (4, 200, 200))), ElectronReader(1.0, Bias(), None))
    np.testing.assert_array_equal(levels, np.zeros(4))


@pytest.mark.parametrize("shape", [(1, 1), (9, 11)])
def test_few_pixels_tell_no_level(shape):
    """What sticks out in all of so few pixels may as well be a cosmic ray."""
    images = np.full((3, *shape), 100.0)
    images[2] += 1000
    np.testing.assert_array_equal(frame_level_shifts(dark_set(*images), ElectronReader(1.0, Bias(), None)), np.zeros(3))


def test_levels_that_are_not_the_others():
    assert outlying_frames(np.array([0.0, 0.2, 0.1, 5.0])) == [3]
    assert outlying_frames(np.array([0.0, 0.2, 0.1, 5.0, 3000.0])) == [3, 4]
    assert outlying_frames(np.array([0.0, 0.1, 0.0, -4.0])) == [3]
    assert outlying_frames(np.array([0.0, 100.0])) == []


def test_levels_that_drift_together_stand_out_not():
    assert outlying_frames(np.array([0.0, 2.0, -3.0, 1.5, -1.0])) == []
    assert outlying_frames(np.array([0.0, 1.5, -2.0, 3.0, -1.0, 2.2])) == []


def selection(levels, function=select_frames, scale=2.0, noise=5.0):
    rng = np.random.default_rng(3)
    return function(as_frames([dark(rng.normal(800 + level, noise, (150, 200))) for level in levels]), scale)


@pytest.mark.parametrize("function", [select_frames, select_biases])
def test_selection(function):
    found = selection([4, 0, 0, 0.3, 0, -30], function)
    np.testing.assert_allclose(found.levels, [4, 0, 0, 0.3, 0, -30], atol=0.15)
    np.testing.assert_array_equal(found.dark_set.level_shifts, found.levels * 2)
    assert found.outlying == found.left_out == [0, 5]
    chosen = found.chosen()
    assert chosen.dark_set.frames == found.dark_set.frames[1:5]
    assert len(chosen.dark_set.combined) == len(chosen.dark_set.unbiased) == 4
    assert chosen.reader is found.reader
    np.testing.assert_array_equal(chosen.levels, found.levels[1:5])
    np.testing.assert_array_equal(chosen.dark_set.level_shifts, found.dark_set.level_shifts[1:5])
    assert chosen.outlying == chosen.left_out == []
    assert len(found.dark_set.frames) == 6


@pytest.mark.parametrize(("levels", "outlying", "left_out"), [
    ([4, 0, 0], [0], []),
    ([4, 0, 0, 0], [0], [0]),
    ([4, 0, 0, -4, 0], [0, 3], [0, 3]),
    ([4, 0], [], []),
    ([0], [], []),
])  # fmt: skip
def test_frames_are_left_out_where_three_others_remain(levels, outlying, left_out):
    found = selection(levels)
    assert (found.outlying, found.left_out) == (outlying, left_out)
    assert found.chosen().outlying == ([] if left_out else outlying)
    assert len(found.chosen().dark_set.frames) == len(levels) - len(left_out)


def test_warning():
    found = selection([0, 0, 4, 0, -30])
    with pytest.warns(FrameLevelWarning) as caught:
        found.warn("flats", ", and spoils them")
    assert [str(warning.message) for warning in caught] == [
        f"darks[{index}] sits {found.levels[index]:+.1f} adu from the other flats as a whole, as after a drift of the "
        "bias level, and spoils them: better leave it out"
        for index in (2, 4)
    ]
    selection([0, 0, 0.3, 0]).warn("flats")


@pytest.mark.parametrize("levels", [[0] * 5, [0, 0, 30, 0, 4]])
def test_read_noise_of_bias_frames(levels):
    """With the quantisation, and whatever their levels are."""
    rng = np.random.default_rng(3)
    frames = [dark(np.round(rng.normal(800 + level, 4.0, (150, 200)))) for level in levels]
    measured = select_biases(as_frames(frames), 1.5).read_noise()
    assert measured == pytest.approx(1.5 * np.sqrt(4.0**2 + 1 / 12), rel=0.01)


def test_two_bias_frames_tell_no_read_noise():
    assert selection([0, 0], select_biases).read_noise() is None
