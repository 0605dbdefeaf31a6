# Licensed under a 3-clause BSD style license - see LICENSE
"""What an argument ``mask`` is: flags of this package, an array of bool, or neither, and what it is then."""

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .arguments import ELECTRON_PER_SECOND, numpy_images, unit_name

__all__ = ["DARK_RATE", "KINDS", "as_bool", "checked_mask", "checked_no_other_image", "has_flags", "kind_of_result"]

#: What `kind_of_result` calls a rate, and the kinds of pixels that are not proportional.
DARK_RATE, KINDS = "a dark rate", "a result of nonlinear_kind"
_MASK = "a mask (a result of hot_pixel_mask)"
# What results are, by the beginning of their DKSTAT.
_BY_STATISTIC = {
    "dark": "a dark (a result of master_dark)",
    "scatter": "a result of dark_scatter",
    "read noise": "a map of read noise (a result of read_noise_map)",
    "change": "a result of dark_rate_change",
    **dict.fromkeys(("significance", "difference", "ratio", "offset"), "a result of compare_dark_rates"),
}
# Fewest bytes of a number that has room for the flags.
_FLAG_BYTES = 4
_WANTED = "pass a result of hot_pixel_mask, or an array of bool, True where a pixel is bad"


def kind_of_result(image):
    """What a CCDData is, in words, as far as its meta tells; None where it is none of our images."""
    meta = image.meta
    if "DKSTAT" in meta:
        told = str(meta["DKSTAT"])
        return next((kind for begin, kind in _BY_STATISTIC.items() if told.startswith(begin)), None)
    if "NUNTOLD" in meta:
        return KINDS
    if meta.get("SIMTRUTH") == "true flags":
        return "a mask (of Sensor.true_flags)"
    if "NMASKED" in meta and _is_plain(image.unit):
        return _MASK
    if "DKNIGHTS" in meta:
        return "a number of nights (of ccdproc-darks compare)"
    if "DKEXPMIN" in meta and image.unit is not None and image.unit.is_equivalent(ELECTRON_PER_SECOND):
        return DARK_RATE
    return None


def has_flags(image):
    """Whether the numbers of a CCDData are bits of DARK_FLAGS: a mask of this package, not any whole numbers."""
    is_mask = (kind_of_result(image) or "").startswith("a mask")
    kind = image.data.dtype
    return is_mask and kind.kind in "iu" and kind.itemsize >= _FLAG_BYTES and _is_plain(image.unit)


def checked_mask(mask, *, only_flags=False):
    """CCDData of flags (uint32), or an array of bool, True where a pixel is bad; an error where it is neither.

    ``only_flags`` refuses arrays of bool.
    """
    if not isinstance(mask, CCDData) and (only_flags or not isinstance(mask, np.ndarray)):
        wanted = "CCDData, " * only_flags + "a result of hot_pixel_mask" + ", or an array of bool" * (not only_flags)
        raise TypeError(f"mask must be {wanted}, got {type(mask).__name__}")
    if isinstance(mask, CCDData):
        if not only_flags and mask.data.dtype == bool:
            return as_bool(mask)
        (mask,) = numpy_images([mask], ["mask"])
        checked_no_other_image(mask)
        if has_flags(mask):
            return mask
    elif mask.dtype == bool:
        return mask
    kind = mask.data.dtype if isinstance(mask, CCDData) else mask.dtype
    wanted, error = "must be a result of hot_pixel_mask, or an array of bool, got one of", TypeError
    if only_flags:
        wanted, error = "must hold flags, a result of hot_pixel_mask, got numbers of type", ValueError
    hint = ""
    if kind.kind in "iu":
        hint = (
            ": they may be counts, or flags of others. Pass the CCDData that hot_pixel_mask gave (NMASKED in its meta)"
        )
        hint += "" if only_flags else ", or an array of bool, as mask != 0"
    raise error(f"mask {wanted} {kind}{hint}")


def as_bool(image):
    """Where a CCDData of bool is True, or masked."""
    bad = np.asarray(image.data)
    return bad if image.mask is None else bad | np.broadcast_to(np.asarray(image.mask, dtype=bool), bad.shape)


def checked_no_other_image(mask, label="mask", wanted=_WANTED):
    """An error where a CCDData is a frame, or a result that is not a mask."""
    kind = kind_of_result(mask)
    unit = "" if _is_plain(mask.unit) else f" ({mask.unit})"
    if kind is not None and not kind.startswith("a mask"):
        raise ValueError(f"{label} is {kind}{unit}, not a mask: {wanted}")
    if unit:
        raise u.UnitsError(f"{label} is in {unit_name(mask.unit)}, and a mask has no unit: {wanted}")


def _is_plain(unit):
    return unit is None or unit == u.dimensionless_unscaled
