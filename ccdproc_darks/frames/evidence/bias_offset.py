# Licensed under a 3-clause BSD style license - see LICENSE
"""A bias whose level is not that of the darks at zero exposure: all rates of short exposures are off by the same."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from ...statistics.straight_line import straight_line
from .finding import DOUBTFUL, OK, UNKNOWN, WRONG, Finding

__all__ = ["BiasOffset", "bias_offset"]

# Standard deviations from which on an offset is told of, and is certain; parts of the typical rate that it makes up.
_DOUBT, _CERTAIN = 3.0, 6.0
_SHARE, _LARGE_SHARE = 0.1, 0.3


@dataclass
class BiasOffset:
    """Level of the darks at zero exposure, above the bias.

    Attributes
    ----------
    reason : str
        Why the frames cannot tell; empty where they can.
    unit : `~astropy.units.Unit`
        The frames' unit.
    offset, error : float or None
        Offset and its error (frames' unit).
    seconds : list of float
        Exposure times (s).
    slope : float or None
        Rate of a typical pixel from the slope of levels over exposure time (frames' unit / s).
    scale : float or None
        Electrons per unit of the frames.
    bias : str
        What lies at another level, in words.
    verdict : str
        See `Finding`.
    """

    reason: str = ""
    unit: u.UnitBase = u.adu
    offset: float | None = None
    error: float | None = None
    seconds: tuple = ()
    slope: float | None = None
    scale: float | None = None
    bias: str = "the bias"
    verdict: str = UNKNOWN

    def finding(self):
        """The `Finding` "bias"."""
        if self.reason:
            return Finding("bias", UNKNOWN, self.reason)
        found = self.offset * self.unit
        offset = f"{abs(self.offset):.1f} +- {self.error:.1f} {self.unit}"
        if self.verdict == OK:
            return Finding("bias", OK, f"the darks meet the bias at zero exposure, within {offset}", found)
        side = "below" if self.offset > 0 else "above"
        rates = " and ".join(
            f"{self._rate(seconds)} at {seconds:g} s" for seconds in (self.seconds[0], self.seconds[-1])
        )
        sentence = (
            f"{self.bias} lies {offset} {side} the level of the darks at zero exposure, in all pixels alike: a typical "
            f"pixel has {rates}, but {self._rate()} by the slope of counts over exposure time. Give bias frames taken "
            f"next to the darks, or a bias with {self.offset:+.1f} {self.unit} added, or fit slopes (offset='pixel')"
        )
        return Finding("bias", self.verdict, sentence, found, 0 * self.unit)

    def _rate(self, seconds=np.inf):
        rate = self.slope + self.offset / seconds
        return f"{rate:.3g} {self.unit}/s" if self.scale is None else f"{rate * self.scale:.3g} electron/s"


def bias_offset(group, black):
    """`BiasOffset` of a `FrameGroup` and its `OpticalBlack`."""
    levels = group.levels
    bias = None if levels is None else levels.bias_level
    if bias is None:
        return BiasOffset("nothing tells the level of the bias" if levels is not None else "too few typical pixels")
    if group.as_written.clipping.is_doubt:
        return BiasOffset("values are cut off below, so that neither levels nor noise tell (clipping)")
    if black.is_subtracted:
        return BiasOffset("levels do not grow with exposure time, and cannot be compared with the bias")
    seconds = [one.seconds for one in levels.sets]
    if len(seconds) < 2:
        return BiasOffset(
            f"darks of one exposure time, {seconds[0]:g} s: nothing tells whether the level of the bias is right; take "
            "darks of a second exposure time"
        )
    counts = np.array([one.level for one in levels.sets]) - bias
    line = straight_line(seconds, counts, levels.level_errors())
    error = float(np.hypot(line.intercept_error, levels.drift))
    found = BiasOffset("", group.unit, line.intercept, error, tuple(seconds), line.slope, group.scale, verdict=OK)
    if group.level == 0 and group.master is None and not group.biases:
        found.bias = f"a bias of 0 {group.unit}"
    # The rate that is made of all exposure times is off by this part.
    times = np.array(seconds)
    share = abs(line.intercept) * times.sum() / np.square(times).sum() / max(abs(line.slope), 1e-30)
    if abs(line.intercept) > _CERTAIN * error and share > _LARGE_SHARE:
        found.verdict = WRONG
    elif abs(line.intercept) > _DOUBT * error and share > _SHARE:
        found.verdict = DOUBTFUL
    return found
