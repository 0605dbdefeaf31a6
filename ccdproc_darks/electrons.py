# Licensed under a 3-clause BSD style license - see LICENSE
"""From frames to bias-subtracted electrons, some rows at a time; and what that tells of the sensor."""

from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from .blocks import sample_blocks
from .execution import THREADS
from .frames import opened, sampled

__all__ = ["DarkSet", "Electrons", "Reader", "frame_levels"]

# Pixels that it takes to tell a shift of a whole frame from a cosmic ray, and those that are enough for its size.
_LEVEL_PIXELS = 100
_LEVEL_SAMPLE = 2**16
# Samples (frames x pixels) that may be in memory at a time.
_MOST_SAMPLES = 2**20
_SIGNIFICANT = 5.0


@dataclass
class DarkSet:
    """Frames of one exposure time.

    Attributes
    ----------
    frames : list
        The frames.
    seconds : float
        Their exposure time.
    combined : `numpy.ndarray`
        Number of exposures that each of them is the mean of.
    unbiased : list of float
        What makes their own variances unbiased; told by their headers.
    """

    frames: list
    seconds: float
    combined: np.ndarray
    unbiased: list | None = None

    def __post_init__(self):
        if self.unbiased is None:
            self.unbiased = [_unbiased(frame, n) for frame, n in zip(self.frames, self.combined, strict=True)]

    def part(self, rows):
        """What it takes to read some rows of it; it can be sent to another process."""
        return replace(self, frames=[frame.part(rows) for frame in self.frames])

    def sampled(self, blocks):
        """Some blocks of its rows, one after the other, in memory."""
        return replace(self, frames=[sampled(frame, blocks) for frame in self.frames])

    @contextmanager
    def opened(self):
        """A part of it with its files open."""
        with opened(self.frames) as frames:
            yield replace(self, frames=frames)


@dataclass
class Electrons:
    """Some rows of a `DarkSet`: arrays of shape (frames, rows, columns), in electrons.

    Attributes
    ----------
    samples : `numpy.ndarray`
        Bias-subtracted counts; zero where they are not good.
    good : `numpy.ndarray` of bool
        Finite, not masked, not saturated.
    saturated : `numpy.ndarray` of bool
        Pixels (rows, columns) of which every sample that is not bad is saturated.
    limit : `numpy.ndarray` or float
        What a saturated sample has at least, (rows, columns).
    own_variance : `numpy.ndarray` or None
        Square of the frames' own uncertainties.
    """

    samples: np.ndarray
    good: np.ndarray
    saturated: np.ndarray
    limit: np.ndarray
    own_variance: np.ndarray | None


class Reader:
    """
    Reads rows of a `DarkSet` as `Electrons`.

    Parameters
    ----------
    scale : float
        Electrons per unit of the frames.
    bias : `ccdproc_darks.bias.Bias`
        The bias to take from them.
    saturation : float or None
        Level, in the unit of the frames as they are, from which a sample is saturated.
    own_noise : bool
        Whether to read the frames' own uncertainties.
    """

    def __init__(self, scale, bias, saturation, own_noise=False):
        self.scale, self.bias, self.saturation, self.own_noise = scale, bias, saturation, own_noise

    def part(self, rows):
        """The same for some rows only; it can be sent to another process."""
        return Reader(self.scale, self.bias.part(rows), self.saturation, self.own_noise)

    def sampled(self, blocks):
        """What reads what `DarkSet.sampled` gives of the same blocks."""
        return Reader(self.scale, self.bias.sampled(blocks), self.saturation, self.own_noise)

    def read(self, dark_set, block):
        """`Electrons` of the rows of the slice ``block``."""
        bias, bad_bias = self.bias.rows(block)
        frames = dark_set.frames
        stack = [frame.rows(block) for frame in frames]
        shape = (len(frames), *stack[0].values.shape)
        samples = np.empty(shape)
        good = np.ones(shape, dtype=bool)
        over = np.zeros(shape, dtype=bool)
        variance = np.empty(shape) if self.own_noise else None
        for index, rows in enumerate(stack):
            samples[index] = rows.values
            good[index] = np.isfinite(samples[index])
            if rows.mask is not None:
                good[index] &= ~rows.mask
            if variance is not None:
                factor = self.scale**2 * dark_set.unbiased[index]
                variance[index] = np.square(rows.deviation, dtype=float) * factor
                good[index] &= np.isfinite(variance[index])
        if bad_bias is not None:
            good &= ~bad_bias
        if self.saturation is not None:
            over = good & (samples >= self.saturation)
            good &= ~over
        samples *= self.scale
        samples -= bias
        samples[~good] = 0.0
        limit = 0.0 if self.saturation is None else self.saturation * self.scale - bias
        saturated = over.any(axis=0) & ~good.any(axis=0)
        return Electrons(samples, good, saturated, np.broadcast_to(limit, shape[1:]), variance)


def frame_levels(dark_set, reader, execution=THREADS):
    """
    How far each frame as a whole sits above the middle one of its set (electron).

    Zero where it is not significant, and for each where there are too few pixels to tell.

    Parameters
    ----------
    dark_set : `DarkSet`
        The frames.
    reader : `Reader`
        Reads rows of them.
    execution : `ccdproc_darks.execution.Execution`
        Whose threads work.
    """
    count = len(dark_set.frames)
    if count < 2:
        return np.zeros(count)
    blocks = sample_blocks(dark_set.frames[0].shape, min(_LEVEL_SAMPLE, _MOST_SAMPLES // count))
    electrons = reader.sampled(blocks).read(dark_set.sampled(blocks), slice(None))
    whole = electrons.good.all(axis=0)
    shifts = electrons.samples.reshape(count, -1) if whole.all() else electrons.samples[:, whole]
    number = shifts.shape[1]
    if number < _LEVEL_PIXELS:
        return np.zeros(count)
    shifts -= shifts.mean(axis=0)
    levels, ranges = np.transpose(execution.each(_middle_half, shifts))
    levels -= np.median(levels)
    # The error of the mean of the middle half is 1.1 sigma / sqrt(n), and the quartiles are 1.35 sigma apart.
    error = 1.1 * ranges / 1.35 / np.sqrt(number)
    # Shifts lack the mean of all frames, which makes them smaller; levels have the error of a median (pi / 2) more.
    error *= np.sqrt((1 + np.pi / 2 / count) / (1 - 1 / count))
    return np.where(np.abs(levels) > _SIGNIFICANT * error, levels, 0.0)


def _middle_half(values):
    """Mean of the middle half of some values, and how far apart its ends are."""
    # The median over pixels of whole ADU knows its value to an ADU only; the mean of the middle half does better.
    ordered, quarter = values.astype(np.float32), values.size // 4
    # One after the other: numpy takes ten times as long for two at once.
    ordered.partition(quarter)
    ordered[quarter + 1 :].partition(values.size - 2 * quarter - 1)
    return ordered[quarter:-quarter].mean(dtype=float), ordered[-quarter] - ordered[quarter]


def _unbiased(frame, combined):
    """What makes a variance of ``ccdproc.combine`` (ddof 0) unbiased; 1 for any other uncertainty."""
    return combined / (combined - 1) if combined > 1 and "DKVERS" not in frame.header else 1.0
