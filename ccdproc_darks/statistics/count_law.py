# Licensed under a 3-clause BSD style license - see LICENSE
"""Probability law of a pixel's mean counts: Poisson electrons, read noise and bias error together, by its cumulants.

Plain arrays in electrons; the first axis is the exposure time.
"""

from dataclasses import dataclass

import numpy as np

from .noise import poisson_tilt
from .rate_fit import Covariance

__all__ = ["CountLaw"]

# Most steps of Newton's method.
_STEPS = 100
# Largest exponent: its exponential does not overflow.
_LARGEST = 700.0
# Variance (electron^2) of a slight smoothing: without read noise, Poisson counts have no density.
_LEAST_VARIANCE = 1e-4


@dataclass
class CountLaw:
    """Probability law of mean counts ``c_k = (Poisson(m_k) + Normal) / N_k``, where exposures may share a noisy bias.

    Parameters
    ----------
    electrons : `numpy.ndarray`
        Expected electrons m in all N frames of an exposure time together, shape (exposures, pixels).
    frames, read_variance, usable, shared
        See `ccdproc_darks.statistics.rate_fit.fit_rate`.

    Notes
    -----
    The cumulant generating function is
    ``K(s) = sum_k m_k (e^(s_k / N_k) - 1) + sum_k v_k s_k^2 / 2 + sum_g s_g^2 (sum_(k in g) s_k)^2 / 2``: Poisson
    electrons, read noise, and the biases that groups g of exposures share. The law *tilted* by s has the mean K'(s)
    and the covariance K''(s). The density at c is, to a few per cent far into the tails,
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
        """Cumulant generating function K, shape (pixels,)."""
        poisson = self.electrons * np.expm1(np.minimum(tilt / self.frames, _LARGEST))
        value = (poisson + self.read_variance * tilt**2 / 2).sum(axis=0)
        for members, variance in self.shared:
            value += variance / 2 * tilt[members].sum(axis=0) ** 2
        return value

    def mean(self, tilt):
        """Mean of the tilted law, K' (electron), shape (exposures, pixels)."""
        mean = self.electrons / self.frames * _exp(tilt / self.frames) + self.read_variance * tilt
        for members, variance in self.shared:
            mean[members] += variance * tilt[members].sum(axis=0)
        return np.where(self.usable, mean, 0.0)

    def covariance(self, tilt):
        """Covariance of the tilted law, K'', as a `Covariance`."""
        variance = self.electrons / self.frames**2 * _exp(tilt / self.frames) + self.read_variance
        return Covariance(np.where(self.usable, 1 / variance, 0.0), self.shared)

    def tilt_to(self, counts):
        """Tilt s for which the mean is ``counts``, shape (exposures, pixels).

        Given the error of a shared bias, each count has a tilt of its own (`poisson_tilt`). That error is the root of a
        convex function, which Newton's method finds.
        """
        tilt = self._tilt_alone(counts, slice(None))
        for members, variance in self.shared:
            if not np.any(variance > 0):
                continue
            shift = np.zeros(counts.shape[1:])
            inside, moving = self.usable[members], np.ones(shift.shape, dtype=bool)
            for _ in range(_STEPS):
                alone = self._tilt_alone(counts[members] - shift, members)
                spread = self.electrons[members] / self.frames[members] ** 2 * _exp(alone / self.frames[members])
                slope = np.where(inside, 1 / (spread + self.read_variance[members]), 0.0).sum(axis=0)
                step = (shift / variance - alone.sum(axis=0)) / (1 / variance + slope)
                # A pixel that has converged stays as it is: its result must not depend on other pixels.
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
        """Tilt s, a combination of ``directions``, for which the expected ``directions . counts`` are the ``sums``.

        There are one or two directions, shape (exposures, pixels), zero where a count is not usable, and as many sums,
        shape (pixels,). The tilt has shape (exposures, pixels).
        """
        amounts = [np.zeros(np.shape(total)) for total in sums]
        moving = np.ones(np.shape(sums[0]), dtype=bool)
        for _ in range(_STEPS):
            tilt = sum(amount * direction for amount, direction in zip(amounts, directions, strict=True))
            mean, covariance = self.mean(tilt), self.covariance(tilt)
            misses = [total - (direction * mean).sum(axis=0) for direction, total in zip(directions, sums, strict=True)]
            steps = _solve(covariance, directions, misses)
            change = sum(step * direction for step, direction in zip(steps, directions, strict=True)) / self.frames
            # Newton's step overshoots on exponentials, which are convex: none may grow by more than a factor e.
            shrink = 1 / np.maximum(change.max(axis=0), 1.0)
            for amount, step in zip(amounts, steps, strict=True):
                amount += np.where(moving, shrink * step, 0.0)
            moving &= ~(np.abs(change).max(axis=0) < 1e-9)
            if not moving.any():
                break
        return sum(amount * direction for amount, direction in zip(amounts, directions, strict=True))


def _solve(covariance, directions, misses):
    """Newton's step ``(B^T K'' B)^-1 misses``, with the ``directions`` as columns of B."""
    applied = [covariance.apply(direction) for direction in directions]
    if len(directions) == 1:
        return [misses[0] / (directions[0] * applied[0]).sum(axis=0)]
    first, second = directions
    a, b = (first * applied[0]).sum(axis=0), (first * applied[1]).sum(axis=0)
    c = (second * applied[1]).sum(axis=0)
    determinant = a * c - b * b
    return [(c * misses[0] - b * misses[1]) / determinant, (a * misses[1] - b * misses[0]) / determinant]


def _exp(exponent):
    """Exponential, capped: it overflows only where no electron is expected, and zero times it must be zero."""
    return np.exp(np.minimum(exponent, _LARGEST))
