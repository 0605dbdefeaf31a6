# Licensed under a 3-clause BSD style license - see LICENSE
"""Names and values of the flags in a hot-pixel mask, and of the kinds of pixels that are not proportional."""

from collections.abc import Sequence
from enum import IntEnum

from astropy.nddata.bitmask import BitFlagNameMap

__all__ = ["DARK_FLAGS", "NONLINEAR_KINDS", "checked_flags", "flag_bits"]


class DARK_FLAGS(BitFlagNameMap):
    """Names and bits of the flags in the masks of `~ccdproc_darks.hot_pixel_mask`.

    The bits are those of the Roman and JWST data-quality arrays, so that other pipelines can read the masks.

    =================  ======  ================================================================================
    name               bit     meaning
    =================  ======  ================================================================================
    DO_NOT_USE         2**0    the pixel must not be used: exactly where ``mask`` is True
    SATURATED          2**1    saturated in every frame of at least one exposure time
    UNRELIABLE_ERROR   2**8    noisy: the read noise is above the sensor's, or the reading jumps
    HOT                2**11   the dark rate is above the threshold
    WARM               2**12   the dark rate is above the threshold, its excess over the surroundings is not (glow)
    TELEGRAPH          2**15   equal frames scatter more than their noise
    NONLINEAR          2**16   the dark signal is not proportional to exposure time
    UNRELIABLE_DARK    2**23   HOT, but too noisy: a departure as large as the tolerance would not be seen
    OTHER_BAD_PIXEL    2**30   in a bad column or row, or next to a cluster of bad pixels
    =================  ======  ================================================================================

    Examples
    --------
    >>> from ccdproc_darks import DARK_FLAGS
    >>> DARK_FLAGS.HOT, DARK_FLAGS.NONLINEAR
    (2048, 65536)
    >>> from astropy.nddata import bitfield_to_boolean_mask
    >>> import numpy as np
    >>> bitfield_to_boolean_mask(np.array([0, 2048, 65537]), ignore_flags="~NONLINEAR",
    ...                          flag_name_map=DARK_FLAGS, good_mask_value=False, dtype=bool)
    array([False, False,  True])
    """

    DO_NOT_USE = 2**0
    SATURATED = 2**1
    UNRELIABLE_ERROR = 2**8
    HOT = 2**11
    WARM = 2**12
    TELEGRAPH = 2**15
    NONLINEAR = 2**16
    UNRELIABLE_DARK = 2**23
    OTHER_BAD_PIXEL = 2**30


class NONLINEAR_KINDS(IntEnum):
    """Names and codes of the kinds of pixels in a result of `~ccdproc_darks.nonlinear_kind`.

    ============  ====  ==================================================================================
    name          code  counts against exposure time
    ============  ====  ==================================================================================
    PROPORTIONAL  0     proportional, or not found to be anything else
    BENDS         1     the rate falls as the pixel fills
    OFFSET        2     a fixed number of electrons at every exposure, of either sign
    CLIPS         3     they stop at a level: the pixel is full early
    HIGH_FRAME    4     proportional but for one frame, which is high: a cosmic ray
    SWITCHES      5     equal frames differ (TELEGRAPH)
    UNEXPLAINED   6     none of these
    UNTOLD        7     more than one of these explains them: which one cannot be told
    ============  ====  ==================================================================================

    Examples
    --------
    >>> from ccdproc_darks import NONLINEAR_KINDS
    >>> NONLINEAR_KINDS(1).name, int(NONLINEAR_KINDS.OFFSET)
    ('BENDS', 2)
    """

    PROPORTIONAL = 0
    BENDS = 1
    OFFSET = 2
    CLIPS = 3
    HIGH_FRAME = 4
    SWITCHES = 5
    UNEXPLAINED = 6
    UNTOLD = 7


def flag_bits():
    """Value of each flag by its name, from the lowest."""
    names = (name for name in vars(DARK_FLAGS) if name.isupper() and not name.startswith("_"))
    return dict(sorted(((name, int(DARK_FLAGS[name])) for name in names), key=lambda item: item[1]))


def checked_flags(flags):
    """Value of each of the flags of these names, by its name; an error where one is unknown."""
    names = [flags] if isinstance(flags, str) else list(flags) if isinstance(flags, Sequence | set) else None
    if names is None or not all(isinstance(name, str) for name in names):
        raise TypeError(f"flags must be names in DARK_FLAGS, as ('HOT', 'NONLINEAR'), got {flags!r}")
    known = flag_bits()
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ValueError(f"flags must be names in DARK_FLAGS ({', '.join(known)}), got {', '.join(unknown) or 'none'}")
    return {name: known[name] for name in names}
