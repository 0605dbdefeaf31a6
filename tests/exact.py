"""Exact distributions of simulated counts, and p-values against them."""

import numpy as np
from scipy import stats


def counts_cdf(adu, mean, read_noise, gain, bias):
    """P(counts <= adu) of rounded counts: Poisson electrons, a Gaussian read noise (electron), no clipping."""
    edge = (np.asarray(adu, dtype=float) + 0.5 - bias) * gain
    if read_noise == 0:
        return stats.poisson.cdf(np.floor(edge), mean)
    spread = 10 * np.sqrt(mean) + 30
    electrons = np.arange(max(0, np.floor(mean - spread)), np.ceil(mean + spread) + 1)
    weights = stats.poisson.pmf(electrons, mean)
    return stats.norm.cdf((edge[:, None] - electrons) / read_noise) @ weights


def chi_square_p(adu, mean, read_noise, gain, bias, bins=20, least=20):
    """p-value of whole counts against their exact distribution, in bins of about equal probability."""
    adu = np.ravel(adu)
    center, sigma = bias + mean / gain, np.sqrt(mean + read_noise**2) / gain
    edges = np.unique(np.floor(center + sigma * stats.norm.ppf(np.arange(1, bins) / bins)))
    if mean < 10 and read_noise == 0:
        edges = np.unique(np.floor(bias + np.arange(30) / gain))
    cumulative = np.concatenate([[0], counts_cdf(edges, mean, read_noise, gain, bias), [1]])
    expected = adu.size * np.diff(cumulative)
    observed = np.diff(np.concatenate([[0], np.searchsorted(np.sort(adu), edges, side="right"), [adu.size]]))
    # Rare bins go to a neighbour.
    group = np.minimum(np.cumsum(expected) // least, np.sum(expected) // least - 1).astype(int)
    group = np.unique(group, return_inverse=True)[1]
    expected, observed = (np.bincount(group, weights=values) for values in (expected, observed))
    return stats.chisquare(observed, expected).pvalue


def uniform_p(counts, mean, rng):
    """p-value of Poisson counts of different means, by their randomised probability transform."""
    below = stats.poisson.cdf(counts - 1, mean)
    transform = below + rng.random(counts.size) * stats.poisson.pmf(counts, mean)
    return stats.kstest(transform, "uniform").pvalue


def pair_p(first, second):
    """p-value of two Poisson images having the same expectation in every pixel."""
    total = first + second
    enough = total >= 20
    chi_square = np.sum((first - second)[enough] ** 2 / total[enough])
    pixels = stats.chi2.sf(chi_square, enough.sum()) if enough.any() else 1.0
    whole = stats.binomtest(int(first.sum()), int(total.sum()), 0.5).pvalue if total.sum() else 1.0
    worst = stats.binom.cdf(np.minimum(first, second), total, 0.5).min() * 2 * total.size
    return min(1.0, 3 * min(pixels, whole, worst))
