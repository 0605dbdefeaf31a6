# Licensed under a 3-clause BSD style license - see LICENSE
"""How frames are taken out of what the user gave: which image of a file, in which unit, and which part of it."""

from dataclasses import dataclass

from astropy import units as u
from ccdproc import Keyword

from .sections import check_section

__all__ = ["AS_IT_IS", "ImageSection", "Reading", "checked_reading"]

# What an argument may be that names a part of an image: a FITS section, or the header key that has it.
ImageSection = str | Keyword | None


@dataclass(frozen=True)
class Reading:
    """How a frame is taken out of a file or an image in memory.

    Attributes
    ----------
    hdu : int, str or None
        The image in a file: the number of an HDU or its EXTNAME; None: the first with a 2-D image.
    unit : `~astropy.units.Unit` or None
        Unit of a file, whatever its BUNIT is; None: BUNIT, else adu.
    overscan, trim : str, `ccdproc.Keyword` or None
        FITS section, or the header key that has it: of the overscan, whose level is taken off row by row (or column by
        column); of the part of the image that is measured.
    """

    hdu: int | str | None = None
    unit: u.UnitBase | None = None
    overscan: ImageSection = None
    trim: ImageSection = None


AS_IT_IS = Reading()


def checked_reading(*, unit=None, overscan=None, trim=None):
    """`Reading` of the public arguments of these names; a TypeError, ValueError or UnitsError where one is wrong."""
    for argument, value in (("overscan", overscan), ("trim", trim)):
        check_section(argument, value)
    return Reading(unit=None if unit is None else _unit(unit), overscan=overscan, trim=trim)


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
