# Licensed under a 3-clause BSD style license - see LICENSE
"""The fit of `ccdproc_darks.fit` for pixels that lost no frame: exposure by exposure, in arrays that fit a cache."""

import numpy as np

from .fit import TINY_RATE

__all__ = ["whole_rate"]

# With the first and the last round as many as `ccdproc_darks.fit.fit_rate` makes. All but the last are in single
# precision: a weight that is off by a millionth makes no difference.
_ITERATIONS = 3


def whole_rate(
    counts, seconds, frames, read_variance, bias_variance, *, free_offset=False, expected=None, dtype=np.float64
):
    """
    Rate and variance of pixels that lost no frame, and whose exposures all share one bias.

    Parameters
    ----------
    counts : list of `numpy.ndarray`
        Mean counts (electron) of each exposure time, shape (pixels,).
    seconds, frames, read_variance : `numpy.ndarray`
        Of each exposure time, the same for all pixels.
    bias_variance : float
        Of the bias (electron^2).
    free_offset, expected
        As of `ccdproc_darks.fit.fit_rate`, whose rate and variance these are.
    dtype : `numpy.dtype`
        Of the variance.

    Notes
    -----
    With ``C = diag(V) + s_b^2 1 1^T`` the rate is ``t^T C^-1 c / t^T C^-1 t`` (generalised least squares: Aitken
    1935), and ``x^T C^-1 y = sum w x y - (sum w x) (sum w y) / (sum w + 1 / s_b^2)``, with ``w = 1 / V`` (Sherman and
    Morrison 1950). A free offset is a bias whose error is without bounds.
    """
    line = _WholeLine(seconds, frames, read_variance, bias_variance, free_offset)
    settle = expected or (lambda rate: rate)
    rough = [count.astype(np.float32) for count in counts]
    # With the weights of no dark current, which are the same for all pixels.
    trial = np.asarray(settle(np.zeros(1)), np.float32)
    rate = sum(count * weight for count, weight in zip(rough, line.estimator(trial), strict=True))
    for _ in range(_ITERATIONS):
        rate = line.rate(np.asarray(settle(rate), np.float32), rough)
    rate = line.rate(np.asarray(settle(rate), float), counts)
    return rate, line.variance(np.asarray(settle(rate), dtype))


class _WholeLine:
    """The linear algebra of `whole_rate`: sums over exposures, one after the other, of what fits a cache."""

    def __init__(self, seconds, frames, read_variance, bias_variance, free_offset):
        self._exposures = list(zip(seconds, seconds / frames, read_variance, strict=True))
        self._bias_variance, self._free_offset = bias_variance, free_offset

    def rate(self, trial, counts):
        """The rate, with the weights of a trial one."""
        sums = self._sums(trial, counts)
        return sums.pop("tc") / sums["tt"]

    def estimator(self, trial):
        """Coefficients by which counts make the rate, with the weights of one trial rate."""
        number = len(self._exposures)
        unit = [np.full(1, index == which, trial.dtype) for which in range(number) for index in range(number)]
        return [self.rate(trial, unit[start : start + number])[0] for start in range(0, number**2, number)]

    def variance(self, trial):
        """Its variance, were the rate the trial one."""
        return 1 / self._sums(trial, None)["tt"]

    def _sums(self, trial, counts):
        """Products ``x^T C^-1 y`` of exposure times (t) and counts (c), with what exposures share projected out."""
        common = self._free_offset or self._bias_variance > 0
        number = trial.dtype.type
        sums = {name: number(0) for name in ("11", "1t", "tt", "1c", "tc")}
        trial = np.maximum(trial, number(TINY_RATE))
        term = np.empty(trial.shape, trial.dtype)
        for index, (t, growth, constant) in enumerate(self._exposures):
            weight = trial * number(growth)
            weight += number(constant)
            np.divide(number(1), weight, out=weight)
            if common:
                sums["11"] += weight
            if counts is not None:
                np.multiply(weight, counts[index], out=term)
                if common:
                    sums["1c"] += term
                term *= number(t)
                sums["tc"] += term
            weight *= number(t)
            if common:
                sums["1t"] += weight
            weight *= number(t)
            sums["tt"] += weight
        if not common:
            return sums
        limit = 0.0 if self._free_offset else 1 / self._bias_variance
        factor = sums["1t"] / (sums["11"] + number(limit))
        sums["tt"] -= factor * sums["1t"]
        if counts is not None:
            sums["tc"] -= factor * sums["1c"]
        return sums
