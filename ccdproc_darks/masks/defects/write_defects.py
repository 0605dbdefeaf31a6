# Licensed under a 3-clause BSD style license - see LICENSE
"""Bad pixels as a list that another program reads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from astropy.nddata import CCDData
from astropy.time import Time

from ..._interface.arguments import checked_choice, checked_flag
from ..._interface.disk.new_file import new_file
from ..._interface.flags import checked_flags
from ..._interface.pixel_mask import checked_no_other_image, has_flags
from .dcraw import seconds_of
from .formats import FORMATS, checked_format
from .listed import BadPixels

__all__ = ["Format", "bad_pixels", "write_defects"]

Format = Literal["lsst", "region", "ds9", "iraf", "siril", "dcraw", "roman"]
# Names of flags, or one.
Flags = str | Sequence[str]
FIRST_ROWS = (None, "top", "bottom")
_WANTED = "pass a result of hot_pixel_mask, or a boolean array, True for a bad pixel"


def write_defects(
    mask: CCDData | np.ndarray,
    path: str | os.PathLike[str],
    *,
    format: Format | None = None,
    flags: Flags | None = None,
    date: Time | str | None = None,
    first_row: Literal["top", "bottom"] | None = None,
    overwrite: bool = False,
) -> None:
    """Write the bad pixels of a mask as a list that another program reads.

    Parameters
    ----------
    mask : `~astropy.nddata.CCDData` or `numpy.ndarray`
        Result of `hot_pixel_mask`, whose ``mask`` is written; or any CCDData without a unit that has a mask; or a
        boolean array, shape (rows, columns), True for a bad pixel.
    path : path-like
        The new file.
    format : str, optional
        Format of the list, see Notes, in letters of any case. None: that of the file's name, where its end belongs to
        one format only.
    flags : str or sequence of str, optional
        Names of the flags in `DARK_FLAGS` of which a pixel must have one or more to be listed, for a result of
        `hot_pixel_mask`. None: the pixels of its ``mask``. A bit image keeps these flags only (None: all), and has
        DO_NOT_USE where a pixel is listed.
    date : `~astropy.time.Time` or str, optional
        Since when the pixels are bad (UTC), for ``"dcraw"``, which leaves them as they are in older frames. None:
        DATE-OBS of ``mask``, or else the time of writing.
    first_row : {None, "top", "bottom"}
        Where row 0 of the array is in the picture, for ``"dcraw"``. None: as the key ROWORDER tells (TOP-DOWN or
        BOTTOM-UP), or else at the top.
    overwrite : bool
        Replace a file of this name.

    Raises
    ------
    TypeError
        If ``mask`` is neither CCDData nor a boolean array, or ``path`` is no file name.
    astropy.units.UnitsError
        If ``mask`` is a frame, with a unit.
    ValueError
        If ``mask`` is a rate or another result, has no mask, or not two dimensions; if a name of a flag or format is
        unknown; if the name of the file tells no format; or if an argument does not belong to the format.
    OSError
        If there is a file of this name, without ``overwrite``, or the file cannot be written. Then nothing is.

    See Also
    --------
    read_defects : Reads such a list.

    Notes
    -----
    Bad pixels that are neighbours are one rectangle in lists that know rectangles; together these cover the bad pixels
    exactly. Positions are those of the array, however the frame was trimmed. Each list tells the size of the image,
    mostly in a comment.

    =========== ================ ============================================================ ======================
    format      end of the name  what is written                                              read by
    =========== ================ ============================================================ ======================
    ``lsst``    .ecsv            a table x0, y0, width, height: first column and row from 0;  LSST Science Pipelines
                                 .fits: the same in FITS; .txt: four numbers a line
    ``region``  .fits            the REGION convention of FITS: centres (X, Y) from 1, sides  CIAO, LSST, regions
                                 R, SHAPE BOX or POINT
    ``ds9``     .reg             box(x,y,width,height,0) in image coordinates: centres, the   SAOImageDS9, regions
                                 first pixel's is (1, 1)
    ``iraf``    .dat, .txt       ``x y`` of a pixel or ``x1 x2 y1 y2`` of a rectangle, from   IRAF (fixpix, ccdproc)
                                 1
    ``siril``   .lst             ``P x y H``: column, and row from the *last* row of the      Siril (cosme)
                                 image, both from 0
    ``dcraw``   .badpixels, .txt ``x y time``: column and row from the top left of the        dcraw, LibRaw
                                 picture, both from 0, and seconds since 1970
    ``roman``   .fits            a uint32 image DQ of all flags, and a table DQ_DEF of their  astropy; as JWST's masks
                                 bits and names, which are Roman's and JWST's
    =========== ================ ============================================================ ======================

    Sources of the formats: LSST [1]_, REGION [2]_, ds9 [3]_, IRAF [4]_, Siril [5]_, dcraw [6]_, Roman and JWST [7]_.

    References
    ----------
    .. [1] LSST, ip_isr, ``python/lsst/ip/isr/defects.py`` (toTable, fromTable, readLsstDefectsFile).
    .. [2] FITS registry of conventions, REGION, https://fits.gsfc.nasa.gov/registry/region.html
    .. [3] SAOImageDS9, reference manual, Regions, http://ds9.si.edu/doc/ref/region.html
    .. [4] IRAF, ``pkg/xtools/fixpix/xtpmmap.x`` (xt_pmtext), and the help of fixpix, text2mask and ccdred.instruments.
    .. [5] Siril, ``src/filters/cosmetic_correction.c`` (apply_cosme_to_image), ``src/core/command.c`` (find_hot).
    .. [6] D. Coffin, dcraw, ``dcraw.c`` (bad_pixels).
    .. [7] Space Telescope Science Institute, roman_datamodels, ``dqflags.py``; the data-quality flags of JWST.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from ccdproc_darks import read_defects, write_defects
    >>> mask = np.zeros((6, 8), dtype=bool)
    >>> mask[:, 3] = mask[2, 7] = True
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "bad.dat"
    ...     write_defects(mask, path, format="iraf")
    ...     lines = path.read_text().splitlines()
    ...     back = read_defects(path, format="iraf")
    >>> lines[-3:]
    ['# image of 6 rows and 8 columns', '4 4 1 6', '8 3']
    >>> bool((back == mask).all())
    True
    """
    _check_not_swapped(mask, path)
    path = Path(path)
    chosen = checked_format(format, path)
    checked_flag("overwrite", overwrite)
    pixels = bad_pixels(mask, flags)
    checked_choice("first_row", first_row, FIRST_ROWS)
    for name, value in {"date": date, "first_row": first_row}.items():
        if value is not None and chosen != "dcraw":
            raise ValueError(f"{name} is for the format 'dcraw' alone, got format {chosen!r}")
    if date is not None:
        pixels.date = seconds_of(date, None)
        if pixels.date is None:
            raise ValueError(f"date must be a Time, or a text such as '2026-01-31T20:00:00' (UTC), got {date!r}")
    pixels.first_row = first_row
    with new_file(path, overwrite=overwrite) as new:
        FORMATS[chosen].write(new, pixels)


def _check_not_swapped(mask, path):
    if isinstance(path, CCDData | np.ndarray):
        got = repr(mask) if isinstance(mask, str | os.PathLike) else type(mask).__name__
        raise TypeError(
            f"path must be the name of a file and mask CCDData or a boolean array, got path of type "
            f"{type(path).__name__} and mask {got}; write write_defects(mask, path)"
        )


def bad_pixels(mask, flags=None, *, label="mask", wanted=_WANTED):
    """The pixels of a mask that have one of the ``flags`` (names, or one), or else are masked, as `BadPixels`.

    Where it is none, the error calls it ``label``, and tells what is ``wanted``.
    """
    bits = None if flags is None else sum(checked_flags(flags).values())
    if not isinstance(mask, CCDData):
        if isinstance(mask, str | os.PathLike):
            raise TypeError(f"mask must be CCDData or a boolean array, got {mask!r}; read it by CCDData.read")
        array = np.asarray(mask)
        if array.dtype != bool:
            raise TypeError(f"mask must be CCDData or a boolean array, got {type(mask).__name__} of {array.dtype}")
        if bits is not None:
            raise ValueError("flags can be chosen of a result of hot_pixel_mask, and mask is an array without flags")
        return BadPixels(_checked_image(array))
    data = np.asarray(mask.data)
    if data.dtype != bool:
        checked_no_other_image(mask, label, wanted)
    flagged = has_flags(mask)
    if bits is not None and not flagged:
        raise ValueError(
            f"flags can be chosen of a result of hot_pixel_mask, and the data of {label} are {data.dtype} without the "
            "key NMASKED of its meta"
        )
    _checked_image(data)
    if mask.mask is None and bits is None and data.dtype != bool:
        raise ValueError(f"{label} has no mask: {wanted}")
    if bits is not None:
        kept = data.astype(np.uint32) & np.uint32(bits)
        return BadPixels(kept != 0, kept, mask.meta)
    listed = data if mask.mask is None else np.array(np.broadcast_to(np.asarray(mask.mask, dtype=bool), data.shape))
    return BadPixels(listed, data.astype(np.uint32) if flagged else None, mask.meta)


def _checked_image(array):
    if array.ndim != 2 or not array.size:
        raise ValueError(f"mask must have rows and columns, got shape {array.shape}")
    return array
