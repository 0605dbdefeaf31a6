# Licensed under a 3-clause BSD style license - see LICENSE
"""How many exposures frames are the mean of, as far as arguments and headers tell."""

from ..headers import header_number

__all__ = ["combined_numbers", "told_number"]


def told_number(frame):
    """NCOMBINE of a frame, or None where its header does not tell."""
    return int(header_number(frame, "NCOMBINE")) if "NCOMBINE" in frame.header else None


def combined_numbers(group):
    """Number of exposures that each dark of a `FrameGroup` is the mean of; 1 where nobody tells."""
    given = group.told.get("n_combined")
    if given is not None:
        return [int(given.value)] * len(group.darks)
    return [told_number(frame) or 1 for frame in group.darks]
