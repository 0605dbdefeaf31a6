"""Hypothesis strategies: what a camera and its frames may be."""

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty, VarianceUncertainty
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

ELECTRON_PER_SECOND = u.electron / u.s

gains = st.floats(0.1, 10)
read_noises = st.floats(0.3, 30)
seconds = st.floats(0.5, 5000)
shapes = st.tuples(st.integers(1, 6), st.integers(1, 6))
seeds = st.integers(0, 2**32 - 1)


def masks(shape):
    """None, or a boolean array."""
    return st.none() | hnp.arrays(bool, shape)


@st.composite
def images(draw, shape, low=0.0, high=1e4):
    """A float image; plain numbers, so that failing examples can be read."""
    return draw(hnp.arrays(float, shape, elements=st.integers(int(low * 8), int(high * 8)).map(lambda n: n / 8)))


@st.composite
def frame_sets(draw, unit="electron", max_frames=5, exposure_times=1, uncertain=True):
    """
    A list of darks of one shape, some with masks, NaN and uncertainties, with all that a header may tell.

    ``exposure_times`` is the number of different exposure times; each has one frame or more.
    """
    shape = draw(shapes)
    times = draw(st.lists(seconds, min_size=exposure_times, max_size=exposure_times, unique=True))
    times = [first * 2**index for index, first in enumerate(sorted(times))]
    gain, read_noise = draw(gains), draw(read_noises)
    deviated = uncertain and draw(st.booleans())
    frames = []
    for time in times:
        for _ in range(draw(st.integers(1, max_frames))):
            data = draw(images(shape, -20, 1e4))
            if draw(st.booleans()):
                data[tuple(draw(st.integers(0, side - 1)) for side in shape)] = np.nan
            meta = {"EXPTIME": time, "EGAIN": gain, "RDNOISE": read_noise}
            frame = CCDData(data, unit=unit, mask=draw(masks(shape)), meta=meta)
            if deviated:
                kind = draw(st.sampled_from([StdDevUncertainty, VarianceUncertainty]))
                frame.uncertainty = kind(np.full(shape, 9.0))
            frames.append(frame)
    return frames
