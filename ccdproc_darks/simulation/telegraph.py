# Licensed under a 3-clause BSD style license - see LICENSE
"""Random telegraph signals: the states of pixels that switch between a low and a high dark rate."""

import numpy as np

__all__ = ["after_pause", "stationary", "time_high"]


def stationary(rng, dwell_low, dwell_high):
    """Draw the states (True is high) of pixels at any one time; dwell times are in s."""
    return rng.random(dwell_low.size) < dwell_high / (dwell_low + dwell_high)


def after_pause(rng, high, seconds, dwell_low, dwell_high):
    """Draw the states (True is high) of pixels ``seconds`` after they were in the states ``high``.

    The probability of the high state approaches its long-term mean as ``exp(-t / tau)``, with ``1 / tau = 1 /
    dwell_low + 1 / dwell_high`` (Machlup, S. 1954, J. Appl. Phys. 25, 341).
    """
    share = dwell_high / (dwell_low + dwell_high)
    memory = np.exp(-seconds * (1 / dwell_low + 1 / dwell_high))
    return rng.random(high.size) < share + (high - share) * memory


def time_high(rng, high, seconds, dwell_low, dwell_high):
    """Draw how long (s) each pixel is in its high state during an exposure, and its state (True is high) at the end.

    ``high`` are the states at the start, ``seconds`` the exposure time, ``dwell_low`` and ``dwell_high`` the mean dwell
    times (s) in the two states; the dwell times themselves are exponential.

    The times are exact for dwell times of any length. The number of steps grows as the logarithm of the number of
    switches. A cycle is a dwell in the first state and one in the other. As many cycles as the exposure is expected to
    hold are drawn at once, as two gamma variables. The cycle in which the exposure ends is found by halving: the sum of
    some of k exponential variables is the sum of all of them times a beta variable (Devroye, L. 1986, Non-Uniform
    Random Variate Generation).
    """
    own = np.where(high, dwell_high, dwell_low)
    other = np.where(high, dwell_low, dwell_high)
    left = np.full(own.size, float(seconds))
    time_own = np.zeros(own.size)
    cycles = np.ones(own.size, dtype=np.int64)
    first, second = np.zeros(own.size), np.zeros(own.size)

    active = np.arange(own.size)
    while active.size:
        count = np.ceil(left[active] / (own[active] + other[active])).astype(np.int64) + 1
        a = own[active] * rng.standard_gamma(count)
        b = other[active] * rng.standard_gamma(count)
        whole = a + b <= left[active]
        inside, beyond = active[whole], active[~whole]
        time_own[inside] += a[whole]
        left[inside] -= (a + b)[whole]
        cycles[beyond], first[beyond], second[beyond] = count[~whole], a[~whole], b[~whole]
        active = inside

    active = np.flatnonzero(cycles > 1)
    while active.size:
        half = cycles[active] // 2
        rest = cycles[active] - half
        a = first[active] * rng.beta(half, rest)
        b = second[active] * rng.beta(half, rest)
        whole = a + b <= left[active]
        inside, beyond = active[whole], active[~whole]
        time_own[inside] += a[whole]
        left[inside] -= (a + b)[whole]
        first[inside] -= a[whole]
        second[inside] -= b[whole]
        cycles[inside] = rest[whole]
        first[beyond], second[beyond], cycles[beyond] = a[~whole], b[~whole], half[~whole]
        active = active[cycles[active] > 1]

    stays = left < first
    # Sums of many dwells may miss the exposure time by their rounding.
    time_own = np.clip(time_own + np.minimum(first, left), 0.0, seconds)
    return np.where(high, time_own, seconds - time_own), np.where(stays, high, ~high)
