# Licensed under a 3-clause BSD style license - see LICENSE
"""Which of some equal frames belong together: those whose level as a whole is that of the others."""

from dataclasses import dataclass

import numpy as np

from .._compute.blocks import sample_blocks
from .._compute.workers import THREADS
from .._warnings import FrameLevelWarning, warn
from ..frames.inputs import sample
from .bias import Bias
from .dark_frames import DarkSet, ElectronReader
from .read_noise import measure_scatter, scatter_read_noise

__all__ = ["FrameSelection", "frame_level_shifts", "outlying_frames", "select_biases", "select_frames"]

# Frames that must remain for others to be left out.
_LEAST_FRAMES = 3
# A frame whose level is this far from the others', in sigmas of their levels and in its own unit, is not one of them.
_ODD_SIGMAS = 5.0
_ODD_UNITS = 1.0
# Pixels that it takes to tell a shift of a whole frame from a cosmic ray, and those that are enough for its size.
_LEVEL_PIXELS = 100
_LEVEL_SAMPLE = 2**16
# Samples (frames x pixels) that may be in memory at a time.
_MOST_SAMPLES = 2**20
_SIGNIFICANT = 5.0


@dataclass
class FrameSelection:
    """
    Equal frames, and which of them belong together.

    Attributes
    ----------
    dark_set : `DarkSet`
        The frames, with their level shifts.
    reader : `ElectronReader`
        Reads rows of them.
    """

    dark_set: DarkSet
    reader: ElectronReader

    @classmethod
    def of(cls, dark_set, reader, execution=THREADS):
        """Of frames whose level shifts are yet to be measured; they are set."""
        dark_set.level_shifts = frame_level_shifts(dark_set, reader, execution)
        return cls(dark_set, reader)

    @property
    def levels(self):
        """How far each frame as a whole sits above the middle one, in the frames' unit."""
        return self.dark_set.level_shifts / self.reader.scale

    @property
    def outlying(self):
        """Indices of the frames whose level is not that of the others."""
        return outlying_frames(self.levels)

    @property
    def left_out(self):
        """Indices of the frames to leave out: all outlying ones where three other frames remain, else none."""
        outlying = self.outlying
        return outlying if len(self.dark_set.frames) - len(outlying) >= _LEAST_FRAMES else []

    def chosen(self):
        """The same of the frames that are not left out."""
        given = self.dark_set
        kept = np.delete(np.arange(len(given.frames)), self.left_out)
        frames = [given.frames[index] for index in kept]
        dark_set = DarkSet(frames, given.seconds, given.combined[kept], level_shifts=given.level_shifts[kept])
        return FrameSelection(dark_set, self.reader)

    def read_noise(self):
        """Read noise (electron) that the scatter of three bias frames or more tells, else None."""
        if len(self.dark_set.frames) < _LEAST_FRAMES:
            return None
        scatter = measure_scatter(self.dark_set, self.reader)
        return None if scatter is None else scatter_read_noise(scatter, self.reader.scale, dark_electrons=0.0)

    def warn(self, equals, harm=""):
        """Warn of the outlying frames; ``equals`` says what the frames are, ``harm`` what such a frame does."""
        for index in self.outlying:
            frame = self.dark_set.frames[index]
            warn(
                f"{frame.label} sits {self.levels[index]:+.1f} {frame.unit} from the other {equals} as a whole, as "
                f"after a drift of the bias level{harm}: better leave it out",
                FrameLevelWarning,
            )


def select_frames(frames, scale, level=0.0, execution=THREADS):
    """`FrameSelection` of frames as they are, of so many electrons a unit, and of this bias level (electron)."""
    reader = ElectronReader(scale, Bias(level=level), None)
    return FrameSelection.of(DarkSet(frames, 0.0, np.ones(len(frames))), reader, execution)


def select_biases(frames, scale, execution=THREADS):
    """
    `FrameSelection` of bias frames, of so many electrons a unit.

    The one level of the sensor is taken from them, so that what a hot pixel has above it counts as Poisson electrons.
    """
    some = sample(frames[0], sample_blocks(frames[0].shape, _LEVEL_SAMPLE)).data
    return select_frames(frames, scale, float(np.nanmedian(some.astype(float))) * scale, execution)


def outlying_frames(levels):
    """Indices of the levels (in the frames' unit) that are not one of the others; of three or more."""
    kept = np.arange(len(levels))
    # One far off widens the scatter, and hides another: look again without it.
    while len(kept) >= 3:
        away = np.abs(levels[kept] - np.median(levels[kept]))
        odd = away > max(_ODD_UNITS, _ODD_SIGMAS * 1.4826 * np.median(away))
        if not odd.any():
            break
        kept = kept[~odd]
    return [index for index in range(len(levels)) if index not in kept]


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
