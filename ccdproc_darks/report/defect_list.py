# Licensed under a 3-clause BSD style license - see LICENSE
"""The mask of a report as a list of bad pixels for another program."""

import os
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.io.registry import IORegistryError
from astropy.nddata import CCDData

from .._interface.disk.new_folder import PAGE, SUMMARY
from .._interface.warnings import filtered
from ..masks.defects.formats import checked_format
from ..masks.defects.write_defects import bad_pixels, write_defects

__all__ = ["mask_file", "write_defect_list"]

_MASK = "mask.fits"
_NAMED = 5


def write_defect_list(given, out, *, format=None, flags=None, first_row=None, overwrite=False):
    """Write the mask of a report as a list, and return a sentence on it.

    ``given`` is a mask.fits or the folder of a report; the other arguments are those of
    `~ccdproc_darks.write_defects`.
    """
    path = mask_file(given)
    if Path(os.path.realpath(out)) == Path(os.path.realpath(path)):
        raise ValueError(f"{out} is the mask itself: name another file")
    mask = _read_mask(path)
    beside = path.parent / _MASK
    wanted = f"give {beside}" if beside.is_file() and path.name != _MASK else "give the mask.fits of a report"
    try:
        number = np.count_nonzero(bad_pixels(mask, flags, label=str(path), wanted=wanted).mask)
    except u.UnitsError as error:
        raise ValueError(str(error)) from None
    format = _checked_format(format, out)
    write_defects(mask, out, format=format, flags=flags, first_row=first_row, overwrite=overwrite)
    rows, columns = mask.shape
    return f"{number} of {rows} x {columns} pixels ({_what(flags)}): {out}"


def _checked_format(format, out):
    """The format, or that of the name of ``out``; an error that names the option of the command."""
    try:
        return checked_format(format, out)
    except ValueError as error:
        raise ValueError(str(error).replace("format=", "--format")) from None


def mask_file(given):
    """The mask.fits that a path leads to: itself, or that of a folder of a report on one group of frames."""
    given = Path(given)
    if not given.is_dir():
        if not given.exists():
            raise FileNotFoundError(f"{given}: no such file or folder")
        return given
    if (given / _MASK).is_file():
        return given / _MASK
    groups = sorted(path.parent for path in given.rglob(_MASK) if path.is_file())
    if len(groups) == 1:
        return groups[0] / _MASK
    if not groups:
        is_report = (given / SUMMARY).exists() or (given / PAGE).exists()
        why = "nothing was measured" if is_report else "it is not the folder of a report"
        raise FileNotFoundError(f"{given} has no {_MASK}: {why}")
    more = f" and {len(groups) - _NAMED} more" if len(groups) > _NAMED else ""
    names = ", ".join(str(group) for group in groups[:_NAMED])
    raise ValueError(
        f"{given} is a report on {len(groups)} groups of frames, each with a mask of its own: give the folder of one "
        f"of them ({names}{more})"
    )


def _read_mask(path):
    try:
        with filtered("ignore"):
            return CCDData.read(path, format="fits")
    except (OSError, ValueError, TypeError, KeyError, IndexError, IORegistryError) as error:
        raise ValueError(f"{path} is not a mask that this package wrote: {error}") from None


def _what(flags):
    if flags is None:
        return "those of its mask"
    names = [flags] if isinstance(flags, str) else list(flags)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
