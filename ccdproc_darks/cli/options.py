# Licensed under a 3-clause BSD style license - see LICENSE
"""Options of the command that tell how the frames of a folder are found, read and put into groups."""

import argparse
from pathlib import Path

from .argument_types import header_key, positive, tolerance, unit

__all__ = ["add_frame_options", "frame_options"]


def add_frame_options(parser):
    """Add the options about frames to the parser of a command; `frame_options` makes of them what functions take."""
    found = parser.add_argument_group("finding and reading frames")
    found.add_argument(
        "-r",
        "--recursive",
        action="store_true",
        help="look into all sub-folders of FOLDER, too; without, into those "
        "called dark or bias, if FOLDER has no FITS files itself",
    )
    found.add_argument(
        "--dark", metavar="GLOB",
        help="files with such names are darks, whatever their headers say: '*' for all, or as 'dark_*.fit'",
    )  # fmt: skip
    found.add_argument(
        "--exclude", metavar="GLOB", help="leave out files with such names, as 'dark_*b.fit'"
    )  # fmt: skip
    found.add_argument(
        "--type-key", type=header_key, metavar="KEY",
        help="header key that tells which frames are darks or bias frames; default: IMAGETYP and the like",
    )  # fmt: skip
    found.add_argument(
        "--bias", type=Path, metavar="FOLDER|FILE",
        help="take the bias frames from this folder, or one master bias from this file, in place of those in FOLDER; "
        "'none': the bias was subtracted from the darks already",
    )  # fmt: skip
    exposure = found.add_mutually_exclusive_group()
    exposure.add_argument(
        "--exposure", type=positive, metavar="SECONDS", help="exposure time of all darks; default: as headers tell"
    )
    exposure.add_argument(
        "--exposure-key", type=header_key, metavar="KEY",
        help="header key of the exposure time (s); default: EXPTIME and the like",
    )  # fmt: skip
    found.add_argument("--unit", type=unit, metavar="adu|electron", help="unit of the pixels, whatever BUNIT says")
    found.add_argument(
        "--hdu", type=_hdu, metavar="N|NAME",
        help="measure this image of each file alone: its number (0 is the first) or its EXTNAME",
    )  # fmt: skip
    groups = parser.add_argument_group("which frames belong together")
    groups.add_argument(
        "--temperature-tolerance", type=tolerance, default=1.0, metavar="C",
        help="range of temperatures (deg C) in a group (default: 1); 'none': temperatures are not looked at",
    )  # fmt: skip
    groups.add_argument(
        "--group-by", type=header_key, nargs="+", action="extend", default=[], metavar="KEY",
        help="header keys that separate groups, besides those of camera, binning, region, gain, offset and read-out",
    )  # fmt: skip
    groups.add_argument(
        "--ignore-key", type=header_key, nargs="+", action="extend", default=[], metavar="KEY",
        help="header keys that do not separate groups, though they usually do, such as READOUTM",
    )  # fmt: skip
    groups.add_argument(
        "--check-headers", action=argparse.BooleanOptionalAction, default=True,
        help="ask headers whether frames belong together (default); with --no-check-headers, all of one size do",
    )  # fmt: skip


def frame_options(given):
    """`FrameOptions` of parsed arguments."""
    from astropy import units as u

    from ..report.frame_options import FrameOptions

    without_bias = given.bias is not None and str(given.bias).lower() == "none"
    return FrameOptions(
        recursive=given.recursive,
        darks=given.dark,
        excluded=given.exclude,
        type_key=given.type_key,
        bias=None if without_bias else given.bias,
        without_bias=without_bias,
        exposure=given.exposure_key if given.exposure is None else given.exposure * u.s,
        temperature_tolerance=given.temperature_tolerance,
        group_by=tuple(given.group_by),
        ignored=tuple(given.ignore_key),
        check_headers=given.check_headers,
        hdu=given.hdu,
        unit=given.unit,
    )


def _hdu(text):
    """Number of an HDU, or its name."""
    return int(text) if text.isdecimal() and len(text) < 10 else text
