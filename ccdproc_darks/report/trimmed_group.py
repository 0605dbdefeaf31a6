# Licensed under a 3-clause BSD style license - see LICENSE
"""A group of frames without their overscan, as the user or the headers of the frames tell."""

from dataclasses import dataclass, field, replace

from ..frames.reading import Reading
from ..frames.sections import header_sections
from ..frames.trimmed_frame import TrimmedFrame, trimmed
from .group import Group

__all__ = ["NOT_CUT", "TrimmedGroup", "trimmed_group"]

# What the user says where an overscan, or edges, are to be measured like the image.
NOT_CUT = "none"
_WHOLE = "[:, :]"
_OVERRIDE = "--overscan SECTION and --trim SECTION tell them (none: there is nothing to cut off)"


@dataclass
class TrimmedGroup:
    """A group of frames, and what is cut off.

    Attributes
    ----------
    group : `Group`
        The group, whose frames are without overscan and edges.
    overscan, trim : str or None
        Sections, as of `~ccdproc_darks.dark_rate`.
    notes : list of str
        Sentences on what is cut off, and on sections of headers that are not used.
    """

    group: Group
    overscan: str | None = None
    trim: str | None = None
    notes: list = field(default_factory=list)

    @property
    def sections(self):
        """The sections as arguments of `~ccdproc_darks.dark_rate`."""
        return {"overscan": self.overscan, "trim": self.trim or _WHOLE}


def trimmed_group(group, overscan=None, trim=None):
    """`TrimmedGroup` of a `Group`.

    ``overscan`` and ``trim`` are sections or header keys that the user gave, `NOT_CUT`, or None: the headers tell. A
    ValueError where what the user gave does not fit the frames.
    """
    found, notes = _told(group) if overscan is None or trim is None else (None, [])
    if overscan is None:
        # Without the header's part, the header's overscan may be anywhere.
        overscan = found.overscan if found is not None and trim != NOT_CUT else NOT_CUT
    if trim is None:
        trim = found.trim if found is not None else NOT_CUT
    overscan, trim = (None if value == NOT_CUT else value for value in (overscan, trim))
    reading = Reading(overscan=overscan, trim=trim)
    biases, darks = (
        [replace(frame, file=trimmed(frame.file, reading)) for frame in frames]
        for frames in (group.biases, group.darks)
    )
    example = darks[0].file
    if isinstance(example, TrimmedFrame):
        notes = [_sentence(example, found), *notes]
    return TrimmedGroup(replace(group, biases=biases, darks=darks), overscan, trim, notes)


def _told(group):
    """`HeaderSections` that all headers of a group tell, or None; and notes on those that are not used."""
    frames = [*group.darks, *group.biases]
    told = [(frame, header_sections(frame.file.header, frame.file.shape)) for frame in frames]
    doubts = [(frame, found.doubt) for frame, found in told if found.doubt]
    if doubts:
        frame, doubt = doubts[0]
        more = f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else ""
        return None, [f"The header of {frame.name}{more} is not followed, nothing is cut off: {doubt}. {_OVERRIDE}."]
    # A header without such keys disagrees with none.
    told = [(frame, found) for frame, found in told if found.keys != (None, None)]
    if not told:
        return None, []
    first, expected = told[0]
    for frame, found in told:
        if (found.overscan, found.trim) != (expected.overscan, expected.trim):
            return None, [
                f"Nothing is cut off, as headers disagree: {first.name} has {expected.told or 'nothing to cut off'}, "
                f"{frame.name} {found.told or 'nothing to cut off'}. {_OVERRIDE}."
            ]
    return (expected if expected.trim else None), []


def _sentence(frame, found):
    """What is cut off each frame."""
    keys = [key for key in found.keys if key is not None] if found is not None else []
    source = f" ({' and '.join(keys)} in the headers)" if keys else ""
    parts = []
    if frame.overscan is not None:
        parts.append(f"the level of the overscan {frame.overscan.text} is taken off")
    parts.append(f"the image is trimmed to {frame.trim.text}")
    return (
        f"Of each frame, {', and '.join(parts)}{source}: trim science frames in the same way before the mask is used. "
        "--overscan none --trim none measures all of it as it is."
    )
