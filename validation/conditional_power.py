# Licensed under a 3-clause BSD style license - see LICENSE
"""Power of the exact test of two epochs that must learn a pixel's rate from the same two counts."""

import numpy as np
from scipy.stats import poisson

__all__ = ["conditional_power"]

# Rates at which the critical departure is computed; steps of an integral over the narrower standard deviation.
_RATES, _STEP = 60, 0.2
_DRAWS = 100_000


class _TwoCounts:
    """Electrons of a pixel at two epochs, all frames added: Poisson numbers and normal noise."""

    def __init__(self, totals, variances):
        self.totals, self.variances = np.array(totals), np.array(variances)

    def weights(self, rate):
        """Weights with which both counts add up to what is known of the rate, shape (2, ...)."""
        totals, variances = (np.reshape(part, (2,) + (1,) * np.ndim(rate)) for part in (self.totals, self.variances))
        return totals / (np.maximum(rate, 0) * totals + variances)

    def fitted(self, counts, least):
        """Rate of pixels by generalised least squares, with weights from a rate of ``least`` or more."""
        rate = np.full(counts.shape[1], least)
        for _ in range(8):
            weights = self.weights(np.maximum(rate, least))
            rate = (weights * counts).sum(axis=0) / (weights * self.totals[:, None]).sum(axis=0)
        return rate, weights

    def density(self, index, counts, rate):
        """Density of one of the counts."""
        expected = rate * self.totals[index]
        width = np.sqrt(expected)
        step = max(1, int(width / 20))
        electrons = np.arange(max(0, int(expected - 9 * width - 1)), expected + 9 * width + 25, step)
        variance = self.variances[index] if step == 1 else max(self.variances[index], step**2 / 4)
        deviates = (counts[:, None] - electrons) ** 2 / variance
        return np.exp(-deviates / 2) @ poisson.pmf(electrons, expected)

    def edges(self, rate, level):
        """Departures (see `departure`) that are exceeded with this probability, below and above, given the rate."""
        weights, expected = self.weights(rate), rate * self.totals
        deviations = np.sqrt(expected + self.variances)
        # Counts that have the same weighted sum lie on a line.
        along = np.array([-weights[1], weights[0]])
        reach = np.min((10 * deviations + 20) / np.abs(along))
        number = int(2 * reach / (_STEP * np.min(np.sqrt(self.variances) / np.abs(along)))) + 1
        places = np.linspace(-reach, reach, min(number, 8001))
        density = np.prod([self.density(k, expected[k] + along[k] * places, rate) for k in (0, 1)], axis=0)
        rising = np.cumsum(density)
        falling = np.cumsum(density[::-1])[::-1]
        # Half a step: the sums are those of the cells up to their middle.
        low = np.interp(np.log(level), np.log((rising - density / 2) / rising[-1] + 1e-300), places)
        high = np.interp(np.log(level), np.log((falling - density / 2) / rising[-1] + 1e-300)[::-1], places[::-1])
        return low, high


def conditional_power(cell, rates, level, bias_frames, sign, seed=6):
    """
    Power of the test of a difference, given the pooled rate, by the exact law of two counts.

    Parameters
    ----------
    cell : ChangeCell
        The situation.
    rates : tuple
        True rates of the pixel at both epochs (electron/s of the earlier one).
    level : float
        Probability of a false positive, one-sided.
    bias_frames : int
        Number of frames in the master bias of each epoch.
    sign : int
        1 for pixels that are higher later, -1 for those that are lower.

    Notes
    -----
    Given the sum of two Poisson counts, the law of their difference is known whatever the rate, and the test by that
    law is uniformly the most powerful one among unbiased tests (Lehmann and Romano 2005, Testing Statistical
    Hypotheses, section 4.5). With read noise it hardly depends on the rate, which is the pooled one here, or that of
    typical pixels where the pooled one is lower. Laws are sums of normal ones over the numbers of electrons.
    """
    rng = np.random.default_rng(seed)
    frames, seconds = np.array(cell.frames), np.array(cell.seconds) * np.array([1.0, cell.factor])
    counts = _TwoCounts(frames * seconds, cell.read_noise**2 * frames * (1 + frames / bias_frames))
    drawn = rng.poisson((np.array(rates) * counts.totals)[:, None], (2, _DRAWS))
    drawn = drawn + rng.normal(0, 1, drawn.shape) * np.sqrt(counts.variances)[:, None]
    fitted, weights = counts.fitted(drawn, cell.rate)
    trial = np.linspace(np.sqrt(cell.rate), np.sqrt(max(fitted.max(), 2 * cell.rate)), _RATES) ** 2
    edges = np.array([counts.edges(rate, level) for rate in trial]).T
    departure = (drawn[1] - fitted * counts.totals[1]) / weights[0]
    low, high = (np.interp(np.maximum(fitted, cell.rate), trial, edge) for edge in edges)
    return float(np.mean(departure > high if sign > 0 else departure < low))
