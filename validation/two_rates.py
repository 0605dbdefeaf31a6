# Licensed under a 3-clause BSD style license - see LICENSE
"""False positives of a test of two rates by quadrature: no draws, and so no statistical error."""

import numpy as np
from scipy.special import gammaln, ndtr, ndtri

from .cells import PROBABILITIES

__all__ = ["false_positives"]

_SPAN = 7.5
_BIAS_NODES = 41


class _MeanCount:
    """The law of a mean count, ``(Poisson(m) + Normal) / N``: a sum of normal laws, one a number of electrons."""

    def __init__(self, cell, index):
        self._frames = cell.frames[index]
        expected = cell.rate * cell.seconds[index] * self._frames
        variance = self._frames * cell.read_noise**2
        if cell.bias == "separate":
            variance += cell.bias_variance * self._frames**2
        # Of many electrons a part of the numbers will do.
        width = np.sqrt(expected)
        step = max(1, int(width / 40))
        self._electrons = np.arange(max(0, int(expected - 9.5 * width - 1)), expected + 9.5 * width + 25, step)
        weights = np.exp(self._electrons * np.log(expected) - expected - gammaln(self._electrons + 1))
        self._weights = weights / weights.sum() if step > 1 else weights
        self._sigma = np.sqrt(max(variance, (step / 2) ** 2 if step > 1 else variance))
        self.low = max(expected - _SPAN * np.sqrt(expected + variance), -_SPAN * self._sigma) / self._frames
        few = 15.0 if expected < 50 else 0.0
        self.high = (expected + _SPAN * np.sqrt(expected + variance) + few) / self._frames

    def _deviates(self, counts):
        return (counts[:, None] * self._frames - self._electrons) / self._sigma

    def density(self, counts):
        return (
            np.exp(-(self._deviates(counts) ** 2) / 2) @ self._weights * self._frames / self._sigma / np.sqrt(2 * np.pi)
        )

    def above(self, counts):
        return ndtr(-self._deviates(counts)) @ self._weights

    def below(self, counts):
        return ndtr(self._deviates(counts)) @ self._weights


def false_positives(cell, method, points=(240, 200)):
    """
    Actual over nominal false positives in both tails.

    Parameters
    ----------
    cell : Cell
        The situation.
    method : callable
        Deviate of counts, shape (2, pixels), positive where the short exposure reads higher.
    points : tuple of int
        Grid points in the counts of the short and the long exposure.

    Returns
    -------
    dict
        ``{probability: (upper, lower)}``.

    Notes
    -----
    For each count of the long exposure, the count of the short one at which the deviate crosses the critical value
    divides good from flagged; the probability beyond it is a sum of normal tails. A bias error that both share is
    integrated over by Gauss-Hermite quadrature.
    """
    short, long = _MeanCount(cell, 0), _MeanCount(cell, 1)
    errors, weights = np.zeros(1), np.ones(1)
    if cell.bias == "shared":
        errors, weights = np.polynomial.hermite_e.hermegauss(_BIAS_NODES)
        weights = weights / weights.sum()
        errors, weights = errors[weights > 1e-10] * np.sqrt(cell.bias_variance), weights[weights > 1e-10]
    margin = np.abs(errors).max()
    x = np.linspace(short.low - margin, short.high + margin, points[0])
    y = np.linspace(long.low - margin, long.high + margin, points[1])
    deviates = method(np.stack(np.broadcast_arrays(x, y[:, None])).reshape(2, -1)).reshape(y.size, x.size)
    densities = [long.density(y + error) * weight for error, weight in zip(errors, weights, strict=True)]
    total = sum(density.sum() for density in densities)
    result = {}
    for probability in PROBABILITIES:
        critical = -ndtri(probability)
        up = _crossing(deviates, x, critical)
        down = _crossing(-deviates[:, ::-1], x[::-1], critical)
        tails = [
            sum(
                (density * tail(edge + error)).sum() for density, error in zip(densities, errors, strict=True)
            )
            for edge, tail in ((up, short.above), (down, short.below))
        ]  # fmt: skip
        result[probability] = tuple(tail / total / probability for tail in tails)
    return result


def _crossing(deviates, x, critical):
    """Where each row rises above the critical value for good, interpolated."""
    below = deviates <= critical
    last = deviates.shape[1] - 1 - np.argmax(below[:, ::-1], axis=1)
    first = np.clip(last, 0, deviates.shape[1] - 2)
    rows = np.arange(deviates.shape[0])
    low, high = deviates[rows, first], deviates[rows, first + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.clip(np.nan_to_num((critical - low) / (high - low)), 0, 1)
    return x[first] + part * (x[first + 1] - x[first])
