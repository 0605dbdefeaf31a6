# Licensed under a 3-clause BSD style license - see LICENSE
"""The rate of a typical pixel, and the rate above which a pixel is hot."""

from dataclasses import dataclass

import numpy as np

from .offset import robust_mean
from .significance import CANDIDATE, saddlepoint_deviate

__all__ = ["TypicalPixel", "typical_pixel"]

# As a fraction; and pixels whose quantiles say where to look.
_SETTLED, _FEW = 1e-6, 2**16
# Of normal deviates these are below -1.
_BELOW = 0.15865525
# A threshold is sought on grids of so many rates, each between two of the last: to 1e-12 of the first one's reach.
_GRID, _ROUNDS = 101, 6


@dataclass
class TypicalPixel:
    """
    What a pixel is that is not hot.

    Attributes
    ----------
    rate : float
        Its rate (electron/s).
    width : float
        How much wider good pixels scatter than their noise; at least 1.
    """

    rate: float
    width: float

    def excess(self, rate, variance, exposure, level=None):
        """
        How far above it rates are, as an equivalent normal deviate.

        Parameters
        ----------
        rate : `numpy.ndarray`
            Rates (electron/s).
        variance : `numpy.ndarray`
            Their variance, were they of the typical pixel.
        exposure : `numpy.ndarray`
            Total exposure behind each (s).
        level : `numpy.ndarray`, optional
            Rate of the typical pixel at each place, where it is not the same everywhere.
        """
        level = np.broadcast_to(self.rate if level is None else level, np.shape(rate))
        with np.errstate(divide="ignore", invalid="ignore"):
            deviate = (rate - level) / (self.width * np.sqrt(variance))
        far = np.isfinite(deviate) & (deviate > CANDIDATE) & (exposure > 0) & (level > 0)
        if far.any():
            sigma = np.sqrt(variance[far])
            poisson = np.minimum(level[far] / exposure[far] / variance[far], 1.0)
            one_electron = 1 / (exposure[far] * sigma)
            deviate[far] = saddlepoint_deviate(
                deviate[far], one_electron[None], (poisson / one_electron**2)[None], 1 - poisson
            )
        return deviate

    def threshold(self, deviate, variance, exposure):
        """The rate that is a normal deviate above it, for one variance and exposure: where `excess` reaches that."""
        low, high = self.rate, self.rate + 2 * self.width * deviate * np.sqrt(variance)

        def excess(rates):
            return self.excess(rates, np.full(rates.shape, variance), np.full(rates.shape, exposure))

        while excess(np.array([high])) < deviate:
            high += high - low
        for _ in range(_ROUNDS):
            rates = np.linspace(low, high, _GRID)
            # Of rates that rounding makes equal, all may be below.
            first = int(np.argmax(np.append(excess(rates[1:-1]) >= deviate, True))) + 1
            low, high = rates[first - 1], rates[first]
        return float(high)


def typical_pixel(rates, deviation_at, levels=None):
    """
    The `TypicalPixel` of a sample of rates.

    Parameters
    ----------
    rates : `numpy.ndarray`
        Rates (electron/s).
    deviation_at : callable
        Standard deviation of each (or of all), were its pixel's rate the one given.
    levels : `numpy.ndarray`, optional
        Rate of the typical pixel at each place, where it is not the same everywhere.

    Notes
    -----
    The lower half of the distribution tells the width: hot pixels are all in the upper one.
    """
    rates = np.asarray(rates, dtype=float)
    if rates.size == 0:
        return TypicalPixel(0.0, 1.0)
    few = rates[:: 1 + rates.size // _FEW]
    low, rate = (_quantile(few, share) for share in (_BELOW, 0.5))
    scatter = rate - low
    for _ in range(3):
        last, model = rate, deviation_at(rate)
        rate = robust_mean(rates, np.maximum(model, scatter)) or rate
        if abs(rate - last) <= _SETTLED * abs(rate):
            break
    model = deviation_at(rate if levels is None else levels)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviates = (rates - (_quantile(rates, 0.5) if levels is None else levels)) / model
    deviates = deviates[np.isfinite(deviates)]
    width = -_quantile(deviates, _BELOW) if deviates.size else 1.0
    return TypicalPixel(rate, max(1.0, width))


def _quantile(values, share):
    """As of `numpy.quantile`, of values that are all numbers, and in half the time."""
    place = share * (values.size - 1)
    first = int(place)
    ordered = np.partition(values, first)
    upper = ordered[first + 1 :].min() if first + 1 < values.size else ordered[first]
    return float(ordered[first] + (place - first) * (upper - ordered[first]))
