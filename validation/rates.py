# Licensed under a 3-clause BSD style license - see LICENSE
"""Rates from several exposure times against the truth: bias, and efficiency against the best linear estimate."""

from itertools import product

import numpy as np

from ccdproc_darks.statistics.rate_fit import fit_rate

from .cells import Cell, rate_distribution_of

__all__ = ["rate_cells", "rate_errors"]

_PIXELS = 400_000


def rate_cells(quick=False):
    """The grid of exposure plans."""
    plans = [
        ((90.0, 1000.0), (1, 1)),
        ((90.0, 1000.0), (10, 20)),
        ((500.0, 700.0, 1000.0), (1, 1, 1)),
        ((30.0, 100.0, 1000.0), (2, 2, 2)),
        ((30.0, 100.0, 300.0, 1000.0), (1, 1, 1, 1)),
        ((10.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0, 210.0, 240.0, 270.0, 300.0), (1,) * 11),
    ]
    noises, rates = ((0.5, 10.0), (0.0, 1.0)) if quick else ((0.5, 1.0, 3.0, 10.0), (0.0, 0.001, 0.01, 0.1, 1.0, 10.0))
    for (seconds, frames), noise, rate in product(plans, noises, rates):
        yield Cell(rate, noise, seconds, frames, "shared")


def rate_errors(cell, seed=3):
    """
    Mean and width of (rate - truth), over the standard deviation that no unbiased linear estimate is below.

    Notes
    -----
    That is the Gauss-Markov bound with the true covariance, which is also Cramer and Rao's for normal noise whose
    variance is known; its square over the square of the width is the efficiency.
    """
    rng = np.random.default_rng(seed)
    seconds, frames = np.array(cell.seconds), np.array(cell.frames, dtype=float)
    rate_distribution = rate_distribution_of(cell)
    counts = cell.draw(rng, _PIXELS)[:, None, :]
    number = np.broadcast_to(frames[:, None, None], counts.shape)
    fit = fit_rate(
        counts, seconds, number, cell.read_noise**2 / number, np.ones(counts.shape, dtype=bool), shared=cell.shared,
        diagnose=False, weight_rate=None if rate_distribution is None else rate_distribution.posterior_mean,
    )  # fmt: skip
    covariance = np.diag((cell.rate * seconds + cell.read_noise**2) / frames) + cell.bias_variance
    sigma = 1 / np.sqrt(seconds @ np.linalg.solve(covariance, seconds))
    errors = (fit.rate - cell.rate) / sigma
    return float(errors.mean()), float(errors.std())
