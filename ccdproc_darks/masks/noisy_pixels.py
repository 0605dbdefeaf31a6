# Licensed under a 3-clause BSD style license - see LICENSE
"""Pixels whose read noise is far above that of the sensor's typical pixels."""

import copy
from dataclasses import dataclass, field

import numpy as np
from scipy.special import chdtr, ndtr

from ..comparison.false_positives import FalsePositiveControl
from ..rates.pixel_noise import PixelNoise
from ..statistics.significance import deviate_of_log_tail, log_chi_square_tail

__all__ = ["NoisyPixels"]

# Pixels that are enough to find the typical ones, and the bins in which they are counted.
_SAMPLE, _BINS = 2**20, 80
# Typical pixels are found from scatters up to so many widths of the lower half above the median, and down to so many
# below: above are the pixels with telegraph read noise, further below those that are dead.
_ABOVE, _BELOW = 0.5, 5.0
# Narrowest spread of the logarithm of read noise, and the degrees of freedom from which a chi law is normal.
_NARROWEST, _NORMAL_FROM = 1e-4, 2000.0
# Standard deviations to which the typical pixels are followed, and steps of them over the width of the chi law.
_REACH, _STEP = 9.0, 0.35
# Points of the table of deviates.
_POINTS = 400


@dataclass
class NoisyPixels:
    """Pixels whose read noise is told apart from that of typical pixels, at the false positives that are asked for.

    Attributes
    ----------
    noise : `PixelNoise`
        Read noise of each pixel.
    control : `FalsePositiveControl`
        How many typical pixels may be called noisy.
    threshold : float
        Scatter (electron) beyond which a pixel is noisy.
    middle, spread : float
        Median read noise of typical pixels (electron), and the standard deviation of its natural logarithm.

    Notes
    -----
    The read noise of typical pixels is lognormal. Its median and spread are found from the lower half of all pixels,
    by maximum likelihood of the scatter up to a little above the median: pixels with telegraph read noise, or noisy in
    another way, lie above it. The scatter s of a pixel of read noise sigma among ``nu + 1`` frames has an error too:
    ``nu s^2 / sigma^2`` is a chi-square variable.
    """

    noise: PixelNoise
    control: FalsePositiveControl
    threshold: float = field(init=False)
    middle: float = field(init=False)
    spread: float = field(init=False)

    def __post_init__(self):
        scatter = self.noise.scatter
        known = scatter[np.isfinite(scatter) & (scatter > 0)]
        degrees = np.inf if self.noise.distribution is None else self.noise.distribution.degrees
        law = _typical(np.log(known[:: 1 + known.size // _SAMPLE].astype(float)), degrees)
        self.middle, self.spread = float(np.exp(law.middle)), law.spread
        self.threshold = self._threshold(law, known)

    def _threshold(self, law, known):
        """Scatter (electron) beyond which as many typical pixels lie as are asked for."""
        # Twice the highest: a deviate that no pixel reaches has a threshold above all pixels.
        points = np.linspace(law.middle, max(np.log(known.max(initial=1e-30)) + 0.7, law.middle + 0.7), _POINTS)
        deviates = np.maximum.accumulate(law.deviate(points))
        above = None
        if self.control.fdr is not None:
            # The others have lower deviates.
            first = np.exp(points[max(np.searchsorted(deviates, self.control.least) - 1, 0)]) * (1 - 1e-6)
            above = np.interp(np.log(known[known > first].astype(float)), points, deviates)
            above = above[above > self.control.least]
        critical = self.control.critical(known.size, 1, above)
        if critical > deviates[-1]:
            return np.inf
        return float(np.exp(np.interp(critical, deviates, points)))

    def for_rows(self, rows):
        """The same threshold, and the pixels of the rows of a slice alone; they can be sent to another process."""
        part = copy.copy(self)
        part.noise = self.noise.for_rows(rows)
        return part

    def beyond(self, rows, pixels=None):
        """Pixels of a slice of rows (or some of them, by flat indices) whose read noise is beyond the threshold."""
        scatter, _ = self.noise.rows(rows, pixels)
        with np.errstate(invalid="ignore"):
            return scatter > self.threshold


@dataclass
class _TypicalLaw:
    """Law of the natural logarithm of the scatter of typical pixels."""

    middle: float
    spread: float
    degrees: float

    def nodes(self):
        """Logarithms of read noises of typical pixels, and the probability of each."""
        step = min(0.25, _STEP / np.sqrt(2 * self.degrees) / self.spread)
        sigmas = np.arange(-_REACH, _REACH + step, step)
        weight = np.exp(-(sigmas**2) / 2)
        return self.middle + self.spread * sigmas, weight / weight.sum()

    @property
    def _normal_width(self):
        """Width of the law where it is normal; None where the chi law counts."""
        if self.degrees < _NORMAL_FROM:
            return None
        return np.hypot(self.spread, np.sqrt(0.5 / self.degrees))

    def below(self, logs):
        """Probability of a scatter below some, shape (logs,)."""
        if self._normal_width is not None:
            return ndtr((logs - self.middle) / self._normal_width)
        nodes, weight = self.nodes()
        return chdtr(self.degrees, self.degrees * np.exp(2 * (logs[:, None] - nodes))) @ weight

    def deviate(self, logs):
        """Equivalent normal deviates of scatters, shape (logs,)."""
        if self._normal_width is not None:
            return (logs - self.middle) / self._normal_width
        nodes, weight = self.nodes()
        tail = log_chi_square_tail(
            self.degrees * np.exp(2 * (logs[:, None] - nodes)), np.full((logs.size, nodes.size), self.degrees)
        )
        return deviate_of_log_tail(np.logaddexp.reduce(tail + np.log(weight), axis=1))


def _typical(logs, degrees):
    """`_TypicalLaw` of the pixels of a sensor, from the logarithms of their scatter."""
    if logs.size == 0:
        return _TypicalLaw(0.0, _NARROWEST, degrees)
    middle = float(np.median(logs))
    width = max(middle - float(np.quantile(logs, ndtr(-1.0))), _NARROWEST)
    edges = np.linspace(middle - _BELOW * width, middle + _ABOVE * width, _BINS + 1)
    numbers, _ = np.histogram(logs, edges)

    own = max(np.sqrt(max(width**2 - 0.5 / degrees, 0.0)), 0.2 * width)

    def law_of(parameters):
        spread = max(own * np.exp(parameters[1]), _NARROWEST)
        return _TypicalLaw(float(middle + width * parameters[0]), float(spread), degrees)

    def lack(parameters):
        below = law_of(parameters).below(edges)
        expected = np.maximum(np.diff(below), 1e-300) / max(below[-1] - below[0], 1e-300)
        return -(numbers * np.log(expected)).sum()

    simplex = [[0.0, 0.0], [-0.2, 0.0], [0.0, 0.2]]
    # Slow to import, and seldom needed.
    from scipy.optimize import minimize

    found = minimize(lack, simplex[0], method="Nelder-Mead", options={"initial_simplex": simplex, "xatol": 1e-3})
    return law_of(found.x)
