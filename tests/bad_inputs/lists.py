"""Lists of bad pixels: masks that are none, files that are others, and places outside the image."""

import os
import shutil

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData

from ccdproc_darks import write_defects

from .given import rate
from .wanted import Error, Refused, Right, Row

__all__ = ["GROUPS"]

SHAPE = (5, 8)
MASK = np.arange(40).reshape(SHAPE) % 7 == 0
FLAGS = CCDData(np.where(MASK, np.uint32(2049), np.uint32(0)), unit="", mask=MASK, meta={"BUNIT": "1", "NMASKED": 6})
COMMAND = "ccdproc-darks mask"


def write(name, tried, wanted, mask=MASK, path="bad.lst", **options):
    """Row for one wrong argument of a list that is written."""
    return Row(name, tried, "write_defects", lambda t: t(mask, t.folder / path, **options), wanted)


def read(name, tried, text, wanted, path="bad.lst", **options):
    """Row for one odd list that is read."""

    def call(trial):
        (trial.folder / path).write_text(text)
        return trial(trial.folder / path, **{"shape": SHAPE, **options})

    return Row(name, tried, "read_defects", call, wanted)


def there(trial, **options):
    """A list at a path where there is a file."""
    (trial.folder / "bad.lst").write_text("mine")
    return trial(MASK, trial.folder / "bad.lst", **options)


def cut(trial):
    """A table of FITS of which the end is missing."""
    path = trial.folder / "bad.fits"
    write_defects(MASK, path, format="region")
    path.write_bytes(path.read_bytes()[:6000])
    return trial(path, shape=SHAPE)


def command(name, tried, wanted, *options, path="bad.lst", given=None):
    """Row for the command, on the folder of a group or what ``given`` makes."""

    def call(trial):
        FLAGS.write(trial.folder / "mask.fits")
        return trial(given(trial) if given else trial.folder, "-o", trial.folder / path, *options)

    return Row(name, tried, COMMAND, call, wanted)


def empty(trial):
    (trial.folder / "empty").mkdir()
    return trial.folder / "empty"


def two_groups(trial):
    for name in ("one", "two"):
        (trial.folder / "both" / name).mkdir(parents=True)
        shutil.copy(trial.folder / "mask.fits", trial.folder / "both" / name)
    return trial.folder / "both"


def raw_frame(trial):
    fits.PrimaryHDU(np.zeros(SHAPE)).writeto(trial.folder / "raw.fits")
    return trial.folder / "raw.fits"


def dark_rate_file(trial):
    rate().write(trial.folder / "rate.fits")
    return trial.folder / "rate.fits"


def one_true(pixels):
    return np.count_nonzero(pixels) == 1


LISTS = [
    write("list-of-numbers", "a mask of numbers", Error("TypeError", "boolean", "int64"), mask=MASK.astype(np.int64)),
    write("list-of-path", "a path for a mask", Error("TypeError", "mask.fits", "CCDData.read"), mask="mask.fits"),
    write("list-cube", "a mask with three dimensions", Error("ValueError", "rows and columns", "(1, 5, 8)"),
          mask=MASK[None]),
    write("list-no-mask", "an image without a mask", Error("ValueError", "no mask"),
          mask=CCDData(np.zeros(SHAPE), unit="")),
    write("list-frame", "a science frame with a mask", Error("UnitsError", "mask", "adu"),
          mask=CCDData(np.zeros(SHAPE), unit="adu", mask=MASK)),
    Row("list-rate", "a dark rate", "write_defects", lambda t: t(rate(), t.folder / "bad.lst"),
        Error("ValueError", "dark rate", "electron / s", "hot_pixel_mask")),
    Row("list-swapped", "the path before the mask", "write_defects", lambda t: t("bad.reg", FLAGS),
        Error("TypeError", "path", "mask", "write_defects(mask, path)")),
    write("list-unknown-flag", "a flag of another name", Error("ValueError", "COLD", "NONLINEAR"), mask=FLAGS,
          flags="COLD"),
    write("list-flag-number", "a flag by its bit", Error("TypeError", "names", "2048"), mask=FLAGS, flags=2048),
    write("list-flags-of-none", "flags of a mask that has none", Error("ValueError", "without flags"), flags="HOT"),
    write("list-format", "a format that is unknown", Error("ValueError", "format", "pixinsight"), format="pixinsight"),
    write("list-name", "a name that tells no format, and no format", Error("ValueError", "a.txt", "'iraf'"),
          path="a.txt"),
    write("list-date", "a date that is none", Error("ValueError", "date", "yesterday"), path=".badpixels",
          date="yesterday"),
    write("list-no-folder", "a path in a folder that is not there", Error("OSError", "absent"), path="absent/bad.lst"),
    Row("list-there", "a path where there is a file", "write_defects", there, Error("FileExistsError", "bad.lst")),
    read("list-outside", "a pixel outside the image", "P 8 0 H\n", Error("ValueError", "outside", "column 8")),
    read("list-transposed", "a shape with columns first", "P 7 0 H\n", Error("ValueError", "outside"), shape=(8, 5)),
    read("list-from-0", "a list that counts from 0, read as one from 1", "0 3\n", Error("ValueError", "column -1"),
         format="iraf"),
    read("list-no-shape", "no shape, of a list that does not tell it", "P 1 1 H\n", Error("ValueError", "shape="),
         shape=None),
    read("list-broken-line", "a line that is no entry", "P 1 1 H\nP 1 H\n", Error("ValueError", "line 2", "P x y H")),
    read("list-huge", "a number beyond all images", "P 99999999999999999999 1 H\n", Error("ValueError", "line 1")),
    read("list-bytes", "a file that is no text", "\0\1\2\n", Error("ValueError", "line 1")),
    read("list-sky", "a region on the sky", "fk5\ncircle(10,10,3)\n", Error("ValueError", "sky"), path="bad.reg"),
    read("list-physical", "a region in physical coordinates", "physical\nbox(1,1,1,1,0)\n",
         Error("ValueError", "physical"), path="bad.reg"),
    read("list-crlf", "lines that end as on Windows", "P 1 1 H\r\n", Right("Read as others.", one_true)),
    read("list-not-fits", "a FITS file that is none", "text", Error("ValueError", "bad.fits"), path="bad.fits",
         format="region"),
    Row("list-cut", "a FITS file cut short", "read_defects", cut, Error("ValueError", "bad.fits")),
    Row("list-absent", "a list that is not there", "read_defects", lambda t: t(t.folder / "absent.lst"),
        Error("FileNotFoundError", "absent.lst")),
]  # fmt: skip

COMMANDS = [
    command("mask-absent", "a path that is not there", Refused("absent", "no such file"),
            given=lambda t: t.folder / "absent"),
    command("mask-empty", "a folder without a report", Refused("empty", "mask.fits"), given=empty),
    command("mask-two-groups", "a report on two groups", Refused("2 groups", os.path.join("both", "one")),
            given=two_groups),
    command("mask-raw", "a raw frame", Refused("raw.fits", "not a mask"), given=raw_frame),
    command("mask-rate", "a rate", Refused("rate.fits", "dark rate", "mask.fits"), given=dark_rate_file),
    command("mask-format", "``--format fits``", Refused("--format", "fits", status=2), "--format", "fits"),
    command("mask-name", "an OUT that tells no format", Refused("bad.txt", "--format"), path="bad.txt"),
    command("mask-flags", "``--flags COLD``", Refused("COLD", "NONLINEAR"), "--flags", "COLD"),
    command("mask-itself", "an OUT that is the mask itself", Refused("mask itself"), "--format", "roman",
            "--overwrite", path="mask.fits"),
    command("mask-there", "an OUT that is there", Refused("there already", "--overwrite"), "--format", "ds9",
            path="mask.fits", given=lambda t: shutil.copy(t.folder / "mask.fits", t.folder / "other.fits")),
]  # fmt: skip

GROUPS = {"Lists of bad pixels": LISTS, "The command mask": COMMANDS}
