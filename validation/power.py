# Licensed under a 3-clause BSD style license - see LICENSE
"""How often a departure is found, beside a test that knows the pixel's rate."""

from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from .cells import Cell, rate_distribution_of
from .methods import propagated, this_package

__all__ = ["power", "power_cells"]

_LEVEL = 1e-5
_DRAWS = 40_000
_NULL_DRAWS = 4_000_000
_CHUNK = 200_000


def power_cells(quick=False):
    """Situations, and the departures tried: the short exposure reads so many times the rate."""
    tried = ((0.5, 0.1), (3.0, 1.0)) if quick else ((0.5, 0.01), (0.5, 0.1), (1.0, 1.0), (3.0, 1.0), (10.0, 10.0))
    for noise, rate in tried:
        yield Cell(rate, noise, (90.0, 1000.0), (10, 20), "shared")


def power(cell, target=0.5, seed=4):
    """
    Power of this package's test, and of the one with propagated uncertainties, where the ideal one has ``target``.

    Notes
    -----
    The ideal test knows the pixel's true rate, and so the law of the difference of its two rates, whose far quantile
    is had by drawing it: no test of that difference that keeps its level can find more. The level is 1e-5, one-sided.

    Returns
    -------
    dict
        For "higher" and "lower" (of the short exposure's rate): the departure as a fraction of the rate, and the
        powers (ideal, this package, propagated).
    """
    rng = np.random.default_rng(seed)
    rate_distribution = rate_distribution_of(cell)
    null = np.concatenate([_difference(cell, cell.draw(rng, _CHUNK)) for _ in range(_NULL_DRAWS // _CHUNK)])
    critical = -ndtri(_LEVEL)
    result = {}
    for name, sign in (("higher", 1), ("lower", -1)):
        edge = np.quantile(sign * null, 1 - _LEVEL)
        low, high = 0.0, 100.0 if sign > 0 else 1.0
        for _ in range(20):
            middle = (low + high) / 2
            found = np.mean(sign * _difference(cell, _departed(cell, sign * middle, rng, _DRAWS)) > edge)
            low, high = (middle, high) if found < target else (low, middle)
        counts = _departed(cell, sign * high, rng, 4 * _DRAWS)
        ours = np.mean(sign * this_package(cell, counts, rate_distribution) > critical)
        theirs = np.mean(sign * propagated(cell, counts) > critical)
        result[name] = (
            sign * high,
            float(np.mean(sign * _difference(cell, counts) > edge)),
            float(ours),
            float(theirs),
        )
    return result


def _difference(cell, counts):
    return counts[0] / cell.seconds[0] - counts[1] / cell.seconds[1]


def _departed(cell, departure, rng, number):
    """Counts of pixels whose short exposure reads ``1 + departure`` times the rate."""
    exact = replace(cell, bias="none")
    counts = exact.draw(rng, number)
    counts[0] = replace(exact, rate=cell.rate * (1 + departure)).draw(rng, number)[0]
    return counts - rng.normal(0, np.sqrt(cell.bias_variance), number)
