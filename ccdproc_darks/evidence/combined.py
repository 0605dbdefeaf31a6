# Licensed under a 3-clause BSD style license - see LICENSE
"""How many exposures a frame is the mean of, where nothing tells."""

from .finding import UNKNOWN, Finding

__all__ = ["combined_finding"]


def combined_finding(group):
    """The `Finding` "combined" of a `FrameGroup`."""
    return Finding("combined", UNKNOWN, "not looked at yet")
