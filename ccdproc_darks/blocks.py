# Licensed under a 3-clause BSD style license - see LICENSE
"""Blocks of rows: the unit in which all mathematics is done, whoever does it.

An image is cut into them by its shape and the number of images read together, and by nothing else: results cannot
depend on how many blocks a worker gets, nor on how many workers there are.
"""

__all__ = ["row_blocks", "sample_blocks"]

# Pixels of a block: enough to make light of the cost of a call; a few temporaries of them fit a cache.
_PIXELS_PER_BLOCK = 2**16
# Samples (frames x rows x columns) of a block.
_SAMPLES_PER_BLOCK = 2**21
# Pixels that carry a statistic of the whole sensor (an offset, a read noise) to 0.1 %.
_SAMPLE_PIXELS = 2**20


def row_blocks(shape, planes):
    """
    Row ranges that cover an image.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the image.
    planes : int
        Number of images that are read together.

    Yields
    ------
    slice
        Consecutive rows.
    """
    rows, columns = shape
    pixels = min(_PIXELS_PER_BLOCK, _SAMPLES_PER_BLOCK // max(1, planes))
    step = max(1, pixels // columns)
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def sample_blocks(shape, planes, pixels=_SAMPLE_PIXELS):
    """Row ranges, evenly spread over an image, that hold about so many of its pixels (or all of them)."""
    blocks = list(row_blocks(shape, planes))
    stride = max(1, shape[0] * shape[1] // pixels)
    return blocks[stride // 2 :: stride] or blocks[:1]
