# Licensed under a 3-clause BSD style license - see LICENSE
"""Blocks of rows: the unit in which all mathematics is done, whoever does it.

An image is cut into them by its shape and by what is done with it, and by nothing else: results cannot depend on how
many blocks a worker gets, nor on how many workers there are.
"""

__all__ = ["row_blocks", "sample_blocks", "shifted"]

# Pixels of a block: enough to make light of the cost of a call, and bytes: few enough for a cache to help.
_PIXELS_PER_BLOCK, _BYTES_PER_BLOCK = 2**18, 2**25
# Pixels that carry a statistic of the whole sensor (an offset, a read noise) to 0.1 %; and of a part of them.
_SAMPLE_PIXELS, _PIXELS_PER_SAMPLE = 2**20, 2**16
# Parts at least, so that all of the sensor has a say.
_LEAST_SAMPLES = 64


def row_blocks(shape, memory):
    """
    Row ranges that cover an image.

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
