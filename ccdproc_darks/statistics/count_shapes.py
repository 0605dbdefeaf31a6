# Licensed under a 3-clause BSD style license - see LICENSE
"""How counts may grow with exposure time where they are not proportional to it, and how well each way explains them.

Plain arrays in electrons and seconds, shape (exposures, pixels).
"""

from dataclasses import dataclass

import numpy as np

from .rate_fit import Covariance

__all__ = ["CountShapes", "Explained"]

# Rounds in which weights converge, and steps to the best charge of a bend.
_ITERATIONS, _STEPS = 3, 4
# Bends that are told apart: exposure time over the time in which the rate falls to 1/e, from the longest exposure's
# first value to the shortest one's second.
_LEAST_BEND, _MOST_BEND, _BENDS = 0.02, 3.0, 36
# Largest number of electrons that an offset or a jump may have.
_MOST_ELECTRONS = 1e5
# Scatter of erratic rates at the longest exposure, over the least noise of a count.
_SCATTER, _SCATTERS = (0.3, 1e5), 40
# Counts of good pixels differ by this fraction between exposures: temperature, linearity, exposure time.
_UNKNOWN = 0.002
# Least rates by which that of a pixel with an offset may be below zero.
_NO_RATE = 3.0
# Standard deviations by which the level of a full pixel may miss its place between two exposures.
_SLACK = 2.0


@dataclass
class Explained:
    """How well a shape explains the counts of some pixels; arrays of shape (pixels,).

    Attributes
    ----------
    log_evidence : `numpy.ndarray`
        Logarithm of the probability of the counts, averaged over the parameters of the shape, but for a constant that
        all shapes share; minus infinity where the shape is none.
    chi_square, degrees : `numpy.ndarray`
        Chi-square of the best fit, and its degrees of freedom.
    rate : `numpy.ndarray`
        Rate (electron/s) of the best fit, NaN where the shape is none of one rate.
    """

    log_evidence: np.ndarray
    chi_square: np.ndarray
    degrees: np.ndarray
    rate: np.ndarray

    @classmethod
    def best_of(cls, variants):
        """Of variants of a shape: their evidence together, and the fit of the best one."""
        evidence = np.array([variant.log_evidence for variant in variants])
        best = evidence.argmax(axis=0)[None]
        fits = (
            np.take_along_axis(np.array([getattr(variant, name) for variant in variants]), best, axis=0)[0]
            for name in ("chi_square", "degrees", "rate")
        )
        return cls(np.logaddexp.reduce(evidence, axis=0), *fits)


@dataclass
class CountShapes:
    """Mean counts of some pixels, to be explained.

    Attributes
    ----------
    counts, frames, read_variance, usable : `numpy.ndarray`
        As for `ccdproc_darks.statistics.rate_fit.fit_rate`, shape (exposures, pixels).
    seconds : `numpy.ndarray`
        Exposure times (s), ascending.
    shared : list
        Exposures that share a bias, see there.

    Notes
    -----
    The evidence of a shape is the integral of the likelihood over its parameters, by Laplace's method (Kass and
    Raftery 1995, J. Am. Stat. Assoc. 90, 773). Prior densities: rates, numbers of electrons and times are spread evenly
    in their logarithm, what is one of several exposures or between 0 and 1 evenly.
    """

    counts: np.ndarray
    seconds: np.ndarray
    frames: np.ndarray
    read_variance: np.ndarray
    usable: np.ndarray
    shared: list

    def __post_init__(self):
        self.counts = np.where(self.usable, self.counts, 0.0)
        self.frames = np.where(self.usable, self.frames, 1.0)
        self.t = np.broadcast_to(self.seconds[:, None], self.counts.shape)
        self.number = self.usable.sum(axis=0)
        self.least = np.sqrt(np.where(self.usable, self.read_variance, np.inf).min(axis=0)) + 0.5
        # A rate below this cannot be seen.
        self.least_rate = self.least / self.seconds[-1]
        self.amplitudes = np.log(_MOST_ELECTRONS / self.least)

    def bends(self):
        """The rate falls with charge: smoothly, all of it or a part of it; or at once, to a lower rate.

        Either ``d t + Q (1 - exp(-k t))``, with d = 0 or not, or ``a min(t, T) + b max(t - T, 0)`` with ``b < a``.
        """
        least, most = self.seconds[0], self.seconds[-1]
        smooth, sharp = np.geomspace(_LEAST_BEND / most, _MOST_BEND / least, _BENDS), np.geomspace(least, most, _BENDS)
        curves = (2, smooth, self._falling), (3, smooth, self._partly_falling), (3, sharp[1:-1], self._broken)
        return Explained.best_of(
            [
                self._explained(*self._summed(grid, curve), parameters=parameters, variants=len(curves))
                for parameters, grid, curve in curves
            ]
        )

    def _summed(self, grid, curve):
        """Log evidence of a curve with a further parameter, even in its logarithm within a grid; best chi-square."""
        step, span = np.log(grid[1] / grid[0]), np.log(grid[-1] / grid[0])
        values = [curve(np.full(self.number.size, value))[:2] for value in grid]
        logs, chi_squares = (np.array(each) for each in zip(*values, strict=True))
        best = logs.argmax(axis=0)
        place = grid[best]
        highest, chi_square = (np.take_along_axis(each, best[None], axis=0)[0] for each in (logs, chi_squares))
        width = np.full(place.shape, np.inf)
        for _ in range(_STEPS):
            found, chi, change, error = curve(place)
            better = (found > highest) | (np.isinf(width) & (found >= highest))
            highest, chi_square = np.where(better, found, highest), np.where(better, chi, chi_square)
            width = np.where(better, error / place, width)
            place = np.clip(place * np.exp(np.clip(change / place, -step, step)), grid[0], grid[-1])
        # A peak that is narrower than the grid is integrated by its width, a wider one by the grid.
        narrow = highest + np.log(np.sqrt(2 * np.pi) * np.where(np.isfinite(width), width, 1.0))
        wide = np.logaddexp.reduce(logs, axis=0) + np.log(step)
        return np.where(width < step, narrow, wide) - np.log(span), chi_square

    def _falling(self, k):
        """All of the rate falls."""
        left = np.exp(-k * self.t)
        fit = self._linear([1 - left], lambda parts: np.maximum(parts[0], 0) * left * (1 - left))
        (charge,) = fit.parts
        # A density of the first rate, in terms of the charge.
        prior = np.log(k) + self._of_rate(charge * k)
        return (
            np.where(charge > 0, fit.log_evidence + prior, -np.inf),
            fit.chi_square,
            *fit.nudge(charge * self.t * left),
        )

    def _partly_falling(self, k):
        """A part of the rate falls, the rest is proportional."""
        left = np.exp(-k * self.t)
        fit = self._linear(
            [1 - left, self.t],
            lambda parts: np.maximum(parts[0], 0) * left * (1 - left) + np.maximum(parts[1], 0) * self.t,
        )
        charge, rate = fit.parts
        # Densities of the first rate, and of the share of it that falls, in terms of the charge and the rest.
        prior = np.log(k) + 2 * self._of_rate(charge * k + rate)
        fits = (charge > 0) & (rate >= 0)
        return np.where(fits, fit.log_evidence + prior, -np.inf), fit.chi_square, *fit.nudge(charge * self.t * left)

    def _broken(self, seconds):
        """The rate changes at an exposure time, to a lower one."""
        before, after = np.minimum(self.t, seconds), np.maximum(self.t - seconds, 0)
        fit = self._linear(
            [before, after], lambda parts: np.maximum(parts[0], 0) * before + np.maximum(parts[1], 0) * after
        )
        first, second = fit.parts
        prior = 2 * self._of_rate(first)
        fits = (second >= 0) & (second < first)
        return (
            np.where(fits, fit.log_evidence + prior, -np.inf),
            fit.chi_square,
            *fit.nudge((first - second) * (self.t > seconds)),
        )

    def offset(self):
        """A fixed number of electrons at every exposure, of either sign."""
        fit = self._linear([self.t, np.ones_like(self.t)], lambda parts: np.maximum(parts[0] * self.t + parts[1], 0))
        prior = self._of_rate(fit.parts[0]) + self._of_electrons(fit.parts[1])
        fits = fit.parts[0] > -_NO_RATE * self.least_rate
        return self._explained(np.where(fits, fit.log_evidence + prior, -np.inf), fit.chi_square, variants=2)

    def clips(self):
        """Counts that stop at a level from one of the exposures on."""
        found, span = [], np.log(self.seconds[-1] / self.seconds[0])
        for first in range(1, len(self.seconds)):
            full = np.zeros_like(self.t)
            full[first:] = 1.0
            growing = self.t * (1 - full)
            fit = self._linear([growing, full], lambda parts, growing=growing: np.maximum(parts[0], 0) * growing)
            rate, level = fit.parts
            slack = _SLACK * np.sqrt(np.maximum(level, 0) / self.frames[first] + self.read_variance[first])
            low = np.where(self.usable[:first], self.t[:first], 0).max(axis=0) * rate - slack
            high = self.seconds[first] * rate + slack
            fits = (rate > 0) & (level > low) & (level < high) & self.usable[first]
            prior = self._of_rate(rate) - np.log(np.maximum(level, self.least) * span)
            found.append(self._explained(np.where(fits, fit.log_evidence + prior, -np.inf), fit.chi_square))
        return Explained.best_of(found)

    def one_exposure(self, exposures, sign):
        """One of some ``exposures`` (indices) is higher (``sign`` 1), or lower (-1), than a proportional pixel's."""
        found = [self._explained(np.full(self.number.size, -np.inf), np.full(self.number.size, np.inf))]
        for index in exposures:
            alone = np.zeros_like(self.t)
            alone[index] = 1.0
            fit = self._linear([self.t, alone], lambda parts: np.maximum(parts[0] * self.t, 0))
            prior = self._of_rate(fit.parts[0]) + self._of_electrons(fit.parts[1]) - np.log(self.number)
            fits = (fit.parts[1] * sign > 0) & self.usable[index]
            evidence = np.where(fits, fit.log_evidence + prior, -np.inf)
            found.append(self._explained(evidence, fit.chi_square, rate=fit.parts[0]))
        return Explained.best_of(found)

    def steps(self):
        """One rate up to an exposure, another from the next one on; two exposures or more of each."""
        found = [self._explained(np.full(self.number.size, -np.inf), np.full(self.number.size, np.inf))]
        for first in range(2, len(self.seconds) - 1):
            later = np.zeros_like(self.t)
            later[first:] = 1.0
            fit = self._linear(
                [self.t * (1 - later), self.t * later],
                lambda parts, later=later: np.maximum(parts[0] * (1 - later) + parts[1] * later, 0) * self.t,
            )
            prior = sum(self._of_rate(part) for part in fit.parts) - np.log(self.amplitudes * (len(self.seconds) - 3))
            found.append(self._explained(fit.log_evidence + prior, fit.chi_square))
        return Explained.best_of(found)

    def erratic(self):
        """Rates that differ from exposure to exposure without a rule."""
        grid, found = np.geomspace(*_SCATTER, _SCATTERS), []
        step = np.log(grid[1] / grid[0])
        # Switching is slower than an exposure, or faster.
        for power in (1.0, 0.5):
            growth = (self.t / self.seconds[-1]) ** power
            for size in grid:
                extra = (size * self.least * growth) ** 2
                fit = self._linear([self.t], lambda parts: np.maximum(parts[0] * self.t, 0), extra)
                prior = self._of_rate(fit.parts[0]) + np.log(step) - np.log(self.amplitudes)
                found.append(self._explained(fit.log_evidence + prior, fit.chi_square, variants=2))
        return Explained.best_of(found)

    def _explained(self, log_evidence, chi_square, *, parameters=2, variants=1, rate=None):
        """`Explained` by one of so many ``variants`` of a shape, which are equally likely before."""
        log_evidence = np.where(np.isfinite(log_evidence), log_evidence, -np.inf) - np.log(variants)
        rate = np.full(self.number.size, np.nan) if rate is None else rate
        return Explained(log_evidence, chi_square, self.number - parameters, rate)

    def _of_rate(self, rate):
        """Logarithm of the prior density of a rate, but for a constant that is the same for all shapes."""
        return -np.log(np.maximum(rate, 0) + self.least_rate)

    def _of_electrons(self, electrons):
        """Logarithm of the prior density of a number of electrons."""
        return -np.log((np.abs(electrons) + self.least) * self.amplitudes)

    def _linear(self, columns, poisson, extra=0.0):
        """`_Linear` fit of columns (exposures, pixels), with the variance of single frames by the fitted parts."""
        parts = None
        for _ in range(_ITERATIONS):
            if parts is None:
                variance, mean = np.maximum(self.counts, 0), np.maximum(self.counts, 0)
            else:
                variance = poisson(parts)
                mean = sum(part * column for part, column in zip(parts, columns, strict=True))
            variance = variance / self.frames + self.read_variance + (_UNKNOWN * mean) ** 2 + extra + 1e-6
            covariance = Covariance(np.where(self.usable, 1 / variance, 0.0), self.shared)
            fit = _Linear(covariance, self.counts, columns)
            parts = fit.parts
        return fit


class _Linear:
    """Generalised least squares of counts by some columns."""

    def __init__(self, covariance, counts, columns):
        self.covariance, self.columns = covariance, columns
        solved = [covariance.solve(column) for column in columns]
        information = np.array([[(a * b).sum(axis=0) for a in columns] for b in solved])
        target = np.array([(each * counts).sum(axis=0) for each in solved])
        if len(columns) == 1:
            determinant = information[0, 0]
            with np.errstate(divide="ignore", invalid="ignore"):
                self.parts = np.nan_to_num(target / determinant)
        else:
            (a, b), (_, c) = information
            determinant = a * c - b * b
            with np.errstate(divide="ignore", invalid="ignore"):
                inverse = np.array([[c, -b], [-b, a]]) / determinant
                self.parts = np.nan_to_num(np.einsum("ijp,jp->ip", inverse, target), posinf=0, neginf=0)
        self._solved, self._information = solved, information
        self.residual = counts - sum(part * column for part, column in zip(self.parts, columns, strict=True))
        self.residual = np.where(covariance.weights > 0, self.residual, 0.0)
        self.chi_square = (self.residual * covariance.solve(self.residual)).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.log_evidence = (
                -self.chi_square / 2 - covariance.log_determinant() / 2 - np.log(determinant) / 2
                + len(columns) / 2 * np.log(2 * np.pi)
            )  # fmt: skip
        self.log_evidence = np.where(determinant > 0, self.log_evidence, -np.inf)

    def nudge(self, slope):
        """Change, and error, of a further parameter with this derivative of the counts, the others fitted too."""
        solved = self.covariance.solve(slope)
        cross = np.array([(solved * column).sum(axis=0) for column in self.columns])
        own = (solved * slope).sum(axis=0)
        target = (solved * self.residual).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            if len(self.columns) == 1:
                left = own - cross[0] ** 2 / self._information[0, 0]
            else:
                (a, b), (_, c) = self._information
                left = own - (c * cross[0] ** 2 - 2 * b * cross[0] * cross[1] + a * cross[1] ** 2) / (a * c - b * b)
            # The residual has no part along the columns.
            left = np.where(left > 0, left, np.nan)
            return np.nan_to_num(target / left), np.nan_to_num(1 / np.sqrt(left), nan=np.inf)
