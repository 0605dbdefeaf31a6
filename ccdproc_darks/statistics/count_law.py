# Licensed under a 3-clause BSD style license - see LICENSE
"""The exact law of the counts of a pixel, Poisson and Gaussian together, through its cumulants.

Plain arrays in electrons whose first axis is the exposure.
"""

from dataclasses import dataclass

import numpy as np

from .noise import poisson_tilt
from .rate_fit import Covariance

__all__ = ["CountLaw"]

_STEPS = 100
# An exponent that does not overflow.
_LARGEST = 700.0
# Poisson counts without any read noise have a density only if they are smoothed, by far less than an electron.
_LEAST_VARIANCE = 1e-4


@dataclass
class CountLaw:
    """
    Law of the mean counts ``c_k = (Poisson(m_k) + Normal) / N_k`` of pixels, some of which share a noisy bias.

    Parameters
    ----------
    electrons : `numpy.ndarray`
        Expected electrons m of all frames of an exposure time together, shape (exposures, pixels).
    frames : `numpy.ndarray`
        Frames N averaged.
    read_variance : `numpy.ndarray`
        Gaussian variance of the mean counts (electron^2), without that of the bias.
    usable : `numpy.ndarray` of bool
        Counts that are there.
    shared : list of (list of int, float)
        Exposures that share a bias, and its variance (electron^2).

    Notes
    -----
    The cumulant generating function is
    ``K(s) = sum_k m_k (e^(s_k / N_k) - 1) + sum_k v_k s_k^2 / 2 + sum_g s_g^2 (sum_(k in g) s_k)^2 / 2``: of a Poisson
    variable, of a Gaussian one, and of biases that groups of counts share. The law *tilted* by s has the mean K'(s)
    and the covariance K''(s), and the density at c is, to a few per cent far into the tails,
    ``exp(K(s) - s c) / sqrt(|2 pi K''(s)|)`` with ``K'(s) = c`` (Daniels 1954, Ann. Math. Statist. 25, 631).
    """

    electrons: np.ndarray
    frames: np.ndarray
    read_variance: np.ndarray
    usable: np.ndarray
    shared: list

    def __post_init__(self):
        self.electrons = np.where(self.usable, self.electrons, 0.0)
        self.read_variance = np.maximum(self.read_variance, _LEAST_VARIANCE / self.frames**2)

    def cumulant(self, tilt):
        """K, shape (pixels,)."""
        poisson = self.electrons * np.expm1(np.minimum(tilt / self.frames, _LARGEST))
        value = (poisson + self.read_variance * tilt**2 / 2).sum(axis=0)
        for members, variance in self.shared:
            value += variance / 2 * tilt[members].sum(axis=0) ** 2
        return value

    def mean(self, tilt):
        """K', shape (exposures, pixels)."""
        mean = self.electrons / self.frames * _exp(tilt / self.frames) + self.read_variance * tilt
        for members, variance in self.shared:
            mean[members] += variance * tilt[members].sum(axis=0)
        return np.where(self.usable, mean, 0.0)

    def covariance(self, tilt):
        """K'' as a `Covariance`."""
        variance = self.electrons / self.frames**2 * _exp(tilt / self.frames) + self.read_variance
        return Covariance(np.where(self.usable, 1 / variance, 0.0), self.shared)

    def tilt_to(self, counts):
        """
        The tilt that makes ``counts`` the mean.

        Notes
        -----
        Given the bias shift of its group, each count is tilted alone (`poisson_tilt`), and the shift is the root of a
        convex function.
        """
        tilt = self._tilt_alone(counts, slice(None))
        for members, variance in self.shared:
            if variance <= 0:
                continue
            shift = np.zeros(counts.shape[1:])
            inside, moving = self.usable[members], np.ones(shift.shape, dtype=bool)
            for _ in range(_STEPS):
                alone = self._tilt_alone(counts[members] - shift, members)
                spread = self.electrons[members] / self.frames[members] ** 2 * _exp(alone / self.frames[members])
                slope = np.where(inside, 1 / (spread + self.read_variance[members]), 0.0).sum(axis=0)
                step = (shift / variance - alone.sum(axis=0)) / (1 / variance + slope)
                # A pixel that has settled stays as it is, whatever others do.
                shift -= np.where(moving, step, 0.0)
                moving &= ~(np.abs(step) <= 1e-12 * (np.abs(shift) + np.sqrt(variance)))
                if not moving.any():
                    break
            tilt[members] = self._tilt_alone(counts[members] - shift, members)
        return tilt

    def _tilt_alone(self, counts, members):
        n = self.frames[members]
        tilt, _ = poisson_tilt(counts * n, self.electrons[members], self.read_variance[members] * n**2)
        return np.where(self.usable[members], n * tilt, 0.0)

    def tilt_in(self, directions, sums):
        """
        The tilt, a combination of ``directions``, that makes the sums ``directions . counts`` the expected ones.

        Parameters
        ----------
        directions : list of `numpy.ndarray`
            One or two, each of shape (exposures, pixels); zero where not usable.
        sums : list of `numpy.ndarray`
            One for each, shape (pixels,).

        Returns
        -------
        `numpy.ndarray`
            Of shape (exposures, pixels).
        """
        amounts = [np.zeros(np.shape(total)) for total in sums]
        moving = np.ones(np.shape(sums[0]), dtype=bool)
        for _ in range(_STEPS):
            tilt = sum(amount * direction for amount, direction in zip(amounts, directions, strict=True))
            mean, covariance = self.mean(tilt), self.covariance(tilt)
            misses = [total - (direction * mean).sum(axis=0) for direction, total in zip(directions, sums, strict=True)]
            steps = _solve(covariance, directions, misses)
            change = sum(step * direction for step, direction in zip(steps, directions, strict=True)) / self.frames
            # No exponential may grow by more than a factor e: they are convex, and Newton's rule overshoots.
            shrink = 1 / np.maximum(change.max(axis=0), 1.0)
            for amount, step in zip(amounts, steps, strict=True):
                amount += np.where(moving, shrink * step, 0.0)
            moving &= ~(np.abs(change).max(axis=0) < 1e-9)
            if not moving.any():
                break
        return sum(amount * direction for amount, direction in zip(amounts, directions, strict=True))


def _solve(covariance, directions, misses):
    """Newton's step: the inverse of ``B^T K'' B`` on the misses."""
    applied = [covariance.apply(direction) for direction in directions]
    if len(directions) == 1:
        return [misses[0] / (directions[0] * applied[0]).sum(axis=0)]
    first, second = directions
    a, b = (first * applied[0]).sum(axis=0), (first * applied[1]).sum(axis=0)
    c = (second * applied[1]).sum(axis=0)
    determinant = a * c - b * b
    return [(c * misses[0] - b * misses[1]) / determinant, (a * misses[1] - b * misses[0]) / determinant]


def _exp(exponent):
    """The exponential, as large as numbers go where there is none: it is that of counts of which none is expected."""
    return np.exp(np.minimum(exponent, _LARGEST))
