# Licensed under a 3-clause BSD style license - see LICENSE
"""How frames are taken out of what the user gave: which image of a file, in which unit, and which part of it."""

from dataclasses import dataclass

from astropy import units as u
from ccdproc import Keyword

__all__ = ["AS_IT_IS", "Reading"]


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
        FITS section, or the header key that has it: of the overscan, whose level is taken off row by row; of the part
        of the image that is measured.
    """

    hdu: int | str | None = None
    unit: u.UnitBase | None = None
    overscan: str | Keyword | None = None
    trim: str | Keyword | None = None


AS_IT_IS = Reading()
