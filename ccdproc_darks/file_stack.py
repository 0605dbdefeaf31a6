# Licensed under a 3-clause BSD style license - see LICENSE
"""Some rows of equal exposures in files of 16-bit integers: added up while they are read, a few pixels at a time.

So what is read does not leave the cache before it is added, and threads do not push each other's out of it.
"""

from dataclasses import dataclass

import numpy as np

from . import fused
from .file_rows import FileRows, are_alike
from .scratch import empty
from .stack import are_equal, blank, for_sums, stacked

__all__ = ["FileStack", "file_stack"]

_SHORT = 16
# Bytes of all frames that are read before they are added, and pixels of one at least.
_BYTES_AT_A_TIME, _LEAST_PIXELS = 2**20, 2**10


@dataclass
class FileStack:
    """
    Some rows of files, of which only samples of special pixels are kept.

    Attributes
    ----------
    frames : list of `ccdproc_darks.file_rows.FileRows`
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
        """`ccdproc_darks.stack.Digest` of all of it; see `ccdproc_darks.stack.Stack.digest`."""
        image = self.frames[0].image
        rows = range(*self.block.indices(image.shape[0]))
        pixels, count = len(rows) * image.shape[1], len(self.frames)
        room = min(max(_BYTES_AT_A_TIME // (2 * count) // _LEAST_PIXELS, 1) * _LEAST_PIXELS, pixels)
        stored, picked = empty((count, room), np.dtype(">i2")), empty((pixels, count), image.dtype)
        digest = blank(pixels, terms)
        numbers, arrays = for_sums(terms, digest, stored, image.dtype, in_file=True)
        files = tuple((frame.file, frame.image.place(rows.start)) for frame in self.frames)
        found = fused.file_sums(pixels, numbers, arrays, files, room, stored, picked)
        if found < 0:
            # What is wrong, reading in the other way tells.
            self._stack = stacked(self.frames, self.block, terms.combined)
            return self._stack.digest(terms)
        self._picked = picked[:found]
        return digest

    def picked(self, pixels):
        """Samples of the special pixels, shape (frames, pixels)."""
        return self._picked.T.copy() if self._stack is None else self._stack.picked(pixels)


def file_stack(frames, block, combined):
    """
    `FileStack` of some rows, or None where that is not for them.

    Parameters
    ----------
    frames, block, combined
        As of `ccdproc_darks.stack.stacked`.
    """
    if fused.file_sums is None or not are_equal(combined) or not are_alike(frames):
        return None
    # Of a class of its own, only that knows how it is read.
    if frames[0].image.bitpix != _SHORT or any(type(frame) is not FileRows for frame in frames):
        return None
    return FileStack(frames, block)
