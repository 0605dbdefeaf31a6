# Licensed under a 3-clause BSD style license - see LICENSE
"""What the user may tell about the frames of a folder: how they are found, read and put into groups."""

from dataclasses import dataclass
from pathlib import Path

from astropy import units as u

from ..frames.reading import Reading

__all__ = ["AS_FOUND", "FrameOptions"]


@dataclass(frozen=True)
class FrameOptions:
    """How the frames of a folder are found, read and put into groups.

    Attributes
    ----------
    recursive : bool
        Sub-folders are looked into, at any depth.
    darks : str or None
        Pattern of names of files, such as ``*`` or ``dark_*``, that are darks whatever their headers say.
    excluded : str or None
        Pattern of names of files that are left out.
    type_key : str or None
        Header key that tells the type of a frame; None: the usual ones.
    bias : `~pathlib.Path` or None
        Folder of bias frames, or one file (a master bias), in place of the bias frames among the darks.
    without_bias : bool
        The darks have no bias: it was subtracted from them already.
    exposure : `~astropy.units.Quantity`, str or None
        Exposure time of all darks, or the header key that has it (s); None: the usual keys.
    temperature_tolerance : float or None
        Range of temperatures (deg C) within a group; None: temperatures are not looked at.
    group_by : tuple of str
        Header keys that part groups, besides the usual ones.
    ignored : tuple of str
        Usual keys that do not part groups.
    check_headers : bool
        Whether headers are asked if frames belong together; False: frames of one shape do.
    hdu : int, str or None
        The one image of each file that is measured; None: all that are detectors.
    unit : str or None
        Unit of the pixels, whatever BUNIT says.
    """

    recursive: bool = False
    darks: str | None = None
    excluded: str | None = None
    type_key: str | None = None
    bias: Path | None = None
    without_bias: bool = False
    exposure: u.Quantity | str | None = None
    temperature_tolerance: float | None = 1.0
    group_by: tuple = ()
    ignored: tuple = ()
    check_headers: bool = True
    hdu: int | str | None = None
    unit: str | None = None

    @property
    def reading(self):
        """`Reading` of the files."""
        return Reading(hdu=self.hdu, unit=None if self.unit is None else u.Unit(self.unit))


AS_FOUND = FrameOptions()
