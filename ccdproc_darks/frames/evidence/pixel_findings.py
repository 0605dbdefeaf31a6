# Licensed under a 3-clause BSD style license - see LICENSE
"""All that the pixels of frames show, and what cannot be told of them where something else is wrong."""

import re
from dataclasses import replace

from .finding import OK, UNKNOWN, WRONG, Finding
from .levels import level_findings
from .photon_transfer import transfer_findings
from .pixel_values import PixelValues

__all__ = ["PixelFindings", "pixel_findings"]

# Ratio by which a gain may differ from that of a step of the digits and confirm it.
_CONFIRMS = 0.25
_CHECKS = ("gain", "read noise", "bias", "optical black", "combined")


class PixelFindings:
    """What the pixels of a `ccdproc_darks.frames.evidence.frame_group.FrameGroup` show.

    ``black_is_subtracted`` says that the camera subtracts its optical black, whatever the frames can show of that: they
    then have the noise of dark electrons that their level does not tell of.

    Attributes
    ----------
    values : `ccdproc_darks.frames.evidence.pixel_values.PixelValues`
        What their values show.
    transfer, levels : list of `ccdproc_darks.frames.evidence.finding.Finding`
        What noise and levels show: one of each check.
    """

    def __init__(self, group, black_is_subtracted=False):
        self._black_is_subtracted = black_is_subtracted
        self.values = PixelValues.of(group)
        verdicts = {one.check: one for one in self.values.findings}
        if verdicts["scale"].verdict == WRONG:
            found = [Finding(check, UNKNOWN, "not looked at: the values are no counts (scale)") for check in _CHECKS]
            self.transfer, self.levels = found[:2], found[2:]
            return
        self.levels = level_findings(group)
        if group.as_written is not group:
            group.as_written.forget_samples()
        self.transfer = [self._where_it_can_be_told(one) for one in transfer_findings(group)]
        self._take_gain_of_step(group)

    def _where_it_can_be_told(self, finding):
        """A finding against what is told, unless something else makes noise and counts disagree."""
        others = [one for one in (*self.values.findings, *self.levels) if one.check in ("clipping", "optical black")]
        told = "optical black" if self._black_is_subtracted else None
        why = next((one.check for one in others if one.is_doubt), told)
        if why is None or finding.told is None or not finding.is_doubt:
            return finding
        text = f"not told: the values do not show it ({why})"
        return Finding(finding.check, UNKNOWN, text, finding.found, finding.told)

    def _take_gain_of_step(self, group):
        """Say once that a header's gain is that of a step of the digits, where the noise confirms it."""
        gain, step = self.transfer[0], self.values.digits.step
        if step == 1:
            text = re.sub(r" \(a gain per step [^)]*\)", "", gain.sentence)
            self.transfer[0] = replace(gain, sentence=text)
        if gain.verdict != WRONG or gain.found is None or gain.told is None or not step or step == 1:
            return
        told = group.told["gain"]
        right = told.value / step
        if abs(gain.found.value / right - 1) > _CONFIRMS:
            return
        seen, way = gain.sentence.partition(" (a gain per step")[0], gain.sentence.partition("electron / u.adu")[2]
        text = (
            f"{seen}, and the digits have steps of {step}: the gain told is that of a step of the ADC, {step} times "
            f"too high for these files. Pass gain={right:.4g} * u.electron / u.adu{way}"
        )
        self.transfer[0] = replace(gain, found=right * gain.found.unit, sentence=text)
        digits, *others = self.values.findings
        text = digits.sentence.partition("; the gain must")[0]
        self.values.findings = [replace(digits, verdict=OK, sentence=text), *others]

    @property
    def all(self):
        """All findings, one of each check."""
        return [*self.values.findings, *self.transfer, *self.levels]


def pixel_findings(group):
    """List of `Finding` of all checks of the pixels of a `FrameGroup`: one of each."""
    return PixelFindings(group).all
