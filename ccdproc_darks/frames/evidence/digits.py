# Licensed under a 3-clause BSD style license - see LICENSE
"""Step of the digits: 12 or 14 bits that a camera shifted into 16 differ by multiples of 16 or 4."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from .finding import DOUBTFUL, OK, Finding

__all__ = ["Digits", "digits_finding"]

# Fewest different values that tell a step other than 1.
_FEWEST_VALUES = 16
# Floating-point numbers below this are told apart by 1. Values that are looked at first: mostly they show a step of 1.
_MOST, _FIRST = 2.0**53, 2**12
# Scatters above the typical value from which on a pixel tells the gain; fewest such pixels; median of chi-square.
_CLEAR, _FEWEST_PIXELS, _MEDIAN = 10, 30, 0.4549


@dataclass
class Digits:
    """Digits of the values of frames.

    Attributes
    ----------
    step : int or None
        Greatest common divisor of the values less the lowest one, in the frames' unit; None where they are not
        integers, or too few different ones.
    top : float or None
        Highest value that unsigned integers of this step can have; None for other types.
    """

    step: int | None
    top: float | None

    @classmethod
    def of(cls, group):
        """`Digits` of the sampled darks of a `FrameGroup`."""
        dtype = group.darks[0].dtype
        step, lowest = _common_step(
            [sample.unmasked(number) for sample in group.dark_samples for number in range(len(sample.values))[:2]]
        )
        top = None
        if dtype.kind == "u":
            highest = int(np.iinfo(dtype).max)
            top = float(highest - (highest - lowest) % step if step else highest)
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
        return Finding("digits", OK, "the values have no common step, or are too few to tell one")
    found = f"steps of {digits.step}"
    if digits.step == 1:
        return Finding("digits", OK, "the values are integers in steps of 1", found)
    text = f"the frames have {digits.bits or 'their'} bits in {found}"
    if digits.top is not None:
        text += f", so that their full scale is {digits.top:g} {group.unit}"
    gain = group.told.get("gain")
    if gain is None or gain.is_given or group.unit != u.adu:
        return Finding("digits", OK, text, found)
    told = f"{gain.value:g} electron / adu"
    right = _tells_gain(group, gain.value, digits.step)
    if right:
        return Finding(
            "digits", OK, f"{text}; {gain.source} is per {group.unit} of the file, as it must be", found, told
        )
    text += (
        f"; the gain must be per {group.unit} of the file: {gain.source} of {told} "
        f"{'may be' if right is None else 'seems to be'} per step of the ADC, {digits.step} times too high; pass gain, "
        f"{gain.value / digits.step:.4g} or {gain.value:g} electron/adu"
    )
    return Finding("digits", DOUBTFUL, text, found, told)


def _tells_gain(group, gain, step):
    """Whether equal frames scatter by a gain (electron/adu) rather than by one ``step`` times smaller; or None."""
    for sample in reversed(group.dark_samples):
        if len(sample.values) < 2:
            continue
        first, second = (sample.unmasked(number).astype(float) for number in (0, 1))
        variance, mean = np.square(second - first) / 2, (first + second) / 2
        noise, level = np.median(variance) / _MEDIAN, np.median(mean)
        signal = mean - level
        clear = (signal > _CLEAR * np.sqrt(noise)) & (signal < 0.8 * signal.max())
        if np.count_nonzero(clear) < _FEWEST_PIXELS:
            continue
        scatter = [np.median(variance[clear] / (signal[clear] / one + noise)) / _MEDIAN for one in (gain, gain / step)]
        apart = np.abs(np.log(np.maximum(scatter, 1e-9)))
        if abs(apart[0] - apart[1]) > np.log(step) / 4:
            return bool(apart[0] < apart[1])
    return _noise_tells_gain(group, gain, step)


def _noise_tells_gain(group, gain, step):
    """Whether equal frames scatter by the read noise that is told (electron) at this gain; None where nothing tells.

    Dark current makes them scatter more, and so does a gain that is too high: only bias frames tell these apart.
    """
    sets = [sample for sample in (group.bias_sample, *group.dark_samples) if sample and len(sample.values) > 1]
    if not sets or "read_noise" not in group.told:
        return None
    first, second = (values.astype(float) for values in sets[0].values[:2])
    noise = 1.4826 * np.median(np.abs(second - first - np.median(second - first))) / np.sqrt(2)
    told = group.told["read_noise"].value
    if gain * noise < np.sqrt(step) * told:
        return True if gain * noise * np.sqrt(step) > told else None
    return False if sets[0] is group.bias_sample else None


def _common_step(arrays):
    """Greatest common divisor of the values of some arrays less the lowest, and the lowest; (None, 0) without."""
    step, lowest, values_seen = 0, None, 0
    for values in arrays:
        if values.dtype.kind == "f":
            values = values[np.isfinite(values) & (np.abs(values) < _MOST)]
            if np.any(values[:_FIRST] != np.rint(values[:_FIRST])) or np.any(values != np.rint(values)):
                return None, 0
        for some in (values[:_FIRST], values):
            different = np.unique(some).astype(np.int64)
            if not different.size:
                continue
            lowest = int(different[0]) if lowest is None else lowest
            step = int(np.gcd.reduce(np.append(different - lowest, step)))
            if step == 1:
                return 1, lowest
        values_seen = max(values_seen, different.size)
    return (step, lowest) if step and values_seen >= _FEWEST_VALUES else (None, 0)
