# Licensed under a 3-clause BSD style license - see LICENSE
"""One rate from the counts at one or several exposure times, by generalised least squares.

Everything here works on plain arrays whose first axis is the exposure time, in electrons and seconds.
"""

from dataclasses import dataclass

import numpy as np

__all__ = [
    "TINY_RATE",
    "Covariance",
    "RateFit",
    "count_variance",
    "fit_rate",
    "rate_estimator",
    "rate_variance",
]

# Enough for the weights to settle to a part in a thousand from any start.
_ITERATIONS = 4
# electron/s; far below what any sensor shows.
TINY_RATE = 1e-15


@dataclass
class Covariance:
    """
    Inverse of the covariance of counts that share bias frames, ``C = diag(V) + sum_g s_g^2 1_g 1_g^T``.

    Parameters
    ----------
    weights : `numpy.ndarray`
        1 / V, shape (exposures, rows, columns); zero where a count must not be used.
    shared : list of (list of int, float)
        Groups of exposures that had the same master bias subtracted, and the variance (electron^2)
        of that bias.

    Notes
    -----
    The groups are disjoint, so the inverse is Sherman and Morrison's (1950) for each of them.
    """

    weights: np.ndarray
    shared: list

    def __post_init__(self):
        self._groups = [
            (members, variance / (1 + variance * self.weights[members].sum(axis=0)))
            for members, variance in self.shared
            if variance > 0
        ]

    def solve(self, vector):
        """``C^-1 vector``; ``vector`` broadcasts to the shape of the weights."""
        solved = self.weights * vector
        for members, factor in self._groups:
            solved[members] -= self.weights[members] * (factor * solved[members].sum(axis=0))
        return solved

    def apply(self, vector):
        """``C vector``."""
        applied = np.divide(vector, self.weights, out=np.zeros_like(self.weights), where=self.weights > 0)
        for members, variance in self.shared:
            inside = self.weights[members] > 0
            applied[members] += inside * (variance * (inside * vector[members]).sum(axis=0))
        return applied

    def log_determinant(self):
        """Logarithm of the determinant of ``C`` (of its usable part), by the matrix determinant lemma."""
        with np.errstate(divide="ignore"):
            value = -np.where(self.weights > 0, np.log(self.weights), 0.0).sum(axis=0)
        for members, variance in self.shared:
            value += np.log1p(variance * self.weights[members].sum(axis=0))
        return value

    def diagonal(self):
        """Diagonal of ``C^-1``."""
        diagonal = self.weights.copy()
        for members, factor in self._groups:
            diagonal[members] -= factor * self.weights[members] ** 2
        return diagonal


@dataclass
class RateFit:
    """
    Rates of some rows of pixels, with what a test of proportionality needs.

    Attributes
    ----------
    rate, variance : `numpy.ndarray`
        The rate (electron/s), and its variance; NaN where no count could be used.
    degrees : `numpy.ndarray` of int
        Degrees of freedom left; negative where there is no rate.
    chi_square : `numpy.ndarray`
        Of the residuals about the fit.
    deletion : `numpy.ndarray`
        Each exposure's count minus what the others foretell of it (electron), shape (exposures, rows, columns).
    information : `numpy.ndarray`
        One over the variance of ``deletion``; zero where the others cannot foretell it.
    excess : `numpy.ndarray`
        Its sign is positive where shorter exposures read higher than the fit (with a free offset: where
        the counts grow less than linearly; of equal exposure times: where the first one does).
    skewness : `numpy.ndarray`
        Of counts in the direction of the residuals: below zero that tail is lighter than a normal one.
    kurtosis : `numpy.ndarray`
        Largest excess kurtosis of a count: above a tenth where they are a few electrons.
    residual : `numpy.ndarray`
        Counts less those of the fit (electron).
    covariance : `Covariance`
        What counts were weighed with.
    estimator : `numpy.ndarray`
        Coefficients by which counts make the rate.
    offset, offset_variance : `numpy.ndarray`
        Of a free offset (electron, electron^2).
    """

    rate: np.ndarray
    variance: np.ndarray
    degrees: np.ndarray
    chi_square: np.ndarray | None = None
    deletion: np.ndarray | None = None
    information: np.ndarray | None = None
    excess: np.ndarray | None = None
    skewness: np.ndarray | None = None
    kurtosis: np.ndarray | None = None
    residual: np.ndarray | None = None
    covariance: Covariance | None = None
    estimator: np.ndarray | None = None
    offset: np.ndarray | None = None
    offset_variance: np.ndarray | None = None


def count_variance(rate, seconds, frames, read_variance):
    """Variance of mean counts, ``max(rate, 0) t / N + read_variance`` (electron^2): science of `noise`."""
    return np.maximum(rate, 0) * seconds / frames + read_variance


def fit_rate(
    counts, seconds, frames, read_variance, usable, *, shared=(), free_offset=False, diagnose=True, weight_rate=None
):
    """
    Rate of each pixel from its mean counts at several exposure times.

    Parameters
    ----------
    counts : `numpy.ndarray`
        Mean bias-subtracted counts (electron), shape (exposures, rows, columns).
    seconds : `numpy.ndarray`
        Exposure times (s), shape (exposures,).
    frames : `numpy.ndarray`
        Frames averaged, broadcasting to ``counts``.
    read_variance : `numpy.ndarray`
        Part of the variance of ``counts`` that does not grow with them (electron^2).
    usable : `numpy.ndarray` of bool
        Counts to use.
    shared : list of (list of int, float)
        Exposures that share a bias, and the variance of that bias (electron^2).
    free_offset : bool
        Let every pixel have its own unknown offset: the rate is then the slope of a free line.
    diagnose : bool
        Whether to work out the goodness of fit.
    weight_rate : callable, optional
        What rate to weigh the counts of a pixel of a given rate with; its own where None.

    Returns
    -------
    `RateFit`

    Notes
    -----
    Generalised least squares of ``counts = rate * t`` with the covariance
    ``C = diag(V_i / N_i) + s_b^2 1 1^T`` (Aitken 1935), iterated with V from the *fitted* counts, as
    weights from observed counts bias the rate low. ``deletion`` is the deletion residual
    ``[C^-1 r]_k / P_kk`` with ``P = C^-1 - C^-1 X (X^T C^-1 X)^-1 X^T C^-1`` (Cook and Weisberg 1982, for
    correlated noise); of two exposures it is ``t_1 (d_1 - d_2)``.
    """
    counts = np.where(usable, counts, 0.0)
    degrees = usable.sum(axis=0) - (2 if free_offset else 1)
    lacking = degrees < 0
    line = _line_maker(seconds, frames, read_variance, usable, shared, free_offset)
    weight_rate = weight_rate or (lambda rate: rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.zeros(counts.shape[1:])
        for _ in range(_ITERATIONS):
            rate = np.nan_to_num(line(weight_rate(rate)).rate(counts))
        used = line(weight_rate(rate))
        rate = used.rate(counts)
        variance = 1 / line(weight_rate(rate)).information
    rate[lacking] = variance[lacking] = np.nan
    if not diagnose:
        return RateFit(rate, variance, degrees)

    residual, offset, offset_variance = used.residual(counts, np.where(lacking, 0.0, rate))
    solved = used.covariance.solve(residual)
    leverage = used.leverage()
    # Where nothing else foretells a count, what is left of its leverage is rounding.
    testable = usable & (degrees > 0) & (leverage > 1e-10 * used.covariance.weights)
    leverage = np.where(testable, leverage, 0.0)
    chi_square = np.where(degrees > 0, (residual * solved).sum(axis=0), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        third = (solved**3 * (np.maximum(weight_rate(rate), 0) * used.t / frames**2)).sum(axis=0)
        skewness = third / np.maximum(chi_square, 0) ** 1.5
        poisson = np.maximum(weight_rate(rate), 0) * used.t / frames
        kurtosis = (poisson * np.square(used.covariance.weights / frames)).max(axis=0)
    return RateFit(
        rate,
        variance,
        degrees,
        chi_square=chi_square,
        skewness=skewness,
        kurtosis=kurtosis,
        deletion=np.divide(solved, leverage, out=np.zeros_like(solved), where=testable),
        information=leverage,
        excess=_excess(solved, used.t, free_offset),
        residual=residual,
        covariance=used.covariance,
        estimator=used.estimator(),
        offset=offset,
        offset_variance=offset_variance,
    )


def _excess(solved, t, free_offset):
    if free_offset:
        return -(t**2 * solved).sum(axis=0)
    return solved[0] if np.ptp(t) == 0 else solved.sum(axis=0)


def rate_variance(rate, seconds, frames, read_variance, usable, *, shared=(), free_offset=False):
    """Variance that `fit_rate` would give, were the true rate the one given; NaN where there is no rate."""
    line = _line_maker(seconds, frames, read_variance, usable, shared, free_offset)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = 1 / line(rate).information
    variance[usable.sum(axis=0) < (2 if free_offset else 1)] = np.nan
    return variance


def rate_estimator(rate, seconds, frames, read_variance, shared, free_offset):
    """Coefficients by which `fit_rate` makes a rate of a pixel's counts, all usable, were its rate the one given."""
    shape = (len(seconds), 1, 1)
    frames, read_variance = (np.reshape(part, shape) for part in (frames, read_variance))
    line = _line_maker(seconds, frames, read_variance, np.ones(shape, dtype=bool), shared, free_offset)
    return line(rate).estimator()[:, 0, 0]


def _line_maker(seconds, frames, read_variance, usable, shared, free_offset):
    """A function that makes the `_Line` with the weights of a trial rate."""
    t = np.asarray(seconds, dtype=float)[:, None, None]
    frames = np.where(usable, frames, 1.0)
    read_variance = np.where(usable, read_variance, 0.0)

    def line(trial):
        # A rate of nothing still has to weigh counts by their exposure where there is no read noise.
        variance = count_variance(np.maximum(trial, TINY_RATE), t, frames, read_variance)
        return _Line(Covariance(np.where(usable, 1 / variance, 0.0), shared), t, usable, free_offset)

    return line


class _Line:
    """The linear algebra of the fit for one set of weights; an offset of each pixel is projected out."""

    def __init__(self, covariance, t, usable, free_offset):
        self.covariance = covariance
        self.t, self._usable = t, usable
        self._ones = covariance.solve(usable.astype(float)) if free_offset else None
        times = np.where(usable, t, 0.0)
        if free_offset:
            times -= usable * ((self._ones * times).sum(axis=0) / self._ones.sum(axis=0))
        self._projected = covariance.solve(times)
        self.information = (times * self._projected).sum(axis=0)

    def rate(self, counts):
        return (self._projected * counts).sum(axis=0) / self.information

    def estimator(self):
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._projected / self.information

    def residual(self, counts, rate):
        """Counts less those of the line; its offset, and the variance of that, where it is free."""
        residual = counts - rate * self.t
        offset = offset_variance = None
        if self._ones is not None:
            total = self._ones.sum(axis=0)
            safe = np.where(total > 0, total, 1.0)
            offset = (residual * self._ones).sum(axis=0) / safe
            with np.errstate(divide="ignore", invalid="ignore"):
                mean_time = (self._ones * self.t).sum(axis=0) / safe
                offset_variance = 1 / total + mean_time**2 / self.information
            residual -= offset
        return np.where(self._usable, residual, 0.0), offset, offset_variance

    def leverage(self):
        """Diagonal of P, see `fit_rate`."""
        with np.errstate(divide="ignore", invalid="ignore"):
            leverage = self.covariance.diagonal() - self._projected**2 / self.information
            if self._ones is not None:
                leverage -= self._ones**2 / self._ones.sum(axis=0)
        return leverage
