# Licensed under a 3-clause BSD style license - see LICENSE
"""Blocks of rows: how an image is cut into them, and the contract for work on them.

An image is cut by its shape and by what is done with it, and by nothing else: results cannot depend on how many blocks
a worker gets, nor on how many workers there are.
"""

from contextlib import nullcontext
from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Block", "BlockJob", "Deferred", "row_blocks", "sample_blocks", "shifted"]

# Pixels of a block: enough to make light of the cost of a call, and bytes: few enough for a cache to help.
_PIXELS_PER_BLOCK, _BYTES_PER_BLOCK = 2**18, 2**25
# Pixels that carry a statistic of the whole sensor (an offset, a read noise) to 0.1 %; and of a part of them.
_SAMPLE_PIXELS, _PIXELS_PER_SAMPLE = 2**20, 2**16
# Parts at least, so that all of the sensor has a say.
_LEAST_SAMPLES = 64


def row_blocks(shape, memory):
    """Row ranges that cover an image.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the image.
    memory : float
        Bytes that a pixel takes while it is worked on.

    Yields
    ------
    slice
        Consecutive rows.
    """
    step = _step(shape, min(_PIXELS_PER_BLOCK, _BYTES_PER_BLOCK // max(1, memory)))
    for start in range(0, shape[0], step):
        yield slice(start, min(start + step, shape[0]))


def sample_blocks(shape, pixels=_SAMPLE_PIXELS):
    """Row ranges, evenly spread over an image, that hold about so many of its pixels (or all of them)."""
    rows, columns = shape
    step = _step(shape, min(_PIXELS_PER_SAMPLE, pixels // _LEAST_SAMPLES))
    starts, stride = range(0, rows, step), max(1, rows * columns // pixels)
    return [slice(start, min(start + step, rows)) for start in starts[stride // 2 :: stride] or starts[:1]]


def shifted(block, start):
    """Rows of an image as rows of a part of it that begins with the row ``start``; all rows are all rows."""
    return block if block == slice(None) else slice(block.start - start, block.stop - start)


def _step(shape, pixels):
    return max(1, int(pixels) // shape[1])


@dataclass
class Deferred:
    """Pixels set aside in the fast pass, to be computed exactly in large batches.

    A subclass also keeps what the exact way needs of them.

    Attributes
    ----------
    pixels : `numpy.ndarray` of int
        Their indices in the flat image of the block; in `BlockJob.exact` those in the flat image of the job's rows.
    """

    pixels: np.ndarray

    def __len__(self):
        return self.pixels.size

    def moved(self, pixels):
        """The same pixels in an image that begins so many pixels earlier."""
        return replace(self, pixels=self.pixels + pixels)

    @classmethod
    def joined(cls, parts):
        """Those of several blocks, one after the other."""
        return cls(np.concatenate([part.pixels for part in parts]))

    def split(self, number):
        """The first ``number`` pixels, and the others."""
        return replace(self, pixels=self.pixels[:number]), replace(self, pixels=self.pixels[number:])


@dataclass
class Block:
    """What a job gives for a block of rows, or for deferred pixels.

    Attributes
    ----------
    images : sequence of `numpy.ndarray` or None
        One for each image that is made, of as many pixels as the block; None is a mask without a True.
    deferred : `Deferred` or None
        Pixels whose values here are not right yet.
    count : int or `numpy.ndarray`
        What was counted in the block; the sum over all blocks comes back with the images.
    """

    images: list
    deferred: Deferred | None = None
    count: int | np.ndarray = 0


class BlockJob:
    """Work that gives the same value for a pixel whatever block of rows it is in, and whoever computes it.

    A job is picklable and knows its frames. It is not changed by its work, so that several threads may share one, and
    what failed may be done again.
    """

    def for_rows(self, rows):
        """The job for the rows of a slice alone, which can be sent to another process; these keep their numbers."""
        raise NotImplementedError

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        raise NotImplementedError

    def open_files(self):
        """A context that gives the job with its files open."""
        return nullcontext(self)

    def block(self, rows, out):
        """The fast pass over a block of rows.

        Parameters
        ----------
        rows : slice
            The block.
        out : sequence of `numpy.ndarray`
            These rows of each image that is made: results may be put there instead of into new memory.

        Returns
        -------
        `Block`
        """
        raise NotImplementedError

    def exact(self, deferred):
        """`Block` of the images' values of `Deferred` pixels, computed in the exact way."""
        raise NotImplementedError

    def summary(self, rows):
        """A statistic of a block of rows, for `ccdproc_darks._compute.workers.gather_summaries`."""
        raise NotImplementedError
