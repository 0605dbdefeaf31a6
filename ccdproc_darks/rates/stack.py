# Licensed under a 3-clause BSD style license - see LICENSE
"""A block of rows of equal exposures: its mean, and the pixels of which the highest sample may be a cosmic ray."""

from dataclasses import dataclass

import numpy as np

from .._compute import loops
from ..frames.fits_image import FileReader, are_alike, row_positions, rows_alike

__all__ = ["FrameBlock", "FrameSums", "StreamedFrameBlock", "SumSettings", "are_equal", "frame_block", "in_electrons"]

# Sums of fewer 16-bit integers than that cannot overflow 32 bits.
_MOST_SHORT = 2**15
_SHORT_BITS, _SIGN = 16, 2**15
# Bytes of all frames that are read before they are added, and pixels of one frame at least.
_BYTES_AT_A_TIME, _LEAST_PIXELS = 2**20, 2**10


@dataclass
class SumSettings:
    """How the samples of a block become counts, and which of its pixels are special.

    Attributes
    ----------
    combined : `numpy.ndarray`
        Number of exposures that each frame is the mean of.
    scale : float
        Electrons per unit of the frames.
    saturation : float or None
        Level (unit of the frames) from which a sample is saturated.
    bias : `numpy.ndarray` or float
        Bias to subtract from the mean (electron); flat.
    bad_bias : `numpy.ndarray` of bool, or None
        Where there is no bias; flat.
    bound : `ccdproc_darks.rates.rejection.RejectionBound` or None
        Which pixels may lose their highest sample; None where no sample is rejected as too high.
    """

    combined: np.ndarray
    scale: float
    saturation: float | None
    bias: object
    bad_bias: np.ndarray | None = None
    bound: object = None

    def blank(self, pixels):
        """`FrameSums` of so many pixels, of which nothing is known yet but where there is no bias."""
        sums = FrameSums(np.empty((pixels,), float), np.empty((pixels,), bool))
        if self.bad_bias is None:
            sums.special.fill(False)
        else:
            # As bytes of 0 and 1, which other masks need not have.
            np.logical_and(self.bad_bias, True, out=sums.special)
        return sums


@dataclass
class FrameSums:
    """What sums and maxima tell of the pixels of a block, flat.

    Attributes
    ----------
    counts : `numpy.ndarray`
        Mean of the samples without the bias (electron).
    special : `numpy.ndarray` of bool
        Whether there is no bias, or a sample is saturated or not a number; where ``past`` is None, also whether the
        highest sample may be rejected.
    past : `numpy.ndarray` or None
        How far the highest sample is above the mean (unit of the frames); of integers, times the number of frames.
    """

    counts: np.ndarray
    special: np.ndarray
    past: np.ndarray | None = None


@dataclass
class FrameBlock:
    """A block of rows of frames in memory, flat.

    Attributes
    ----------
    values : `numpy.ndarray`
        Samples in the frames' unit, shape (frames, pixels).
    masks : list of `numpy.ndarray` or None
        Mask of each frame.
    """

    values: np.ndarray
    masks: list

    def samples(self, pixels):
        """Samples of some pixels, shape (frames, pixels)."""
        return self.values[:, pixels]

    def sums(self, settings):
        """`FrameSums` of all pixels.

        Parameters
        ----------
        settings : `SumSettings`
            How the samples become counts.

        Notes
        -----
        Integers are added up exactly, floating-point numbers in float64 and in the order of the frames.
        """
        dtype, count, equal = self.values.dtype, len(self.values), are_equal(settings.combined)
        if loops.sums is not None and equal and dtype.kind in "iu" and dtype.itemsize == 2 and count < _MOST_SHORT:
            return self._compiled_sums(settings)
        if loops.counts is not None and count == 1 and dtype == np.float32:
            return self._compiled_counts(settings)
        return self._numpy_sums(settings, equal)

    def _compiled_sums(self, settings):
        """Of 16-bit integers, in one pass."""
        pixels = self.values.shape[1]
        sums = settings.blank(pixels)
        numbers, arrays = _for_sums(settings, sums, self.values, self.values.dtype, in_file=False)
        loops.sums(pixels, numbers, arrays, _as_short(self.values))
        return sums

    def _compiled_counts(self, settings):
        """Of one frame in single precision, in one pass."""
        sums, (level, bias) = settings.blank(self.values.shape[1]), _level_and_array(settings.bias)
        saturation = np.inf if settings.saturation is None else settings.saturation
        loops.counts(
            sums.counts.size, self.values[0].view(np.float32), not self.values.dtype.isnative, saturation,
            settings.scale, level, bias, sums.counts, sums.special,
        )  # fmt: skip
        return sums

    def _numpy_sums(self, settings, equal):
        sums = settings.blank(self.values.shape[1])
        divisor = float(len(self.values) if equal else settings.combined.sum())
        total, highest = self._total_and_highest(settings.combined, equal)
        np.divide(total, divisor, out=sums.counts)
        in_electrons(sums.counts, settings.scale, settings.bias)
        if self.values.dtype.kind == "f":
            sums.special |= ~np.isfinite(total)
        if settings.saturation is not None:
            sums.special |= highest >= _comparable(settings.saturation, self.values.dtype)
        if settings.bound is not None:
            sums.past = self._past(total, highest, divisor)
        return sums

    def _total_and_highest(self, combined, equal):
        """Weighted sum of the frames, and their maximum."""
        first, stack = self.values[0], self.values
        highest = first if len(stack) == 1 else np.maximum.reduce(stack, axis=0)
        if equal and first.dtype.kind in "iu" and first.dtype.itemsize < 4 and len(stack) < _MOST_SHORT:
            return np.add.reduce(stack, axis=0, dtype=np.int32), highest
        # One after the other, whatever the number of pixels.
        total = first.astype(float)
        if not equal:
            total *= combined[0]
        for number, frame in zip(combined[1:], stack[1:], strict=True):
            # By numpy 1, float32 times float64 would be float32.
            np.add(total, frame if equal else np.multiply(frame, number, dtype=float), out=total)
        return total, highest

    def _past(self, total, highest, divisor):
        if total.dtype.kind == "i":
            # In whole numbers: of so many samples, that many times the excess.
            past = np.multiply(highest, len(self.values), dtype=total.dtype)
            past -= total
            return past
        past = np.divide(total, divisor)
        return np.subtract(highest, past, out=past)


@dataclass
class StreamedFrameBlock:
    """A block of rows of files of 16-bit integers, added up while they are read, a few pixels at a time.

    So what is read does not leave the cache before it is added, and threads do not push each other's out of it. Samples
    are kept of special pixels only.

    Attributes
    ----------
    frames : list of `ccdproc_darks.frames.fits_image.FileReader`
        The open files, alike.
    rows : slice
        The block.
    """

    frames: list
    rows: slice
    _special: np.ndarray | None = None
    _instead: FrameBlock | None = None

    @property
    def masks(self):
        """Files of this kind have no masks."""
        return [None] * len(self.frames)

    def sums(self, settings):
        """`FrameSums` of all pixels; see `FrameBlock.sums`."""
        image, count = self.frames[0].image, len(self.frames)
        rows = range(*self.rows.indices(image.shape[0]))
        pixels = len(rows) * image.shape[1]
        room = min(max(_BYTES_AT_A_TIME // (2 * count) // _LEAST_PIXELS, 1) * _LEAST_PIXELS, pixels)
        stored, special = np.empty((count, room), np.dtype(">i2")), np.empty((pixels, count), image.dtype)
        sums = settings.blank(pixels)
        numbers, arrays = _for_sums(settings, sums, stored, image.dtype, in_file=True)
        files = row_positions(self.frames, rows.start)
        found = loops.file_sums(pixels, numbers, arrays, files, room, _as_short(stored), _as_short(special))
        if found < 0:
            # What is wrong, reading in the other way tells.
            self._instead = _read_block(self.frames, self.rows)
            return self._instead.sums(settings)
        self._special = special[:found]
        return sums

    def samples(self, pixels):
        """Samples of the special pixels, shape (frames, pixels)."""
        return self._special.T.copy() if self._instead is None else self._instead.samples(pixels)


def frame_block(frames, rows, combined):
    """A block of rows of frames, ready to be added up.

    Parameters
    ----------
    frames : list
        The frames, with their files open.
    rows : slice
        The block.
    combined : `numpy.ndarray`
        Number of exposures that each frame is the mean of.

    Returns
    -------
    `FrameBlock` or `StreamedFrameBlock`
    """
    streamed = loops.file_sums is not None and are_equal(combined) and are_alike(frames)
    # Only a class of its own knows how its frames are read.
    if streamed and frames[0].image.bitpix == _SHORT_BITS and all(type(frame) is FileReader for frame in frames):
        return StreamedFrameBlock(frames, rows)
    return _read_block(frames, rows)


def _read_block(frames, rows):
    values = rows_alike(frames, rows)
    if values is not None:
        return FrameBlock(values.reshape(len(frames), -1), [None] * len(frames))
    dtype = np.result_type(*[frame.dtype for frame in frames])
    first = frames[0].rows(rows)
    values, masks = np.empty((len(frames), *first.values.shape), dtype), [first.mask]
    np.copyto(values[0], first.values)
    for place, frame in zip(values[1:], frames[1:], strict=True):
        if frame.dtype == dtype:
            masks.append(frame.rows(rows, out=place).mask)
        else:
            samples = frame.rows(rows)
            np.copyto(place, samples.values)
            masks.append(samples.mask)
    return FrameBlock(values.reshape(len(frames), -1), [None if mask is None else mask.ravel() for mask in masks])


def _for_sums(settings, sums, stored, dtype, *, in_file):
    """Numbers and arrays that the compiled loops take, to add up frames of 16-bit integers.

    Parameters
    ----------
    settings : `SumSettings`
        How the samples become counts.
    sums : `FrameSums`
        Where the results go, blank so far.
    stored : `numpy.ndarray`
        The integers as they are in memory, a row for each frame.
    dtype : `numpy.dtype`
        Type of the samples.
    in_file : bool
        Whether the integers are as a file has them: signed, whatever the samples are.
    """
    signed = dtype.kind == "i"
    saturation = 2**30 if settings.saturation is None else _comparable(settings.saturation, dtype)
    level, bias = _level_and_array(settings.bias)
    numbers = (
        len(stored), not stored.dtype.isnative, _SIGN if signed or in_file else 0, -_SIGN if signed else 0, saturation,
        settings.scale, level, None if settings.bound is None else settings.bound.numbers,
    )  # fmt: skip
    return numbers, (bias, sums.counts, sums.special)


def _as_short(array):
    """The bits of 16-bit integers as the compiled loops take them."""
    return array.reshape(-1).view(np.uint16)


def are_equal(combined):
    """Whether frames are means of equally many exposures."""
    return bool(np.all(combined == combined[0]))


def in_electrons(counts, scale, bias):
    """Turn counts in the unit of the frames, in place, into electrons without the bias (electron)."""
    counts *= scale
    if np.ndim(bias) or bias:
        counts -= bias
    return counts


def _level_and_array(bias):
    """A bias as the compiled loops take it: a number, and an array or None."""
    return (0.0, bias) if np.ndim(bias) else (bias, None)


def _comparable(level, dtype):
    """A level as a number that integers of a type are compared with as such."""
    if dtype.kind == "f":
        return level
    return int(min(np.ceil(level), np.iinfo(dtype).max + 1))
