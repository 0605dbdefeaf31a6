# Licensed under a 3-clause BSD style license - see LICENSE
"""Level and noise of typical pixels in darks and bias frames, at each exposure time."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...statistics.noise import trimmed_variance
from ...statistics.robust import median, scatter_in_image
from .told_number import combined_numbers, told_number

__all__ = ["DRIFT", "LEAST_PIXELS", "FrameLevels", "LevelSet"]

# Error of a level, in the frames' unit: bias levels of real cameras move by some tenths to a few adu between sets.
DRIFT = 1.0
# The same in units of a frame's noise; times the scatter of equal frames' levels, as a drift goes on from set to set.
_DRIFT_NOISE, _DRIFT_SCATTER = 0.1, 2.0
# Relative error of the dark current of a set: the temperature of a cooled sensor is kept to 0.1 or 0.2 K.
_TEMPERATURE = 0.02

# Pixels that give a level to a hundredth of their noise; fewest that are judged.
_PIXELS, LEAST_PIXELS = 2**14, 1000
# Widths of the distribution of counts within which a pixel is typical; sigmas of a frame beyond which a sample is not.
_TYPICAL, _FAR = 5.0, 6.0


@dataclass
class LevelSet:
    """Typical pixels of equal frames; in the frames' unit.

    Attributes
    ----------
    seconds : float
        Exposure time (s); 0 of bias frames.
    levels : `numpy.ndarray`
        Mean of the typical pixels in each frame.
    variance, variance_error : float or None
        Variance of a typical pixel in one exposure, without what all pixels of a frame have in common; and its error.
        None with a single frame, and where frames are means of different numbers of exposures.
    """

    seconds: float
    levels: np.ndarray
    variance: float | None
    variance_error: float | None

    @property
    def level(self):
        """Level of the frames."""
        return float(np.median(self.levels))

    @property
    def scatter(self):
        """Scatter of the frames' levels; None of a single frame."""
        return float(np.std(self.levels, ddof=1)) if len(self.levels) > 1 else None


@dataclass
class FrameLevels:
    """Levels of a `FrameGroup` in the same typical pixels, which are not hot.

    Attributes
    ----------
    group : `ccdproc_darks.frames.evidence.frame_group.FrameGroup`
        The frames.
    typical : `numpy.ndarray` of int
        Indices of the typical pixels in the group's samples.
    """

    group: object
    typical: np.ndarray

    @classmethod
    def of(cls, group):
        """Levels of a `FrameGroup`; None where there are too few typical pixels."""
        longest = group.dark_samples[-1]
        # Odd: columns may alternate.
        step = longest.values[0].size // _PIXELS | 1
        pieces = np.arange(0, longest.values[0].size, step)
        mean = np.mean([values[pieces].astype(float) for values in longest.values], axis=0)
        bias = _bias_values(group, pieces)
        usable = np.isfinite(mean)
        if bias is not None:
            mean -= bias
            usable &= np.isfinite(mean)
        for one in [*group.dark_samples, *([group.bias_sample] if group.bias_sample else [])]:
            if one.masked is not None:
                usable &= ~one.masked[pieces]
            for values in one.values:
                if values.dtype.kind == "f":
                    usable &= np.isfinite(values[pieces])
        if not usable.any():
            return None
        middle = np.median(mean[usable])
        width = 1.4826 * np.median(np.abs(mean[usable] - middle))
        usable &= np.abs(mean - middle) <= _TYPICAL * width
        typical = pieces[usable]
        return cls(group, typical) if typical.size >= LEAST_PIXELS else None

    @cached_property
    def sets(self):
        """`LevelSet` of each exposure time, the shortest first."""
        numbers = combined_numbers(self.group)
        return [self._level_set(one, [numbers[index] for index in one.indices]) for one in self.group.dark_samples]

    @cached_property
    def bias_set(self):
        """`LevelSet` of single bias frames, or None."""
        one = self.group.bias_sample
        return None if one is None else self._level_set(one, [1] * len(one.indices))

    @cached_property
    def bias_level(self):
        """Level of the bias in the typical pixels; None where there is none."""
        if self.bias_set is not None:
            return self.bias_set.level
        bias = _bias_values(self.group, self.typical)
        return None if bias is None else float(np.mean(bias))

    @cached_property
    def drift(self):
        """Standard deviation by which levels move between sets of frames, in the frames' unit."""
        sets = [*self.sets, *([self.bias_set] if self.bias_set else [])]
        scatters = [one.scatter for one in sets if one.scatter is not None]
        variances = [one.variance for one in sets if one.variance is not None]
        least = max(DRIFT, _DRIFT_NOISE * np.sqrt(min(variances))) if variances else DRIFT
        walk = _DRIFT_SCATTER * np.sqrt(np.mean(np.square(scatters))) if scatters else 0.0
        return float(np.hypot(least, walk))

    def level_errors(self):
        """Error of the level of each set: drift of the bias, and of the temperature; in the frames' unit."""
        first = self.sets[0].level if self.bias_level is None else self.bias_level
        return np.array([np.hypot(self.drift, _TEMPERATURE * (one.level - first)) for one in self.sets])

    @cached_property
    def master_noise(self):
        """Variance of one exposure by the master bias, and its error (frames' unit, squared); None without one.

        It is that of the uncertainty that `ccdproc.combine` writes, or that of the read noise that is told. The scatter
        from pixel to pixel, times the number of exposures, is an upper limit: what is between is error.
        """
        master = self.group.master
        number = None if master is None else told_number(master)
        if number is None or self.group.scale is None:
            return None
        highest = number * (scatter_in_image(self.group.master_sample.data) * self.group.master_factor) ** 2
        deviation = self.group.master_sample.uncertainty
        if deviation is not None and number > 2 and "DKVERS" not in master.header:
            # scatter / sqrt(N), with ddof 0
            variances = (deviation.ravel()[self.typical] * self.group.master_factor) ** 2 * number**2 / (number - 1)
            variance = trimmed_variance(variances, number - 1)
        elif "read_noise" in self.group.told:
            variance = (self.group.told["read_noise"].value / self.group.scale) ** 2
        else:
            return None
        return variance, float(max(abs(highest - variance), 0.01 * variance))

    def _level_set(self, frame_sample, numbers):
        values = [each[self.typical] for each in frame_sample.values]
        levels = np.array([_level(each) for each in values])
        variance = error = None
        if len(values) > 1 and len(set(numbers)) == 1:
            values = np.array(values, dtype=float) - levels[:, None]
            variances = values.var(axis=0, ddof=1)
            freedom = len(values) - 1
            variance = numbers[0] * trimmed_variance(variances, freedom)
            error = 1.2 * variance * np.sqrt(2 / (freedom * variances.size))
        return LevelSet(frame_sample.seconds, levels, variance, error)


def _bias_values(group, pixels):
    """Bias of some pixels of the sample, a number for all of them, or None."""
    if group.bias_sample is not None:
        return np.mean([values[pixels].astype(float) for values in group.bias_sample.values], axis=0)
    if group.master is not None:
        return group.master_values[pixels]
    return group.level


def _level(values):
    """Mean of typical pixels of one frame, without cosmic rays."""
    is_short = values.dtype.kind in "iu" and values.dtype.itemsize <= 2
    values = values.astype(np.int32 if is_short else float)
    middle = median(values)
    # Of whole numbers, twice the median is one.
    away = median(np.abs(2 * values - int(2 * middle))) / 2 if is_short else median(np.abs(values - middle))
    reach = _FAR * max(1.4826 * away, 0.5)
    return float(values[np.abs(values - middle) <= reach].mean())
