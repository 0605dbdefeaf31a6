# Licensed under a 3-clause BSD style license - see LICENSE
"""What the levels of frames show: a bias of another level, a subtracted optical black, untold averages."""

from .bias_offset import bias_offset
from .combined import combined_finding
from .optical_black import optical_black

__all__ = ["level_findings"]


def level_findings(group):
    """The findings "bias", "optical black" and "combined" of a `FrameGroup`, always one of each.

    ``group.told`` may have "gain", "read_noise" and "n_combined" (each a `Told`). Where the bias is subtracted from
    the darks already, ``group.level`` is 0; None is a bias of which nothing is known.
    """
    black = optical_black(group)
    return [bias_offset(group, black).finding(), black.finding(), combined_finding(group.as_written)]
