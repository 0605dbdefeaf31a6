# Licensed under a 3-clause BSD style license - see LICENSE
"""From where on, or up to where, a line is bad: by maximum likelihood, or the whole of it."""

import numpy as np

__all__ = ["range_of_runs", "range_of_scores"]


def range_of_runs(places, length, expected):
    """First place of the bad part of a line, and the one after its last, from the places of its runs of bad pixels.

    ``expected`` is the number of runs in a line that is not bad.
    """
    places = np.asarray(places)
    number = places.size
    starts, stops = places, places + 1
    runs = np.concatenate([[number], number - np.arange(number), np.arange(1, number + 1)])
    sizes = np.concatenate([[length], length - starts, stops])
    usual = np.maximum(expected, 1e-3) * sizes / length
    with np.errstate(divide="ignore", invalid="ignore"):
        gains = np.where(runs > usual, runs * np.log(runs / usual) - (runs - usual), 0.0)
    return _best(gains, starts, stops, length)


def range_of_scores(scores):
    """First place of the bad part of a line, and the one after its last, from its pixels' departures in sigmas."""
    totals, length = np.concatenate([[0.0], np.cumsum(scores)]), scores.size
    starts, stops = np.arange(1, length), np.arange(1, length)
    sums = np.concatenate([[totals[-1]], totals[-1] - totals[starts], totals[stops]])
    sums = np.where(sums * totals[-1] > 0, sums, 0.0)
    sizes = np.concatenate([[length], length - starts, stops])
    return _best(sums**2 / sizes / 2, starts, stops, length)


def _best(gains, starts, stops, length):
    """The whole line, unless a part of it is better by more than the choice among so many parts gives by chance."""
    best = int(np.argmax(gains))
    if gains[best] <= gains[0] + np.log(2 * length):
        return 0, length
    if best <= len(starts):
        return int(starts[best - 1]), length
    return 0, int(stops[best - 1 - len(starts)])
