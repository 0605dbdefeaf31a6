"""Exact false-positive probabilities of the test of two rates: quadrature over all counts there can be, no draws.

What the test says of a pair of counts is asked on a grid, as it is asked of pixels. How likely those counts are is
worked out here, from scipy's distributions alone.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import ndtr

from ccdproc_darks.comparison.comparer import compare_rows
from ccdproc_darks.rates.mean_counts import MeanCounts
from ccdproc_darks.statistics.rate_distribution import fit_rate_distribution
from ccdproc_darks.statistics.rate_fit import rate_estimator

# Standard deviations that a grid reaches to either side: 3e-14 of the probability is beyond.
_REACH = 7.5


@dataclass
class Cell:
    """Two exposure times of a sensor: electron/s, electron, s, and frames, those of a bias shared (None) included."""

    rate: float
    read_noise: float
    seconds: tuple
    frames: tuple
    bias_frames: int | None = None

    def __post_init__(self):
        self.seconds, self.frames = np.array(self.seconds, float), np.array(self.frames, float)
        self.bias_variance = 0.0 if self.bias_frames is None else self.read_noise**2 / self.bias_frames
        self.shared = [] if self.bias_frames is None else [(list(range(len(self.seconds))), self.bias_variance)]

    @property
    def electrons(self):
        """Expected of all frames of each exposure time."""
        return self.rate * self.seconds * self.frames

    def draw(self, rng, pixels, rate=None):
        """Mean counts of so many pixels, (exposures, pixels)."""
        t, n = self.seconds[:, None], self.frames[:, None]
        counts = rng.poisson(np.broadcast_to((self.rate if rate is None else rate) * t * n, (t.size, pixels))) / n
        counts += rng.normal(0, self.read_noise, counts.shape) / np.sqrt(n)
        return counts - rng.normal(0, np.sqrt(self.bias_variance), pixels)

    def rate_distribution(self, rate=None, pixels=2**18, seed=1):
        """What is known of the rates of a sensor of so many pixels, all of one rate, or of the rates given."""
        rng = np.random.default_rng(seed)
        counts = self.draw(rng, pixels, None if rate is None else rng.choice(rate, pixels))
        read_variance = self.read_noise**2 / self.frames
        typical = max(float(np.median(counts[-1] / self.seconds[-1])), 0.0)
        estimator = rate_estimator(typical, self.seconds, self.frames, read_variance, self.shared, False)
        return fit_rate_distribution(
            estimator @ counts, estimator, self.seconds, self.frames, read_variance, self.shared
        )

    def compared(self, counts, rate_distribution=None, *, free_offset=False, offsets=0.0, usable=None, width=1.0):
        """`Comparison` of mean counts, (exposures, rows, columns)."""
        frames = np.broadcast_to(self.frames[:, None, None], counts.shape)
        usable = np.ones(counts.shape, dtype=bool) if usable is None else usable
        nothing = np.full(counts.shape, np.nan)
        rows = MeanCounts(np.where(usable, counts, 0.0), frames, self.read_noise**2 / frames, usable, nothing)
        offsets = np.broadcast_to(offsets, self.seconds.shape)
        return compare_rows(rows, self.seconds, self.shared, offsets, free_offset, rate_distribution, width)

    def significance(self, counts, rate_distribution=None, **options):
        """Of mean counts, (exposures, rows, columns)."""
        return self.compared(counts, rate_distribution, **options).significance


class _MeanCount:
    """Mean counts of N frames, ``(Poisson(m) + Normal(0, N R^2)) / N``."""

    def __init__(self, electrons, frames, read_noise):
        reach = 9.5 * np.sqrt(electrons)
        numbers = np.arange(max(0, np.floor(electrons - reach)), np.ceil(electrons + reach) + 25)
        self._centres, self._weights = numbers / frames, stats.poisson.pmf(numbers, electrons)
        self._sigma = read_noise / np.sqrt(frames)
        # Few electrons have a longer tail than a normal one.
        extra = 15 / frames if electrons < 50 else 0.0
        low = max((electrons - _REACH * np.sqrt(electrons)) / frames, 0.0) - _REACH * self._sigma
        self.ends = low, electrons / frames + _REACH * np.hypot(np.sqrt(electrons) / frames, self._sigma) + extra

    @property
    def steps(self):
        """Points that it takes to see single electrons."""
        return int((self.ends[1] - self.ends[0]) / (1.5 * self._sigma))

    def density(self, counts):
        return stats.norm.pdf((counts[:, None] - self._centres) / self._sigma) @ self._weights / self._sigma

    def tail(self, counts, side):
        """Probability of more than ``counts`` (side 1), or less (side -1)."""
        return ndtr(side * (self._centres - counts[:, None]) / self._sigma) @ self._weights


def false_positives(cell, probabilities, rate_distribution=None, grid=(200, 160)):
    """
    How often good pixels pass a one-sided test, over how often they should.

    Parameters
    ----------
    cell : `Cell`
        The pixel.
    probabilities : sequence of float
        How often they should.
    rate_distribution : `ccdproc_darks.statistics.rate_distribution.RateDistribution`, optional
        What the test knows of the sensor.
    grid : tuple of int
        Points of the first and the second count, which make ratios right to 1 %. Of the second there are more where
        it takes them to resolve single electrons.

    Returns
    -------
    `numpy.ndarray`
        Shape (probabilities, 2): the upper tail and the lower.
    """
    pair = [_MeanCount(*of, cell.read_noise) for of in zip(cell.electrons, cell.frames, strict=True)]
    shifts, shares = np.zeros(1), np.ones(1)
    if cell.bias_variance > 0:
        nodes, weights = np.polynomial.hermite_e.hermegauss(41)
        likely = weights > 1e-10 * weights.sum()
        shifts, shares = np.sqrt(cell.bias_variance) * nodes[likely], weights[likely] / weights.sum()
    span = np.abs(shifts).max()
    first, second = (
        np.linspace(count.ends[0] - span, count.ends[1] + span, number)
        for count, number in zip(pair, (grid[0], max(grid[1], pair[1].steps)), strict=True)
    )
    z = cell.significance(np.stack(np.broadcast_arrays(first, second[:, None])), rate_distribution)
    masses = [share * pair[1].density(second + shift) * (second[1] - second[0])
              for shift, share in zip(shifts, shares, strict=True)]  # fmt: skip
    assert abs(sum(mass.sum() for mass in masses) - 1) < 1e-3, "the grid is too coarse, or too short"
    ratios = np.empty((len(probabilities), 2))
    for row, probability in enumerate(probabilities):
        for column, side in enumerate((1, -1)):
            edge = _edge(first[::side], (side * z)[:, ::side], stats.norm.isf(probability))
            ratios[row, column] = sum(
                mass @ pair[0].tail(edge + shift, side) for shift, mass in zip(shifts, masses, strict=True)
            )
    return ratios / np.array(probabilities)[:, None]


def _edge(counts, z, critical):
    """In each row of ``z``, the first of the counts beyond which all of them are significant."""
    inside = z > critical
    last = np.clip(z.shape[1] - 1 - np.argmax(~inside[:, ::-1], axis=1), 0, z.shape[1] - 2)
    rows = np.arange(len(z))
    below, above = z[rows, last], z[rows, last + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip((critical - below) / (above - below), 0, 1)
    return counts[last] + share * (counts[last + 1] - counts[last])
