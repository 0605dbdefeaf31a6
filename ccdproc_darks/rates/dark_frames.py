# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames of one exposure time, and how their rows are read as electrons."""

from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from ..frames.inputs import open_files, sample

__all__ = ["DarkSet", "ElectronReader", "Electrons"]


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
    level_shifts : `numpy.ndarray`
        How far each frame as a whole sits above the others (electron); see `frame_level_shifts`.
    """

    frames: list
    seconds: float
    combined: np.ndarray
    unbiased: list | None = None
    level_shifts: np.ndarray | None = None

    def __post_init__(self):
        if self.level_shifts is None:
            self.level_shifts = np.zeros(len(self.frames))
        if self.unbiased is None:
            self.unbiased = [_unbiased(frame, n) for frame, n in zip(self.frames, self.combined, strict=True)]

    def for_rows(self, rows):
        """What it takes to read some rows of it; it can be sent to another process."""
        return replace(self, frames=[frame.for_rows(rows) for frame in self.frames])

    def sample(self, blocks):
        """Some blocks of its rows, one after the other, in memory."""
        return replace(self, frames=[sample(frame, blocks) for frame in self.frames])

    @contextmanager
    def open_files(self):
        """A part of it with its files open."""
        with open_files(self.frames) as frames:
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


class ElectronReader:
    """Reads rows of a `DarkSet` as `Electrons`.

    Parameters
    ----------
    scale : float
        Electrons per unit of the frames.
    bias : `ccdproc_darks.rates.bias.Bias`
        The bias to take from them.
    saturation : float or None
        Level, in the unit of the frames as they are, from which a sample is saturated.
    own_noise : bool
        Whether to read the frames' own uncertainties.
    """

    def __init__(self, scale, bias, saturation, own_noise=False):
        self.scale, self.bias, self.saturation, self.own_noise = scale, bias, saturation, own_noise

    def for_rows(self, rows):
        """The same for some rows only; it can be sent to another process."""
        return ElectronReader(self.scale, self.bias.for_rows(rows), self.saturation, self.own_noise)

    def sample(self, blocks):
        """What reads what `DarkSet.sample` gives of the same blocks."""
        return ElectronReader(self.scale, self.bias.sample(blocks), self.saturation, self.own_noise)

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


def _unbiased(frame, combined):
    """What makes a variance of ``ccdproc.combine`` (ddof 0) unbiased; 1 for any other uncertainty."""
    return combined / (combined - 1) if combined > 1 and "DKVERS" not in frame.header else 1.0
