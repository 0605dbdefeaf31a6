# Licensed under a 3-clause BSD style license - see LICENSE
"""Streams of random numbers that depend on a seed and on what they are for, and on nothing else."""

import numpy as np

__all__ = ["BLOCK", "COLUMNS", "DEFECT", "FRAME", "NOISE", "UNIFORMITY", "entropy_of", "stream"]

# What a stream is for: the first number of its key.
UNIFORMITY, NOISE, COLUMNS, DEFECT, FRAME, BLOCK = range(6)


def stream(entropy, *key):
    """
    Generator of its own for each key.

    SFC64 is the fastest of numpy's, and its bits, as those of `numpy.random.SeedSequence`, are the same everywhere.
    Blocks of a frame have streams of their own, so that it matters neither how many threads share them nor in which
    order.
    """
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(entropy, spawn_key=key)))


def entropy_of(rng):
    """128 bits from ``rng`` (None, a seed or a generator, as of `numpy.random.default_rng`), which moves on."""
    try:
        generator = np.random.default_rng(rng)
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"rng must be None, a seed that is not negative or a numpy.random.Generator, got {rng!r}"
        ) from None
    return tuple(int(word) for word in generator.integers(0, 2**32, size=4, dtype=np.uint32))
