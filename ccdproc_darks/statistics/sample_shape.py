# Licensed under a 3-clause BSD style license - see LICENSE
"""Kurtosis of a few frames of a pixel: how often it lies where, without jumps and with them."""

from functools import lru_cache

import numpy as np
from scipy.special import bdtr

__all__ = ["binned_shapes", "shape_bins"]

# Fractions of normal pixels below the edges of the bins of kurtosis.
_FRACTIONS = (0.01, 0.05, 0.15, 0.35, 0.6, 0.8, 0.9, 0.96, 0.99, 0.998, 0.9997)
# Edges further out, where they are: kurtosis of frames that jump.
_FURTHER = (1.15, 1.4, 1.7, 2.0, 2.4, 3.7, 4.5, 5.5, 7.0, 9.0, 12.0, 18.0, 30.0)
# Numbers drawn, for normal pixels and for each fraction of jumps; most pixels of each.
_DRAWN, _DRAWN_WITH_JUMPS = 2**24, 2**21
_PIXELS, _PIXELS_WITH_JUMPS = 2**20, 2**15
# Pixels at once; cells of log(scatter) for draws with jumps; weight of what pixels of all scatters show.
_AT_ONCE, _CELL, _MODERATION = 2**15, 0.05, 10.0


@lru_cache(maxsize=32)
def _normal_shapes(frames):
    """Edges of bins of kurtosis, and the fraction of normal pixels in each bin (never 0)."""
    rng = np.random.default_rng(frames)
    pixels = int(np.clip(_DRAWN // frames, 1000, _PIXELS))
    found = []
    for at in range(0, pixels, _AT_ONCE):
        x = rng.standard_normal((frames, min(_AT_ONCE, pixels - at)))
        x -= x.mean(axis=0)
        square = x * x
        found.append((square * square).mean(axis=0) / square.mean(axis=0) ** 2)
    found = np.concatenate(found)
    edges = np.unique(np.quantile(found, _FRACTIONS))
    further = np.array(_FURTHER)
    below, above = further[further < 0.97 * edges[0]], further[further > 1.05 * edges[-1]]
    edges = np.concatenate([below, edges, above[above < frames - 1]])
    numbers = np.bincount(np.searchsorted(edges, found), minlength=edges.size + 1)
    numbers = numbers + 0.01
    return edges, numbers / numbers.sum()


def shape_bins(frames):
    """Edges of the bins of kurtosis for so many frames."""
    return _normal_shapes(frames)[0]


def binned_shapes(frames, jumps, often, ratios):
    """Probability of each bin of kurtosis, given the scatter, shape (jumps, ratios, bins).

    Parameters
    ----------
    frames : int
    jumps, often : `numpy.ndarray`
        Sizes of jumps (in sigma) and fractions of frames with one, shape (jumps,); of size 0 without jumps.
    ratios : `numpy.ndarray`
        ``log(scatter / sigma)``, rising, shape (ratios,).

    Notes
    -----
    Without jumps it does not depend on the scatter (Basu 1955). With jumps: draws of a fixed seed. Moments of frames
    with a jump of any size follow from sums over frames of products of noise and sign.
    """
    _, normal = _normal_shapes(frames)
    found = np.empty((jumps.size, ratios.size, normal.size))
    found[jumps == 0] = normal
    for fraction in np.unique(often[jumps > 0]):
        these = np.flatnonzero((often == fraction) & (jumps > 0))
        all_quiet, drawn = _drawn(frames, float(fraction), tuple(jumps[these].tolist()))
        for number, (places, numbers) in zip(these, drawn, strict=True):
            found[number] = _given_scatter(places, numbers, all_quiet, frames, ratios, normal)
    return found


@lru_cache(maxsize=128)
def _drawn(frames, often, jumps):
    """Probability that no frame jumps, and for each jump: cells of log(scatter), rising, and pixels of each by bin."""
    edges, normal = _normal_shapes(frames)
    sums, all_quiet = _power_sums(frames, often)
    found = []
    for jump in jumps:
        log_scatter, kurtosis = _moments(sums, frames, jump)
        places, row = np.unique(np.rint(log_scatter / _CELL).astype(int), return_inverse=True)
        at = row.ravel() * normal.size + np.searchsorted(edges, kurtosis)
        found.append((places, np.bincount(at, minlength=places.size * normal.size).reshape(places.size, normal.size)))
    return all_quiet, found


def _power_sums(frames, often):
    """Means over frames of noise^i sign^j of pixels of which one frame at least jumps; probability that none does."""
    rng = np.random.default_rng([frames, int(often * 1e6)])
    pixels = int(np.clip(_DRAWN_WITH_JUMPS // frames, 1000, _PIXELS_WITH_JUMPS))
    # Numbers of jumps at equal steps of probability, that none left out.
    number = np.arange(frames + 1)
    cumulative = bdtr(number, frames, often)
    all_quiet = cumulative[0]
    quantile = all_quiet + (1 - all_quiet) * (np.arange(pixels) + 0.5) / pixels
    jumping = np.searchsorted(cumulative, quantile)
    x = rng.standard_normal((frames, pixels))
    sign = rng.integers(0, 2, (frames, pixels), dtype=np.int8) * 2 - 1
    sign[number[:-1, None] >= jumping] = 0
    sums, power = {}, np.ones_like(x)
    for i in range(5):
        for j in range(5 - i):
            b = {0: 1, 1: sign, 2: sign * sign}[j if j < 3 else 2 - j % 2]
            sums[i, j] = (power * b).mean(axis=0)
        power = power * x
    return sums, all_quiet


def _moments(sums, frames, jump):
    """Logarithm of the scatter (in sigma) and kurtosis of pixels whose jumps have this size."""
    choose = {1: (1, 1), 2: (1, 2, 1), 3: (1, 3, 3, 1), 4: (1, 4, 6, 4, 1)}
    m1, m2, m3, m4 = (
        sum(c * jump**j * sums[k - j, j] for j, c in enumerate(coefficients)) for k, coefficients in choose.items()
    )
    second = m2 - m1**2
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    return np.log(second * frames / (frames - 1)) / 2, fourth / second**2


def _given_scatter(cells, drawn, all_quiet, frames, ratios, normal):
    """Probability of each bin at each scatter, of pixels with jumps (drawn) and those whose frames do not happen to."""
    bins = normal.size
    lowest = np.floor(ratios[0] / _CELL)
    places = int(np.ceil(ratios[-1] / _CELL) - lowest) + 1
    pixels, numbers = drawn.sum(), np.zeros((places, bins))
    np.add.at(numbers, np.clip(cells - lowest, 0, places - 1).astype(int), drawn)
    numbers, everywhere = numbers / pixels, drawn.sum(axis=0) / pixels
    # Joint density of scatter and bin: drawn, and the law of normal noise for the quiet ones.
    centres = (np.arange(places) + lowest) * _CELL
    half = (frames - 1) / 2
    log_law = half * np.log(half * np.exp(2 * centres)) - half * np.exp(2 * centres)
    law = np.exp(log_law - log_law.max())
    law /= law.sum()
    few = _MODERATION / pixels
    numbers = (numbers + few * everywhere / places) * (1 - all_quiet) + all_quiet * law[:, None] * normal
    given = numbers / numbers.sum(axis=1, keepdims=True)
    where = np.clip((ratios - centres[0]) / _CELL, 0, places - 1.001)
    cell = where.astype(int)
    part = (where - cell)[:, None]
    return given[cell] * (1 - part) + given[cell + 1] * part
