# Licensed under a 3-clause BSD style license - see LICENSE
"""How unlikely a pixel must be, as a good one, to be flagged."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from .arguments import checked_number
from .significance import critical_deviate

__all__ = ["Level"]


@dataclass(frozen=True)
class Level:
    """
    What is asked of a test of many pixels.

    Parameters
    ----------
    false_positives : float
        Good pixels that may be flagged, expected per image.
    fdr : float, optional
        Good pixels that may be among those flagged, as a fraction of them. It takes the place of ``false_positives``.
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

    @property
    def least(self):
        """Deviate below which nothing is flagged, one-sided or two-sided."""
        return 0.0 if self.fdr is None else critical_deviate(self.fdr)

    def critical(self, number, sides, deviates=None):
        """
        The normal deviate beyond which a pixel is flagged; infinite where none is.

        Parameters
        ----------
        number : int
            Pixels tested.
        sides : int
            1 where only large deviates are unlikely, 2 where both are.
        deviates : `numpy.ndarray`, optional
            All deviates above ``least`` (of two sides: their sizes), for ``fdr``.

        Notes
        -----
        With ``fdr``, the step-up procedure of Benjamini and Hochberg (1995, J. R. Stat. Soc. B 57, 289). Only pixels of
        a probability below ``fdr`` can be flagged: the ranks of the others do not matter, only their number.
        """
        number = max(number, 1)
        if self.fdr is None:
            return critical_deviate(min(self.false_positives / number / sides, 0.5))
        # Heavy to import, and seldom needed.
        from scipy.stats import false_discovery_control

        probability = sides * ndtr(-deviates)
        few = probability <= self.fdr
        if not few.any():
            return np.inf
        adjusted = false_discovery_control(probability[few]) * (number / np.count_nonzero(few))
        flagged = deviates[few][adjusted <= self.fdr]
        return float(np.nextafter(flagged.min(), -np.inf)) if flagged.size else np.inf

    def planned(self, number, sides, critical):
        """The deviate for which power is reckoned: ``critical``, or that of one false positive where it is infinite."""
        return critical if np.isfinite(critical) else float(-ndtri(1 / max(number, 1) / sides))
