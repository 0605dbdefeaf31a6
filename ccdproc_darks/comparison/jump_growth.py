# Licensed under a 3-clause BSD style license - see LICENSE
"""Whether the jumps of a pixel grow with exposure: those of its dark current do, those of its reading do not."""

import numpy as np

from ..statistics.noise_mixture import ScatterTails
from ..statistics.significance import chi_square_of_deviate

__all__ = ["excess_variance", "jumps_of_reading", "tells_excess"]

# Ratio of two exposure times from which on they tell, and deviate from which on an excess is seen.
_LEAST_RATIO, _SEEN = 3.0, 2.5
# Range of a chi-square over its degrees of freedom in which that of a deviate is searched, and halvings.
_RANGE, _HALVINGS = (1e-3, 1e8), 60


def jumps_of_reading(excess, seconds, deviates):
    """Pixels whose jumps are of the reading, not of the dark current; shape (pixels,).

    Parameters
    ----------
    excess : `numpy.ndarray`
        Variance of a frame beyond its noise (electron^2), shape (exposures, pixels); NaN where it is not known.
    seconds : `numpy.ndarray`
        Exposure times (s), shape (exposures,).
    deviates : `numpy.ndarray`
        Significance of the excess, shape of ``excess``.

    Notes
    -----
    The variance by a dark current that switches grows as ``t^2`` where it switches seldom, and as t where it switches
    often within an exposure (Machlup 1954, J. Appl. Phys. 25, 341); by a reading that jumps it does not grow. Halfway,
    on a scale of logarithms, is ``sqrt(t)``. A shorter exposure must show the excess by itself, and the longer one must
    be three times as long: jumps are few, so that an excess is known to a factor of two.
    """
    found = np.zeros(excess.shape[1], dtype=bool)
    with np.errstate(invalid="ignore"):
        for short in range(len(seconds)):
            for long in np.flatnonzero(seconds >= _LEAST_RATIO * seconds[short]):
                most = np.maximum(excess[long], 0.0) * np.sqrt(seconds[short] / seconds[long])
                found |= (deviates[short] > _SEEN) & (excess[short] > most)
    return found


def tells_excess(meta):
    """Whether the meta of a result of `ccdproc_darks.dark_scatter` has what `excess_variance` needs."""
    return {"NCOMBINE", "DKEXPMIN", "DKRDNOI"}.issubset(meta)


def excess_variance(deviate, meta, rate, noise=None):
    """Variance of a frame beyond its noise (electron^2), from the significance of the scatter of frames.

    Parameters
    ----------
    deviate : `numpy.ndarray`
        Significance by `ccdproc_darks.dark_scatter`, shape (pixels,).
    meta : mapping
        Meta of that result.
    rate : `numpy.ndarray`
        Dark rate of the pixels (electron/s).
    noise : tuple of (`numpy.ndarray`, `numpy.ndarray`, `ReadNoiseDistribution` or None), optional
        Scatter (electron) and mean variance (electron^2) of the pixels by the map of the read noise, and the
        distribution of it. None: all pixels have the read noise of the meta.
    """
    degrees = meta["NCOMBINE"] - 1
    electrons = np.maximum(rate, 0.0) * meta["DKEXPMIN"]
    if noise is None or meta.get("DKNOISE") != "map":
        variance = electrons + meta["DKRDNOI"] ** 2
        chi_square = chi_square_of_deviate(deviate * meta.get("DKCORE", 1.0), np.full(deviate.shape, degrees))
    else:
        scatter, read_variance, distribution = noise
        read_variance = read_variance * meta.get("DKWIDTH", 1.0) ** 2
        variance = electrons + read_variance
        plain = deviate * meta.get("DKCORE", 1.0)
        if distribution is None:
            chi_square = chi_square_of_deviate(plain, np.full(deviate.shape, degrees))
        else:
            chi_square = _searched(distribution, plain, degrees, scatter, read_variance / variance)
    return (chi_square / degrees - 1) * variance


def _searched(distribution, deviate, degrees, scatter, share):
    """Chi-square whose averaged deviate is the one given."""
    tails = ScatterTails(distribution)
    low, high = (np.full(deviate.shape, np.log(degrees * end)) for end in _RANGE)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = tails.deviate(np.exp(middle), degrees, scatter, share) > deviate
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.where(np.isfinite(deviate), np.exp(middle), np.nan)
