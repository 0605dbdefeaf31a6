# Licensed under a 3-clause BSD style license - see LICENSE
"""Noise by which a single sample is judged, in pixels whose read noise is not known exactly."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

__all__ = ["SampleNoise"]

# Points of the table; halvings of the interval in which a deviation is looked for, which is so many sigmas wide.
_POINTS, _HALVINGS = 60, 22


@dataclass
class SampleNoise:
    """Read noise (electron) of normal noise that as seldom has a sample so high, from a pixel's scatter.

    A sample that is ``clip`` times this noise too high is as unlikely as one of ``clip`` standard deviations of normal
    noise, averaged over the read noise that the pixel may have, and over its jumps (telegraph read noise): as a jump
    down is not rejected, no jump up must be, or the mean of the others is too low.

    Attributes
    ----------
    scatter, noise : `numpy.ndarray`
        The table (electron), both rising.
    unknown : float
        The noise (electron) of a pixel whose scatter is not known.
    """

    scatter: np.ndarray
    noise: np.ndarray
    unknown: float

    @classmethod
    def of(cls, distribution, clip):
        """Table for a `ReadNoiseDistribution`, and samples that are rejected from ``clip`` sigmas on."""
        known = distribution.tables.get(("sample noise", clip))
        if known is not None:
            return known
        low, high = distribution.noises[0] / 2, distribution.noises[-1] * np.sqrt(distribution.jump_variances.max())
        scatter = np.append(np.exp(np.linspace(np.log(low), np.log(high), _POINTS)), np.nan)
        noise = np.array([_largest(one, distribution, clip) for one in distribution.posterior(scatter)]) / clip
        found = cls(scatter[:-1], np.maximum.accumulate(noise[:-1]), float(noise[-1]))
        distribution.tables["sample noise", clip] = found
        return found

    def at(self, scatter):
        """Noise (electron) of pixels of a scatter (electron)."""
        found = np.interp(scatter, self.scatter, self.noise)
        return np.where(np.isnan(found), self.unknown, found)


def _largest(probability, distribution, clip):
    """Deviation of a sample (electron) that is exceeded as seldom as ``clip`` sigmas of normal noise."""
    wanted, kept = ndtr(-clip), probability > 1e-6 * ndtr(-clip) * probability.max()
    which, jump = np.nonzero(kept)
    sigma, weight = distribution.noises[which], probability[kept]
    size, often = distribution.jumps[jump], distribution.often[jump]
    low, high = 0.0, (clip + size.max()) * sigma.max()
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        z = middle / sigma
        tail = (1 - often) * ndtr(-z) + often / 2 * (ndtr(size - z) + ndtr(-size - z))
        low, high = (middle, high) if (weight * tail).sum() > wanted else (low, middle)
    return high
