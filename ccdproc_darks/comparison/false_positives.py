# Licensed under a 3-clause BSD style license - see LICENSE
"""How many good pixels a test of all pixels may flag, and the deviate that follows from it."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from .._interface.arguments import checked_number
from ..statistics.significance import critical_deviate

__all__ = ["FalsePositiveControl"]


@dataclass(frozen=True)
class FalsePositiveControl:
    """How many good pixels a test of many pixels may flag.

    Parameters
    ----------
    false_positives : float
        Expected number of good pixels that are flagged in an image.
    fdr : float, optional
        Expected fraction of good pixels among the flagged ones; replaces ``false_positives``.
    """

    false_positives: float = 1.0
    fdr: float | None = None

    def __post_init__(self):
        checked_number("false_positives", self.false_positives)
        if self.fdr is not None:
            checked_number("fdr", self.fdr, maximum=1.0)
            if self.false_positives != 1.0:
                raise ValueError(
                    f"fdr={self.fdr!r} and false_positives={self.false_positives!r} are two answers to one question: "
                    "give one of them"
                )

    def check(self, pixels):
        """A ValueError if as many good pixels are asked for as there are in the image."""
        if self.false_positives > 1 and self.false_positives >= pixels:
            raise ValueError(
                f"false_positives must be below the number of pixels, {pixels}, got {self.false_positives!r}: it is "
                "the number of good pixels in the image that may be flagged"
            )

    @property
    def least(self):
        """Normal deviate below which no pixel is flagged, in one-sided and in two-sided tests."""
        return 0.0 if self.fdr is None else critical_deviate(self.fdr)

    def critical(self, number, sides, deviates=None):
        """Normal deviate above which a pixel is flagged, of ``number`` pixels tested; infinite where no pixel is.

        ``sides`` is 1 where only positive deviates are flagged, 2 where negative ones are too. ``fdr`` needs all
        ``deviates`` above `least` (of a two-sided test: absolute ones), for the step-up procedure of Benjamini and
        Hochberg (1995, J. R. Stat. Soc. B 57, 289). Only pixels with a probability below ``fdr`` can be flagged: of the
        others the number is enough.
        """
        number = max(number, 1)
        if self.fdr is None:
            return critical_deviate(min(self.false_positives / number / sides, 0.5))
        # Every pixel that is flagged has a probability of ``fdr`` times the fraction of pixels flagged, or less.
        found = deviates
        while found.size:
            kept = found[found >= critical_deviate(min(found.size / number * self.fdr / sides, 1.0))]
            if kept.size == found.size:
                return float(np.nextafter(float(found.min()), -np.inf))
            found = kept
        return np.inf

    def planned(self, number, sides, critical):
        """Deviate for the power of a test: ``critical``; if that is infinite, the one of one false positive."""
        return critical if np.isfinite(critical) else float(-ndtri(1 / max(number, 1) / sides))
