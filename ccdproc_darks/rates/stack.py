# Licensed under a 3-clause BSD style license - see LICENSE
"""A block of rows of equal exposures: its mean counts, and the pixels whose highest sample may be a cosmic ray."""

from dataclasses import dataclass

import numpy as np

from .._compute import loops
from ..frames.fits_image import FileReader, are_alike, row_positions, rows_alike

__all__ = [
    "FrameBlock", "FrameSums", "StreamedFrameBlock", "SumSettings", "are_equal", "as_stored", "frame_block",
    "in_electrons", "level_and_array", "read_block",
]  # fmt: skip

# Sums of fewer 16-bit integers than this cannot overflow 32 bits.
_MOST_SHORT = 2**15
_SHORT_BITS, _SIGN = 16, 2**15
# Bytes of all frames that are read before they are added; pixels of one frame that are read at least.
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
    special : `numpy.ndarray` of bool, or None
        Pixels that are special whatever their samples are, as those without a bias; flat.
    bound : `ccdproc_darks.rates.rejection.RejectionBound` or None
        Bound from which on the highest sample may be rejected; None where no sample is rejected as too high.
    """

    combined: np.ndarray
    scale: float
    saturation: float | None
    bias: object
    special: np.ndarray | None = None
    bound: object = None

    def blank(self, pixels):
        """`FrameSums` of so many pixels before any sample is added."""
        sums = FrameSums(np.empty((pixels,), float), np.zeros((pixels,), bool))
        if self.special is not None:
            # As bytes of 0 and 1, which other masks need not have.
            np.logical_and(self.special, True, out=sums.special)
        return sums


@dataclass
class FrameSums:
    """Results of the sum and the maximum of each pixel of a block, flat.

    Attributes
    ----------
    counts : `numpy.ndarray`
        Mean of the samples without the bias (electron).
    special : `numpy.ndarray` of bool
        Pixels without a bias, or with a sample that is saturated or not a number; where ``past`` is None, also pixels
        whose highest sample may be rejected.
    past : `numpy.ndarray` or None
        Excess of the highest sample over the mean (unit of the frames); of integers, times the number of frames.
    """

    counts: np.ndarray
    special: np.ndarray
    past: np.ndarray | None = None


@dataclass
class FrameBlock:
    """A block of rows of frames in memory.

    Attributes
    ----------
    values : `numpy.ndarray`
        Samples in the frames' unit, shape (frames, pixels).
    masks : list of `numpy.ndarray` or None
        Mask of each frame, flat.
    """

    values: np.ndarray
    masks: list

    def samples(self, pixels):
        """Samples of some pixels, shape (frames, pixels)."""
        return self.values[:, pixels]

    def sums(self, settings):
        """`FrameSums` of all pixels, by `SumSettings`.

        Integers are added exactly, floating-point numbers in float64 and in the order of the frames.
        """
        dtype, count, equal = self.values.dtype, len(self.values), are_equal(settings.combined)
        if loops.sums is not None and equal and dtype.kind in "iu" and dtype.itemsize == 2 and count < _MOST_SHORT:
            return self._compiled_sums(settings)
        if loops.counts is not None and count == 1 and dtype == np.float32:
            return self._compiled_counts(settings)
        return self._numpy_sums(settings, equal)

    def _compiled_sums(self, settings):
        """`FrameSums` of 16-bit integers, in one pass."""
        pixels = self.values.shape[1]
        sums = settings.blank(pixels)
        numbers, arrays = _for_sums(settings, sums, self.values, self.values.dtype, in_file=False)
        loops.sums(pixels, numbers, arrays, _as_short(self.values))
        return sums

    def _compiled_counts(self, settings):
        """`FrameSums` of one frame in single precision, in one pass."""
        sums, (level, bias) = settings.blank(self.values.shape[1]), level_and_array(settings.bias)
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
        # Added in the order of the frames, whatever the number of pixels.
        total = first.astype(float)
        if not equal:
            total *= combined[0]
        for number, frame in zip(combined[1:], stack[1:], strict=True):
            # In numpy 1, float32 times float64 would be float32.
            np.add(total, frame if equal else np.multiply(frame, number, dtype=float), out=total)
        return total, highest

    def _past(self, total, highest, divisor):
        if total.dtype.kind == "i":
            # In whole numbers: the excess times the number of frames.
            past = np.multiply(highest, len(self.values), dtype=total.dtype)
            past -= total
            return past
        past = np.divide(total, divisor)
        return np.subtract(highest, past, out=past)


@dataclass
class StreamedFrameBlock:
    """A slice of rows of files of 16-bit integers (`FileReader`, all alike), added while they are read.

    A few pixels are read at a time: their samples are added before they leave the processor's cache, also with several
    threads. Only the samples of special pixels are kept.
    """

    frames: list
    rows: slice
    _special: np.ndarray | None = None
    _instead: FrameBlock | None = None

    @property
    def masks(self):
        """None for each frame: files of this kind have no masks."""
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
            # Reading in the other way raises the error that says what is wrong.
            self._instead = read_block(self.frames, self.rows)
            return self._instead.sums(settings)
        self._special = special[:found]
        return sums

    def samples(self, pixels):
        """Samples of the special pixels, shape (frames, pixels)."""
        return self._special.T.copy() if self._instead is None else self._instead.samples(pixels)


def frame_block(frames, rows, combined):
    """`FrameBlock` or `StreamedFrameBlock` of a slice of rows of open frames, the means of ``combined`` exposures."""
    streamed = loops.file_sums is not None and are_equal(combined) and are_alike(frames)
    # A subclass may read its rows in another way.
    if streamed and frames[0].image.bitpix == _SHORT_BITS and all(type(frame) is FileReader for frame in frames):
        return StreamedFrameBlock(frames, rows)
    return read_block(frames, rows)


def read_block(frames, rows):
    """`FrameBlock` of a slice of rows of frames."""
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
    """Arguments ``numbers`` and ``arrays`` of the compiled loops for 16-bit integers; results go into ``sums``.

    The integers ``stored`` have a row for each frame. They are samples of ``dtype``, but signed if ``in_file``, as FITS
    stores them.
    """
    saturation = 2**30 if settings.saturation is None else _comparable(settings.saturation, dtype)
    level, bias = level_and_array(settings.bias)
    bound = None if settings.bound is None else settings.bound.numbers
    numbers = (*as_stored(stored, dtype, in_file=in_file), saturation, settings.scale, level, bound)
    return numbers, (bias, sums.counts, sums.special)


def as_stored(stored, dtype, *, in_file=False):
    """How the compiled loops read integers ``stored`` as samples of ``dtype``; in a file they are signed.

    Number of frames; whether bytes are swapped; bits to flip after that; number to add after that.
    """
    signed = dtype.kind == "i"
    return len(stored), not stored.dtype.isnative, _SIGN if signed or in_file else 0, -_SIGN if signed else 0


def _as_short(array):
    """The bits of 16-bit integers as the compiled loops take them."""
    return array.reshape(-1).view(np.uint16)


def are_equal(combined):
    """Whether frames are means of equally many exposures."""
    return bool(np.all(combined == combined[0]))


def in_electrons(counts, scale, bias):
    """Convert counts (unit of the frames) in place to electrons, subtract the bias (electron), and return them."""
    counts *= scale
    if np.ndim(bias) or bias:
        counts -= bias
    return counts


def level_and_array(bias):
    """A bias (electron) as the compiled loops take it: a number, and an array or None."""
    return (0.0, bias) if np.ndim(bias) else (bias, None)


def _comparable(level, dtype):
    """A level as a number of a type: for integers, the lowest integer that is not below it."""
    if dtype.kind == "f":
        return level
    return int(min(np.ceil(level), np.iinfo(dtype).max + 1))
