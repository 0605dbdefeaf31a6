# Licensed under a 3-clause BSD style license - see LICENSE
"""The comparison of the exposure times of a group, and its mask."""

import warnings

import numpy as np

from .._interface.warnings import NoiseWarning
from ..comparison.compare_dark_rates import compare_dark_rates, offset_and_width
from ..comparison.comparer import DOUBTFUL_WIDTH
from ..comparison.proportionality_limit import proportionality_limit
from ..frames.evidence.finding import DOUBTFUL, Finding
from ..masks.hot_pixel_mask import hot_pixel_mask
from ..masks.other_bad_pixels import sentence_of_lines
from .measured import BRIGHT, Pair

__all__ = ["compare_group"]


def compare_group(result, options, step):
    """Set the significance, mask, pairs and limit of a `Measured`, and what there is to say about them.

    Returns a list of `Finding`: what speaks against the result as a whole.
    """
    names = ("threshold", "false_positives", "fdr", "tolerance", "null")
    limits = {name: getattr(options, name) for name in names} | options.work
    limits["scatter"] = list(result.scatter.values())
    rates = list(result.rates.values())
    offset = "common" if result.has_bias else "pixel"
    missing = None
    if any(rate.uncertainty is None for rate in rates):
        if options.threshold is None:
            raise ValueError(
                "no read noise and no way to estimate it, so no threshold for hot pixels: give --read-noise"
            )
        missing = "Without a read noise (--read-noise) the exposure times cannot be compared."
    elif len(rates) < (2 if result.has_bias else 3):
        needed = "two exposure times" if result.has_bias else "three exposure times, or two and bias frames,"
        missing = f"Proportionality was not tested: that needs darks of {needed} or more."
    if missing is not None:
        result.notes.append(missing)
        step("mask")
        result.mask = hot_pixel_mask(result.rate, **limits)
        _note_lines(result)
        return []
    single = [seconds for seconds, frames in result.exposures if len(frames) == 1]
    if single:
        listed = ", ".join(f"{seconds:g}" for seconds in single)
        result.notes.append(
            f"There is a single frame of {listed} s: a cosmic ray in it cannot be told from a pixel that is not "
            "proportional, and is flagged NONLINEAR."
        )
    step("comparison")
    with warnings.catch_warnings():
        # Said once, and in words of the page.
        warnings.simplefilter("ignore", NoiseWarning)
        result.significance = compare_dark_rates(
            *rates, statistic="significance", offset=offset, null=options.null, **options.work
        )
        step("mask")
        result.mask = hot_pixel_mask(*rates, offset=offset, **limits)
        _note_lines(result)
        step("pairs")
        if result.has_bias:
            result.pairs = [_pair(result, seconds) for seconds, _ in result.exposures[:-1]]
    step("limit")
    if result.has_bias:
        result.limit = proportionality_limit(*rates, tolerance=options.tolerance)
    width = result.significance.meta.get("DKWIDTH")
    if width is None or width <= DOUBTFUL_WIDTH or options.null != "theoretical":
        return []
    text = (
        f"Good pixels depart {width:.2f} times wider from proportionality than the noise model says: the read "
        "noise is too low, or the frames drift. More good pixels than asked for are flagged NONLINEAR "
        "(--null empirical takes that width for the right one)"
    )
    result.notes.append(f"{text}.")
    return [Finding("result", DOUBTFUL, text)]


def _note_lines(result):
    sentence = sentence_of_lines(result.mask.meta)
    if sentence is not None:
        result.notes.append(sentence)


def _pair(result, seconds):
    long = max(result.rates)
    short_rate, long_rate = result.rates[seconds], result.rates[long]
    if len(result.rates) > 2:
        offset, width = offset_and_width(short_rate, long_rate)
    else:
        offset, width = result.significance.meta["DKOFF1"], result.significance.meta.get("DKWIDTH")
    with np.errstate(invalid="ignore"):
        bright = (long_rate.data > BRIGHT[0]) & (long_rate.data < BRIGHT[1]) & ~long_rate.mask & ~short_rate.mask
    number = int(bright.sum())
    ratio = None
    if number:
        ratio = float(np.median((short_rate.data[bright] - offset / seconds) / long_rate.data[bright]))
    return Pair(seconds, long, offset, width, ratio, number)
