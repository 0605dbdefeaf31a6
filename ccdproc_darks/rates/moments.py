# Licensed under a 3-clause BSD style license - see LICENSE
"""Mean and scatter of the samples of equal frames in each pixel, with no sample left out."""

from dataclasses import dataclass

import numpy as np

from .._compute import loops
from .stack import as_stored, level_and_array

__all__ = ["SampleMoments"]


@dataclass
class SampleMoments:
    """Sums over the samples of equal frames of each pixel, flat; their levels are subtracted before.

    Attributes
    ----------
    mean : `numpy.ndarray`
        Mean of the samples, without the bias (electron).
    squares : `numpy.ndarray`
        Sum of squares of the samples about their mean (electron^2).
    excess : `numpy.ndarray`
        Highest sample minus the mean of the others (electron).
    special : `numpy.ndarray` of bool
        Pixels with a sample that is masked, saturated or not a number, and those without a bias; their sums are wrong.
    """

    mean: np.ndarray
    squares: np.ndarray
    excess: np.ndarray
    special: np.ndarray

    @classmethod
    def of(cls, block, shifts, reader, bias, bad_bias=None):
        """`SampleMoments` of a `FrameBlock` of frames of the levels ``shifts`` (electron), read by an `ElectronReader`.

        ``bias`` (electron) is flat, or one number; ``bad_bias`` are the pixels without one.
        """
        pixels = block.values.shape[1]
        special = np.zeros(pixels, bool)
        for mask in block.masks if bad_bias is None else [*block.masks, bad_bias]:
            if mask is not None:
                special |= mask
        moments = cls(np.empty(pixels), np.empty(pixels), np.empty(pixels), special)
        saturation = np.inf if reader.saturation is None else float(reader.saturated_from)
        kind = block.values.dtype.kind, block.values.dtype.itemsize
        if loops.moments is not None and kind in (("u", 2), ("i", 2), ("f", 4)):
            moments._compiled(block.values, shifts, reader.scale, saturation, bias)
        else:
            with np.errstate(invalid="ignore", over="ignore"):
                moments._numpy(block.values, shifts, reader.scale, saturation, bias)
        return moments

    def _compiled(self, values, shifts, scale, saturation, bias):
        level, bias = level_and_array(bias)
        stored = as_stored(values, values.dtype) if values.dtype.kind in "iu" else (len(values), *_of_floats(values))
        bits = values.reshape(-1).view(np.uint16 if values.dtype.itemsize == 2 else np.float32)
        arrays = bias, self.mean, self.squares, self.excess, self.special
        numbers = (*stored, saturation, float(scale), float(level))
        loops.moments(values.shape[1], numbers, arrays, np.ascontiguousarray(shifts, dtype=float), bits)

    def _numpy(self, values, shifts, scale, saturation, bias):
        """Differences from the first sample are small: no digits are lost in their squares."""
        number, first = len(values), values[0].astype(float)
        peak = first.copy()
        total = np.full(first.shape, 0.0 - shifts[0])
        squares, highest = total * total, total.copy()
        for frame, shift in zip(values[1:], shifts[1:], strict=True):
            value = frame.astype(float)
            np.maximum(peak, value, out=peak)
            value -= first
            value *= scale
            value -= shift
            total += value
            np.maximum(highest, value, out=highest)
            value *= value
            squares += value
        mean = total / number
        squares -= total * mean
        np.maximum(squares, 0.0, out=self.squares)
        np.subtract(highest, (total - highest) / (number - 1), out=self.excess)
        np.add(mean, first * scale - bias, out=self.mean)
        self.special |= ~(peak < saturation) | ~np.isfinite(squares)


def _of_floats(values):
    """Whether bytes are swapped; nothing is flipped or added."""
    return not values.dtype.isnative, 0, 0
