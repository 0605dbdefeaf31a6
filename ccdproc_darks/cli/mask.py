# Licensed under a 3-clause BSD style license - see LICENSE
"""The command ``mask``."""

import argparse
from pathlib import Path

from .printed import print_lines

__all__ = ["FORMATS", "add_mask"]

#: Formats, the ends of their files' names, and the programs that read them.
FORMATS = {
    "lsst": (".ecsv, .fits, .txt", "LSST Science Pipelines (ip_isr, Defects)"),
    "region": (".fits", "CIAO, LSST Science Pipelines, the Python package regions: REGION tables"),
    "ds9": (".reg", "SAOImageDS9, the Python package regions"),
    "iraf": (".dat, .txt", "IRAF (fixpix, text2mask, ccdproc with fixfile)"),
    "siril": (".lst", "Siril (cosme, and calibrate with -cc=bpm)"),
    "dcraw": (".badpixels, .txt", "dcraw (-P), LibRaw, and programs with these"),
    "roman": (".fits", "astropy, ccdproc: an image of all flags, as in JWST's masks"),
}


def add_mask(commands):
    """Add the command ``mask``."""
    width = max(map(len, FORMATS)) + 2
    listed = "\n".join(f"  {name:{width}}{ends:20}{programs}" for name, (ends, programs) in FORMATS.items())
    mask = commands.add_parser(
        "mask",
        help="write the mask of a report as a list for another program",
        description="Write the bad pixels of a mask as a list that another program reads.",
        epilog=f"formats, the ends of their files' names, and who reads them:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    mask.add_argument(
        "given", type=Path, metavar="IN",
        help="a mask.fits, or the folder of a report on one group of frames, or of one group",
    )  # fmt: skip
    mask.add_argument("-o", "--out", type=Path, required=True, metavar="OUT", help="file to write")
    mask.add_argument(
        "--format", type=str.lower, choices=tuple(FORMATS), metavar="FORMAT",
        help="format of the list; default: that of OUT's name, where its end belongs to one format only",
    )  # fmt: skip
    mask.add_argument(
        "--flags", type=_names, metavar="A,B",
        help="list the pixels that have one of these flags, as HOT,NONLINEAR; default: those that must not be used",
    )  # fmt: skip
    mask.add_argument(
        "--first-row", choices=("top", "bottom"), metavar="top|bottom",
        help="where the first row of the image is in the picture, for dcraw; default: as ROWORDER tells, or top",
    )  # fmt: skip
    mask.add_argument("--overwrite", action="store_true", help="replace OUT where it is a file")
    mask.set_defaults(run=_mask)


def _names(text):
    names = [name.strip().upper() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"expected names of flags, as HOT,NONLINEAR, got {text!r}")
    return names


def _mask(given, command):
    from ..report.defect_list import write_defect_list

    options = {"format": given.format, "flags": given.flags, "first_row": given.first_row}
    print_lines([write_defect_list(given.given, given.out, overwrite=given.overwrite, **options)])
    return 0
