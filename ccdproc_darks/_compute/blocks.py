# Licensed under a 3-clause BSD style license - see LICENSE
"""Blocks of rows: how an image is cut into them, and the contract for work on them.

An image is cut by its shape and by what is done with it, and by nothing else: results cannot depend on how many blocks
a worker gets, nor on how many workers there are.
"""

from contextlib import nullcontext
from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Block", "BlockJob", "Deferred", "row_blocks", "sample_blocks", "shifted"]

# Most pixels of a block: many, as each call has a cost. Most bytes of a block: few, so that a cache helps.
_PIXELS_PER_BLOCK, _BYTES_PER_BLOCK = 2**18, 2**25
# Pixels of a sample: they give a statistic of the sensor (an offset, a read noise) to 0.1 %. Most pixels of its blocks.
_SAMPLE_PIXELS, _PIXELS_PER_SAMPLE = 2**20, 2**16
# Fewest blocks of a sample, so that it is spread over the sensor.
_LEAST_SAMPLES = 64


def row_blocks(shape, memory):
    """Consecutive slices of rows that cover an image; a pixel takes ``memory`` bytes while it is computed."""
    step = _step(shape, min(_PIXELS_PER_BLOCK, _BYTES_PER_BLOCK // max(1, memory)))
    for start in range(0, shape[0], step):
        yield slice(start, min(start + step, shape[0]))


def sample_blocks(shape, pixels=_SAMPLE_PIXELS):
    """List of slices of rows, evenly spread over an image, with about so many of its pixels, or all of them."""
    rows, columns = shape
    step = _step(shape, min(_PIXELS_PER_SAMPLE, pixels // _LEAST_SAMPLES))
    starts, stride = range(0, rows, step), max(1, rows * columns // pixels)
    return [slice(start, min(start + step, rows)) for start in starts[stride // 2 :: stride] or starts[:1]]


def shifted(block, start):
    """The slice ``block`` of an image's rows, counted from its row ``start``; ``slice(None)`` is returned as it is."""
    return block if block == slice(None) else slice(block.start - start, block.stop - start)


def _step(shape, pixels):
    return max(1, int(pixels) // shape[1])


@dataclass
class Deferred:
    """Pixels set aside in the fast pass, to be computed exactly in large batches.

    A subclass adds their data. ``pixels`` (int) are their indices in the flat image of the block; in `BlockJob.exact`,
    in the flat image of the job's rows.
    """

    pixels: np.ndarray

    def __len__(self):
        return self.pixels.size

    def moved(self, pixels):
        """The same pixels, with indices in an image that begins so many pixels earlier."""
        return replace(self, pixels=self.pixels + pixels)

    @classmethod
    def joined(cls, parts):
        """Deferred pixels of several blocks, one block after the other."""
        return cls(np.concatenate([part.pixels for part in parts]))

    def split(self, number):
        """The first ``number`` pixels, and the others."""
        return replace(self, pixels=self.pixels[:number]), replace(self, pixels=self.pixels[number:])


@dataclass
class Block:
    """Results of a job for a block of rows, or for deferred pixels.

    Attributes
    ----------
    images : sequence of `numpy.ndarray` or None
        Values of each image, as many as the block has pixels; None is a mask without a True.
    deferred : `Deferred` or None
        Pixels whose values here are not right yet.
    count : int or `numpy.ndarray`
        Number, or numbers, of pixels of a kind in the block; `fill_images` returns the sum over all blocks.
    """

    images: list
    deferred: Deferred | None = None
    count: int | np.ndarray = 0


class BlockJob:
    """Work that gives the same value for a pixel whatever block of rows it is in, and whoever computes it.

    A job is picklable and knows its frames. Its work does not change it: threads may share it, and a block that failed
    may be computed again.
    """

    def for_rows(self, rows):
        """The job for the rows of a slice alone, to be sent to another process; rows keep their numbers."""
        raise NotImplementedError

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        raise NotImplementedError

    def open_files(self):
        """A context that gives the job with its files open."""
        return nullcontext(self)

    def block(self, rows, out):
        """`Block` of a slice of rows, by the fast pass.

        ``out`` has these rows of each image that is made: results may be put there instead of into new memory.
        """
        raise NotImplementedError

    def exact(self, deferred):
        """`Block` of `Deferred` pixels, computed exactly."""
        raise NotImplementedError

    def summary(self, rows):
        """A statistic of a slice of rows, for `ccdproc_darks._compute.workers.gather_summaries`."""
        raise NotImplementedError
