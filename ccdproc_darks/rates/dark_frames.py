# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames of one exposure time, and how their rows are read as electrons."""

from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from ..frames.inputs import open_files, sample
from ..frames.trimmed_frame import SATURATED

__all__ = ["DarkSet", "ElectronReader", "Electrons"]


@dataclass
class DarkSet:
    """Frames of one exposure time.

    Attributes
    ----------
    frames : list
        The frames.
    seconds : float
        Exposure time (s).
    combined : `numpy.ndarray`
        Number of exposures that each frame is the mean of.
    unbiased : list of float
        Factor for each frame that makes its own variance unbiased; by default from its header.
    level_shifts : `numpy.ndarray`
        Level of each frame above the median level (electron), see `frame_level_shifts`; by default zero.
    levels : `numpy.ndarray` or None
        Those levels, also where they are not significant; None where they were not measured.
    restored : float
        Electrons that are added to all samples: what the camera subtracted as its optical black.
    """

    frames: list
    seconds: float
    combined: np.ndarray
    unbiased: list | None = None
    level_shifts: np.ndarray | None = None
    levels: np.ndarray | None = None
    restored: float = 0.0

    def __post_init__(self):
        if self.level_shifts is None:
            self.level_shifts = np.zeros(len(self.frames))
        if self.unbiased is None:
            self.unbiased = [_unbiased(frame, n) for frame, n in zip(self.frames, self.combined, strict=True)]

    def without_restored(self, bias):
        """The ``bias`` (electron) to subtract from these frames, so that `restored` is added to them."""
        return bias - self.restored if self.restored else bias

    def for_rows(self, rows):
        """The set for some rows alone, to be sent to another process."""
        return replace(self, frames=[frame.for_rows(rows) for frame in self.frames])

    def sample(self, blocks):
        """The set of some blocks of rows, one after the other, in memory."""
        return replace(self, frames=[sample(frame, blocks) for frame in self.frames])

    @contextmanager
    def open_files(self):
        """The set with its files open."""
        with open_files(self.frames) as frames:
            yield replace(self, frames=frames)


@dataclass
class Electrons:
    """Samples of some rows of a `DarkSet`: arrays of shape (frames, rows, columns), where not said otherwise.

    Attributes
    ----------
    samples : `numpy.ndarray`
        Bias-subtracted counts (electron); zero where they are not good.
    good : `numpy.ndarray` of bool
        Samples that are finite, not masked and not saturated.
    saturated : `numpy.ndarray` of bool
        Pixels, shape (rows, columns), of which every sample that is not bad is saturated.
    lower_limit : `numpy.ndarray`
        Lower limit of the counts of a saturated sample (electron), shape (rows, columns).
    own_variance : `numpy.ndarray` or None
        Square of the frames' own uncertainties (electron^2).
    """

    samples: np.ndarray
    good: np.ndarray
    saturated: np.ndarray
    lower_limit: np.ndarray
    own_variance: np.ndarray | None


class ElectronReader:
    """Reads rows of a `DarkSet` as `Electrons`.

    Parameters
    ----------
    scale : float
        Electrons per unit of the frames.
    bias : `ccdproc_darks.rates.bias.Bias`
        The bias to subtract.
    saturation : float or None
        Level from which a sample is saturated, in the unit of the frames, before bias and overscan are subtracted.
    own_noise : bool
        Whether to read the frames' own uncertainties.
    overscan : float or None
        Highest level of the overscan (the frames' unit) that was taken off the frames; None where there is none.
    """

    def __init__(self, scale, bias, saturation, own_noise=False, overscan=None):
        self.scale, self.bias, self.saturation, self.own_noise = scale, bias, saturation, own_noise
        self.overscan = overscan

    def for_rows(self, rows):
        """The reader of some rows alone, to be sent to another process."""
        return ElectronReader(self.scale, self.bias.for_rows(rows), self.saturation, self.own_noise, self.overscan)

    def sample(self, blocks):
        """The reader of a `DarkSet.sample` of the same blocks."""
        return ElectronReader(self.scale, self.bias.sample(blocks), self.saturation, self.own_noise, self.overscan)

    @property
    def saturated_from(self):
        """Value from which on a sample of the frames is a saturated one; None without a saturation level."""
        return self.saturation if self.overscan is None or self.saturation is None else SATURATED

    @property
    def full(self):
        """Least counts of a saturated sample (electron), with the bias, without the overscan."""
        return (self.saturation - (self.overscan or 0.0)) * self.scale

    def flat_bias(self, dark_set, block):
        """Bias (electron) to subtract from the rows of the slice ``block``, flat or one number; pixels without one."""
        bias, bad = self.bias.rows(block)
        bias = dark_set.without_restored(np.ravel(bias) if np.ndim(bias) else bias)
        return bias, None if bad is None else bad.ravel()

    def read(self, dark_set, block):
        """`Electrons` of the rows of the slice ``block``."""
        bias, bad_bias = self.bias.rows(block)
        rows_of_frames = [frame.rows(block) for frame in dark_set.frames]
        shape = (len(rows_of_frames), *rows_of_frames[0].values.shape)
        samples, good, over = np.empty(shape), np.ones(shape, dtype=bool), np.zeros(shape, dtype=bool)
        variance = np.empty(shape) if self.own_noise else None
        for index, rows in enumerate(rows_of_frames):
            samples[index] = rows.values
            good[index] = np.isfinite(samples[index])
            if rows.mask is not None:
                good[index] &= ~rows.mask
            if variance is not None:
                factor = self.scale**2 * dark_set.unbiased[index]
                with np.errstate(over="ignore"):
                    variance[index] = np.square(rows.deviation, dtype=float) * factor
                good[index] &= np.isfinite(variance[index])
        if bad_bias is not None:
            good &= ~bad_bias
        if self.saturation is not None:
            over = good & (samples >= self.saturated_from)
            good &= ~over
        bias = dark_set.without_restored(bias)
        samples *= self.scale
        samples -= bias
        samples[~good] = 0.0
        lower_limit = 0.0 if self.saturation is None else self.full - bias
        saturated = over.any(axis=0) & ~good.any(axis=0)
        return Electrons(samples, good, saturated, np.broadcast_to(lower_limit, shape[1:]), variance)


def _unbiased(frame, combined):
    """Factor that makes a variance of ``ccdproc.combine`` (ddof 0) unbiased; 1 for any other uncertainty."""
    return combined / (combined - 1) if combined > 1 and "DKVERS" not in frame.header else 1.0
