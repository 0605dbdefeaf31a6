"""LSST's tables of rectangles."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from ccdproc_darks import read_defects, write_defects

from .images import CORNERS, SHAPE, everything, one_pixel

NAMES = ("bad.ecsv", "bad.fits", "bad.txt", "bad.fits.gz")


def rows_of(path):
    """The four numbers of each rectangle, by what LSST reads it with: astropy's tables, or numpy's loadtxt."""
    if path.suffix == ".txt":
        dtype = [("x0", "int"), ("y0", "int"), ("x_extent", "int"), ("y_extent", "int")]
        return [tuple(row.tolist()) for row in np.atleast_1d(np.loadtxt(path, dtype=dtype))]
    table = Table.read(
        path, format="ascii.ecsv" if path.suffix == ".ecsv" else "fits", **{} if path.suffix == ".ecsv" else {"hdu": 1}
    )
    return [tuple(int(record[name]) for name in ("x0", "y0", "width", "height")) for record in table]


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("name", NAMES)
def test_the_first_pixel_is_0_0(tmp_path, name, corner):
    write_defects(one_pixel(corner), tmp_path / name, format="lsst")
    row, column = CORNERS[corner]
    assert rows_of(tmp_path / name) == [(column, row, 1, 1)]
    assert (read_defects(tmp_path / name, format="lsst") == one_pixel(corner)).all()


@pytest.mark.parametrize("name", NAMES)
def test_rectangles_as_lsst_fills_them(tmp_path, name):
    mask = everything()
    write_defects(mask, tmp_path / name, format="lsst")
    filled = np.zeros_like(mask)
    for x0, y0, width, height in rows_of(tmp_path / name):
        filled[y0 : y0 + height, x0 : x0 + width] = True
    assert (filled == mask).all()
    assert (read_defects(tmp_path / name, format="lsst") == mask).all()


@pytest.mark.parametrize("name", ["bad.ecsv", "bad.fits"])
def test_meta_says_that_these_are_defects(tmp_path, name):
    write_defects(everything(), tmp_path / name, format="lsst")
    meta = (
        Table.read(tmp_path / name, format="ascii.ecsv").meta
        if name == "bad.ecsv"
        else fits.getheader(tmp_path / name, 1)
    )
    assert meta["OBSTYPE"] == "defects"
    assert (meta["DKNROWS"], meta["DKNCOLS"]) == (40, 61)


def test_lists_of_lsst_itself(tmp_path):
    (tmp_path / "old.txt").write_text("# x0 y0 width height\n 3 0 1 5\n0 2 2 1  # two\n\n")
    expected = np.zeros(SHAPE, bool)
    expected[:, 3] = expected[2, :2] = True
    assert (read_defects(tmp_path / "old.txt", format="lsst", shape=SHAPE) == expected).all()
    table = Table({"x0": [3, 0], "y0": [0, 2], "width": [1, 2], "height": [5, 1]}, meta={"INSTRUME": "LATISS"})
    table.write(tmp_path / "new.ecsv")
    assert (read_defects(tmp_path / "new.ecsv", shape=SHAPE) == expected).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 2 3\n", "line 1: expected four whole numbers"),
        ("1 2 3 4\n1 2 3 x\n", "line 2: .*'1 2 3 x'"),
        ("1 2 3 1.5\n", "line 1"),
        ("1 2 3 1e400\n", "line 1"),
        ("1 2 nan 1\n", "line 1"),
        ("# %ECSV 1.0\n# ---\n# nothing\n", "not a table in ECSV"),
        ("SIMPLE  = nothing", "not a readable FITS file"),
    ],
)
def test_broken(tmp_path, text, words):
    (tmp_path / "bad.txt").write_text(text)
    with pytest.raises(ValueError, match=rf"bad\.txt.*{words}"):
        read_defects(tmp_path / "bad.txt", format="lsst", shape=SHAPE)


def test_other_columns(tmp_path):
    Table({"x": [1], "y": [2]}).write(tmp_path / "bad.ecsv")
    with pytest.raises(ValueError, match="no columns x0, y0, width, height, but x, y"):
        read_defects(tmp_path / "bad.ecsv", shape=SHAPE)
    Table({"x0": [0.5], "y0": [2], "width": [1], "height": [1]}).write(tmp_path / "half.ecsv")
    with pytest.raises(ValueError, match="must hold whole numbers"):
        read_defects(tmp_path / "half.ecsv", shape=SHAPE)
