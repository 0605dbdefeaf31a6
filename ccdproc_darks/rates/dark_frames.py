# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark frames made ready to be measured: what they are, what is taken from them, and how noisy they are."""

from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u

from .._arguments import checked_number
from .._compute.blocks import sample_blocks
from .._compute.workers import THREADS
from ..frames.headers import SATURATION_KEYS, common_setting, equal_exposures, exposures, frame_settings, known_gain
from ..frames.inputs import as_frames, open_files, sample
from ..frames.quality_warnings import warn_levels, warn_temperatures
from .bias import Bias, as_bias, combined_number
from .read_noise import given_noise, measured_noise

__all__ = ["DarkSet", "ElectronReader", "Electrons", "PreparedDarks", "frame_level_shifts", "prepare_darks"]

# Pixels that it takes to tell a shift of a whole frame from a cosmic ray, and those that are enough for its size.
_LEVEL_PIXELS = 100
_LEVEL_SAMPLE = 2**16
# Samples (frames x pixels) that may be in memory at a time.
_MOST_SAMPLES = 2**20
_SIGNIFICANT = 5.0


@dataclass
class DarkSet:
    """Frames of one exposure time.

    Attributes
    ----------
    frames : list
        The frames.
    seconds : float
        Their exposure time.
    combined : `numpy.ndarray`
        Number of exposures that each of them is the mean of.
    unbiased : list of float
        What makes their own variances unbiased; told by their headers.
    level_shifts : `numpy.ndarray`
        How far each frame as a whole sits above the others (electron); see `frame_level_shifts`.
    """

    frames: list
    seconds: float
    combined: np.ndarray
    unbiased: list | None = None
    level_shifts: np.ndarray | None = None

    def __post_init__(self):
        if self.level_shifts is None:
            self.level_shifts = np.zeros(len(self.frames))
        if self.unbiased is None:
            self.unbiased = [_unbiased(frame, n) for frame, n in zip(self.frames, self.combined, strict=True)]

    def for_rows(self, rows):
        """What it takes to read some rows of it; it can be sent to another process."""
        return replace(self, frames=[frame.for_rows(rows) for frame in self.frames])

    def sample(self, blocks):
        """Some blocks of its rows, one after the other, in memory."""
        return replace(self, frames=[sample(frame, blocks) for frame in self.frames])

    @contextmanager
    def open_files(self):
        """A part of it with its files open."""
        with open_files(self.frames) as frames:
            yield replace(self, frames=frames)


@dataclass
class Electrons:
    """Some rows of a `DarkSet`: arrays of shape (frames, rows, columns), in electrons.

    Attributes
    ----------
    samples : `numpy.ndarray`
        Bias-subtracted counts; zero where they are not good.
    good : `numpy.ndarray` of bool
        Finite, not masked, not saturated.
    saturated : `numpy.ndarray` of bool
        Pixels (rows, columns) of which every sample that is not bad is saturated.
    limit : `numpy.ndarray` or float
        What a saturated sample has at least, (rows, columns).
    own_variance : `numpy.ndarray` or None
        Square of the frames' own uncertainties.
    """

    samples: np.ndarray
    good: np.ndarray
    saturated: np.ndarray
    limit: np.ndarray
    own_variance: np.ndarray | None


class ElectronReader:
    """
    Reads rows of a `DarkSet` as `Electrons`.

    Parameters
    ----------
    scale : float
        Electrons per unit of the frames.
    bias : `ccdproc_darks.rates.bias.Bias`
        The bias to take from them.
    saturation : float or None
        Level, in the unit of the frames as they are, from which a sample is saturated.
    own_noise : bool
        Whether to read the frames' own uncertainties.
    """

    def __init__(self, scale, bias, saturation, own_noise=False):
        self.scale, self.bias, self.saturation, self.own_noise = scale, bias, saturation, own_noise

    def for_rows(self, rows):
        """The same for some rows only; it can be sent to another process."""
        return ElectronReader(self.scale, self.bias.for_rows(rows), self.saturation, self.own_noise)

    def sample(self, blocks):
        """What reads what `DarkSet.sample` gives of the same blocks."""
        return ElectronReader(self.scale, self.bias.sample(blocks), self.saturation, self.own_noise)

    def read(self, dark_set, block):
        """`Electrons` of the rows of the slice ``block``."""
        bias, bad_bias = self.bias.rows(block)
        frames = dark_set.frames
        stack = [frame.rows(block) for frame in frames]
        shape = (len(frames), *stack[0].values.shape)
        samples = np.empty(shape)
        good = np.ones(shape, dtype=bool)
        over = np.zeros(shape, dtype=bool)
        variance = np.empty(shape) if self.own_noise else None
        for index, rows in enumerate(stack):
            samples[index] = rows.values
            good[index] = np.isfinite(samples[index])
            if rows.mask is not None:
                good[index] &= ~rows.mask
            if variance is not None:
                factor = self.scale**2 * dark_set.unbiased[index]
                variance[index] = np.square(rows.deviation, dtype=float) * factor
                good[index] &= np.isfinite(variance[index])
        if bad_bias is not None:
            good &= ~bad_bias
        if self.saturation is not None:
            over = good & (samples >= self.saturation)
            good &= ~over
        samples *= self.scale
        samples -= bias
        samples[~good] = 0.0
        limit = 0.0 if self.saturation is None else self.saturation * self.scale - bias
        saturated = over.any(axis=0) & ~good.any(axis=0)
        return Electrons(samples, good, saturated, np.broadcast_to(limit, shape[1:]), variance)


def frame_level_shifts(dark_set, reader, execution=THREADS):
    """
    How far each frame as a whole sits above the middle one of its set (electron).

    Zero where it is not significant, and for each where there are too few pixels to tell.

    Parameters
    ----------
    dark_set : `DarkSet`
        The frames.
    reader : `ElectronReader`
        Reads rows of them.
    execution : `ccdproc_darks._compute.workers.Execution`
        Whose threads work.
    """
    count = len(dark_set.frames)
    if count < 2:
        return np.zeros(count)
    blocks = sample_blocks(dark_set.frames[0].shape, min(_LEVEL_SAMPLE, _MOST_SAMPLES // count))
    electrons = reader.sample(blocks).read(dark_set.sample(blocks), slice(None))
    complete = electrons.good.all(axis=0)
    shifts = electrons.samples.reshape(count, -1) if complete.all() else electrons.samples[:, complete]
    number = shifts.shape[1]
    if number < _LEVEL_PIXELS:
        return np.zeros(count)
    shifts -= shifts.mean(axis=0)
    levels, ranges = np.transpose(execution.map_in_threads(_middle_half, shifts))
    levels -= np.median(levels)
    # The error of the mean of the middle half is 1.1 sigma / sqrt(n), and the quartiles are 1.35 sigma apart.
    error = 1.1 * ranges / 1.35 / np.sqrt(number)
    # Shifts lack the mean of all frames, which makes them smaller; levels have the error of a median (pi / 2) more.
    error *= np.sqrt((1 + np.pi / 2 / count) / (1 - 1 / count))
    return np.where(np.abs(levels) > _SIGNIFICANT * error, levels, 0.0)


def _middle_half(values):
    """Mean of the middle half of some values, and how far apart its ends are."""
    # The median over pixels of whole ADU knows its value to an ADU only; the mean of the middle half does better.
    ordered, quarter = values.astype(np.float32), values.size // 4
    # One after the other: numpy takes ten times as long for two at once.
    ordered.partition(quarter)
    ordered[quarter + 1 :].partition(values.size - 2 * quarter - 1)
    return ordered[quarter:-quarter].mean(dtype=float), ordered[-quarter] - ordered[quarter]


def _unbiased(frame, combined):
    """What makes a variance of ``ccdproc.combine`` (ddof 0) unbiased; 1 for any other uncertainty."""
    return combined / (combined - 1) if combined > 1 and "DKVERS" not in frame.header else 1.0


@dataclass
class PreparedDarks:
    """
    Dark frames made ready.

    Attributes
    ----------
    frames : list
        All of them.
    dark_sets : list of `ccdproc_darks.rates.dark_frames.DarkSet`
        By exposure time, the shortest first.
    reader : `ccdproc_darks.rates.dark_frames.ElectronReader`
        Reads rows of a set as electrons.
    bias : `ccdproc_darks.rates.bias.Bias`
        What it takes from them.
    bias_error : float
        Error of that (electron).
    noise : float or None
        Read noise of a frame (electron).
    source : str
        Where the noise is from, see `ccdproc_darks.rates.rate_meta.RateMeta`.
    gain, saturation : float or None
        electron/adu; the frames' unit.
    """

    frames: list
    dark_sets: list
    reader: ElectronReader
    bias: Bias
    bias_error: float
    noise: float | None
    source: str
    gain: float | None
    saturation: float | None

    @property
    def shape(self):
        """Rows and columns."""
        return self.frames[0].shape


def prepare_darks(darks, *, gain, read_noise, bias, exposure, saturation, n_combined, offset, execution, stacklevel):
    """
    `PreparedDarks` of what the user gave to `dark_rate`.

    Parameters
    ----------
    darks, gain, read_noise, bias, exposure, saturation, n_combined, offset
        As of `dark_rate`.
    execution : `ccdproc_darks._compute.workers.Execution`
        Whose threads work.
    stacklevel : int
        For warnings: 1 is the caller.
    """
    frames = as_frames(darks)
    setting = _Settings(frames, gain, saturation)
    dark_sets = _dark_sets(frames, exposures(exposure, frames), _combined(n_combined, frames))
    if offset == "pixel" and len(dark_sets) < 2:
        raise ValueError(
            f"offset='pixel' needs frames of two exposure times or more, got only {dark_sets[0].seconds:g} s"
        )
    the_bias = Bias() if offset == "pixel" and bias is None else as_bias(bias, frames, setting.gain)
    warn_temperatures(frames, stacklevel=stacklevel + 1)
    noise, source = given_noise(read_noise, frames)
    reader = ElectronReader(setting.scale, the_bias, setting.saturation, own_noise=source == "uncertainty")
    for dark_set in dark_sets:
        dark_set.level_shifts = frame_level_shifts(dark_set, reader, execution)
        warn_levels(dark_set, dark_set.level_shifts / setting.scale, stacklevel=stacklevel + 1)
    if source in ("none", "uncertainty"):
        noise, source = measured_noise(dark_sets, reader, source, offset)
        reader.own_noise = source == "uncertainty"
    return PreparedDarks(
        frames, dark_sets, reader, the_bias, the_bias.error(noise), noise, source, setting.gain,
        setting.saturation,
    )  # fmt: skip


class _Settings:
    """Gain and saturation of the frames."""

    def __init__(self, frames, gain, saturation):
        unit = frames[0].unit
        self.gain = known_gain(gain, frames)
        self.scale = self.gain if unit == u.adu else 1.0
        self.saturation = self._saturation(saturation, frames, unit)

    def _saturation(self, saturation, frames, unit):
        convert = [(u.adu, u.electron, lambda x: x * self.gain, lambda x: x / self.gain)] if self.gain else []
        # A header's SATURATE is in adu; frames in electron of unknown gain cannot be held against it.
        keys = SATURATION_KEYS if unit == u.adu or self.gain else ()
        levels = frame_settings("saturation", saturation, frames, unit, keys, header_unit=u.adu, equivalencies=convert)
        level = common_setting("saturation", levels, frames)
        if frames[0].dtype.kind == "u":
            top = float(np.iinfo(frames[0].dtype).max)
            level = top if level is None else min(level, top)
        return level


def _combined(n_combined, frames):
    if n_combined is None:
        # No comprehension: the warning counts the calls up to the user's.
        numbers = []
        for frame in frames:
            numbers.append(combined_number(frame, "n_combined"))
        return numbers
    number = checked_number("n_combined", n_combined)
    if number < 1 or number != int(number):
        raise ValueError(f"n_combined must be a whole number from 1, got {n_combined!r}")
    return [int(number)] * len(frames)


def _dark_sets(frames, seconds, combined):
    """Frames by exposure time, the shortest first."""
    return [
        DarkSet(
            [frames[index] for index in group],
            float(np.mean([seconds[index] for index in group])),
            np.array([combined[index] for index in group], dtype=float),
        )
        for group in equal_exposures(seconds)
    ]
