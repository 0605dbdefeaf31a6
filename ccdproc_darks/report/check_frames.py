# Licensed under a 3-clause BSD style license - see LICENSE
"""Whether frames can be trusted: a table with one row a check."""

from __future__ import annotations

import os
from collections.abc import Sequence

from astropy import units as u
from astropy.nddata import CCDData
from astropy.table import QTable
from ccdproc import ImageFileCollection

from .._interface.arguments import checked_count, checked_quantity
from ..frames.headers import FrameSetting
from ..frames.inputs import Frames, as_frames
from ..frames.reading import Hdu, ImageSection, checked_reading
from ..rates.bias import MOST_COMBINED, bias_frame
from .check_table import check_table
from .frame_checks import FrameChecks
from .settings import Settings

__all__ = ["check_frames"]


def check_frames(
    darks: Frames,
    *,
    bias: CCDData | str | os.PathLike[str] | u.Quantity | Sequence | ImageFileCollection | None = None,
    gain: FrameSetting = None,
    read_noise: FrameSetting = None,
    exposure: FrameSetting = None,
    saturation: FrameSetting = None,
    n_combined: int | None = None,
    hdu: Hdu = None,
    unit: str | u.UnitBase | None = None,
    overscan: ImageSection = None,
    trim: ImageSection = None,
) -> QTable:
    """Check whether dark frames are what their headers tell, and fit together: a table with one row a check.

    What is wrong is a row of the table, not an error: frames that do not belong, copies and frames without an exposure
    time are told, and the other checks go on without them. Pixels are looked at in a sample of the rows.

    Parameters
    ----------
    darks : `~astropy.nddata.CCDData`, path, sequence of these, or `ccdproc.ImageFileCollection`
        Dark frames in adu or electron, all of one shape, (rows, columns); of one or several exposure times.
    bias : `~astropy.nddata.CCDData`, path, `~astropy.units.Quantity`, sequence or collection, optional
        :term:`Master bias`, or bias level (in the unit of the darks), or a list (or collection) of single bias
        frames, which tell more.
    gain, read_noise, exposure, saturation : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        What you know: gain (electron/adu), read noise (electron), exposure time and saturation level (adu or electron),
        or the header keys that tell; see `dark_rate`.
    n_combined : int, optional
        Number of exposures that each frame is the mean of. None: NCOMBINE in its meta, else 1.
    hdu, unit, overscan, trim
        Which image of files is read, its unit, its overscan and the part that is measured; see `dark_rate`.

    Returns
    -------
    `~astropy.table.QTable`
        A row for each check, with text in all columns. ``check``: its name. ``verdict``: "ok"; "doubtful", where a
        result may be off; "wrong", where it is; "unknown", where the frames cannot tell. ``found`` and ``told``: what
        the frames show, and what headers or arguments tell; `~astropy.units.Quantity` reads those that are
        quantities. ``sentence``: what is so, how the frames show it, and what to do. ``meta`` has the verdict in one
        sentence ("verdict") and the numbers as floats, with their units in the names of the keys.

    Raises
    ------
    TypeError
        If a frame is neither CCDData nor a path, or an argument lacks a unit.
    astropy.units.UnitsError
        If a unit is wrong.
    ValueError
        If there is no frame, frames have several shapes, or an argument is out of range.
    OSError
        If a file is absent, empty, truncated or not FITS.

    See Also
    --------
    dark_rate : Warns of what is doubtful in the same words, and refuses what is wrong.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import check_frames, simulate_dark
    >>> camera = dict(gain=1.5 * u.electron / u.adu, read_noise=10 * u.electron, bias=1000 * u.adu)
    >>> darks = [simulate_dark((100, 100), exposure=300 * u.s, rng=seed, **camera) for seed in range(5)]
    >>> checks = check_frames([*darks, darks[0]], bias=1000 * u.adu)
    >>> print(checks.meta["verdict"])
    One thing is wrong: duplicates.
    >>> print(checks["sentence"][checks["check"] == "duplicates"][0])  # doctest: +ELLIPSIS
    frames given more than once, with the same value in every pixel, are counted once: darks[0] and darks[5]...
    """
    reading = checked_reading(hdu=hdu, unit=unit, overscan=overscan, trim=trim)
    frames = as_frames(darks, reading=reading)
    if n_combined is not None:
        n_combined = checked_count("n_combined", n_combined, MOST_COMBINED)
    checks = FrameChecks(
        frames, Settings(gain, read_noise, exposure, saturation, n_combined), **_bias(bias, frames, reading)
    )
    return check_table(checks.run(), darks=len(checks.darks), bias_frames=len(checks.biases))


def _bias(bias, frames, reading):
    """Fields of `FrameChecks` that a bias of any kind becomes."""
    if bias is None:
        return {}
    if isinstance(bias, u.Quantity):
        unit = frames[0].unit
        return {"level": checked_quantity("bias", bias, unit, zero=True)}
    is_one = isinstance(bias, CCDData | str | os.PathLike)
    found = [bias_frame(bias, reading)] if is_one else as_frames(bias, "biases", reading)
    if found[0].shape != frames[0].shape:
        raise ValueError(f"bias has the shape {found[0].shape}, the darks have {frames[0].shape} ({frames[0].label})")
    return {"master": found[0]} if is_one else {"biases": found}
