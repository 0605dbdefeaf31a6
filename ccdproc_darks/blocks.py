# Licensed under a 3-clause BSD style license - see LICENSE
"""Blocks of rows: the unit in which all mathematics is done."""

__all__ = ["row_blocks", "sample_blocks"]

# Samples (frames x rows x columns) of a block; a few float64 temporaries of it fit a cache.
_SAMPLES_PER_BLOCK = 2**19
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
    step = max(1, _SAMPLES_PER_BLOCK // max(1, planes * columns))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def sample_blocks(shape, planes, pixels=_SAMPLE_PIXELS):
    """Row ranges, evenly spread over an image, that hold about so many of its pixels (or all of them)."""
    blocks = list(row_blocks(shape, planes))
    stride = max(1, shape[0] * shape[1] // pixels)
    return blocks[stride // 2 :: stride] or blocks[:1]
