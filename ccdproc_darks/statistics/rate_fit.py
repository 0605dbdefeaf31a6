# Licensed under a 3-clause BSD style license - see LICENSE
"""One rate from the counts at one or several exposure times, by generalised least squares.

Plain arrays in electrons and seconds; the first axis is the exposure time.
"""

from dataclasses import dataclass

import numpy as np

__all__ = [
    "TINY_RATE", "Covariance", "RateFit", "count_variance", "fit_rate", "rate_estimator", "rate_variance", "shared_at",
]  # fmt: skip

# Rounds in which weights converge to a part in a thousand from any start.
_ITERATIONS = 4
# Smallest rate that weights are computed for (electron/s): far below that of any sensor.
TINY_RATE = 1e-15


@dataclass
class Covariance:
    """Covariance of mean counts, some of which share a master bias: ``C = diag(V) + sum_g s_g^2 1_g 1_g^T``.

    Parameters
    ----------
    weights : `numpy.ndarray`
        1 / V, shape (exposures, rows, columns); zero where a count must not be used.
    shared : list of (list of int, float or `numpy.ndarray`)
        Groups g of exposures from which the same master bias was subtracted, and its variance s_g^2 (electron^2): of
        all pixels, or of each, shape (rows, columns).

    Notes
    -----
    The groups are disjoint, so that the inverse is Sherman and Morrison's (1950) for each of them.
    """

    weights: np.ndarray
    shared: list

    def __post_init__(self):
        self._groups = [
            (members, variance / (1 + variance * self.weights[members].sum(axis=0)))
            for members, variance in self.shared
            if np.any(variance > 0)
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
        """Logarithm of the determinant of ``C``, of the usable counts only, by the matrix determinant lemma."""
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
    """Fitted rates of some rows of pixels, and what a test of proportionality needs.

    Attributes
    ----------
    rate, variance : `numpy.ndarray`
        Rate (electron/s) and its variance (electron^2/s^2), shape (rows, columns); NaN where no count could be used.
    degrees, chi_square : `numpy.ndarray`
        Degrees of freedom, negative where there is no rate; chi-square of the residuals, NaN where there are none.
    deletion, information : `numpy.ndarray`
        Each count minus its prediction from the other exposures (electron), shape (exposures, rows, columns); and 1
        over its variance, zero where the other exposures cannot predict the count.
    excess : `numpy.ndarray`
        Number with the sign of the departure. It is positive where shorter exposures read higher than the fit (with a
        free offset: where counts grow less than linearly; with equal exposure times: where the first reads higher).
    skewness, kurtosis : `numpy.ndarray`
        Skewness of the counts in the direction of the residuals; where it is negative, that tail is a light one.
        Largest excess kurtosis of a count; above 0.1 where counts are a few electrons.
    residual : `numpy.ndarray`
        Counts minus the fitted counts (electron).
    covariance : `Covariance`
        Covariance with which counts were weighted.
    estimator : `numpy.ndarray`
        Coefficients (1/s) with which the counts add up to the rate.
    offset, offset_variance : `numpy.ndarray` or None
        Free offset (electron) and its variance (electron^2).
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
    """Variance of mean counts (electron^2): ``max(rate, 0) t / N + read_variance``."""
    return np.maximum(rate, 0) * seconds / frames + read_variance


def fit_rate(
    counts, seconds, frames, read_variance, usable, *, shared=(), free_offset=False, diagnose=True, weight_rate=None
):
    """Dark rate of each pixel from its mean counts at several exposure times.

    Parameters
    ----------
    counts : `numpy.ndarray`
        Mean counts without bias (electron), shape (exposures, rows, columns).
    seconds : `numpy.ndarray`
        Exposure times (s), shape (exposures,).
    frames : `numpy.ndarray`
        Number of frames averaged, broadcasting to ``counts``.
    read_variance : `numpy.ndarray`
        Variance of ``counts`` without the Poisson noise of dark electrons (electron^2).
    usable : `numpy.ndarray` of bool
        Counts to use.
    shared : list of (list of int, float or `numpy.ndarray`)
        Indices of the exposures that share a master bias, and the variance of that bias (electron^2): of all pixels, or
        of each.
    free_offset : bool
        Whether each pixel has an unknown offset of its own: the rate is then the slope of a straight line.
    diagnose : bool
        Whether to compute residuals and goodness of fit.
    weight_rate : callable, optional
        Rates by whose noise counts are weighted, as a function of the fitted rates. None: the fitted rates.

    Returns
    -------
    `RateFit`

    Notes
    -----
    Generalised least squares of ``counts = rate * t`` with the covariance ``C = diag(V_i / N_i) + s_b^2 1 1^T``
    (Aitken 1935). It is iterated with V from the *fitted* counts, as weights from observed counts bias the rate low.
    ``deletion`` is the deletion residual ``[C^-1 r]_k / P_kk`` with ``P = C^-1 - C^-1 X (X^T C^-1 X)^-1 X^T C^-1``
    (Cook and Weisberg 1982, for correlated noise); for two exposures it is ``t_1 (d_1 - d_2)``.
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
    # A count that no other exposure predicts has no leverage but rounding errors.
    testable = usable & (degrees > 0) & (leverage > 1e-10 * used.covariance.weights)
    leverage = np.where(testable, leverage, 0.0)
    chi_square = np.where(degrees > 0, (residual * solved).sum(axis=0), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        electrons = np.maximum(weight_rate(rate), 0) * used.t
        skewness = (solved**3 * (electrons / frames**2)).sum(axis=0) / np.maximum(chi_square, 0) ** 1.5
        poisson = electrons / frames
        kurtosis = (poisson * np.square(used.covariance.weights / frames)).max(axis=0)
    deletion = np.divide(solved, leverage, out=np.zeros_like(solved), where=testable)
    return RateFit(
        rate, variance, degrees, chi_square=chi_square, deletion=deletion, information=leverage,
        excess=_excess(solved, used.t, free_offset), skewness=skewness, kurtosis=kurtosis, residual=residual,
        covariance=used.covariance, estimator=used.estimator(), offset=offset, offset_variance=offset_variance,
    )  # fmt: skip


def _excess(solved, t, free_offset):
    if free_offset:
        return -(t**2 * solved).sum(axis=0)
    return solved[0] if np.ptp(t) == 0 else solved.sum(axis=0)


def rate_variance(rate, seconds, frames, read_variance, usable, *, shared=(), free_offset=False):
    """Variance of the fitted rate for a true ``rate`` (electron^2/s^2); NaN where `fit_rate` finds no rate."""
    line = _line_maker(seconds, frames, read_variance, usable, shared, free_offset)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = 1 / line(rate).information
    variance[usable.sum(axis=0) < (2 if free_offset else 1)] = np.nan
    return variance


def rate_estimator(rate, seconds, frames, read_variance, shared, free_offset):
    """Coefficients (1/s) with which `fit_rate` adds up the counts of a pixel of this ``rate``, all of them usable."""
    shape = (len(seconds), 1, 1)
    frames, read_variance = (np.reshape(part, shape) for part in (frames, read_variance))
    line = _line_maker(seconds, frames, read_variance, np.ones(shape, dtype=bool), shared, free_offset)
    return line(rate).estimator()[:, 0, 0]


def shared_at(shared, pixels):
    """Groups of exposures that share a bias, see `fit_rate`, with the variances of some ``pixels`` alone."""
    return [(members, variance if np.ndim(variance) == 0 else variance[pixels]) for members, variance in shared]


def _line_maker(seconds, frames, read_variance, usable, shared, free_offset):
    """Function that gives the `_Line` with weights from the noise of a trial rate."""
    t = np.asarray(seconds)[:, None, None]
    frames = np.where(usable, frames, 1.0)
    read_variance = np.where(usable, read_variance, 0.0)

    def line(trial):
        # Without dark current and read noise, weights must still follow the exposure times.
        variance = count_variance(np.maximum(trial, TINY_RATE), t, frames, read_variance)
        return _Line(Covariance(np.where(usable, 1 / variance, 0.0), shared), t, usable, free_offset)

    return line


class _Line:
    """Linear algebra of the fit for one set of weights; a free offset is projected out."""

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
        with np.errstate(invalid="ignore"):
            return self._projected / self.information

    def residual(self, counts, rate):
        """Counts minus the line (electron), the line's offset and its variance (None without a free offset)."""
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
        with np.errstate(invalid="ignore"):
            leverage = self.covariance.diagonal() - self._projected**2 / self.information
            if self._ones is not None:
                leverage -= self._ones**2 / self._ones.sum(axis=0)
        return leverage
