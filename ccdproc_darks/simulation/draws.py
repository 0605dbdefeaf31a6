# Licensed under a 3-clause BSD style license - see LICENSE
"""Random numbers between two limits, from which the properties of defective pixels are drawn."""

import numpy as np

__all__ = ["evenly_in_logarithm", "heavy_tail"]


def evenly_in_logarithm(rng, value, unit, size):
    """Numbers drawn evenly in their logarithm between the limits of a Quantity."""
    limits = np.atleast_1d(value.to_value(unit))
    low, high = float(limits[0]), float(limits[-1])
    return low * (high / low) ** rng.random(size)


def heavy_tail(rng, low, high, slope, size):
    """Numbers of a Pareto distribution that ends at ``high``: as many above x as ``x**-slope``.

    A slope of 0 spreads them evenly in their logarithm.
    """
    share = rng.random(size)
    if slope == 0:
        return low * (high / low) ** share
    return low * (1 - share * (1 - (low / high) ** slope)) ** (-1 / slope)
