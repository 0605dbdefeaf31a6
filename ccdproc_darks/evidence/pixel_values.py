# Licensed under a 3-clause BSD style license - see LICENSE
"""What the pixel values of frames show: steps of the digits, scale, the saturation level, and values cut off below."""

from dataclasses import dataclass

from .clipping import Saturation, saturation_finding, saturation_of
from .digits import Digits, digits_finding
from .lowest_values import clipping_finding
from .scale import scale_finding

__all__ = ["PixelValues", "value_findings"]


@dataclass
class PixelValues:
    """What the values of a `ccdproc_darks.evidence.frame_group.FrameGroup` show.

    Attributes
    ----------
    digits : `ccdproc_darks.evidence.digits.Digits`
        Step and full scale of the digits.
    saturation : `ccdproc_darks.evidence.clipping.Saturation`
        Saturation level (frames' unit) that is used, and its source.
    findings : list of `ccdproc_darks.evidence.finding.Finding`
        One of each check: "digits", "scale", "saturation", "clipping".
    """

    digits: Digits
    saturation: Saturation
    findings: list

    @classmethod
    def of(cls, group):
        """What the values of a `FrameGroup` show."""
        digits, scale = Digits.of(group), scale_finding(group)
        saturation = saturation_of(group, digits)
        findings = [
            digits_finding(digits, group),
            scale,
            saturation_finding(saturation, group),
            clipping_finding(group),
        ]
        return cls(digits, saturation, findings)


def value_findings(group):
    """List of `Finding` of the checks "digits", "scale", "saturation" and "clipping" of a `FrameGroup`: one of each."""
    return PixelValues.of(group).findings
