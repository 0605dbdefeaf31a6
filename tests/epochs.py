"""Sensors at two epochs, for the tests of what has changed."""

import numpy as np

from ccdproc_darks import dark_rate

from .helpers import mean_dark

LABELS = ("before", "after")
SHAPE = (200, 250)


def hot_sensor(seed=1):
    """Dark rates of a sensor (electron/s): 0.2, and 1 % hot pixels of 2 to some tens."""
    rng = np.random.default_rng(seed)
    rates = np.full(SHAPE, 0.2)
    hot = rng.random(SHAPE) < 0.01
    rates[hot] = 2 + rng.exponential(8, hot.sum())
    return rates


def epoch_of(rng, rates, *, seconds=100.0, number=5, read_noise=5.0, shift=0.0, **keys):
    """Rate of the mean of some frames, which sit ``shift`` electron too high."""
    frame = mean_dark(rng, rates, seconds, number, read_noise, np.shape(rates))
    frame.data = frame.data + shift
    frame.meta.update(keys)
    return dark_rate(frame)
