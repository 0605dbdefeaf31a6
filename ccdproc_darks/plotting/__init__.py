# Licensed under a 3-clause BSD style license - see LICENSE
"""Pictures of rates, masks and frames: each function draws on matplotlib's Axes, and returns them."""

__all__ = []


def __dir__():
    return sorted(__all__)
