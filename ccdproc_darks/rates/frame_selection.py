# Licensed under a 3-clause BSD style license - see LICENSE
"""Which equal frames belong together: those that have the same level, without a drift of the bias."""

from dataclasses import dataclass, field

import numpy as np

from .._compute.blocks import sample_blocks
from .._compute.workers import THREADS
from .._interface.warnings import FrameLevelWarning, TemperatureWarning, warn
from ..frames.inputs import sample
from ..frames.temperatures import TEMPERATURE_SPREAD, sensor_temperature
from .bias import Bias
from .dark_frames import DarkSet, ElectronReader
from .light import Light, light_in_all, light_in_some
from .read_noise import measure_scatter, scatter_read_noise

__all__ = [
    "FrameSelection",
    "frame_level_shifts",
    "mean_temperature",
    "outlying_frames",
    "select_biases",
    "select_frames",
    "warn_temperatures",
]

# Frames are left out only if this many others remain.
_LEAST_FRAMES = 3
# A frame is an outlier if its level differs from the others' by this many sigmas, and by this many adu or electron.
_ODD_SIGMAS = 5.0
_ODD_UNITS = 1.0
# Fewest pixels that tell a shift of the level from a cosmic ray; number of pixels that is enough to measure it.
_LEVEL_PIXELS = 100
_LEVEL_SAMPLE = 2**16
# Most samples (frames x pixels) in memory at a time.
_MOST_SAMPLES = 2**20
# Standard deviations from which on a shift is significant.
_SIGNIFICANT = 5.0


@dataclass
class FrameSelection:
    """Equal frames, the shifts of their levels, and which of them belong together.

    Attributes
    ----------
    dark_set : `DarkSet`
        The frames, with their level shifts.
    reader : `ElectronReader`
        Reader of their rows.
    light : `Light`
        Frames that look like light frames.
    """

    dark_set: DarkSet
    reader: ElectronReader
    light: Light = field(default_factory=Light)

    @classmethod
    def of(cls, dark_set, reader, execution=THREADS):
        """Selection of a `DarkSet`, whose level shifts are measured and set."""
        electrons = _sample(dark_set, reader)
        if electrons is None:
            dark_set.level_shifts = np.zeros(len(dark_set.frames))
            return cls(dark_set, reader)
        light = light_in_all(electrons, reader.scale, flats=reader.bias.is_subtracted)
        dark_set.levels, dark_set.level_shifts = _level_shifts(electrons, execution)
        selection = cls(dark_set, reader, light)
        if not light.frames:
            # The level of every pixel is no matter here, so that it may have been subtracted.
            selection.light = light_in_some(electrons, reader.scale, selection.outlying)
        return selection

    @property
    def levels(self):
        """Level of each frame minus the median level, in the frames' unit."""
        return self.dark_set.level_shifts / self.reader.scale

    @property
    def outlying(self):
        """Indices of the frames whose level differs from that of the others."""
        return outlying_frames(self.levels)

    @property
    def left_out(self):
        """Indices of the frames to leave out: all outlying ones if three others remain, else none."""
        outlying = self.outlying
        return outlying if len(self.dark_set.frames) - len(outlying) >= _LEAST_FRAMES else []

    def chosen(self):
        """`FrameSelection` without the frames to leave out."""
        given = self.dark_set
        kept = np.delete(np.arange(len(given.frames)), self.left_out)
        frames = [given.frames[index] for index in kept]
        dark_set = DarkSet(frames, given.seconds, given.combined[kept], level_shifts=given.level_shifts[kept])
        return FrameSelection(dark_set, self.reader)

    def read_noise(self):
        """Read noise (electron) from the scatter of bias frames; None with fewer than three frames."""
        if len(self.dark_set.frames) < _LEAST_FRAMES:
            return None
        scatter = measure_scatter(self.dark_set, self.reader)
        return None if scatter is None else scatter_read_noise(scatter, self.reader.scale, dark_electrons=0.0)

    def warn(self, equals, harm=""):
        """Warn of outlying frames; in the text ``equals`` names the other frames, and ``harm`` the effect."""
        self.light.warn(self.dark_set.frames, equals)
        for index in self.outlying:
            frame = self.dark_set.frames[index]
            warn(
                f"{frame.label} sits {self.levels[index]:+.1f} {frame.unit} from the other {equals} as a whole, as "
                f"after a drift of the bias level{harm}: better leave it out",
                FrameLevelWarning,
            )


def select_frames(frames, scale, level=0.0, execution=THREADS):
    """`FrameSelection` of raw frames, with ``scale`` electrons per unit and a bias ``level`` (electron)."""
    reader = ElectronReader(scale, Bias(level=level), None)
    return FrameSelection.of(DarkSet(frames, 0.0, np.ones(len(frames))), reader, execution)


def select_biases(frames, scale, execution=THREADS):
    """`FrameSelection` of bias frames, with ``scale`` electrons per unit.

    The median of the first frame is taken as bias level, so that counts of a hot pixel above it are Poisson electrons.
    """
    some = sample(frames[0], sample_blocks(frames[0].shape, _LEVEL_SAMPLE)).data
    finite = some[np.isfinite(some)].astype(float)
    return select_frames(frames, scale, float(np.median(finite)) * scale if finite.size else 0.0, execution)


def outlying_frames(levels):
    """Indices of frames whose level (in the frames' unit) is far from the others'; none of fewer than three."""
    kept = np.arange(len(levels))
    # An outlier widens the scatter and hides a second one: look again without it.
    while len(kept) >= 3:
        away = np.abs(levels[kept] - np.median(levels[kept]))
        odd = away > max(_ODD_UNITS, _ODD_SIGMAS * 1.4826 * np.median(away))
        if not odd.any():
            break
        kept = kept[~odd]
    return [index for index in range(len(levels)) if index not in kept]


def frame_level_shifts(dark_set, reader, execution=THREADS):
    """Level of each frame of a `DarkSet` minus the median level (electron), shape (frames,).

    Zero where the shift is not significant; zero for all frames if they have too few pixels.
    """
    electrons = _sample(dark_set, reader)
    return np.zeros(len(dark_set.frames)) if electrons is None else _level_shifts(electrons, execution)[1]


def _sample(dark_set, reader):
    """`Electrons` of some rows, spread over the sensor; None of a single frame."""
    count = len(dark_set.frames)
    if count < 2:
        return None
    blocks = sample_blocks(dark_set.frames[0].shape, min(_LEVEL_SAMPLE, _MOST_SAMPLES // count))
    return reader.sample(blocks).read(dark_set.sample(blocks), slice(None))


def _level_shifts(electrons, execution):
    """Levels or None, and `frame_level_shifts`, from the `Electrons` of some rows, which are changed."""
    count = len(electrons.samples)
    complete = electrons.good.all(axis=0)
    shifts = electrons.samples.reshape(count, -1) if complete.all() else electrons.samples[:, complete]
    number = shifts.shape[1]
    if number < _LEVEL_PIXELS:
        return None, np.zeros(count)
    shifts -= shifts.mean(axis=0)
    levels, ranges = np.transpose(execution.map_in_threads(_middle_half, shifts))
    levels -= np.median(levels)
    # The mean of the middle half has the error 1.1 sigma / sqrt(n), and the quartiles are 1.35 sigma apart.
    error = 1.1 * ranges / 1.35 / np.sqrt(number)
    # Subtracting the mean of all frames made shifts smaller; subtracting the median adds its error (factor pi / 2).
    error *= np.sqrt((1 + np.pi / 2 / count) / (1 - 1 / count))
    return levels, np.where(np.abs(levels) > _SIGNIFICANT * error, levels, 0.0)


def _middle_half(values):
    """Mean of the middle half of the values, and the distance between the quartiles."""
    # A median of whole adu is a whole adu; the mean of the middle half is more precise.
    ordered, quarter = values.astype(np.float32), values.size // 4
    # Two partitions: numpy takes ten times as long for one at both quartiles.
    ordered.partition(quarter)
    ordered[quarter + 1 :].partition(values.size - 2 * quarter - 1)
    return ordered[quarter:-quarter].mean(dtype=float), ordered[-quarter] - ordered[quarter]


def mean_temperature(frames):
    """Mean sensor temperature (deg C) from the frames' headers, or None."""
    return _mean(_temperatures(frames))


def warn_temperatures(frames):
    """Warn if frames were taken at different sensor temperatures; returns the `mean_temperature`."""
    found = _temperatures(frames)
    if found and max(found) - min(found) > TEMPERATURE_SPREAD:
        warn(
            f"the darks were taken at {min(found):.1f} to {max(found):.1f} deg C: dark current doubles every few "
            "degrees, and their mean is the rate at none of these temperatures",
            TemperatureWarning,
        )
    return _mean(found)


def _mean(found):
    return float(np.mean(found)) if found else None


def _temperatures(frames):
    found = [sensor_temperature(frame.header) for frame in frames]
    return [celsius for celsius in found if celsius is not None]
