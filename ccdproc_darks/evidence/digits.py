# Licensed under a 3-clause BSD style license - see LICENSE
"""Step of the digits: 12 or 14 bits that a camera shifted into 16 differ by multiples of 16 or 4."""

from dataclasses import dataclass

import numpy as np

from .finding import DOUBTFUL, OK, UNKNOWN, Finding

__all__ = ["Digits", "digits_finding"]

# Fewest different values that tell a step.
_FEWEST_VALUES = 3


@dataclass
class Digits:
    """Digits of the values of frames.

    Attributes
    ----------
    step : int or None
        Greatest common divisor of the values less the lowest one, in the frames' unit; None where they are not
        integers, or fewer than three different ones.
    top : float or None
        Highest value that unsigned integers of this step can have; None for other types.
    """

    step: int | None
    top: float | None

    @classmethod
    def of(cls, group):
        """`Digits` of the sampled darks of a `FrameGroup`."""
        dtype = group.darks[0].dtype
        step, lowest = 0, None
        for sample in group.dark_samples:
            for values in sample.values[:2]:
                part, low = _step(values)
                if part is None:
                    step = None
                    break
                lowest = low if lowest is None else lowest
                step = int(np.gcd.reduce([step, part, abs(low - lowest)]))
                if step == 1:
                    break
            if step in (None, 1):
                break
        step = step or None
        top = None
        if dtype.kind == "u":
            highest = int(np.iinfo(dtype).max)
            top = float(highest if step is None else highest - (highest - lowest) % step)
        return cls(step, top)

    @property
    def bits(self):
        """Bits of 16 that are used, or None: 12 for a step of 16."""
        if self.step in (2, 4, 8, 16, 32, 64, 128, 256):
            return 16 - self.step.bit_length() + 1
        return None


def digits_finding(digits, group):
    """`Finding` of the check "digits"."""
    if digits.step is None:
        text = "the values are not integers, so that a step of their digits cannot be told"
        return Finding("digits", UNKNOWN if group.darks[0].dtype.kind in "iu" else OK, text)
    if digits.step == 1:
        return Finding("digits", OK, "the values are integers in steps of 1", found="steps of 1")
    what = f"the frames have {digits.bits} bits" if digits.bits else "the frames have digits"
    text = f"{what} in steps of {digits.step}"
    if digits.top is not None:
        text += f", so that their full scale is {digits.top:g}"
    gain = group.told.get("gain")
    if gain is None or gain.is_given:
        return Finding("digits", OK, text, found=f"steps of {digits.step}")
    text += (
        f"; the gain must be per {group.unit} of the file, not per step of the camera's converter: {gain.source} "
        f"{gain.value:g} may be {digits.step} times too high; pass gain, the right one"
    )
    return Finding("digits", DOUBTFUL, text, f"steps of {digits.step}", f"{gain.value:g} electron / adu")


def _step(values):
    """Greatest common divisor of some values less the lowest, and the lowest; (None, None) of no integers."""
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
        if not values.size or np.any(values != np.rint(values)) or np.abs(values).max() > 2**53:
            return None, None
        values = values.astype(np.int64)
    different = np.unique(values[:4096])
    if different.size >= _FEWEST_VALUES:
        quick = np.gcd.reduce((different - different[0]).astype(np.int64))
        if quick == 1:
            return 1, int(different[0])
    different = np.unique(values).astype(np.int64)
    if different.size < _FEWEST_VALUES:
        return 0, int(different[0]) if different.size else 0
    return int(np.gcd.reduce(different - different[0])), int(different[0])
