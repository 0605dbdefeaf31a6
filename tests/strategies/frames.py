"""Frames in memory: values, masks and uncertainties of all kinds."""

import numpy as np
from astropy.nddata import CCDData, InverseVariance, StdDevUncertainty, VarianceUncertainty
from astropy.wcs import WCS
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from .headers import camera_meta, card_styles
from .numbers import gains, read_noises, seconds, seeds, shapes

# Types of a frame's values, and the highest that each holds.
TOPS = {"uint16": 65535, "int16": 32767, "int32": 10**6, "float32": 10**6, "float64": 10**6}
_POWER = {StdDevUncertainty: 1, VarianceUncertainty: 2, InverseVariance: -2}


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


@st.composite
def frames(draw, shape=None, style=None):
    """One frame (CCDData) of any type, byte order, mask, uncertainty and unit, with NaN and saturated samples."""
    shape = draw(shapes) if shape is None else shape
    style = draw(card_styles()) if style is None else style
    dtype = np.dtype(draw(st.sampled_from(sorted(TOPS)))).newbyteorder(draw(st.sampled_from("<>")))
    unit = draw(st.sampled_from(["adu", "electron"]))
    rng = np.random.default_rng(draw(seeds))
    data = rng.normal(1000, 10, shape)
    pixels = st.lists(st.integers(0, data.size - 1), max_size=2)
    data.flat[draw(pixels)] = TOPS[dtype.name]
    if dtype.kind == "f":
        data.flat[draw(pixels)] = np.nan
    gain, read_noise, time = draw(gains), draw(read_noises), draw(seconds)
    meta = camera_meta(style, time, gain=gain, read_noise=read_noise, saturate=float(TOPS[dtype.name]), celsius=-20.0)
    frame = CCDData(data.astype(dtype), unit=unit, mask=draw(masks(shape)), meta=meta)
    frame.uncertainty = draw(st.none() | uncertainties(shape, 10.0))
    if draw(st.booleans()):
        frame.wcs = simple_wcs()
    return frame


def uncertainties(shape, sigma):
    """An uncertainty of one of astropy's three classes, with the standard deviation ``sigma``."""
    return st.sampled_from(list(_POWER)).map(lambda kind: kind(np.full(shape, float(sigma) ** _POWER[kind])))


def simple_wcs():
    """A world coordinate system, new at each call."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = "RA---TAN", "DEC--TAN"
    wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = (150.0, 2.5), (2.0, 3.0), (-0.001, 0.001)
    wcs.wcs.set()
    return wcs
