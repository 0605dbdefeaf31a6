"""The generators make what they promise."""

import itertools

import numpy as np
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from . import strategies


@given(st.data())
def test_frame_sets(data):
    number = data.draw(st.integers(1, 3))
    frames = data.draw(strategies.frame_sets(exposure_times=number))
    assert len({frame.meta["EXPTIME"] for frame in frames}) == number
    assert len({frame.shape for frame in frames}) == 1
    assert len({(frame.meta["EGAIN"], frame.meta["RDNOISE"]) for frame in frames}) == 1
    times = sorted({frame.meta["EXPTIME"] for frame in frames})
    assert all(b / a > 1.1 for a, b in itertools.pairwise(times))
    assert len({frame.uncertainty is None for frame in frames}) == 1


def test_frame_sets_reach_the_awkward_cases():
    # The first that is found will do, not the simplest.
    quick = settings(max_examples=2000, database=None, derandomize=True, phases=[Phase.generate])
    some = strategies.frame_sets(max_frames=2)
    find(some, lambda frames: any(np.isnan(frame.data).any() for frame in frames), settings=quick)
    find(some, lambda frames: any(frame.mask is not None and frame.mask.any() for frame in frames), settings=quick)
    find(some, lambda frames: frames[0].uncertainty is not None, settings=quick)
    find(some, lambda frames: frames[0].shape == (1, 1), settings=quick)


@given(strategies.images((2, 3), -5, 10))
def test_images(image):
    assert image.shape == (2, 3)
    assert image.min() >= -5
    assert image.max() <= 10
