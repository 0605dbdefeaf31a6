# Licensed under a 3-clause BSD style license - see LICENSE
"""How frames are taken out of what the user gave: which image of a file, in which unit, and which part of it."""

from dataclasses import dataclass
from typing import TypeAlias

from astropy import units as u
from ccdproc import Keyword

from .sections import check_section

__all__ = ["AS_IT_IS", "Hdu", "ImageSection", "Reading", "checked_reading"]

# Which image of a FITS file: the number of an HDU, its EXTNAME, or EXTNAME and EXTVER.
Hdu = int | str | tuple[str, int] | None
# What an argument may be that names a part of an image: a FITS section, or the header key that has it.
ImageSection: TypeAlias = str | Keyword | None


@dataclass(frozen=True)
class Reading:
    """How a frame is taken out of a file or an image in memory.

    Attributes
    ----------
    hdu : int, str, tuple or None
        The image in a file: the number of an HDU, its EXTNAME, or a pair of EXTNAME and EXTVER; None: the first with a
        2-D image.
    unit : `~astropy.units.Unit` or None
        Unit of a file, whatever its BUNIT is; None: BUNIT, else adu.
    overscan, trim : str, `ccdproc.Keyword` or None
        FITS section, or the header key that has it: of the overscan, whose level is taken off row by row (or column by
        column); of the part of the image that is measured.
    """

    hdu: Hdu = None
    unit: u.UnitBase | None = None
    overscan: ImageSection = None
    trim: ImageSection = None


AS_IT_IS = Reading()


def checked_reading(*, hdu=None, unit=None, overscan=None, trim=None):
    """`Reading` of the public arguments of these names; a TypeError, ValueError or UnitsError where one is wrong."""
    for argument, value in (("overscan", overscan), ("trim", trim)):
        check_section(argument, value)
    _check_hdu(hdu)
    return Reading(hdu, unit=None if unit is None else _unit(unit), overscan=overscan, trim=trim)


def _check_hdu(hdu):
    pair = isinstance(hdu, tuple) and len(hdu) == 2 and isinstance(hdu[0], str) and isinstance(hdu[1], int)
    if not (hdu is None or isinstance(hdu, int | str) or pair) or isinstance(hdu, bool):
        raise TypeError(f"hdu must be the number of an HDU, its EXTNAME, or a pair of EXTNAME and EXTVER, got {hdu!r}")
    if isinstance(hdu, int) and hdu < 0:
        raise ValueError(f"hdu must be 0 (the primary HDU) or more, got {hdu}")


def _unit(unit):
    if not isinstance(unit, str | u.UnitBase):
        raise TypeError(f"unit must be an astropy unit or its name, adu or electron, got {unit!r}")
    try:
        known = u.Unit(unit)
        if known in (u.adu, u.electron):
            return known
    except ValueError:
        pass
    raise u.UnitsError(f"unit must be adu or electron, got {str(unit)!r}")
