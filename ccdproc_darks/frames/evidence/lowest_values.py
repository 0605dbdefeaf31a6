# Licensed under a 3-clause BSD style license - see LICENSE
"""Values cut off below: where the bias level is too low, part of the pixels reads the lowest value."""

import numpy as np
from scipy.special import ndtr, ndtri

from .finding import DOUBTFUL, OK, WRONG, Finding

__all__ = ["clipping_finding"]

# Fewest pixels at the lowest value, and their least share; of these over those at the next; fewest values above.
_FEWEST, _LEAST_SHARE, _PILE, _FEWEST_VALUES = 100, 0.02, 1.5, 4
# Share from which on the mean is wrong by more than a twentieth of the noise.
_WRONG_SHARE = 0.1
# Steps above the lowest value that must be populated, each by so much: the noise is resolved.
_RESOLVED, _LEAST_POPULATED = 3, 0.01
# Part of the noise above the cut within which there are values, half as many at least as of a normal distribution.
_NEAR = 0.25


def clipping_finding(group):
    """`Finding` of the check "clipping" of a `FrameGroup`."""
    for name, sample in (("bias frames", group.bias_sample), *((_name(one), one) for one in group.dark_samples)):
        if sample is None:
            continue
        found = _cut_off(sample.unmasked(0))
        if found is not None:
            lowest, share, level, noise = found
            text = (
                f"{100 * share:.0f} % of the pixels of {name} read {lowest:g} {group.unit}, their lowest value: values "
                f"below it are cut off, which makes mean and scatter wrong. The true level is about {level:.3g}, the "
                f"noise {noise:.3g} {group.unit}. Take all frames again, bias and darks, "
                "with a higher bias level (the camera's offset or gain settings)"
            )
            return Finding(
                "clipping", WRONG if share > _WRONG_SHARE else DOUBTFUL, text, found=f"{lowest:g} {group.unit}"
            )
    return Finding("clipping", OK, "no values are cut off below")


def _name(sample):
    return f"{sample.seconds:g} s darks" if sample.seconds else "bias frames"


def _cut_off(values):
    """Lowest value, share of the pixels that read it, and true level and noise; None where nothing is cut off."""
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    if not values.size:
        return None
    lowest = values.min()
    number = np.count_nonzero(values == lowest)
    share = number / values.size
    if number < _FEWEST or not _LEAST_SHARE <= share < 0.98:
        return None
    above = np.sort(values[values != lowest]).astype(float)
    if np.unique(above[:: 1 + above.size // 2**12]).size < _FEWEST_VALUES:
        return None
    # The next levels: of integers these are steps, of other numbers parts of the scatter.
    integers = values.dtype.kind in "iu" or np.array_equal(above, np.rint(above))
    step = 1.0
    if integers:
        step = float(np.diff(np.unique(above[: above.size // 2 + 1])).min(initial=np.inf))
        step = min(step, above[0] - float(lowest))
        edges = float(lowest) + step * (np.arange(1, _RESOLVED + 2) - 0.5)
        steps = np.diff(np.searchsorted(above, edges)) / values.size
        if steps.min() < _LEAST_POPULATED or share < _PILE * steps[0]:
            return None
    # Of a normal distribution, the share below the cut and a quantile above it tell level and noise.
    quantile = min(share + 0.8 * (1 - share), 0.9) if share < 0.85 else share + 0.5 * (1 - share)
    high = above[int((quantile - share) * values.size)]
    cut = float(lowest) + (step / 2 if integers else 0.0)
    noise = (high - cut) / (ndtri(quantile) - ndtri(share))
    # Zeros far below all other values, as at edges without image, cut off nothing.
    near = np.searchsorted(above, cut + _NEAR * noise, side="right") / values.size
    if near < 0.5 * (ndtr(ndtri(share) + _NEAR) - share):
        return None
    return float(lowest), share, cut - ndtri(share) * noise, noise
