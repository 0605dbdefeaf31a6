# Licensed under a 3-clause BSD style license - see LICENSE
"""All that the pixels of frames show, and what cannot be told of them where something else is wrong."""

from .finding import UNKNOWN, WRONG, Finding
from .levels import level_findings
from .photon_transfer import transfer_findings
from .pixel_values import PixelValues

__all__ = ["PixelFindings", "pixel_findings"]

_CHECKS = ("gain", "read noise", "bias", "optical black", "combined")


class PixelFindings:
    """What the pixels of a `ccdproc_darks.evidence.frame_group.FrameGroup` show.

    Attributes
    ----------
    values : `ccdproc_darks.evidence.pixel_values.PixelValues`
        What their values show.
    transfer, levels : list of `ccdproc_darks.evidence.finding.Finding`
        What noise and levels show: one of each check.
    """

    def __init__(self, group):
        self.values = PixelValues.of(group)
        verdicts = {one.check: one for one in self.values.findings}
        if verdicts["scale"].verdict == WRONG:
            found = [Finding(check, UNKNOWN, "not looked at: the values are no counts (scale)") for check in _CHECKS]
            self.transfer, self.levels = found[:2], found[2:]
            return
        self.levels = level_findings(group)
        black = next(one for one in self.levels if one.check == "optical black")
        # Values that are cut off scatter less, and a level that the camera has shifted has other dark electrons.
        why = next((one.check for one in (verdicts["clipping"], black) if one.is_doubt), None)
        self.transfer = transfer_findings(group)
        if why is not None:
            text = f"not told: the values do not show it ({why})"
            self.transfer = [
                Finding(one.check, UNKNOWN, text, one.found, one.told) if one.is_doubt and one.told is not None else one
                for one in self.transfer
            ]

    @property
    def all(self):
        """All findings, one of each check."""
        return [*self.values.findings, *self.transfer, *self.levels]


def pixel_findings(group):
    """List of `Finding` of all checks of the pixels of a `FrameGroup`: one of each."""
    return PixelFindings(group).all
