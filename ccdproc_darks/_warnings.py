# Licensed under a 3-clause BSD style license - see LICENSE
"""Warnings, told apart by what one should do about them, and blamed on the line that called the package."""

import os
import sys
import warnings

from astropy.utils.exceptions import AstropyUserWarning

__all__ = [
    "BiasWarning",
    "DarkWarning",
    "FrameLevelWarning",
    "MissingInformationWarning",
    "NoiseWarning",
    "TemperatureWarning",
    "warn",
]

_PACKAGE = os.path.join(os.path.dirname(__file__), "")


class DarkWarning(AstropyUserWarning):
    """
    A result is doubtful: any warning of this package.

    Its subclasses tell what to do about it. Use ``warnings.filterwarnings`` to turn one of them into an error, or off.
    """


class BiasWarning(DarkWarning):
    """
    The bias is still in the frames, was subtracted twice, or is another camera's.

    Pass the right ``bias`` to `dark_rate`: a master bias (or a level) for frames as the camera wrote them, None for
    frames whose bias is already subtracted.
    """


class FrameLevelWarning(DarkWarning):
    """
    The level of a whole frame is not that of its equals, as after a drift of the bias level.

    Leave the frame out.
    """


class MissingInformationWarning(DarkWarning):
    """
    Frames or bias do not tell their read noise, their uncertainty or how many exposures they are the mean of.

    Pass ``read_noise`` or ``n_combined``, or write RDNOISE or NCOMBINE into ``meta``.
    """


class NoiseWarning(DarkWarning):
    """
    Frames scatter, or rates differ, by more than their noise explains.

    Pass the right ``read_noise``; give frames with their bias, and ``bias``; or compare with ``null="empirical"``,
    which takes the width that good pixels show for the right one.
    """


class TemperatureWarning(DarkWarning):
    """
    Frames or rates are of different sensor temperatures.

    Measure the frames of each temperature by themselves.
    """


def warn(text, category):
    """Warn of ``text``, as from the line outside this package that called it."""
    level, frame = 2, sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, category, stacklevel=level)
