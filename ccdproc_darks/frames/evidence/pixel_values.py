# Licensed under a 3-clause BSD style license - see LICENSE
"""What the pixel values of frames show: steps of the digits, scale, the saturation level, and values cut off below."""

from dataclasses import dataclass

from ..._interface.warnings import ClippingWarning, HeaderWarning, warn
from .clipping import Saturation, saturation_finding, saturation_of
from .digits import Digits, digits_finding
from .scale import scale_finding

__all__ = ["PixelValues", "warn_of_counts"]


@dataclass
class PixelValues:
    """What the values of a `ccdproc_darks.frames.evidence.frame_group.FrameGroup` show.

    Attributes
    ----------
    digits : `ccdproc_darks.frames.evidence.digits.Digits`
        Step and full scale of the digits.
    saturation : `ccdproc_darks.frames.evidence.clipping.Saturation`
        Saturation level (frames' unit) that is used, and its source.
    findings : list of `ccdproc_darks.frames.evidence.finding.Finding`
        One of each check: "digits", "scale", "saturation", "clipping".
    """

    digits: Digits
    saturation: Saturation
    findings: list

    @classmethod
    def of(cls, group):
        """What the values of a `FrameGroup` show."""
        group = group.as_written
        digits, scale = Digits.of(group), scale_finding(group)
        saturation = saturation_of(group, digits)
        findings = [
            digits_finding(digits, group),
            scale,
            saturation_finding(saturation, group),
            group.clipping,
        ]
        return cls(digits, saturation, findings)

    def warn(self, check_headers):
        """Warn of doubts, and return the `Saturation` to use.

        Without ``check_headers``, what is told is believed without a word.
        """
        given = self.saturation.told is not None and self.saturation.told.is_given
        classes = {"digits": HeaderWarning, "saturation": ClippingWarning if given else HeaderWarning}
        for finding in self.findings:
            if finding.is_doubt and (check_headers or finding.check not in classes):
                warn(finding.sentence, classes.get(finding.check, ClippingWarning))
        return self.saturation if check_headers else self.saturation.as_told()


def warn_of_counts(group):
    """Warn if values of a `FrameGroup` are no counts, or are cut off below; returns whether neither is so."""
    doubts = [finding for finding in (scale_finding(group), group.clipping) if finding.is_doubt]
    for finding in doubts:
        warn(finding.sentence, ClippingWarning)
    return not doubts
