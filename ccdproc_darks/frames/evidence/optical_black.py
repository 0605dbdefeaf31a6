# Licensed under a 3-clause BSD style license - see LICENSE
"""A camera that subtracts its optical black: the level does not grow with exposure time, while the variance does."""

from dataclasses import dataclass

import numpy as np

from ..._interface.arguments import ELECTRON_PER_SECOND
from ...statistics.straight_line import straight_line
from .finding import OK, UNKNOWN, WRONG, Finding
from .told_number import combined_numbers

__all__ = ["OpticalBlack", "optical_black"]

# Standard deviations from which on electrons are missing; part of the expected growth that a level grows by at most.
_SIGNIFICANT, _FOLLOWS = 5.0, 0.3
# Growth of a level that is none: standard deviations, or part of the expected one. A gain told 16 times too high makes
# the level seem to grow by a sixteenth.
_NONE_SIGMAS, _NONE = 3.0, 0.02
# Relative error of a variance, and part of that of bias frames that is missing at least: the read noise itself changes
# a little with temperature and time.
_VARIANCE, _LEAST_MISSING = 0.01, 0.15
# Degrees of freedom of hot pixels that tell whether the gain is right; they are so many times as far above the level
# as a frame's noise.
_LEAST_FREEDOM, _HOT = 40, 5.0


@dataclass
class OpticalBlack:
    """Dark rate of a typical pixel by the variance of equal frames and by their level.

    Attributes
    ----------
    reason : str
        Why the frames cannot tell; empty where they can.
    rate, error : float or None
        Rate from the variance and its error (electron/s).
    growth : float or None
        Rate from the level (electron/s).
    is_subtracted : bool
        Whether the camera subtracts its optical black.
    """

    reason: str = ""
    rate: float | None = None
    error: float | None = None
    growth: float | None = None
    is_subtracted: bool = False

    def finding(self):
        """The `Finding` "optical black"."""
        if self.reason:
            return Finding("optical black", UNKNOWN, self.reason)
        variance = f"{self.rate:.3g} +- {self.error:.1g} electron/s"
        found, told = self.rate * ELECTRON_PER_SECOND, self.growth * ELECTRON_PER_SECOND
        if self.is_subtracted:
            sentence = (
                "the camera subtracts its optical black (or a dark was subtracted): with exposure time the level of a "
                f"typical pixel grows by {self.growth:.2g} electron/s, but the variance of equal frames by that of "
                f"{variance}. Levels tell rates relative to the typical pixel only; its rate is taken from the "
                "variance, and added to all pixels. Switch the subtraction off in the camera, or give the typical rate "
                "as optical_black= (0 adds nothing)"
            )
            return Finding("optical black", WRONG, sentence, found, told)
        sentence = (
            f"the camera does not subtract its optical black: the level of the darks grows by {self.growth:.3g} "
            f"electron/s (the variance of equal frames by that of {variance})"
        )
        return Finding("optical black", OK, sentence, found, told)


def optical_black(group):
    """`OpticalBlack` of a `FrameGroup`."""
    levels, scale = group.levels, group.scale
    if group.as_written.clipping.is_doubt:
        return OpticalBlack("values are cut off below, so that neither levels nor noise tell (clipping)")
    if levels is None:
        return OpticalBlack("too few typical pixels to tell whether the camera subtracts its optical black")
    if scale is None:
        return OpticalBlack("without a gain, nothing tells whether the camera subtracts its optical black")
    noise = _noise(levels)
    if len(noise) < 2:
        return OpticalBlack(
            "nothing tells whether the camera subtracts its optical black: that needs two equal frames or more of two "
            "exposure times, or of bias frames and darks"
        )
    seconds, variances, errors = np.transpose(noise)
    errors = np.hypot(errors, _VARIANCE * variances) * scale**2
    grown = straight_line(seconds, variances * scale**2, errors)
    level = _level_growth(levels, scale)
    if level is None:
        return OpticalBlack("one exposure time and no bias: nothing tells how the level grows")
    growth, growth_error = level
    missing, error = grown.slope - growth, np.hypot(grown.slope_error, growth_error)
    found = OpticalBlack("", grown.slope, grown.slope_error, growth)
    is_missing = missing > max(_SIGNIFICANT * error, _LEAST_MISSING * grown.intercept / seconds[-1])
    if is_missing and growth < _FOLLOWS * grown.slope:
        right = _gain_is_right(levels, group, scale)
        found.is_subtracted = growth < max(_NONE_SIGMAS * growth_error, _NONE * grown.slope) if right is None else right
        if not found.is_subtracted:
            found.reason = (
                "variance and level of the darks do not grow alike, and the gain seems wrong: nothing tells whether "
                "the camera subtracts its optical black"
            )
    elif grown.slope < _SIGNIFICANT * grown.slope_error:
        found.reason = (
            "the darks hold too little dark current to tell whether the camera subtracts its optical black "
            f"({grown.slope:.2g} +- {grown.slope_error:.1g} electron/s by the variance of equal frames)"
        )
    return found


def _noise(levels):
    """Exposure time (s), variance of a typical pixel and its error (frames' unit, squared) of all sets that tell."""
    sets = [*([levels.bias_set] if levels.bias_set else []), *levels.sets]
    # Frames that do not vary tell nothing.
    found = [(one.seconds, one.variance, one.variance_error) for one in sets if one.variance]
    if (levels.bias_set is None or levels.bias_set.variance is None) and levels.master_noise is not None:
        found.insert(0, (0.0, *levels.master_noise))
    return found


def _level_growth(levels, scale):
    """Growth of the level with exposure time and its error (electron/s); None where it cannot be told."""
    seconds = [one.seconds for one in levels.sets]
    errors = levels.level_errors()
    counts = [one.level for one in levels.sets]
    if len(seconds) > 1:
        line = straight_line(seconds, counts, errors)
        return line.slope * scale, line.slope_error * scale
    bias = levels.bias_level
    if bias is None:
        return None
    return (counts[0] - bias) * scale / seconds[0], np.hypot(errors[0], levels.drift) * scale / seconds[0]


def _gain_is_right(levels, group, scale):
    """Whether hot pixels scatter by the Poisson noise of their electrons, within a factor of two; None without any."""
    chosen = None
    for one, frames in zip(levels.sets, group.dark_samples, strict=True):
        if one.variance is not None and len(frames.values) >= 2:
            chosen = one, frames
    if chosen is None:
        return None
    one, frames = chosen
    values = [frames.unmasked(number) for number in range(len(frames.values))]
    values = np.array(values)[:, :: max(1, values[0].size // 2**17)].astype(float)
    above = np.median(values, axis=0) - one.level
    top = np.nanmax(values)
    told = group.told.get("saturation")
    top = min(top, told.value) if told is not None else top
    hot = (above > _HOT * np.sqrt(one.variance)) & (values.max(axis=0) < one.level + 0.8 * (top - one.level))
    freedom = len(values) - 1
    if freedom * np.count_nonzero(hot) < _LEAST_FREEDOM:
        return None
    # A chi-square variable of k degrees has the median k (1 - 2 / (9 k))^3 (Wilson and Hilferty 1931).
    unbiased = (1 - 2 / (9 * freedom)) ** 3
    # Of averages, the variance of one exposure.
    variances = combined_numbers(group)[frames.indices[0]] * values[:, hot].var(axis=0, ddof=1) / unbiased
    ratio = np.median((variances - one.variance) / above[hot]) * scale
    return bool(0.5 < ratio < 2)
