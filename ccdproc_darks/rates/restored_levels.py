# Licensed under a 3-clause BSD style license - see LICENSE
"""Levels as they are without a subtraction of the optical black, and warnings of levels that do not fit together."""

from .._interface.arguments import ELECTRON_PER_SECOND, checked_quantity
from .._interface.warnings import BiasWarning, MissingInformationWarning, warn
from ..frames.evidence.finding import OK
from ..frames.evidence.frame_levels import LEAST_PIXELS

__all__ = ["checked_optical_black", "restore_levels"]


def checked_optical_black(optical_black):
    """The argument ``optical_black`` as a number (electron/s), or None."""
    if optical_black is None:
        return None
    return checked_quantity("optical_black", optical_black, ELECTRON_PER_SECOND, zero=True)


def restore_levels(dark_sets, group, findings, rate, offset):
    """Add to each `DarkSet` what the camera subtracted as its optical black; warn of what levels of frames show.

    ``findings`` are those of `~ccdproc_darks.frames.evidence.levels.level_findings`. ``rate`` is the dark rate of a
    typical pixel (electron/s) as the user gave it; None takes that of the `FrameGroup`, where its frames show that the
    optical black is subtracted. Returns the rate, or None where nothing is added; ValueError where levels cannot be
    told.
    """
    bias, black, combined = findings
    if combined.is_doubt:
        warn(combined.sentence, MissingInformationWarning)
    if rate is None and black.is_doubt:
        warn(black.sentence, BiasWarning)
        rate = black.found.value
    elif bias.is_doubt and offset is None:
        warn(bias.sentence, BiasWarning)
    if not rate:
        return None
    if group.levels is None:
        raise ValueError(
            f"optical_black of {rate:g} electron/s cannot be added: too few typical pixels ({LEAST_PIXELS} are needed) "
            "tell the level that the camera left; leave optical_black out"
        )
    if black.verdict == OK and not 0.5 < rate / black.found.value < 2:
        warn(f"optical_black is given as {rate:.3g} electron/s, but {black.sentence}", BiasWarning)
    for dark_set, one in zip(dark_sets, group.levels.sets, strict=True):
        level = one.level - (group.levels.bias_level or 0.0)
        dark_set.restored = rate * dark_set.seconds - level * group.scale
    return rate
