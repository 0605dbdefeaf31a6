# Licensed under a 3-clause BSD style license - see LICENSE
"""Warm pixels, told from pixels that cosmic rays hit and from pixels that are noisy to read."""

import numpy as np

__all__ = ["are_above_noise", "are_noisy", "are_steady"]

# Variance over that of typical pixels from which on a pixel below them is noisy, and not just of a lower rate; largest
# number of such pixels, as a part of the warm ones.
_NOISY, _MOST_NOISY = 3.0, 0.05
# Least part of the excess of a warm pixel that is left without its highest samples, which may be cosmic rays. Not more:
# frames of another gain may be among them.
_STEADY = 0.25


def are_above_noise(warm, cold):
    """Whether pixels are warm, and not just noisy to read, by how far they are above typical ones (``warm``).

    Noise lowers as many means as it raises: among pixels whose read noise is far above the others' (telegraph read
    noise), as many are below the typical ones (``cold``, as far as they are) as above them. Pixels are warm from where
    there are hardly any as far below.
    """
    levels = np.concatenate([[0.0], np.sort(cold)])
    above = warm.size - np.searchsorted(np.sort(warm), levels, side="right")
    few = cold.size - np.arange(levels.size) <= _MOST_NOISY * above
    return warm > levels[np.argmax(few)] if few.any() else np.zeros(warm.shape, bool)


def are_noisy(departures, typical):
    """Whether pixels vary by far more than ``typical`` ones; both are departures from the mean, shape (frames, pixels).

    Of two frames none is told: these do not tell noise from another temperature.
    """
    variance = np.square(typical).sum(axis=0)
    return (np.square(departures).sum(axis=0) > _NOISY * np.median(variance)) & (len(typical) > 2)


def are_steady(departures, excess):
    """Whether pixels are warm in more frames than cosmic rays hit: also without their highest samples."""
    count = len(departures)
    others = count - (1 if count < 6 else 2 if count < 12 else 3)
    return np.partition(departures, others - 1, axis=0)[:others].mean(axis=0) > (_STEADY - 1) * excess
