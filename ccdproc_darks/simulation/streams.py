# Licensed under a 3-clause BSD style license - see LICENSE
"""Streams of random numbers. Each depends only on a seed and on its purpose."""

import numpy as np

__all__ = ["BLOCK", "COLUMNS", "DEFECT", "FRAME", "LINES", "NOISE", "UNIFORMITY", "entropy_of", "stream"]

# Purpose of a stream: the first number of its key.
UNIFORMITY, NOISE, COLUMNS, DEFECT, FRAME, BLOCK, LINES = range(7)


def stream(entropy, *key):
    """A random generator for a seed (``entropy``) and a ``key``: a purpose, and the number of a block or defect.

    SFC64 is the fastest generator of numpy; its bits, and those of `numpy.random.SeedSequence`, are the same on every
    machine. Each block of a frame has a stream of its own, so that the frame depends neither on the number of threads
    nor on the order of the blocks.
    """
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(entropy, spawn_key=key)))


def entropy_of(rng):
    """A seed of 128 bits, drawn from ``rng``: None, a seed or a generator, as for `numpy.random.default_rng`."""
    try:
        generator = np.random.default_rng(rng)
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"rng must be None, a seed that is not negative or a numpy.random.Generator, got {rng!r}"
        ) from None
    return tuple(int(word) for word in generator.integers(0, 2**32, size=4, dtype=np.uint32))
