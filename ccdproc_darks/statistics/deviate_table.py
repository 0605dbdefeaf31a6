# Licensed under a 3-clause BSD style license - see LICENSE
"""Table of the normal deviates that are as improbable as a chi-square, for many pixels at once."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import gammaln

from .significance import deviate_of_chi_square

__all__ = ["DeviateTable", "deviate_table"]

# Roots of a chi-square up to which there is a table, and its steps in one: an interpolation is right to 1e-7.
_MOST, _PER_ONE = 40, 32


@dataclass(frozen=True)
class DeviateTable:
    """Normal deviates (not negative) with the two-sided probability of a chi-square of so many ``degrees`` of freedom.

    Attributes
    ----------
    degrees : int
        Degrees of freedom.
    coefficients : `numpy.ndarray`
        Those of the cubic polynomial in each step of the root of the chi-square, constant first, shape (steps, 4).
    """

    degrees: int
    coefficients: np.ndarray
    per_one: int = _PER_ONE

    def deviate(self, root):
        """Deviates of roots of a chi-square; above the table, the root itself: see `finish`."""
        place = root * self.per_one
        with np.errstate(invalid="ignore"):
            inside = place < len(self.coefficients)
            step = np.where(inside, place, 0).astype(np.intp)
        x = place - step
        c0, c1, c2, c3 = (self.coefficients[step, power] for power in range(4))
        return np.where(inside, ((c3 * x + c2) * x + c1) * x + c0, root)

    def finish(self, deviates):
        """Replace in place the roots that are above the table, of either sign, by their deviates."""
        # A deviate from the table is below the root.
        with np.errstate(invalid="ignore"):
            far = np.flatnonzero(np.abs(deviates) >= self._least_root)
        if far.size:
            root = deviates[far].astype(float)
            deviates[far] = np.copysign(deviate_of_chi_square(root**2, np.full(far.shape, self.degrees)), root)

    @property
    def _least_root(self):
        return len(self.coefficients) / self.per_one


@cache
def deviate_table(degrees):
    """`DeviateTable` of so many degrees of freedom, two or more.

    Notes
    -----
    Cubic interpolation by values and slopes (Hermite). With f the density of the root r of the chi-square and phi that
    of a normal deviate z, ``dz/dr = f(r) / (2 phi(z))``.
    """
    root = np.arange(_MOST * _PER_ONE + 1) / _PER_ONE
    value = deviate_of_chi_square(np.square(root), np.full(root.shape, degrees))
    value[0] = 0.0
    with np.errstate(divide="ignore"):
        log_density = (degrees - 1) * np.log(root) - root**2 / 2 - (degrees / 2 - 1) * np.log(2) - gammaln(degrees / 2)
    slope = np.exp(log_density + value**2 / 2 + np.log(2 * np.pi) / 2) / 2 / _PER_ONE
    low, high, rise = value[:-1], value[1:], np.diff(value)
    first, last = slope[:-1], slope[1:]
    coefficients = np.stack([low, first, 3 * rise - 2 * first - last, first + last - 2 * rise], axis=1)
    # The deviate at the end of the table must not be taken for a root above it.
    assert high[-1] < _MOST
    return DeviateTable(degrees, np.ascontiguousarray(coefficients))
