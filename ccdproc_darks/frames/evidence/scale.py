# Licensed under a 3-clause BSD style license - see LICENSE
"""Whether values are counts at all: not within 0 and 1, not wrapped round, not without their BZERO."""

import numpy as np
from astropy import units as u

from .finding import OK, WRONG, Finding

__all__ = ["scale_finding"]

# Fewest values within 0 and 1, and fewest different ones.
_FEWEST, _FEWEST_DIFFERENT = 100, 10
# Least share of the values that lies beyond a wrap; of these, least share that lies near it.
_LEAST_WRAPPED, _LEAST_NEAR = 1e-3, 0.9
# Scatters of the values, and of the least (frames' unit), within which values beyond a wrap lie.
_NEAR, _LEAST_SCATTER = 8, 4
# Values that are enough for a typical one.
_TYPICAL = 2**14
# Scatters below zero, and fewest values there, that no noise explains in signed integers.
_FAR, _FEWEST_NEGATIVE = 25, 3
# An unsigned frame whose BZERO was lost has levels below this.
_LOST = -(2**14)


def scale_finding(group):
    """`Finding` of the check "scale" of a `FrameGroup`."""
    unit = group.unit
    samples = [*group.dark_samples, *([group.bias_sample] if group.biases else [])]
    for sample in samples:
        for number in range(min(2, len(sample.values))):
            values = sample.unmasked(number)
            values = values[np.isfinite(values)] if values.dtype.kind == "f" else values
            text = _fault(values, unit) if values.size else None
            if text is not None:
                return Finding("scale", WRONG, f"{'darks' if sample.seconds else 'bias frames'} {text}")
    return Finding("scale", OK, f"the values can be {unit}")


def _fault(values, unit):
    """What is wrong with some values, or None."""
    lowest, highest = values.min(), values.max()
    if values.dtype.kind == "f":
        # In electron, a mean of many frames without bias is as small.
        within = unit == u.adu and 0 <= lowest < highest <= 1 and values.size >= _FEWEST
        if within and np.unique(values[:: 1 + values.size // _TYPICAL]).size >= _FEWEST_DIFFERENT:
            return (
                f"are not in {unit}: all their values are between 0 and 1 ({lowest:.4g} to {highest:.4g}), as after a "
                "division by the full scale; multiply darks and bias by that full scale, 65535 mostly"
            )
        return None
    kind = np.iinfo(values.dtype)
    middle = np.median(values[:: 1 + values.size // _TYPICAL])
    if kind.min < 0 and kind.bits == 16 and middle < _LOST:
        return (
            f"have a typical level of {middle:g} {unit}, far below zero, as unsigned integers have whose BZERO of "
            "32768 was lost; add 32768 to them"
        )
    if kind.min < 0 and kind.bits == 16 and middle > 0:
        low, high = np.percentile(values[:: 1 + values.size // _TYPICAL], [15.87, 84.13])
        negative = np.count_nonzero(values < -middle - _FAR * max(high - low, 2))
        if negative >= _FEWEST_NEGATIVE:
            return (
                f"have {negative} values far below zero beside a typical level of {middle:g} {unit}, as numbers above "
                "32767 have that are read as signed ones; read them as unsigned integers (BZERO 32768), or add 65536"
            )
    if kind.min == 0:
        share = _wrapped(values, kind.max)
        if share is not None:
            return (
                f"have wrapped round: {100 * share:.3g} % of the values lie just below {kind.max} and the others just "
                "above 0, as negative numbers do that are written as unsigned ones; write the frames anew, as signed "
                "integers or with a pedestal"
            )
    return None


def _wrapped(values, top):
    """Share of the values that are negative numbers read as unsigned ones; None where that is not so."""
    half = top // 2
    beyond = values > half
    if not _LEAST_WRAPPED < np.count_nonzero(beyond) / values.size < 1 - _LEAST_WRAPPED:
        return None
    signed = values.astype(np.int64)
    signed[beyond] -= int(top) + 1
    low, middle, high = np.percentile(signed, [15.87, 50, 84.13])
    near = _NEAR * max((high - low) / 2, _LEAST_SCATTER)
    if near > half / 4:
        return None
    # Values exactly at the top may be saturated ones: the others tell.
    below = beyond & (values < top)
    inside = np.count_nonzero(signed[below] >= middle - near)
    if inside < max(_LEAST_NEAR * np.count_nonzero(below), _LEAST_WRAPPED * values.size):
        return None
    return np.count_nonzero((signed < 0) & (signed >= middle - near)) / values.size
