# Licensed under a 3-clause BSD style license - see LICENSE
"""Darks and their bias as they were given, before anything that is told of them is believed."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from astropy import units as u

from ..._compute.blocks import sample_blocks
from ..headers import equal_exposures
from ..inputs import sample
from ..trimmed_frame import TrimmedFrame
from .frame_levels import FrameLevels
from .lowest_values import clipping_finding

__all__ = ["FrameGroup", "FrameSample"]

# Pixels of each frame in the sample; frames of one exposure time, or bias frames, that are sampled; at least.
_SAMPLE_PIXELS, _SAMPLE_FRAMES, _LEAST_FRAMES = 2**18, 16, 2
# Values in the samples of all darks: many exposure times have fewer frames each, and very many fewer pixels.
_SAMPLE_VALUES = 2**24
# Values that tell whether they are whole numbers; what rounding to single precision makes of one.
_DIGITS, _FRACTION = 1000, 0.02


@dataclass
class FrameSample:
    """Values of some pixels, the same in all frames, as the frames have them: no bias is applied.

    Attributes
    ----------
    seconds : float
        Exposure time (s); 0 of bias frames.
    indices : list of int
        Which of the darks, or of the bias frames, these are.
    values : list of `numpy.ndarray`
        Values of each frame, flat, in the frames' unit and type.
    masked : `numpy.ndarray` of bool, or None
        Pixels that are masked in one of the frames, flat.
    """

    seconds: float
    indices: list
    values: list
    masked: np.ndarray | None = None

    def unmasked(self, number):
        """Values of one of the frames, without those of masked pixels."""
        return self.values[number] if self.masked is None else self.values[number][~self.masked]

    @cached_property
    def is_whole(self):
        """Whether the values are whole numbers, as those of single exposures are."""
        return self.values[0].dtype.kind != "f" or _are_whole(self.unmasked(0))

    @cached_property
    def is_whole_less_fractions(self):
        """Whether the values have fractions, but differences of equal frames none: a bias of fractions is subtracted.

        Means of exposures have fractions, and so have their differences.
        """
        if self.is_whole or len(self.values) < 2:
            return False
        with np.errstate(invalid="ignore"):
            return _are_whole(self.unmasked(0) - self.unmasked(-1))


@dataclass
class FrameGroup:
    """Darks and bias frames that are measured together.

    Attributes
    ----------
    darks : list
        Frames (`ccdproc_darks.frames.inputs.MemoryFrame` or `ccdproc_darks.frames.file_frame.FileFrame`).
    seconds : list of float
        Exposure time (s) of each.
    biases : list
        Single bias frames; empty where there are none, or a master bias only.
    master : frame or None
        Master bias.
    level : float or None
        Bias level (frames' unit) where it was given as a number.
    told : dict
        `ccdproc_darks.frames.evidence.finding.Told` of "gain" (electron/adu), "read_noise" (electron), "saturation"
        (frames' unit), "n_combined" (exposures in each dark); a setting that nobody tells is left out.
    combined : list of int
        Number of exposures that each dark is the mean of; empty where all are single exposures.
    """

    darks: list
    seconds: list
    biases: list = field(default_factory=list)
    master: object = None
    level: float | None = None
    told: dict = field(default_factory=dict)
    combined: list = field(default_factory=list)

    @property
    def unit(self):
        """Unit of the frames, adu or electron."""
        return self.darks[0].unit

    @property
    def scale(self):
        """Electrons per unit of the frames; None where nobody tells the gain."""
        if self.unit == u.electron:
            return 1.0
        return self.told["gain"].value if "gain" in self.told else None

    @property
    def shape(self):
        """Rows and columns."""
        return self.darks[0].shape

    @cached_property
    def sets(self):
        """Darks by exposure time, the shortest first: a list of (seconds, indices)."""
        groups = equal_exposures(self.seconds)
        return [(float(np.mean([self.seconds[index] for index in group])), group) for group in groups]

    @cached_property
    def blocks(self):
        """Blocks of rows of the sample: slices."""
        return self.some_blocks(min(_SAMPLE_PIXELS, self._most_values // _LEAST_FRAMES))

    def some_blocks(self, pixels):
        """Blocks of rows, spread over the image, of so many pixels or a few more: slices."""
        return sample_blocks(self.shape, pixels)

    @cached_property
    def dark_samples(self):
        """`FrameSample` of each exposure time, the shortest first; read once, for all checks."""
        pixels = min(_SAMPLE_PIXELS, self.shape[0] * self.shape[1])
        frames = max(_LEAST_FRAMES, min(_SAMPLE_FRAMES, self._most_values // pixels))
        return [self._sampled(self.darks, seconds, group, frames) for seconds, group in self.sets]

    @cached_property
    def bias_sample(self):
        """`FrameSample` of the bias frames, or None."""
        return self._sampled(self.biases, 0.0, list(range(len(self.biases)))) if self.biases else None

    def sample_again(self, pixels):
        """Forget the samples, and read more pixels the next time."""
        self.forget_samples()
        self.blocks = self.some_blocks(pixels)

    def forget_samples(self):
        """Free the memory of the samples; they are read again where they are wanted."""
        for name in ("dark_samples", "bias_sample", "master_sample", "master_values", "levels"):
            self.__dict__.pop(name, None)

    @cached_property
    def master_sample(self):
        """Sample of the master bias (`ccdproc_darks.frames.inputs.MemoryReader`), in its own unit."""
        return sample(self.master, self.blocks)

    @property
    def master_factor(self):
        """Factor from the unit of the master bias to that of the darks."""
        if self.master.unit == self.unit:
            return 1.0
        return self.told["gain"].value if self.unit == u.electron else 1 / self.told["gain"].value

    @cached_property
    def master_values(self):
        """Values of the `master_sample` (unit of the darks), flat; NaN where they are masked."""
        values = np.multiply(self.master_sample.data.ravel(), self.master_factor, dtype=float)
        if self.master_sample.mask is not None:
            values[self.master_sample.mask.ravel()] = np.nan
        return values

    @cached_property
    def levels(self):
        """`FrameLevels` of the samples; None where there are too few typical pixels."""
        return FrameLevels.of(self)

    @cached_property
    def clipping(self):
        """`Finding` of the check "clipping": whether values are cut off below."""
        return clipping_finding(self)

    @cached_property
    def as_written(self):
        """The group with the digits that the camera wrote: that of frames from which no overscan is taken off."""
        if not any(isinstance(frame, TrimmedFrame) and frame.overscan is not None for frame in self.darks):
            return self
        return replace(self, darks=_raw(self.darks), biases=_raw(self.biases))

    @property
    def _most_values(self):
        """Most values of each exposure time in the sample."""
        return _SAMPLE_VALUES // len(self.sets)

    def _sampled(self, frames, seconds, group, most=_SAMPLE_FRAMES):
        # Evenly from the first to the last, as frames drift.
        chosen = [group[int(index)] for index in np.linspace(0, len(group) - 1, min(len(group), most))]
        values, masked = [], None
        for index in chosen:
            one = sample(frames[index], self.blocks)
            # Without their overscan they are in double precision, of which no check needs more than half.
            is_double = isinstance(frames[index], TrimmedFrame) and frames[index].overscan is not None
            values.append(one.data.ravel().astype(np.float32) if is_double else one.data.ravel())
            if one.mask is not None:
                masked = one.mask.ravel() if masked is None else masked | one.mask.ravel()
        return FrameSample(seconds, chosen, values, masked)


def _are_whole(values):
    """Whether nearly all are whole numbers, as far as single precision can tell."""
    values = values[:: 1 + values.size // _DIGITS].astype(float)
    values = values[np.isfinite(values)]
    return values.size > 0 and np.count_nonzero(np.abs(values - np.rint(values)) < _FRACTION) > 0.99 * values.size


def _raw(frames):
    return [frame.raw if isinstance(frame, TrimmedFrame) else frame for frame in frames]
