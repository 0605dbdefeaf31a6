# Licensed under a 3-clause BSD style license - see LICENSE
"""Which ranking of pixels finds those that are not proportional: precision and recall on simulated cameras."""

import numpy as np
from astropy import units as u
from scipy.special import chdtrc

from ccdproc_darks import DARK_FLAGS, DarkSequence, compare_dark_rates, dark_rate, proportionality_limit, sensor_preset

__all__ = ["PLAN", "SHAPES", "area_under_curve", "preset_areas", "rankings"]

# Three exposure times, so that a straight line with a free offset has something to say.
PLAN = [(20, 0.0), (10, 90.0), (5, 300.0), (20, 1000.0)]


SHAPES = {"aspen-cg16m": (1536, 1536), "cryogenic-ccd": (4096, 2048), "low-noise-cmos": (1024, 1024)}
TOLERANCE = 0.1
_LIMIT_TOLERANCE = 0.03


def preset_areas(preset, shape=None, seed=6):
    """
    Area under the precision-recall curve of each ranking, for pixels that are planted as not proportional.

    Left out are telegraph pixels, as it is chance whether their rates are equal, and pixels saturated in one of the
    exposures, which no test can judge and any mask has.

    Returns
    -------
    list of (str, int, dict)
        Which pixels are to be found, how many they are, and the area of each ranking: all planted ones; and those
        whose true rates at 90 s and at 1000 s differ by more than 10 % (the others left out).
    """
    sensor = sensor_preset(preset, shape=shape or SHAPES[preset], seed=seed)
    flags = sensor.true_flags().data
    planted = (flags & DARK_FLAGS.NONLINEAR) > 0
    short, long = (sensor.true_rate(exposure=PLAN[index][1] * u.s).data for index in (1, -1))
    large = planted & (np.abs(short - long) > TOLERANCE * long)
    scores, saturated = rankings(sensor, seed)
    counted = ((flags & DARK_FLAGS.TELEGRAPH) == 0) & ~saturated
    rows = []
    for name, wanted, among in (("all planted", planted, counted), ("over 10 %", large, counted & ~(planted & ~large))):
        areas = {ranking: area_under_curve(score[among], wanted[among]) for ranking, score in scores.items()}
        rows.append((name, int((wanted & among).sum()), areas))
    return rows


def rankings(sensor, seed):
    """Scores of all pixels, by name, higher being more suspicious; and which pixels are saturated."""
    sequence = DarkSequence(sensor, [(number, seconds * u.s) for number, seconds in PLAN], rng=seed)
    frames = list(sequence)
    biases, darks = frames[: PLAN[0][0]], frames[PLAN[0][0] :]
    master = biases[0].copy()
    master.data = np.mean([frame.data for frame in biases], axis=0, dtype=float)
    master.meta["NCOMBINE"] = len(biases)
    rates, start = [], 0
    for number, _ in PLAN[1:]:
        rates.append(dark_rate(darks[start : start + number], bias=master))
        start += number
    short, long = rates[0], rates[-1]
    ours = _ranked(np.abs(compare_dark_rates(*rates, statistic="significance").data))
    limit = proportionality_limit(*rates, tolerance=_LIMIT_TOLERANCE).limit.value
    difference = np.abs(short.data - long.data)
    error = np.hypot(short.uncertainty.array, long.uncertainty.array)
    scores = {
        "this package": ours,
        "this package, with limit": np.where(short.data > limit, ours.max() + short.data, ours),
        "difference over its propagated sigma": _ranked(difference / error),
        "difference": _ranked(difference),
        "HDRL: chi-square of a free line": _ranked(_free_line(darks, master, rates)),
        "fixed cut: rate at 90 s": _ranked(short.data),
    }
    return scores, np.any([rate.mask for rate in rates], axis=0)


def _ranked(score):
    return np.where(np.isfinite(score), score, -np.inf)


def _free_line(darks, master, rates):
    """Minus the logarithm of the p-value of a free straight line through all frames."""
    gain, noise = rates[0].meta["DKGAIN"], rates[0].meta["DKRDNOI"]
    sums = np.zeros((6, *master.shape))
    saturation = rates[0].meta["DKSATUR"]
    for frame in darks:
        t = frame.header["EXPTIME"]
        y = (frame.data - master.data) * gain
        w = np.where(frame.data < saturation, 1 / (np.maximum(y, 0) + noise**2), 0.0)
        sums += [w, w * t, w * t * t, w * y, w * t * y, w * y * y]
    w, wt, wtt, wy, wty, wyy = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (w * wty - wt * wy) / (w * wtt - wt**2)
        chi_square = wyy - wy**2 / w - slope * (wty - wt * wy / w)
    return -np.log(np.maximum(chdtrc(len(darks) - 2, np.maximum(chi_square, 0)), 1e-300)) + 1e-6 * chi_square


def area_under_curve(score, planted):
    """Area under the precision-recall curve (average precision); ties count in the worst order."""
    order = np.lexsort((planted, -score))
    right = np.cumsum(planted[order])
    precision = right / np.arange(1, right.size + 1)
    return float((precision * planted[order]).sum() / planted.sum()) if planted.any() else float("nan")
