"""Darks as they were given, and the sample that all checks share."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks.frames.evidence.frame_group import FrameGroup
from ccdproc_darks.frames.inputs import as_frames
from ccdproc_darks.frames.reading import Reading

from ...helpers import dark


@pytest.fixture
def darks():
    rng = np.random.default_rng(3)
    return [dark(rng.integers(900, 1100, (30, 40)).astype(np.uint16), seconds) for seconds in (60, 10, 60.001, 10)]


def test_sets_and_samples(darks):
    group = FrameGroup(as_frames(darks), [60.0, 10.0, 60.001, 10.0])
    assert [indices for _, indices in group.sets] == [[1, 3], [0, 2]]
    short, long = group.dark_samples
    assert (short.seconds, short.indices, long.indices) == (10.0, [1, 3], [0, 2])
    assert short.values[1].dtype == np.uint16
    np.testing.assert_array_equal(short.values[1], darks[3].data.ravel())
    assert group.bias_sample is None
    assert (group.shape, group.unit) == ((30, 40), u.adu)


def test_many_frames_are_sampled_from_first_to_last(darks):
    frames = as_frames(darks * 10)
    (some,) = FrameGroup(frames, [10.0] * 40).dark_samples
    assert len(some.indices) == 16
    assert (some.indices[0], some.indices[-1]) == (0, 39)


@pytest.mark.parametrize(("times", "frames"), [(4, 16), (8, 8), (40, 2), (300, 2)])
def test_samples_of_many_exposure_times_stay_small(times, frames):
    image = np.zeros((1024, 1024), np.uint16)
    group = FrameGroup(as_frames([dark(image)] * 20 * times), [float(number // 20 + 1) for number in range(20 * times)])
    assert {len(sample.values) for sample in group.dark_samples} == {frames}
    assert sum(values.size for sample in group.dark_samples for values in sample.values) <= 1.05 * 2**24
    pixels = group.dark_samples[0].values[0].size
    assert pixels >= 2**18 if times < 40 else pixels >= 2**14


def test_large_frames_are_sampled_in_the_same_pixels():
    image = np.arange(600 * 1000, dtype=np.float32).reshape(600, 1000)
    group = FrameGroup(as_frames([dark(image, 10), dark(image + 1, 10)]), [10.0, 10.0])
    first, second = group.dark_samples[0].values
    assert 2**18 <= first.size <= 2**19
    np.testing.assert_array_equal(second - first, 1)


def test_as_written_before_an_overscan_is_taken_off(darks):
    """Checks of digits look at what the camera wrote, checks of levels at what is measured."""
    sections = Reading(overscan="[1:4, :]", trim="[5:40, :]")
    group = FrameGroup(
        as_frames(darks, reading=sections), [60.0, 10.0, 60.001, 10.0], as_frames(darks, "biases", sections)
    )
    values, raw = (one.dark_samples[0].values[1].reshape(30, 36) for one in (group, group.as_written))
    np.testing.assert_array_equal(raw, darks[3].data[:, 4:])
    np.testing.assert_allclose(values, raw - darks[3].data[:, :4].mean(axis=1, keepdims=True), atol=1e-4)
    assert group.as_written.bias_sample.values[0].dtype == np.uint16
    assert group.bias_sample.values[0].dtype == np.float32
    plain = FrameGroup(as_frames(darks), [60.0, 10.0, 60.001, 10.0])
    assert plain.as_written is plain
