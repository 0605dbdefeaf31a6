# Licensed under a 3-clause BSD style license - see LICENSE
"""A straight line through a few points of known errors."""

from dataclasses import dataclass

import numpy as np

__all__ = ["StraightLine", "straight_line"]


@dataclass
class StraightLine:
    """Line ``intercept + slope x``, with the errors of both."""

    intercept: float
    slope: float
    intercept_error: float
    slope_error: float


def straight_line(x, y, errors):
    """`StraightLine` by weighted least squares, through two points or more of different x.

    Errors grow where the points scatter about the line by more than theirs (chi-square over its degrees of freedom),
    and never shrink (Press et al., Numerical Recipes, section 15.2).
    """
    x, y, errors = (np.asarray(values, dtype=float) for values in (x, y, errors))
    weights = errors**-2
    total = weights.sum()
    middle = (weights * x).sum() / total
    spread = (weights * (x - middle) ** 2).sum()
    slope = (weights * (x - middle) * y).sum() / spread
    intercept = (weights * y).sum() / total - slope * middle
    scale = 1.0
    if x.size > 2:
        chi_square = (weights * (y - intercept - slope * x) ** 2).sum()
        scale = max(1.0, np.sqrt(chi_square / (x.size - 2)))
    return StraightLine(
        float(intercept),
        float(slope),
        float(scale * np.sqrt(1 / total + middle**2 / spread)),
        float(scale / np.sqrt(spread)),
    )
