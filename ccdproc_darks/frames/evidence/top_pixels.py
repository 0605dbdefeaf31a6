# Licensed under a 3-clause BSD style license - see LICENSE
"""The pixels with the highest values of the longest exposure, and what they read in the other frames."""

import math
from dataclasses import dataclass

import numpy as np

from ..._compute.blocks import row_blocks
from ..inputs import open_files

__all__ = ["NEAR", "TopPixels", "top_pixels"]

# Scatters above the typical value, from which on a highest value is that of single pixels and not of noise.
_CLEAR = 20
# Pixels that are looked at in the other frames; of one block that are kept; frames of one exposure time.
_PIXELS, _KEPT, _FRAMES = 128, 2000, 3
# Share of the pixels at the highest value that no noise explains. Pixels that are enough for a typical value.
_MANY, _TYPICAL = 0.2, 2**14
# Bytes of a pixel while a frame is searched.
_BYTES = 16
# Steps below the highest value that count as near.
NEAR = 20


@dataclass
class TopPixels:
    """Pixels with the highest values of the longest exposure: some of those in the upper half of its values.

    Attributes
    ----------
    highest : float
        Highest value of the first of the longest exposures (frames' unit).
    number, below : int
        Its pixels at that value, all of them; among those kept, the ones less than 20 steps below.
    upper : `numpy.ndarray`
        Values of all pixels found in the upper half of that frame's values.
    places : tuple of `numpy.ndarray`
        Rows and columns of these pixels.
    level : float
        Typical value at zero exposure (frames' unit).
    seconds : list of float
        Exposure times (s), the shortest first.
    values : `numpy.ndarray`
        Value of each pixel (frames' unit), the median of up to three frames, shape (exposure times, pixels).
    first_at_top : `numpy.ndarray` of bool
        Pixels at the highest value in that first frame.
    equals, others : list of `numpy.ndarray`
        Values of the pixels in the other frames of that exposure time, and in those of other ones, that were read.
    """

    highest: float
    number: int
    below: int
    upper: np.ndarray
    places: tuple
    level: float
    seconds: list
    values: np.ndarray
    first_at_top: np.ndarray
    equals: list
    others: list


def top_pixels(group):
    """`TopPixels` of a `FrameGroup`; None where no pixel is far above the typical one."""
    longest = group.dark_samples[-1]
    middle, least = _noise_top(longest.unmasked(0))
    if _many_at_top(longest.unmasked(0)):
        # So many are saturated that the typical value is: shorter exposures tell where single pixels begin.
        middle, least = _noise_top(group.dark_samples[0].unmasked(0))
    if not np.isfinite(least):
        return None
    first = group.darks[longest.indices[0]]
    search = _Search(middle, least)
    with open_files([first.for_rows(slice(None))]) as (reader,):
        for block in row_blocks(group.shape, _BYTES):
            search.look(reader.rows(block), block.start * group.shape[1])
    if search.highest <= least:
        return None
    level = _level(group)
    if level is None:
        return None
    pixels, found = search.result()
    upper, places = found, np.divmod(pixels, group.shape[1])
    if pixels.size > _PIXELS:
        # The highest ones, and others at even distances.
        order = np.argsort(-found, kind="stable")
        half = _PIXELS // 2
        order = np.append(order[:half], order[np.linspace(half, order.size - 1, half).astype(int)])
        pixels, found = pixels[order], found[order]
    values, equals, others, seconds = [], [], [], []
    for sample in group.dark_samples:
        chosen = sorted({sample.indices[0], sample.indices[len(sample.indices) // 2], sample.indices[-1]})[:_FRAMES]
        read = [found if index == longest.indices[0] else _values(group.darks[index], pixels) for index in chosen]
        values.append(np.median(read, axis=0))
        (equals if sample is longest else others).extend(one for one in read if one is not found)
        seconds.append(sample.seconds)
    below = int(np.count_nonzero((search.near < search.highest) & (search.near > search.highest - NEAR)))
    at_top = found == search.highest
    return TopPixels(
        search.highest, search.number, below, upper, places, level, seconds, np.array(values), at_top, equals, others
    )


class _Search:
    """Search of a frame for its highest value and for the pixels in the upper half of its values."""

    def __init__(self, middle, least):
        self._middle, self._limit = middle, least
        self.highest, self.number = -np.inf, 0
        self._pixels, self._values = [], []

    def look(self, samples, start):
        """Look at the `Samples` of some rows; ``start`` is the number of their first pixel."""
        values = samples.values.ravel()
        if samples.mask is not None:
            values = np.where(samples.mask.ravel(), values.dtype.type(min(self._middle, 0)), values)
        # Ignores NaN.
        top = float(np.fmax.reduce(values))
        if not np.isfinite(top):
            values = np.where(np.isfinite(values), values, values.dtype.type(min(self._middle, 0)))
            top = float(values.max())
        if top < self._limit:
            return
        if top > self.highest:
            self.highest, self.number = top, 0
            self._limit = max(self._limit, (self._middle + top) / 2)
        # To compare integers with a float, numpy would convert all of them.
        limit = math.ceil(self._limit) if values.dtype.kind in "iu" else self._limit
        pixels = np.flatnonzero(values >= limit)
        if top == self.highest:
            self.number += int(np.count_nonzero(values[pixels] == top))
        pixels = pixels[:: 1 + pixels.size // _KEPT]
        self._pixels.append(pixels + start)
        self._values.append(values[pixels].astype(float))

    def result(self):
        """Numbers and values of the pixels in the upper half."""
        pixels, values = np.concatenate(self._pixels), np.concatenate(self._values)
        self.near = values
        upper = values >= self._limit
        return pixels[upper], values[upper]


def _values(frame, pixels):
    """Values of some pixels of a frame; NaN where they are masked."""
    columns = frame.shape[1]
    rows, places = np.unique(pixels // columns, return_inverse=True)
    with open_files([frame.for_rows(slice(None))]) as (reader,):
        read = reader.rows([slice(int(row), int(row) + 1) for row in rows])
    values = read.values[places, pixels % columns].astype(float)
    if read.mask is not None:
        values[read.mask[places, pixels % columns]] = np.nan
    return values


def _typical(values):
    """Some of the values that are numbers."""
    values = values[:: 1 + values.size // _TYPICAL]
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values


def _noise_top(values):
    """Typical value, and the one from which on a value is that of a single pixel; NaN without any value."""
    values = _typical(values)
    if not values.size:
        return np.nan, np.nan
    low, middle, high = np.percentile(values, [15.87, 50, 84.13])
    scatter = (high - low) / 2
    return float(middle), float(middle + _CLEAR * (max(scatter, 1.0) if values.dtype.kind in "iu" else scatter))


def _many_at_top(values):
    """Whether a large share of the values is the highest one."""
    values = _typical(values)
    return values.size > 0 and np.count_nonzero(values == values.max()) > _MANY * values.size


def _level(group):
    """Typical value at zero exposure, where the medians of the shortest and longest exposures lead to; or None."""
    short, long = group.dark_samples[0], group.dark_samples[-1]
    values = [_typical(sample.unmasked(0)) for sample in (short, long)]
    if not all(some.size for some in values):
        return None
    medians = [float(np.median(some)) for some in values]
    if len(group.dark_samples) == 1:
        return medians[0]
    slope = (medians[1] - medians[0]) / (long.seconds - short.seconds)
    return medians[0] - max(slope, 0.0) * short.seconds
