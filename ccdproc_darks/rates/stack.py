# Licensed under a 3-clause BSD style license - see LICENSE
"""Some rows of equal exposures, one after the other: their mean, and where the highest may be too high for it."""

from dataclasses import dataclass

import numpy as np

from .._compute import loops
from .._compute.buffers import empty, give_back
from ..frames.file_frame import FileRows, are_alike, rows_alike, stored_alike
from ..frames.fits_image import FitsRows

__all__ = [
    "FrameBlock",
    "FrameSums",
    "StreamedFrameBlock",
    "SumSettings",
    "are_equal",
    "blank",
    "for_sums",
    "frame_block",
    "in_electrons",
    "streamed_frame_block",
]

# Sums of fewer 16-bit integers than that cannot overflow 32 bits.
_MOST_SHORT = 2**15
_SIGN = 2**15


@dataclass
class SumSettings:
    """
    What a stack is digested by.

    Attributes
    ----------
    combined : `numpy.ndarray`
        Number of exposures that each frame is the mean of.
    scale : float
        Electrons per unit of the frames.
    saturation : float or None
        Level from which a sample is saturated.
    bias : `numpy.ndarray` or float
        To be taken from the mean (electron); flat.
    bad_bias : `numpy.ndarray` of bool, or None
        Where there is none.
    rule : `ccdproc_darks.rates.rejection.RejectionBound` or None
        Which samples may have to be rejected; None of one frame.
    """

    combined: np.ndarray
    scale: float
    saturation: float | None
    bias: object
    bad_bias: np.ndarray | None = None
    rule: object = None


@dataclass
class FrameSums:
    """
    What is known of all pixels of a `FrameBlock`, flat.

    Attributes
    ----------
    counts : `numpy.ndarray`
        Mean of the samples (electron).
    special : `numpy.ndarray` of bool
        Whether there is no bias, a sample is saturated or not a number; and where ``past`` is None, whether the highest
        sample may be rejected.
    past : `numpy.ndarray` or None
        How far the highest sample is above the mean, in the unit of the frames; of integers, so many times that as
        there are frames.
    """

    counts: np.ndarray
    special: np.ndarray
    past: np.ndarray | None = None


@dataclass
class FrameBlock:
    """
    Some rows of frames, flat.

    Attributes
    ----------
    values : `numpy.ndarray`
        Their values, shape (frames, pixels), or the numbers that stand for these in a file.
    masks : list
        Their masks, or None.
    image : `ccdproc_darks.frames.fits_image.FitsRows` or None
        What makes values of such numbers; only where all that `digest` does with them is done in C.
    """

    values: np.ndarray
    masks: list
    image: FitsRows | None = None

    def __len__(self):
        return len(self.values)

    @property
    def dtype(self):
        """Type of the values."""
        return self.values.dtype if self.image is None else self.image.dtype

    def picked(self, pixels):
        """Samples of some pixels, shape (frames, pixels)."""
        samples = self.values[:, pixels]
        if self.image is None:
            return samples
        samples = samples.astype(self.image.stored_dtype)
        self.image.move_zero(samples)
        return samples.view(self.image.dtype)

    def digest(self, terms):
        """
        `FrameSums` of all of it.

        Parameters
        ----------
        terms : `SumSettings`
            What it is digested by.

        Notes
        -----
        Integers are added up exactly, floating-point numbers in float64 and in the order of the frames.
        """
        equal, pixels = are_equal(terms.combined), self.values.shape[1]
        if loops.sums is not None and equal and self._is_short:
            digest = blank(pixels, terms)
            numbers, arrays = for_sums(terms, digest, self.values, self.dtype, in_file=self.image is not None)
            loops.sums(pixels, numbers, arrays, self.values)
            return digest
        if loops.counts is not None and self._is_lone_single:
            return self._lone_at_once(terms)
        digest = blank(pixels, terms)
        divisor = float(len(self) if equal else terms.combined.sum())
        total, highest = self._sums(terms.combined, equal)
        np.divide(total, divisor, out=digest.counts)
        in_electrons(digest.counts, terms.scale, terms.bias)
        if self.dtype.kind == "f":
            digest.special |= ~np.isfinite(total)
        if terms.saturation is not None:
            digest.special |= highest >= _comparable(terms.saturation, self.dtype)
        if terms.rule is not None:
            digest.past = self._past(total, highest, divisor)
            give_back(total)
        return digest

    @property
    def _is_short(self):
        return self.dtype.kind in "iu" and self.dtype.itemsize == 2 and len(self) < _MOST_SHORT

    @property
    def _is_lone_single(self):
        return len(self) == 1 and self.dtype == np.float32

    def _lone_at_once(self, terms):
        """Of one frame in single precision, all in one pass."""
        digest, (level, bias) = blank(self.values.shape[1], terms), _level_and_array(terms.bias)
        saturation = np.inf if terms.saturation is None else terms.saturation
        loops.counts(
            digest.counts.size, self.values[0], not self.values.dtype.isnative, saturation, terms.scale, level, bias,
            digest.counts, digest.special,
        )  # fmt: skip
        return digest

    def _sums(self, combined, equal):
        """Weighted sum of the frames, and their maximum."""
        first, stack = self.values[0], self.values
        highest = first if len(stack) == 1 else np.maximum.reduce(stack, axis=0, out=empty(first.shape, first.dtype))
        if equal and first.dtype.kind in "iu" and first.dtype.itemsize < 4 and len(stack) < _MOST_SHORT:
            return np.add.reduce(stack, axis=0, dtype=np.int32, out=empty(first.shape, np.int32)), highest
        # One after the other, whatever the number of pixels.
        total = empty(first.shape, float)
        np.copyto(total, first)
        if not equal:
            total *= combined[0]
        for number, frame in zip(combined[1:], stack[1:], strict=True):
            # By numpy 1, float32 times float64 would be float32.
            np.add(total, frame if equal else np.multiply(frame, number, dtype=float), out=total)
        return total, highest

    def _past(self, total, highest, divisor):
        if total.dtype.kind == "i":
            # In whole numbers: of so many samples, that many times the excess.
            past = np.multiply(highest, len(self), out=empty(total.shape, total.dtype), dtype=total.dtype)
            past -= total
            return past
        past = np.divide(total, divisor, out=empty(total.shape, float))
        return np.subtract(highest, past, out=past)


def frame_block(frames, block, combined):
    """
    `FrameBlock` of some rows.

    Parameters
    ----------
    frames : list
        Opened parts of frames.
    block : slice
        The rows.
    combined : `numpy.ndarray`
        As of `SumSettings`.
    """
    if loops.sums is not None and are_equal(combined) and len(frames) < _MOST_SHORT:
        stored = stored_alike(frames, block)
        if stored is not None:
            return FrameBlock(stored.reshape(len(frames), -1), [None] * len(frames), frames[0].image)
    values = rows_alike(frames, block)
    if values is not None:
        return FrameBlock(values.reshape(len(frames), -1), [None] * len(frames))
    dtype = np.result_type(*[frame.dtype for frame in frames])
    first = frames[0].rows(block)
    values, masks = empty((len(frames), *first.values.shape), dtype), [first.mask]
    np.copyto(values[0], first.values)
    for place, frame in zip(values[1:], frames[1:], strict=True):
        if frame.dtype == dtype:
            masks.append(frame.rows(block, out=place).mask)
        else:
            rows = frame.rows(block)
            np.copyto(place, rows.values)
            masks.append(rows.mask)
    return FrameBlock(values.reshape(len(frames), -1), [None if mask is None else mask.ravel() for mask in masks])


def blank(pixels, terms):
    """`FrameSums` of which nothing is known yet but where there is no bias, and room for the counts."""
    digest = FrameSums(empty((pixels,), float), empty((pixels,), bool))
    if terms.bad_bias is None:
        digest.special.fill(False)
    else:
        # As bytes of 0 and 1, which other masks need not have.
        np.logical_and(terms.bad_bias, True, out=digest.special)
    return digest


def for_sums(terms, digest, stored, dtype, *, in_file):
    """
    Numbers and arrays that loops in C take, to digest frames of 16-bit integers.

    Parameters
    ----------
    terms : `SumSettings`
        What they are digested by.
    digest : `FrameSums`
        Where to put it, `blank` so far.
    stored : `numpy.ndarray`
        As the numbers are in memory, a row for each frame.
    dtype : `numpy.dtype`
        Type of the values.
    in_file : bool
        Whether they are as a file has them: signed, whatever their values.
    """
    signed = dtype.kind == "i"
    saturation = 2**30 if terms.saturation is None else _comparable(terms.saturation, dtype)
    level, bias = _level_and_array(terms.bias)
    numbers = (
        len(stored), not stored.dtype.isnative, _SIGN if signed or in_file else 0, -_SIGN if signed else 0, saturation,
        terms.scale, level, None if terms.rule is None else terms.rule.numbers,
    )  # fmt: skip
    return numbers, (bias, digest.counts, digest.special)


def are_equal(combined):
    """Whether frames are means of equally many exposures."""
    return bool(np.all(combined == combined[0]))


def in_electrons(counts, scale, bias):
    """Make counts, in the unit of the frames, electrons without the bias (electron)."""
    counts *= scale
    if np.ndim(bias) or bias:
        counts -= bias
    return counts


def _level_and_array(bias):
    """A bias as C has it: a number, and an array or None."""
    return (0.0, bias) if np.ndim(bias) else (bias, None)


def _comparable(level, dtype):
    """A level as a number that integers of a type are compared with as such."""
    if dtype.kind == "f":
        return level
    return int(min(np.ceil(level), np.iinfo(dtype).max + 1))


_SHORT = 16
# Bytes of all frames that are read before they are added, and pixels of one at least.
_BYTES_AT_A_TIME, _LEAST_PIXELS = 2**20, 2**10


@dataclass
class StreamedFrameBlock:
    """
    Some rows of files, of which only samples of special pixels are kept.

    Attributes
    ----------
    frames : list of `ccdproc_darks.frames.file_frame.FileRows`
        The opened files, alike.
    block : slice
        The rows.
    """

    frames: list
    block: slice
    _picked: np.ndarray | None = None
    _stack: object = None

    @property
    def masks(self):
        """Their masks: None."""
        return [None] * len(self.frames)

    def digest(self, terms):
        """`ccdproc_darks.rates.stack.FrameSums` of all of it; see `ccdproc_darks.rates.stack.FrameBlock.digest`."""
        image = self.frames[0].image
        rows = range(*self.block.indices(image.shape[0]))
        pixels, count = len(rows) * image.shape[1], len(self.frames)
        room = min(max(_BYTES_AT_A_TIME // (2 * count) // _LEAST_PIXELS, 1) * _LEAST_PIXELS, pixels)
        stored, picked = empty((count, room), np.dtype(">i2")), empty((pixels, count), image.dtype)
        digest = blank(pixels, terms)
        numbers, arrays = for_sums(terms, digest, stored, image.dtype, in_file=True)
        files = tuple((frame.file, frame.image.place(rows.start)) for frame in self.frames)
        found = loops.file_sums(pixels, numbers, arrays, files, room, stored, picked)
        if found < 0:
            # What is wrong, reading in the other way tells.
            self._stack = frame_block(self.frames, self.block, terms.combined)
            return self._stack.digest(terms)
        self._picked = picked[:found]
        return digest

    def picked(self, pixels):
        """Samples of the special pixels, shape (frames, pixels)."""
        return self._picked.T.copy() if self._stack is None else self._stack.picked(pixels)


def streamed_frame_block(frames, block, combined):
    """
    `StreamedFrameBlock` of some rows, or None where that is not for them.

    Parameters
    ----------
    frames, block, combined
        As of `ccdproc_darks.rates.stack.frame_block`.
    """
    if loops.file_sums is None or not are_equal(combined) or not are_alike(frames):
        return None
    # Of a class of its own, only that knows how it is read.
    if frames[0].image.bitpix != _SHORT or any(type(frame) is not FileRows for frame in frames):
        return None
    return StreamedFrameBlock(frames, block)
