# Licensed under a 3-clause BSD style license - see LICENSE
"""Fractions of averaged whole numbers: the mean of N of them is a whole multiple of 1/N."""

import numpy as np

__all__ = ["averaged_number"]

# Values that are looked at; highest number that is tried; part of the values that must fit, as some pixels of an
# average lost a sample; part of arbitrary values that may fit by chance.
_VALUES, _MOST, _FIT, _CHANCE = 4096, 400, 0.85, 0.4
# Different fractions in a row, from which on they come from the average and not from one number for the row.
_FRACTIONS = 3


def averaged_number(image, step=1.0):
    """Number N of whole numbers (times ``step``) that each value of an image is the mean of; None where it is none.

    ``image`` has the shape (rows, columns). The mean of N whole numbers is a whole multiple of 1/N. A median, or the
    subtraction of one number from all values of a row, such as the mean of its overscan, give None.
    """
    rows = max(1, _VALUES // image.shape[1])
    some = image[:: max(1, image.shape[0] // rows)][:rows, :_VALUES]
    values = some.astype(float) / step
    finite = np.isfinite(values)
    if not finite.any():
        return None
    # What rounding to the type of the image leaves uncertain.
    rounding = 2 * np.spacing(np.abs(np.where(finite, some, 1)).astype(some.dtype)).astype(float) / step + 1e-9
    values = np.where(finite, values, 0.0)
    for number in range(1, _MOST + 1):
        allowed = number * rounding[finite]
        if np.minimum(2 * allowed, 1).mean() > _CHANCE:
            return None
        multiples = number * values
        if (np.abs(multiples - np.rint(multiples))[finite] <= allowed).mean() >= _FIT:
            break
    else:
        return None
    fractions = [len(np.unique(np.rint(row[good]) % number)) for row, good in zip(multiples, finite, strict=True)]
    return number if np.median(fractions) >= _FRACTIONS else None
