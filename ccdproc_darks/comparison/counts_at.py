# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark counts of pixels at an exposure time, from their own counts at others: on a straight line, or interpolated.

Plain arrays in electrons and seconds; the first axis of arrays of counts is the exposure time.
"""

from dataclasses import dataclass

import numpy as np

from ..statistics.rate_fit import count_variance, fit_rate
from ..statistics.significance import deviate_of_chi_square
from .kinds_of_curves import fit_curves

__all__ = ["Expected", "by_own_counts", "by_rate", "departs", "mixed"]

# Deviate at which a departure is as probable as none: of pixels without the one exposure that is too high, and from a
# straight line of pixels that are known not to be proportional.
_EVEN, _EVEN_CURVE = 3.5, 3.0


@dataclass
class Expected:
    """Dark counts that pixels are expected to have at an exposure time, and their variance (electron, electron^2)."""

    counts: np.ndarray
    variance: np.ndarray


def departs(deviate, even):
    """Probability that a pixel departs from a model, by the deviate of its departure.

    The odds are those of a normal deviate, ``exp(z^2 / 2)``, and even at the deviate ``even``.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return np.nan_to_num(1 / (1 + np.exp((even**2 - np.square(deviate)) / 2)))


def mixed(first, second, probability):
    """`Expected` counts where the ``second`` are right with a probability, and else the first.

    The variance is that of the mixture: the mean of both, and the square of their difference where it is open.
    """
    counts, variance = (
        np.where(probability > 0, (1 - probability) * one + probability * other, one)
        for one, other in ((first.counts, second.counts), (first.variance, second.variance))
    )  # fmt: skip
    open_part = probability * (1 - probability) * np.square(first.counts - second.counts)
    return Expected(counts, variance + np.where(probability > 0, open_part, 0.0))


def by_rate(fit, seconds, at, usable):
    """`Expected` counts at the exposure time ``at`` (s) by a `RateFit`: proportional, or on a line with an offset."""
    if fit.offset is not None:
        return _on_line(fit, seconds, at, usable)
    return Expected(fit.rate * at, fit.variance * at**2)


def by_own_counts(rows, fit, seconds, shared, at):
    """`Expected` counts of pixels that are not proportional at the exposure time ``at`` (s), by their own counts.

    Parameters
    ----------
    rows : `MeanCounts`
        Their counts, usable in two exposures at least.
    fit : `RateFit`
        The fit to them, proportional or with a free offset.
    seconds, shared
        See `ccdproc_darks.statistics.rate_fit.fit_rate`.
    at : float
        Exposure time (s).

    Returns
    -------
    `Expected`, `numpy.ndarray`
        With the probability of pixels to be proportional, but for one exposure that is too high.

    Notes
    -----
    Where the counts lie on a straight line, as those of a pixel with an offset do, it is the line's; else a monotone
    curve's. Before the first exposure it is the middle of that and of a line to zero, as the exposures cannot tell an
    offset from a bend at fewer counts. With a free offset counts are known not to lie on a line, and may have any
    value at zero exposure.
    """
    free_offset = fit.offset is not None
    curve = _on_curve(rows, seconds, shared, at, from_zero=not free_offset)
    several = rows.usable.sum(axis=0) > 2
    if free_offset:
        return curve, np.zeros(several.shape)
    measured = rows.counts, seconds, rows.frames, rows.read_variance
    curves = fit_curves(rows, seconds, shared, at)
    # With two exposures all curves fit.
    degrees = np.maximum(rows.usable.sum(axis=0) - 2, 0)
    unknown = np.where(several, departs(deviate_of_chi_square(curves.chi_square, degrees), _EVEN_CURVE), 0.0)
    own = mixed(Expected(curves.counts, curves.variance), curve, unknown)
    # A cosmic ray in a single frame: the others are proportional, and tell better what to expect than a line does.
    high = (fit.deletion * np.sqrt(fit.information)).argmax(axis=0)
    usable = rows.usable & (np.arange(len(seconds))[:, None, None] != high)
    others = fit_rate(*measured, usable, shared=shared)
    agree = 1 - departs(deviate_of_chi_square(others.chi_square, others.degrees), _EVEN)
    with np.errstate(over="ignore", invalid="ignore"):
        agree /= 1 + len(seconds) * np.exp((others.chi_square - curves.mean_chi_square) / 2)
    # Nothing tells it from a bend where it is at the end, next to ``at``.
    ends = (find(np.where(usable, seconds[:, None, None], np.nan), axis=0) for find in (np.fmin.reduce, np.fmax.reduce))
    first, last = ends
    inside = (first <= np.maximum(at, seconds[high])) & (np.minimum(at, seconds[high]) <= last)
    agree = np.where(inside & (others.degrees > 1), agree, 0.0)
    return mixed(own, by_rate(others, seconds, at, usable), agree), agree


def _on_line(line, seconds, at, usable):
    """`Expected` counts on a straight line, a `RateFit` with a free offset."""
    with np.errstate(divide="ignore", invalid="ignore"):
        # Variance of the slope, and of the line at its centre of gravity (s).
        ones = line.covariance.solve(usable.astype(float))
        total = ones.sum(axis=0)
        centre = (ones * seconds[:, None, None]).sum(axis=0) / total
        variance = 1 / total + np.square(at - centre) * line.variance
    return Expected(line.offset + line.rate * at, variance)


def _on_curve(rows, seconds, shared, at, from_zero=True):
    """`Expected` counts on a monotone curve through the counts at the exposures about ``at``.

    ``from_zero`` adds that there are no counts at zero exposure.
    """
    shape = rows.counts.shape[1:]
    t = np.concatenate([[0.0], seconds])
    counts = np.concatenate([np.zeros((1, *shape)), rows.counts])
    usable = np.concatenate([np.full((1, *shape), from_zero), rows.usable])
    places = _neighbours(usable, t, at)
    times = [np.where(place < 0, np.nan, t[place]) for place in places]
    values = [np.where(place < 0, np.nan, np.take_along_axis(counts, place[None], axis=0)[0]) for place in places]
    value, unknown = _curve(times, values, at)
    variances = count_variance(
        rows.counts / seconds[:, None, None], seconds[:, None, None], rows.frames, rows.read_variance
    )
    deviations = np.concatenate([np.zeros((1, *shape)), np.sqrt(variances)])
    # Derivatives of the curve by the counts, from steps of a deviation.
    weights, of_unknown = np.zeros_like(counts), np.zeros(shape)
    for number, place in enumerate(places):
        step = np.take_along_axis(deviations, np.maximum(place, 0)[None], axis=0)[0]
        moves = (place > 0) & (step > 0)
        sides = []
        for side in (0.5, -0.5):
            moved = list(values)
            moved[number] = moved[number] + side * step
            sides.append(_curve(times, moved, at))
        (high, high_unknown), (low, low_unknown) = sides
        weight = np.divide(high - low, step, out=np.zeros(shape), where=moves)
        of_unknown += np.where(moves, np.square(high_unknown - low_unknown), 0.0)
        np.put_along_axis(
            weights,
            np.maximum(place, 0)[None],
            np.where(moves, weight, np.take_along_axis(weights, np.maximum(place, 0)[None], axis=0)[0])[None],
            axis=0,
        )
    weights = weights[1:]
    variance = (np.square(weights) * np.where(rows.usable, variances, 0.0)).sum(axis=0)
    for members, bias_variance in shared:
        variance += bias_variance * np.square(weights[members].sum(axis=0))
    # The range has noise of its own, which is in the variance already.
    return Expected(value, variance + np.maximum(np.square(unknown) - of_unknown, 0.0))


def _neighbours(usable, t, at):
    """Places of the two usable exposures before ``at`` and the two after it, -1 where there is none.

    Beyond the last exposure, they are the three last ones, of which the last two are a segment that goes on.
    """
    index = np.arange(len(t))[:, None, None]
    none = len(t)

    def last(which):
        return np.where(which, index, -1).max(axis=0)

    def first(which):
        found = np.where(which, index, none).min(axis=0)
        return np.where(found == none, -1, found)

    before = last(usable & (t <= at)[:, None, None])
    # With nothing before it, the first segment is extended.
    before = np.where(before < 0, first(usable), before)
    after = first(usable & (index > before))
    beyond = after < 0
    after = np.where(beyond, before, after)
    before = np.where(beyond, last(usable & (index < after)), before)
    return last(usable & (index < before)), before, after, first(usable & (index > after))


def _curve(times, values, at):
    """Value at ``at`` of a monotone curve through four knots (NaN where there is none), and half the range it may have.

    A curve without an inflection lies between the chord and the extensions of the segments next to it. The value is the
    middle of that range. A pixel that is full at once is at one end of it, and one with an offset, where a segment
    comes from zero exposure, at the other.
    """
    (t0, t1, t2, t3), (c0, c1, c2, c3) = times, values
    with np.errstate(divide="ignore", invalid="ignore"):
        chord = (c2 - c1) / (t2 - t1)
        straight = c1 + chord * (at - t1)
        before = ((c1 - c0) / (t1 - t0) - chord) * (at - t1)
        after = (chord - (c3 - c2) / (t3 - t2)) * (t2 - at)
        end = straight + np.nan_to_num(np.where(np.isnan(after) | (np.abs(before) < np.abs(after)), before, after))
        half = (np.clip(end, np.minimum(c1, c2), np.maximum(c1, c2)) - straight) / 2
        # Beyond the last knot a pixel may go on as before, or as a proportional one does.
        onward = (at - t2) * (chord - c2 / t2) / 2
        # Before the first one, with an unknown offset, it goes on to bend, or does not.
        bend = np.nan_to_num((at - t1) * (chord - (c3 - c2) / (t3 - t2))) / 2
    unknown = np.where(at >= t2, onward, np.where(at < t1, bend, half))
    return np.where((at >= t2) | (at < t1), straight, straight + half), unknown
