# Licensed under a 3-clause BSD style license - see LICENSE
"""Pixels that wait for a look at each of their samples, which is taken of many at a time."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Picked", "Waiting"]


@dataclass
class Picked:
    """
    What it takes to look at pixels more closely; of the special ones, all samples.

    Attributes
    ----------
    special : `numpy.ndarray` of bool
        Which of them may have to leave out samples.
    samples : `numpy.ndarray`
        Those of the special ones as they are, shape (frames, special pixels).
    bad : `numpy.ndarray` of bool, or None
        Where these are bad.
    bias : `numpy.ndarray`
        Of the special ones (electron).
    counts : `numpy.ndarray`
        Mean of the samples of the others (electron).
    """

    special: np.ndarray
    samples: np.ndarray
    bad: np.ndarray | None
    bias: np.ndarray
    counts: np.ndarray

    @classmethod
    def joined(cls, parts):
        """One after the other."""
        if len(parts) == 1:
            return parts[0]
        counts, special, bias = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("counts", "special", "bias")
        )
        samples = np.concatenate([part.samples for part in parts], axis=1)
        bad = None
        if any(part.bad is not None for part in parts):
            nothing = [np.zeros(part.samples.shape, dtype=bool) if part.bad is None else part.bad for part in parts]
            bad = np.concatenate(nothing, axis=1)
        return cls(special, samples, bad, bias, counts)

    def split(self, number):
        """So many pixels, and the others."""
        few = np.count_nonzero(self.special[:number])
        return [
            self._part(slice(0, number), slice(0, few), slice(0, number - few)),
            self._part(slice(number, None), slice(few, None), slice(number - few, None)),
        ]

    def _part(self, pixels, special, others):
        bad = None if self.bad is None else self.bad[:, special]
        return Picked(self.special[pixels], self.samples[:, special], bad, self.bias[special], self.counts[others])


class Waiting:
    """Samples that wait to be looked at, many pixels at a time, in the order in which they came."""

    def __init__(self):
        self._parts = []

    def add(self, picked):
        """Put `Picked` pixels at the end."""
        self._parts.append(picked)

    def take(self, number):
        """Take those of so many pixels from the front."""
        picked, others = Picked.joined(self._parts).split(number)
        self._parts = [others]
        return picked
