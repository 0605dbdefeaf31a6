# Licensed under a 3-clause BSD style license - see LICENSE
"""Read noise of each pixel, as a map tells it."""

from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._compute.blocks import shifted
from .._interface.arguments import unit_name
from ..frames.trimmed_frame import TrimmedFrame
from ..statistics.read_noise_distribution import ReadNoiseDistribution, fit_read_noise_distribution

__all__ = ["PixelNoise", "is_map"]

# Points of the table of mean variances, and pixels that are enough for the distribution.
_POINTS, _SAMPLE = 400, 2**20


def is_map(read_noise):
    """Whether an argument ``read_noise`` has a read noise for each pixel."""
    return isinstance(read_noise, CCDData)


@dataclass
class PixelNoise:
    """Read noise of each pixel of some rows; arrays of shape (rows, columns).

    Attributes
    ----------
    scatter : `numpy.ndarray`
        Read noise (electron) as measured, float32; NaN where it is not known.
    variance : `numpy.ndarray`
        Mean variance of one reading (electron^2), float32, of pixels with such a scatter; finite everywhere.
    distribution : `ReadNoiseDistribution` or None
        Distribution from which a pixel's own read noise is; None where the map is exact.
    start : int
        Number of the first row in the image.
    """

    scatter: np.ndarray
    variance: np.ndarray
    distribution: ReadNoiseDistribution | None
    start: int = 0

    @classmethod
    def of(cls, read_noise, shape):
        """`PixelNoise` of a map (CCDData in electron), of which all is checked.

        With an uncertainty u the number of degrees of freedom of a read noise s is that of the median pixel,
        ``s^2 / (2 u^2)``; without one the map is exact.
        """
        if read_noise.unit != u.electron:
            raise u.UnitsError(f"read_noise is in {unit_name(read_noise.unit)}, expected electron")
        if read_noise.shape != shape:
            raise ValueError(f"read_noise must have the shape of the frames, {shape}, got {read_noise.shape}")
        scatter = np.array(read_noise.data, dtype=np.float32)
        bad = ~(np.isfinite(scatter) & (scatter >= 0))
        if read_noise.mask is not None:
            bad |= read_noise.mask
        if bad.all():
            raise ValueError("read_noise has no pixel that is not masked, finite and not negative")
        scatter[bad] = np.nan
        if read_noise.uncertainty is None:
            variance = np.square(scatter)
            variance[bad] = np.nanmean(variance)
            return cls(scatter, variance, None)
        few = scatter[~bad][:: 1 + scatter.size // _SAMPLE]
        deviation = read_noise.uncertainty.array[~bad][:: 1 + scatter.size // _SAMPLE]
        degrees = float(np.median(few.astype(float) ** 2 / (2 * deviation.astype(float) ** 2)))
        distribution = fit_read_noise_distribution(few.astype(float), degrees)
        return cls(scatter, _mean_variance(distribution, scatter), distribution)

    @classmethod
    def of_frames(cls, read_noise, frames):
        """`PixelNoise` of a map for frames; one of the shape of the raw frames is cut as these are."""
        first = frames[0]
        if isinstance(first, TrimmedFrame) and read_noise.shape == first.frame.shape:
            read_noise = read_noise[first.trim.slices]
        return cls.of(read_noise, first.shape)

    @property
    def typical(self):
        """Read noise (electron) of a typical pixel: the square root of the median variance."""
        return float(np.sqrt(np.median(self.variance)))

    def for_rows(self, rows):
        """The read noise of the rows of a slice alone; it can be sent to another process."""
        return replace(self, scatter=self.scatter[rows], variance=self.variance[rows], start=rows.start)

    def sample(self, blocks):
        """The read noise of some blocks of rows, one after the other, numbered from 0."""
        scatter, variance = (np.concatenate([a[block] for block in blocks]) for a in (self.scatter, self.variance))
        return replace(self, scatter=scatter, variance=variance, start=0)

    def rows(self, block, pixels=None):
        """Scatter (electron) and mean variance (electron^2) of a slice of rows, or of some pixels of it (flat)."""
        block = shifted(block, self.start)
        scatter, variance = self.scatter[block], self.variance[block]
        if pixels is None:
            return scatter, variance
        return scatter.reshape(1, -1)[:, pixels], variance.reshape(1, -1)[:, pixels]


def _mean_variance(distribution, scatter):
    """`ReadNoiseDistribution.mean_variance` of an image, by a table; of all pixels' mean where it is not known."""
    known = scatter[np.isfinite(scatter)]
    low, high = max(float(known.min()), 1e-3 * float(np.median(known))), float(known.max())
    points = np.exp(np.linspace(np.log(low), np.log(max(high, low * 1.0001)), _POINTS))
    values = distribution.mean_variance(points)
    variance = np.interp(scatter, points, values).astype(np.float32)
    variance[np.isnan(scatter)] = distribution.mean_variance(np.array([np.nan]))[0]
    return variance
