# Licensed under a 3-clause BSD style license - see LICENSE
"""The contract for work on blocks of rows: what a job is, and what it gives for a block."""

from contextlib import nullcontext
from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Block", "BlockJob", "Deferred"]


@dataclass
class Deferred:
    """
    Pixels set aside in the fast pass, to be computed exactly in large batches.

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
    """
    What a job gives for a block of rows, or for deferred pixels.

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
    """
    Work that gives the same value for a pixel whatever block of rows it is in, and whoever computes it.

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
        """
        The fast pass over a block of rows.

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
