# Licensed under a 3-clause BSD style license - see LICENSE
"""Rate above which more than half of the pixels exceed a tolerance, with a confidence interval."""

import math

import numpy as np

__all__ = ["critical_likelihood_ratio", "log_likelihoods", "median_crossing", "past_maximum"]

# Sigmas of fair coins beyond which a majority is certain.
_SETTLED = 5.0
# Quantiles of the distribution D of Banerjee and Wellner (2001, table 2); for 0.6827 from 52 000 draws of our own.
_PROBABILITY = np.array([0.50, 0.6827, 0.80, 0.90, 0.95, 0.99])
_LIKELIHOOD_RATIO = np.array([0.285, 0.612, 0.987, 1.602, 2.269, 3.836])
# At the first and last pixel the distribution is wider, slowly more so with more pixels. These are from 12 000 draws of
# 1000 pixels, whose probability rises evenly from one half to one. (With 8000 pixels the 95 % quantile is exceeded in
# 12 % of the draws, with 100 in 2 %.)
_LIKELIHOOD_RATIO_AT_END = np.array([2.06, 3.38, 4.59, 6.26, 7.9, 11.6])


def median_crossing(rate, beyond, confidence):
    """Rate above which more than half of the pixels exceed a tolerance, and its confidence interval.

    Parameters
    ----------
    rate : `numpy.ndarray`
        Rate of each pixel (electron/s), in ascending order.
    beyond : `numpy.ndarray` of bool
        Whether each pixel exceeds the tolerance.
    confidence : float
        Confidence of the interval, from 0.5 to 0.99.

    Returns
    -------
    crossing, low, high : float
        The rate and its interval. ``low`` is 0 where no rate is established below which most pixels are within the
        tolerance; ``crossing`` and ``high`` are infinite where none is above which most exceed it.

    Notes
    -----
    The crossing has the fewest pixels on the wrong side: there the isotonic regression of the answers passes one half.
    The interval holds all rates that the likelihood-ratio test of the crossing does not reject [1]_, and on either
    side of the crossing as many pixels as may answer alike by chance, ``2**-n > 1 - confidence``.

    References
    ----------
    .. [1] Banerjee, M., Wellner, J. A. 2001, Ann. Statist. 29, 1699.

    Examples
    --------
    >>> import numpy as np
    >>> from ccdproc_darks.comparison.crossing_rate import median_crossing
    >>> rate = np.arange(1.0, 41.0)
    >>> crossing, low, high = median_crossing(rate, rate > 16, confidence=0.95)
    >>> print(f"{crossing:.1f}, from {low:.0f} to {high:.0f}")
    16.5, from 12 to 21
    """
    steps = np.where(beyond, 1, -1)
    # Pixels count from the rate at which most are certainly within the tolerance to that at which most certainly exceed
    # it: others would not change the interval.
    start = beyond.size - past_maximum(steps[::-1])
    score = -np.append(0, np.cumsum(steps[start:]))
    best = start + np.flatnonzero(score == score.max())[[0, -1]]
    stop = best[1] + past_maximum(-steps[best[1] :])

    answers = beyond[start:stop]
    profile = log_likelihoods(answers) + log_likelihoods(~answers[::-1])[::-1]
    critical = np.full(profile.size, critical_likelihood_ratio(confidence))
    if start == 0:
        critical[0] = critical_likelihood_ratio(confidence, end=True)
    if stop == rate.size:
        critical[-1] = critical_likelihood_ratio(confidence, end=True)
    kept = start + np.flatnonzero(2 * (profile.max() - profile) <= critical)
    alike = math.ceil(-math.log2(1 - confidence)) - 1
    first, last = min(kept[0], best[0] - alike), max(kept[-1], best[1] + alike)

    low = rate[first - 1] if first > 0 else 0.0
    if last >= rate.size:
        return np.inf, low, np.inf
    return np.sqrt(rate[max(best[0] - 1, 0)] * rate[best[1]]), low, rate[last]


def critical_likelihood_ratio(confidence, *, end=False):
    """Twice the loss of log-likelihood at the true crossing that is exceeded with a probability of ``1 - confidence``.

    ``confidence`` is from 0.5 to 0.99; ``end`` means that the crossing is at the first or the last pixel.
    """
    quantiles = _LIKELIHOOD_RATIO_AT_END if end else _LIKELIHOOD_RATIO
    # Quantiles grow nearly linearly with the logarithm of the tail.
    return np.interp(-np.log1p(-confidence), -np.log1p(-_PROBABILITY), quantiles)


def past_maximum(steps):
    """Number of ``steps``, each 1 or -1, after which their sum has certainly passed its maximum; all if it never has.

    It has when it falls from its last maximum further than the sum of fair coins does in 5 sigmas.
    """
    total = np.append(0, np.cumsum(steps))
    highest = np.maximum.accumulate(total)
    number = np.arange(total.size)
    since = number - np.maximum.accumulate(np.where(total == highest, number, 0))
    fallen = highest - total > _SETTLED * np.sqrt(since)
    return int(fallen.argmax()) if fallen.any() else steps.size


def log_likelihoods(answers):
    """Greatest log-likelihoods of the first 0, 1, 2... answers, if the probability of yes never falls nor exceeds 1/2.

    ``answers`` (bool) are of pixels in ascending order of rate; the result has one element more. Each is of the
    isotonic regression (pool adjacent violators; Ayer et al. 1955, Ann. Math. Statist. 26, 641), capped at one half.
    """
    blocks, likelihoods = [], [0.0]
    for answer in answers.tolist():
        number, yes = 1, int(answer)
        while blocks and blocks[-1][1] * number >= yes * blocks[-1][0]:
            pooled, pooled_yes, _ = blocks.pop()
            number, yes = number + pooled, yes + pooled_yes
        share = min(yes / number, 0.5)
        own = (yes * math.log(share) if yes else 0.0) + (number - yes) * math.log1p(-share)
        blocks.append((number, yes, own + (blocks[-1][2] if blocks else 0.0)))
        likelihoods.append(blocks[-1][2])
    return np.array(likelihoods)
