# Licensed under a 3-clause BSD style license - see LICENSE
"""False positives of tests of several exposure times, by drawing pixels."""

import numpy as np
from scipy.special import ndtri

__all__ = ["drawn_false_positives"]

_CHUNK = 100_000


def drawn_false_positives(cell, method, probabilities=(1e-3, 1e-4, 1e-5), draws=2_000_000, seed=2):
    """
    Actual over nominal false positives, both sides together, and their statistical error.

    Parameters
    ----------
    cell : Cell
        The situation.
    method : callable
        Deviate of counts, shape (exposures, pixels).
    probabilities : tuple of float
        Nominal ones.
    draws : int
        Pixels drawn.
    seed : int
        Of the draws.

    Returns
    -------
    dict
        ``{probability: (ratio, error)}``.
    """
    rng = np.random.default_rng(seed)
    hits = dict.fromkeys(probabilities, 0)
    for _ in range(draws // _CHUNK):
        size = np.abs(method(cell.draw(rng, _CHUNK)))
        for probability in probabilities:
            hits[probability] += int(np.count_nonzero(size > -ndtri(probability / 2)))
    expected = {probability: probability * (draws // _CHUNK) * _CHUNK for probability in probabilities}
    return {p: (hits[p] / expected[p], np.sqrt(max(hits[p], 1)) / expected[p]) for p in probabilities}
