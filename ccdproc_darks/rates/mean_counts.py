# Licensed under a 3-clause BSD style license - see LICENSE
"""Mean counts of pixels at one or several exposure times."""

from dataclasses import dataclass

import numpy as np

__all__ = ["MeanCounts"]


@dataclass
class MeanCounts:
    """Mean counts of pixels; arrays of shape (exposures, rows, columns).

    Attributes
    ----------
    counts : `numpy.ndarray`
        Mean of the bias-subtracted samples kept (electron); zero where none was.
    frames : `numpy.ndarray`
        Frames in that mean; a combined frame counts as many as went into it.
    read_variance : `numpy.ndarray`
        Part of the variance of ``counts`` that does not grow with them (electron^2).
    usable : `numpy.ndarray` of bool
        Whether a sample was kept.
    lower_limit : `numpy.ndarray`
        Lower limit of the dark rate (electron/s) where every sample that is not bad is saturated, else NaN.
    """

    counts: np.ndarray
    frames: np.ndarray
    read_variance: np.ndarray
    usable: np.ndarray
    lower_limit: np.ndarray

    @classmethod
    def of(cls, counts, frames, lower_limit, *, read_noise, own_variance=None):
        """Mean counts (one exposure, one row) from flat arrays; ``frames`` is zero where none was kept.

        The noise is the ``read_noise`` of one frame (electron; one number, or one of each pixel), else the variance
        ``own_variance`` of ``counts`` by the frames' own uncertainties (electron^2).
        """
        usable = frames > 0
        number = np.where(usable, frames, 1.0)
        if read_noise is not None:
            read_variance = read_noise**2 / number
        elif own_variance is not None:
            read_variance = np.maximum(own_variance - np.maximum(counts, 0) / number, 0.0)
        else:
            read_variance = np.zeros_like(counts)
        return cls(*(part[None, None] for part in (counts, number, read_variance, usable, lower_limit)))

    @classmethod
    def stacked(cls, exposures):
        """Mean counts at several exposure times, from those at each."""
        return cls(*(np.concatenate(parts) for parts in zip(*(one.parts for one in exposures), strict=True)))

    @property
    def parts(self):
        """The five arrays."""
        return self.counts, self.frames, self.read_variance, self.usable, self.lower_limit

    def highest_lower_limit(self):
        """Highest lower limit of the rate at any exposure time (electron/s), shape (rows, columns); NaN without one."""
        highest = np.where(np.isnan(self.lower_limit), -np.inf, self.lower_limit).max(axis=0)
        return np.where(np.isfinite(highest), highest, np.nan)

    def reshaped(self, shape):
        """The same pixels in another shape (rows, columns)."""
        return MeanCounts(*(part.reshape(len(part), *shape) for part in self.parts))

    def at(self, pixels):
        """Some of the pixels, of columns given by their indices."""
        return MeanCounts(*(part[..., pixels] for part in self.parts))
