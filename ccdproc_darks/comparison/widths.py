# Licensed under a 3-clause BSD style license - see LICENSE
"""Scatter of good pixels over what their noise explains: the width of their deviates."""

import numpy as np
from scipy.special import chdtri, ndtr

__all__ = ["core_width", "null_width", "scatter_width"]

_CORE = 0.6827


def core_width(deviates):
    """Half the width of the middle 68.27 % of ``deviates``, 1 for normal ones; None without any."""
    if deviates.size == 0:
        return None
    low, high = np.percentile(deviates, [15.865525, 84.134475])
    return float(high - low) / 2


def null_width(deviates, degrees):
    """Scatter of good pixels about one rate, over what their noise explains; None without pixels.

    ``deviates`` are equivalent normal deviates of a chi-square of so many ``degrees`` of freedom; outliers among them
    do not matter. The result is the scale of an empirical null distribution (Efron 2004, J. Am. Stat. Assoc. 99, 96),
    from its middle 68.27 %. Noise that is f times wider makes the chi-square f^2 times larger, and the deviate by no
    fixed factor.
    """
    if deviates.size == 0:
        return None
    # Beyond 37 the probability underflows.
    core = min(np.quantile(np.abs(deviates), _CORE), 37.0)
    if degrees < 2:
        return float(core)
    return float(np.sqrt(chdtri(degrees, 2 * ndtr(-core)) / chdtri(degrees, 1 - _CORE)))


def scatter_width(deviates, degrees):
    """Scatter of frames in good pixels over their noise, from the median deviate; None without pixels."""
    if deviates.size == 0:
        return None
    # Beyond 37 the probability underflows.
    middle = min(float(np.median(deviates)), 37.0)
    return float(np.sqrt(chdtri(degrees, ndtr(-middle)) / chdtri(degrees, 0.5)))
