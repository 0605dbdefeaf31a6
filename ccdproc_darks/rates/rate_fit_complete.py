# Licensed under a 3-clause BSD style license - see LICENSE
"""Fit of `rate_fit` for pixels that lost no frame: faster, in arrays that fit into the processor's cache."""

import numpy as np

from .._compute import loops
from ..statistics.rate_fit import TINY_RATE

__all__ = ["fit_complete_pixels", "rate_of_one_exposure"]

# Rounds between the first and the last, together as many as in `fit_rate`. They are in single precision: an error of a
# millionth in the weights makes no difference.
_ITERATIONS = 3


def fit_complete_pixels(
    counts, seconds, frames, read_variance, bias_variance, *, free_offset=False, weight_rate=None, dtype=np.float64
):
    """Rate and its variance of pixels that lost no frame, and whose exposures all share one bias.

    Parameters
    ----------
    counts : list of `numpy.ndarray`
        Mean counts (electron) of each exposure time, shape (pixels,).
    seconds, frames : `numpy.ndarray`
        Exposure times (s) and numbers of frames: the same for all pixels.
    read_variance : `numpy.ndarray`
        Variances of mean counts by read noise (electron^2): the same for all pixels, shape (exposures,), or of each,
        (exposures, pixels).
    bias_variance : float or `numpy.ndarray`
        Variance of the bias (electron^2); zero is zero for all pixels.
    free_offset, weight_rate
        See `ccdproc_darks.statistics.rate_fit.fit_rate`, which gives the same rate and variance.
    dtype : `numpy.dtype`
        Type of the variance.

    Notes
    -----
    With ``C = diag(V) + s_b^2 1 1^T`` the rate is ``t^T C^-1 c / t^T C^-1 t`` (generalised least squares: Aitken
    1935), and ``x^T C^-1 y = sum w x y - (sum w x) (sum w y) / (sum w + 1 / s_b^2)``, with ``w = 1 / V`` (Sherman and
    Morrison 1950). A free offset is a bias of infinite variance.
    """
    line = _CompleteLine(seconds, frames, read_variance, bias_variance, free_offset)
    quick = weight_rate is None and loops.fit is not None and dtype == np.float32
    if quick and np.ndim(read_variance) == 1 and len(counts) <= loops.MOST_EXPOSURES:
        return line.compiled(counts)
    weight_rate = weight_rate or (lambda rate: rate)
    # Single precision is enough for a rate in single precision, unless sums are subtracted from each other.
    precise = np.dtype(float) if line.has_common else np.dtype(dtype)
    rates = line.rates_of(counts, precise)
    rough = rates if precise == np.float32 else line.rates_of(counts, np.dtype(np.float32))
    # First round: with the weights of no dark current, which are the same for all pixels.
    coefficients = line.estimator(float(np.asarray(weight_rate(np.zeros(1)))[0])).astype(np.float32)
    rate = sum(one * coefficient for one, coefficient in zip(rough, coefficients, strict=True))
    for _ in range(_ITERATIONS):
        rate = line.rate(np.asarray(weight_rate(rate), np.float32), rough)
    rate = line.rate(np.asarray(weight_rate(rate), precise), rates)
    return rate, line.variance(np.asarray(weight_rate(rate), dtype))


def rate_of_one_exposure(counts, seconds, frames, frame_variance, bias_error, *, dtype=np.float64, out=(None, None)):
    """Rate (electron/s) and its standard deviation at one exposure time, where there is nothing to fit.

    Parameters
    ----------
    counts : `numpy.ndarray`
        Mean counts (electron), shape (pixels,).
    seconds : float
        Exposure time (s).
    frames, frame_variance, bias_error : float or `numpy.ndarray`
        Number of frames averaged, variance of one frame without dark electrons (electron^2), and standard deviation of
        the bias (electron).
    dtype : `numpy.dtype`
        Type of the standard deviation.
    out : sequence of `numpy.ndarray` or None
        Arrays that rate and standard deviation may be put into.

    Notes
    -----
    ``d = c / t`` and ``Var(d) = (max(c, 0) + R^2) / (N t^2) + (s_b / t)^2`` (EMVA Standard 1288, release 4.0).
    """
    factor, bias = 1 / (frames * seconds**2), (bias_error / seconds) ** 2
    if loops.rate is not None and dtype == np.float32 and np.ndim(frames) == np.ndim(frame_variance) == 0:
        rate, deviation = (np.empty(counts.shape, dtype) if place is None else place.reshape(-1) for place in out[:2])
        loops.rate(counts.size, counts, 1 / seconds, frame_variance, factor, bias, rate, deviation)
        return rate, deviation
    number = np.dtype(dtype).type
    variance = np.empty(counts.shape, dtype)
    np.copyto(variance, counts)
    # numpy.maximum takes three times as long.
    np.clip(variance, 0, np.inf, out=variance)
    variance += frame_variance if np.ndim(frame_variance) else number(frame_variance)
    variance *= factor if np.ndim(factor) else number(factor)
    variance += bias if np.ndim(bias) else number(bias)
    return np.multiply(counts, 1 / seconds, dtype=float), np.sqrt(variance, out=variance)


class _CompleteLine:
    """Linear algebra of `fit_complete_pixels`: sums over exposures, one exposure after the other.

    Counts enter as rates ``r = c / t`` and weights as ``t^2 w``, which takes fewer products.
    """

    def __init__(self, seconds, frames, read_variance, bias_variance, free_offset):
        constant = read_variance / (seconds**2 if np.ndim(read_variance) == 1 else seconds[:, None] ** 2)
        self._exposures = list(zip(seconds, 1 / (frames * seconds), constant, strict=True))
        has_bias = np.ndim(bias_variance) > 0 or bias_variance > 0
        self._bias_weight = 0.0 if free_offset else 1 / bias_variance if has_bias else np.inf

    @property
    def has_common(self):
        """Whether exposures share the error of a bias, or a free offset, which is projected out of their sums."""
        return np.ndim(self._bias_weight) > 0 or self._bias_weight < np.inf

    def compiled(self, counts):
        """Rate and variance in single precision, by one compiled loop over the counts."""
        rate, variance = (np.empty(counts[0].shape, np.float32) for _ in range(2))
        numbers = tuple(
            (1 / t, coefficient, growth, constant)
            for (t, growth, constant), coefficient in zip(self._exposures, self.estimator(0.0), strict=True)
        )
        counts = tuple(map(np.ascontiguousarray, counts))
        settings = self.has_common, self._bias_weight, TINY_RATE
        loops.fit(rate.size, counts, numbers, *settings, _ITERATIONS, rate, variance)
        return rate, variance

    def rates_of(self, counts, dtype):
        """Counts over exposure times (electron/s)."""
        found = [np.empty(count.shape, dtype) for count in counts]
        for (t, *_), count, rate in zip(self._exposures, counts, found, strict=True):
            np.multiply(count, 1 / t, out=rate)
        return found

    def rate(self, trial, rates):
        """Rate (electron/s) with weights from the noise of the trial rate."""
        sums = self._sums(trial, rates)
        return np.divide(sums["tc"], sums["tt"], out=sums["tc"])

    def estimator(self, trial):
        """Coefficients with which the rates of the exposures add up to one rate, weighted for one trial rate."""
        t, growth, constant = (np.array(column) for column in zip(*self._exposures, strict=True))
        if constant.ndim > 1:
            t, growth = t[:, None], growth[:, None]
        weight = 1 / (max(trial, TINY_RATE) * growth + constant)
        shared = (weight / t).sum(axis=0) / ((weight / t**2).sum(axis=0) + self._bias_weight)
        weight -= shared * weight / t
        return weight / weight.sum(axis=0)

    def variance(self, trial):
        """Variance of the rate for a true rate ``trial`` (electron^2/s^2)."""
        tt = self._sums(trial, None)["tt"]
        return np.divide(1, tt, out=tt)

    def _sums(self, trial, rates):
        """Sums ``x^T C^-1 y`` of exposure times (t) and counts (c); what the exposures share is projected out."""
        sums, number = {}, trial.dtype.type
        trial = np.clip(trial, number(TINY_RATE), np.inf)
        weight, term = np.empty(trial.shape, trial.dtype), np.empty(trial.shape, trial.dtype)
        for index, (t, growth, constant) in enumerate(self._exposures):
            np.multiply(trial, number(growth), out=weight)
            weight += constant.astype(trial.dtype) if np.ndim(constant) else number(constant)
            np.divide(number(1), weight, out=weight)
            _add(sums, "tt", weight)
            if rates is not None:
                _add(sums, "tc", np.multiply(weight, rates[index], out=term))
            if self.has_common:
                weight *= number(1 / t)
                _add(sums, "1t", weight)
                if rates is not None:
                    _add(sums, "1c", np.multiply(weight, rates[index], out=term))
                weight *= number(1 / t)
                _add(sums, "11", weight)
        if self.has_common:
            bias_weight = self._bias_weight
            bias_weight = bias_weight.astype(trial.dtype) if np.ndim(bias_weight) else number(bias_weight)
            factor = np.add(sums["11"], bias_weight, out=weight)
            np.divide(sums["1t"], factor, out=factor)
            sums["tt"] -= np.multiply(factor, sums["1t"], out=term)
            if rates is not None:
                sums["tc"] -= np.multiply(factor, sums["1c"], out=term)
        return sums


def _add(sums, name, term):
    if name in sums:
        sums[name] += term
    else:
        sums[name] = term.copy()
