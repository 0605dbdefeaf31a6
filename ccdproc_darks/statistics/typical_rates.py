# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark rates of typical pixels, which differ from pixel to pixel, and how improbable a higher rate is among them."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import log_ndtr

from .significance import deviate_of_log_tail, saddlepoint_deviate

__all__ = ["TypicalRates"]

# Deviates between which typical rates are put into cells, and their step.
_LOWEST, _HIGHEST, _CELL = -6.0, 11.0, 0.125
# Deviate of one typical rate's noise from which on the saddlepoint formula is used: below it divides by nearly zero.
_SADDLEPOINT_ABOVE = 1.0
# Skewness up to which the first term of Cornish and Fisher's series rises with the deviate.
_MOST_SKEW = 1.2
# Least skewness: a normal distribution is its limit.
_LEAST = 1e-3
# Relative error of a threshold over its distance from the median rate; most steps to it.
_PRECISION, _STEPS = 1e-12, 60


@dataclass
class TypicalRates:
    """Distribution of the true rates of pixels that are not hot: ``rate + width (exp(skew z) - 1) / skew``.

    z is a normal deviate: a shifted lognormal distribution, with the normal one as its limit.

    Attributes
    ----------
    rate : float
        Median of the true rates (electron/s).
    width : float
        Standard deviation of their middle (electron/s).
    skew : float
        Scatter of their logarithm, where no rate is below zero; 0 is a normal distribution.
    median, error : float
        Median of the true rates of all pixels, hot ones too, which is the rate of a typical pixel, and its standard
        error by noise and by the differences between pixels (electron/s).
    others : tuple of `TypicalRates`
        Two distributions, to either side of this one, by which tails are wrong where few pixels told the parameters.
    """

    rate: float
    width: float = 0.0
    skew: float = 0.0
    median: float | None = None
    error: float = 0.0
    others: tuple = ()

    def __post_init__(self):
        self.median = self.rate if self.median is None else self.median

    def quantile(self, deviate):
        """Rate (electron/s) above the median of the pixel whose rate has this normal deviate among all pixels."""
        skew = max(self.skew, _LEAST)
        return self.width * np.expm1(skew * np.asarray(deviate, dtype=float)) / skew

    def cells(self):
        """Mean of the rates above the median in cells of them, logarithm of their shares, and width of each cell.

        Where there are ``others``, what is not known of the distribution is averaged over, by Gauss and Hermite's rule
        of three points: good pixels are above a threshold as often as expected of all samples of pixels.
        """
        if self.others:
            kinds = [(replace(self, others=()), 2 / 3), *((other, 1 / 6) for other in self.others)]
            parts = [(of.rate - self.rate, np.log(weight), *of.cells()) for of, weight in kinds]
            mean, log_share, spread = zip(*((m + shift, p + log, w) for shift, log, m, p, w in parts), strict=True)
            return np.concatenate(mean), np.concatenate(log_share), np.concatenate(spread)
        if self.width == 0:
            return np.zeros(1), np.zeros(1), np.zeros(1)
        edges = np.arange(_LOWEST, _HIGHEST + _CELL / 2, _CELL)
        skew = max(self.skew, _LEAST)
        log_share = log_ndtr(-edges[:-1]) + np.log1p(-np.exp(log_ndtr(-edges[1:]) - log_ndtr(-edges[:-1])))
        shifted = log_ndtr(skew - edges[:-1]) + np.log1p(
            -np.exp(log_ndtr(skew - edges[1:]) - log_ndtr(skew - edges[:-1]))
        )
        mean = self.width * np.expm1(skew**2 / 2 + shifted - log_share) / skew
        return mean, log_share, np.diff(self.quantile(edges))

    def deviate(self, excess, variance, exposure, level=None):
        """Equivalent normal deviates of measured rates: how improbable so high a one is among typical pixels.

        Parameters
        ----------
        excess : `numpy.ndarray`
            Rate above the median one (electron/s), or above that of its surroundings; shape (pixels,).
        variance : `numpy.ndarray`
            Variance of the rate of such a pixel (electron^2/s^2).
        exposure : `numpy.ndarray`
            Total exposure (s).
        level : `numpy.ndarray`, optional
            Rate of a typical pixel (electron/s), where it is not the same everywhere.

        Notes
        -----
        The tail is the mean over the true rates, each with the noise that it has itself, by the formula of Lugannani
        and Rice (1980): `~ccdproc_darks.statistics.significance.saddlepoint_deviate`.
        """
        excess, variance, exposure = (np.asarray(part, dtype=float)[:, None] for part in (excess, variance, exposure))
        level = np.full(excess.shape, self.rate) if level is None else np.asarray(level, dtype=float)[:, None]
        mean, log_share, spread = self.cells()
        with np.errstate(divide="ignore", invalid="ignore"):
            per_electron = np.where(exposure > 0, 1 / exposure, 0.0)
            other = np.maximum(variance - np.maximum(level, 0) * per_electron, 0)
            electrons = np.maximum(level + mean, 0) * per_electron
            total = other + electrons + spread**2 / 12
            sigma = np.sqrt(total)
            size = (excess - mean) / sigma
            skewness = np.minimum(electrons * per_electron / (total * sigma), _MOST_SKEW)
            deviates = size - skewness * (np.square(np.minimum(size, _SADDLEPOINT_ABOVE)) - 1) / 6
        far = (size > _SADDLEPOINT_ABOVE) & np.isfinite(size)
        if far.any():
            one, share = (per_electron / sigma)[far], (electrons / total)[far]
            with np.errstate(divide="ignore", invalid="ignore"):
                number = np.where(one > 0, share / one**2, 0.0)
            deviates[far] = saddlepoint_deviate(size[far], one[None], number[None], 1 - share)
        with np.errstate(invalid="ignore"):
            log_tail = np.logaddexp.reduce(log_share + log_ndtr(-deviates), axis=1)
        return deviate_of_log_tail(log_tail)

    def excess_of(self, deviate, variance, exposure, level=None):
        """Rates above the median one (electron/s) that have the `deviate` given; other arguments are as there."""
        variance, exposure = np.asarray(variance, dtype=float), np.asarray(exposure, dtype=float)
        sigma = np.sqrt(variance) + self.width
        low, high = np.zeros(variance.shape), float(self.quantile(deviate)) + 2 * deviate * sigma

        def missing(excess):
            return self.deviate(excess, variance, exposure, level) - deviate

        below, above = missing(low), missing(high)
        while (above < 0).any():
            high = np.where(above < 0, 2 * high, high)
            above = missing(high)
        settled = low == high
        for step in range(_STEPS):
            # Regula falsi, with a bisection after every two steps (so that it ends); each pixel for itself.
            with np.errstate(divide="ignore", invalid="ignore"):
                trial = high - above * (high - low) / (above - below)
            middle = (low + high) / 2
            trial = np.where((step % 3 == 2) | ~((trial > low) & (trial < high)), middle, trial)
            found = missing(trial)
            now_above = (found >= 0) & ~settled
            now_below = (found < 0) & ~settled
            # The end that stays is worth less (Illinois), so that the other does not stay for ever.
            below = np.where(now_above, below / 2, np.where(now_below, found, below))
            above = np.where(now_above, found, np.where(now_below, above / 2, above))
            low, high = np.where(now_below, trial, low), np.where(now_above, trial, high)
            settled |= (high - low <= _PRECISION * high) | (found == 0)
            if settled.all():
                break
        return high
