# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames given twice: which frames are copies of others, in memory or in files, by their pixel values."""

import math
import os
import zlib
from collections import Counter

import numpy as np

from .._compute.blocks import row_blocks, sample_blocks
from .._interface.arguments import SAME_EXPOSURE
from .._interface.warnings import DuplicateFrameWarning, warn
from .inputs import MemoryFrame, open_files

__all__ = ["SeenFrames", "distinct_frames", "earlier_copies", "same_values"]

# Fewer pixels, or fewer that show noise, may have the same values in two exposures by chance.
_LEAST_PIXELS, _LEAST_NOISY = 100, 50
# Pixels that are looked at first: those of a noisy frame are enough.
_LOOKED_AT = 10 * _LEAST_NOISY
# Pixels of the rows that are compared first: two exposures differ in every row.
_SAMPLE = 2**13
# Bytes of a pixel for which the blocks of a full comparison are cut: they then take a few megabytes.
_BYTES = 2**8


def distinct_frames(frames, seconds=None, combined=None):
    """Indices of the frames without copies of others, with a warning that names them.

    Of copies, the first is kept; where their masks differ, that with the most masked pixels. A ValueError where copies
    have different exposure times ``seconds`` (s), or are the mean of different numbers of exposures ``combined``; both
    are lists with a number for each frame, or None.
    """
    groups = {}
    for index, first in earlier_copies(frames).items():
        pair = f"{frames[first].label} and {frames[index].label} have the same value in every pixel"
        if seconds is not None and not math.isclose(seconds[first], seconds[index], rel_tol=SAME_EXPOSURE):
            raise ValueError(
                f"{pair}, but exposure times of {seconds[first]:g} and {seconds[index]:g} s: it is one exposure, and "
                "one of the times is wrong; leave that frame out"
            )
        if combined is not None and combined[first] != combined[index]:
            raise ValueError(
                f"{pair}, but one is the mean of {combined[first]:g} exposures and the other of {combined[index]:g}: "
                "one NCOMBINE is wrong; leave that frame out"
            )
        groups.setdefault(first, [first]).append(index)
    dropped, told = set(), []
    for group in groups.values():
        text = _listed([frames[index].label for index in group])
        masks = {index: _mask_size(frames[index]) for index in group}
        kept = max(group, key=masks.get)
        if len(set(masks.values())) > 1:
            text += f"; their masks differ: that of {frames[kept].label}, with the most masked pixels, is used"
        told.append(text)
        dropped |= set(group) - {kept}
    if told:
        warn(
            "frames given more than once, with the same value in every pixel, are counted once: "
            f"{'; '.join(told)}. Give every exposure once",
            DuplicateFrameWarning,
        )
    return [index for index in range(len(frames)) if index not in dropped]


def _mask_size(frame):
    """Number of masked pixels, and a checksum of their positions."""
    number = checksum = 0
    for block in row_blocks(frame.shape, _BYTES) if frame.has_mask else ():
        mask = frame.for_rows(slice(None)).rows(block).mask
        if mask.any():
            number += int(np.count_nonzero(mask))
            checksum = zlib.crc32(np.append(np.flatnonzero(mask), block.start), checksum)
    return number, checksum


def _listed(labels):
    """Names of the copies of one exposure; one name with its number where all copies have it."""
    *others, last = dict.fromkeys(labels)
    return f"{', '.join(others)} and {last}" if others else f"{last} ({len(labels)} times)"


def same_values(first, second):
    """Whether two frames are the same exposure: they have the same value in every pixel, and not by chance.

    A bias that is one of the darks is found in this way. See `SeenFrames` for what counts as the same.
    """
    return bool(earlier_copies([first, second]))


def earlier_copies(frames):
    """Dict from the index of each frame that is a copy of an earlier one to the index of that one."""
    seen, places, copies = SeenFrames(), {}, {}
    for index, frame in enumerate(frames):
        first = seen.earlier(frame)
        if first is None:
            places[frame] = index
        else:
            copies[index] = places[first]
    return copies


class SeenFrames:
    """Frames seen so far, by which copies of them are known.

    Copies have the same value in every pixel, NaN being equal to NaN, however the values are stored: as integers or
    floats, with BZERO, compressed, in memory or in a file. Masks and headers do not matter. Frames of few pixels, or
    of little noise, such as saturated ones, may be alike by chance: they are copies only where they are the same
    CCDData or the same file. Frames of different shapes are never copies.
    """

    def __init__(self):
        self._seen = {}

    def earlier(self, frame):
        """The frame seen before of which ``frame`` is a copy; None where there is none: it then counts as seen."""
        keys = {_origin(frame), _checksum(frame)} - {None}
        candidates = dict.fromkeys(other for key in keys for other in self._seen.get(key, ()))
        for other in candidates:
            if _equal(other, frame):
                return other
        for key in keys:
            self._seen.setdefault(key, []).append(frame)
        return None


def _origin(frame):
    """What two frames share if they are the same CCDData or the same file, however that is called."""
    if isinstance(frame, MemoryFrame):
        return id(frame.ccd)
    try:
        status = os.stat(frame.path)
    except OSError:  # it was decompressed, and then removed
        return os.path.realpath(frame.path)
    return status.st_dev, status.st_ino


def _checksum(frame):
    """Checksum of the values of some rows, or of all; None for a frame that may be like another one by chance."""
    if math.prod(frame.shape) < _LEAST_PIXELS:
        return None
    bits = _bits(frame, sample_blocks(frame.shape, _SAMPLE))
    if _is_noisy(Counter(_changes(bits)[:_LOOKED_AT].tolist())):
        return zlib.crc32(bits)
    checksum, counts, above = 0, Counter(), None
    for block in row_blocks(frame.shape, _BYTES):
        bits = _bits(frame, block)
        counts.update(_changes(bits, above).tolist())
        checksum, above = zlib.crc32(bits, checksum), bits[-1]
    return checksum if _is_noisy(counts) else None


def _bits(frame, rows):
    """Values of some rows in single precision, as integers that are the same for equal values."""
    with np.errstate(over="ignore"):
        single = _values(frame, rows).astype(np.float32)
    # -0.0 is equal to 0.0, and any NaN to any other.
    single += np.float32(0)
    single[np.isnan(single)] = np.nan
    return single.view(np.uint32)


def _changes(bits, above=None):
    """Values of the pixels that differ from their neighbours to the left and above: no constant rows or columns."""
    changed = np.ones(bits.shape, bool)
    changed[:, 1:] = bits[:, 1:] != bits[:, :-1]
    changed[1:] &= bits[1:] != bits[:-1]
    if above is not None:
        changed[0] &= bits[0] != above
    return bits[changed]


def _is_noisy(counts):
    """Whether pixels show noise: not the two most frequent values, which may be zero and a saturated hot pixel's."""
    return sum(counts.values()) - sum(number for _, number in counts.most_common(2)) >= _LEAST_NOISY


def _equal(first, second):
    """Whether two frames have the same shape, and the same value in every pixel."""
    if first.shape != second.shape:
        return False
    with open_files([frame.for_rows(slice(None)) for frame in (first, second)]) as readers:
        return all(
            _equal_values(*(reader.rows(block).values for reader in readers))
            for block in row_blocks(first.shape, _BYTES)
        )


def _equal_values(first, second):
    kinds = {values.dtype.newbyteorder("=") for values in (first, second)}
    floats = [kind for kind in kinds if kind.kind == "f"]
    if floats and len(kinds) > 1:
        # A copy in single precision has rounded values.
        least = min(floats, key=lambda kind: kind.itemsize)
        with np.errstate(over="ignore"):
            first, second = first.astype(least), second.astype(least)
    return np.array_equal(first, second, equal_nan=True)


def _values(frame, rows):
    return frame.for_rows(slice(None)).rows(rows).values
