# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark rate of a sensor's typical pixel, and its error."""

import numpy as np

from .._compute.blocks import sample_blocks
from .._interface.arguments import ELECTRON_PER_SECOND
from ..frames.cards import header_value
from ..statistics.typical_rates_fit import fit_typical_rates
from .bias import combined_number

__all__ = ["TYPICAL_PIXELS", "common_error", "disagreement", "level_error", "typical_rate"]

# Pixels that are enough for the rate of a typical pixel, and for the scatter of good pixels to 0.3 %.
TYPICAL_PIXELS = 2**18


def typical_rate(rate, level=None):
    """Rate of the typical pixel of a result of `~ccdproc_darks.dark_rate`, and its standard error (electron/s).

    It is the median of the pixels' true rates: noise is taken off their distribution, as the median of noisy pixels of
    a skew distribution is higher. The error is None for a rate without an uncertainty, both are NaN without pixels.
    ``level`` is the error of the level (electron) where the rate itself does not tell it. A pixel whose uncertainty is
    NaN, as that of a saturated one, is left out.

    Notes
    -----
    The error has three parts: the noise of the pixels and the differences between them, over their number, from the
    fit; and what all pixels have in common (DKLEVERR): bias levels of darks and bias frames that drift.
    """
    blocks = sample_blocks(rate.shape, TYPICAL_PIXELS)
    usable = np.concatenate([np.isfinite(rate.data[block]) for block in blocks])
    if rate.mask is not None:
        usable &= ~np.concatenate([np.broadcast_to(rate.mask, rate.shape)[block] for block in blocks])
    factor = rate.unit.to(ELECTRON_PER_SECOND)
    deviation = None
    if rate.uncertainty is not None:
        deviation = np.concatenate([np.broadcast_to(rate.uncertainty.array, rate.shape)[block] for block in blocks])
        usable &= np.isfinite(deviation)
        deviation = deviation[usable].astype(float) * factor
    values = np.concatenate([rate.data[block] for block in blocks])[usable].astype(float) * factor
    if deviation is None or not values.size:
        return float(np.median(values)) if values.size else float("nan"), None if values.size else float("nan")
    total, frames = header_value(rate.meta, "DKTOTAL", None), header_value(rate.meta, "NCOMBINE", 1)
    constant = np.maximum(np.square(deviation) - np.maximum(values, 0) / total, 0)
    variance = constant + max(float(np.median(values)), 0.0) / total
    typical = fit_typical_rates(values, variance, total)
    level = header_value(rate.meta, "DKLEVERR", level or 0.0)
    return typical.median, float(np.hypot(typical.error, level * frames / total))


def level_error(dark_sets, bias, free_offset=False):
    """Error of the darks' level above the bias (electron), which all pixels have in common; None where nothing tells.

    Levels of equal frames scatter by s. The rate from N frames of t seconds each, and a bias of M frames, has then the
    variance ``s^2 (1 / sum(N t^2) + (sum(N t) / sum(N t^2))^2 / M)``; times the square of the mean exposure time. With
    a ``free_offset`` the rate is the slope of a straight line, whose variance is ``s^2 / sum(N (t - mean(t))^2)``.
    """
    # Shifts that are not significant are zero, and would tell of no error at all.
    levels = [dark_set.levels for dark_set in dark_sets if dark_set.levels is not None]
    freedom = sum(len(each) - 1 for each in levels)
    if freedom == 0:
        return None
    square = sum(np.sum((each - np.mean(each)) ** 2) for each in levels)
    numbers = np.array([len(dark_set.frames) for dark_set in dark_sets])
    seconds = np.array([dark_set.seconds for dark_set in dark_sets])
    first, second = (numbers * seconds).sum(), (numbers * seconds**2).sum()
    if free_offset:
        return float(np.sqrt(square / freedom / (second - first**2 / numbers.sum())) * first / numbers.sum())
    of_bias = 0.0 if bias.frame is None else (first / second) ** 2 / combined_number(bias.frame)
    return float(np.sqrt(square / freedom * (1 / second + of_bias)) * first / numbers.sum())


def common_error(infos):
    """Error (electron/s) that all pixels of a rate from several `RateMeta` have in common.

    A rate that does not tell is as uncertain in the level of a frame as the worst of the others: the level of one frame
    is known less well than the mean of several.
    """
    known = [info.level_error * np.sqrt(info.frames) for info in infos if info.level_error is not None]
    of_a_frame = max(known, default=0.0)
    errors = np.array([
        of_a_frame / np.sqrt(info.frames) if info.level_error is None else info.level_error for info in infos
    ])  # fmt: skip
    weights = np.array([info.total**2 / info.frames for info in infos])
    seconds = np.array([info.total / info.frames for info in infos])
    return float(np.sqrt(np.sum((weights / weights.sum() * errors / seconds) ** 2)))


def disagreement(found):
    """Root of the reduced chi-square of several rates, pairs of rate and error, if it is above 1; else 1.

    It is the factor by which the error of their mean is too small (Birge, Physical Review 40, 207, 1932).
    """
    known = np.array([one for one in found if None not in one and np.isfinite(one).all() and one[1] > 0])
    if len(known) < 2:
        return 1.0
    rates, weights = known[:, 0], 1 / known[:, 1] ** 2
    square = np.sum(weights * (rates - np.average(rates, weights=weights)) ** 2)
    return float(max(np.sqrt(square / (len(known) - 1)), 1.0))
