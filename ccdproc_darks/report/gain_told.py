# Licensed under a 3-clause BSD style license - see LICENSE
"""The finding of the gain, by who tells it: a header, the user, the frames as the user asked, or nobody."""

from dataclasses import replace

from astropy import units as u

from ..frames.evidence.finding import DOUBTFUL, OK, UNKNOWN, WRONG, Finding

__all__ = ["with_gain_told"]


def with_gain_told(finding, group, settings):
    """A finding of a `FrameGroup`; that of the gain says what to do, where nobody tells one.

    ``settings`` (`Settings`) are what the user tells.
    """
    if finding.check != "gain":
        return finding
    if settings.measures_gain:
        return _as_measured(finding)
    if "gain" in group.told or group.unit != u.adu:
        return finding
    if finding.found is None:
        text = f"no header tells the gain (EGAIN), and {finding.sentence}. Pass gain"
        return replace(finding, verdict=WRONG, sentence=text)
    if finding.verdict != OK:
        return finding
    return replace(finding, verdict=DOUBTFUL, sentence=f"{finding.sentence}. Pass it as gain, or another one")


def _as_measured(finding):
    """Finding of a gain that the frames shall tell, whatever headers say."""
    if finding.verdict == UNKNOWN and finding.found is None:
        return Finding("gain", WRONG, finding.sentence)
    return replace(finding, sentence=finding.sentence.replace(", as told", ", as measured"), told=None)
