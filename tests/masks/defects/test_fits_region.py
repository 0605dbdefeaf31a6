"""The REGION convention of FITS."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from ccdproc_darks import read_defects, write_defects

from .images import CORNERS, SHAPE, everything, one_pixel


def written(path, **columns):
    """A table of shapes by hand."""
    table = fits.table_to_hdu(Table(columns))
    table.name = "REGION"
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
    return path


@pytest.mark.parametrize("corner", CORNERS)
def test_the_centre_of_the_first_pixel_is_1_1(tmp_path, corner):
    path = tmp_path / "bad.fits"
    write_defects(one_pixel(corner), path, format="region")
    row, column = CORNERS[corner]
    (record,) = fits.getdata(path, "REGION")
    assert (record["SHAPE"], record["X"], record["Y"], list(record["R"])) == ("BOX", column + 1, row + 1, [1, 1])
    assert (read_defects(path) == one_pixel(corner)).all()


def test_as_lsst_reads_it(tmp_path):
    """A box is centred on X - 1 and Y - 1, with the sides R."""
    mask, path = everything(), tmp_path / "bad.fits"
    write_defects(mask, path, format="region")
    table, header = fits.getdata(path, "REGION", header=True)
    assert {"X", "Y", "R", "SHAPE"} <= set(table.columns.names)
    filled = np.zeros_like(mask)
    for record in table:
        (x, y), (width, height) = (record["X"] - 1, record["Y"] - 1), record["R"]
        x0, y0 = round(x - (width - 1) / 2), round(y - (height - 1) / 2)
        filled[y0 : y0 + int(height), x0 : x0 + int(width)] = True
    assert (filled == mask).all()
    assert (header["HDUCLAS1"], header["MFORM1"]) == ("REGION", "X,Y")
    assert len(set(table["COMPONENT"])) == len(table)


def test_as_regions_reads_it(tmp_path):
    """The package takes X and Y as they stand and counts from 0, so that its regions are one pixel too far."""
    regions = pytest.importorskip("regions")
    mask, path = everything(), tmp_path / "bad.fits"
    write_defects(mask, path, format="region")
    filled = np.zeros((41, 62), bool)
    for region in regions.Regions.read(path, format="fits"):
        filled |= region.to_mask(mode="center").to_image(filled.shape) > 0
    assert (filled[1:, 1:] == mask).all()


def test_tables_of_regions_itself_count_from_0(tmp_path):
    regions = pytest.importorskip("regions")
    path = tmp_path / "bad.fits"
    box = regions.RectanglePixelRegion(regions.PixCoord(0, 3.5), 1, 2)
    regions.Regions([box]).write(path, format="fits")
    expected = np.zeros(SHAPE, bool)
    expected[3:5, 0] = True
    assert (read_defects(path, shape=SHAPE) == expected).all()
    circle = regions.CirclePixelRegion(regions.PixCoord(2, 1), 1.1)
    regions.Regions([box, circle]).write(path, format="fits", overwrite=True)
    expected[0:3, 2] = expected[1, 1:4] = True
    assert (read_defects(path, shape=SHAPE) == expected).all()


def test_tables_of_others(tmp_path):
    path = written(
        tmp_path / "bad.fits", SHAPE=["point", "rotbox  ", "box"], X=[[1.2, 0], [3.5, 0], [8.0, 0]],
        Y=[[5.0, 0], [2.0, 0], [1.0, 0]], R=[[0, 0], [1.0, 2.0], [1.0, 1.0]], ROTANG=[[0.0], [90.0], [0.0]],
    )  # fmt: skip
    expected = np.zeros(SHAPE, bool)
    expected[4, 0] = expected[1, 2:4] = expected[0, 7] = True
    assert (read_defects(path, shape=SHAPE) == expected).all()


def test_other_shapes_by_regions(tmp_path):
    pytest.importorskip("regions")
    path = written(tmp_path / "bad.fits", SHAPE=["CIRCLE"], X=[[3.0]], Y=[[2.0]], R=[[1.1]])
    expected = np.zeros(SHAPE, bool)
    expected[0:3, 2] = expected[1, 1:4] = True
    assert (read_defects(path, shape=SHAPE) == expected).all()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"SHAPE": ["!BOX"]}, "excluded"),
        ({"SHAPE": ["BOX"] * 2, "COMPONENT": [1, 1]}, "one COMPONENT"),
        ({"SHAPE": ["BOX"], "X": [9.0]}, "lie outside"),
        ({"SHAPE": [b"\xda\xf0"]}, "the column SHAPE must hold the names of shapes"),
        ({"SHAPE": ["BOX"], "X": ["one"]}, "X, Y, R and ROTANG must hold numbers"),
        ({"SHAPE": ["BOX"], "R": [[1e30, 1e30]]}, "a shape lies outside"),
        ({"SHAPE": ["CIRCLE"], "R": [[1e9, 0.0]]}, "a shape lies outside"),
        ({"SHAPE": ["CIRCLE"], "X": [np.nan]}, "a shape lies outside"),
        ({"SHAPE": ["FLOWER"]}, "cannot be read as regions: 'flower'"),
        ({"SHAPE": ["PIE"]}, "cannot be read as regions: 'pie'"),
    ],
)
def test_refused(tmp_path, columns, words):
    number = len(columns["SHAPE"])
    columns = {"X": [1.0] * number, "Y": [1.0] * number, "R": [[1.0, 1.0]] * number, **columns}
    if "cannot" in words or "a shape" in words:
        pytest.importorskip("regions")
    path = written(tmp_path / "bad.fits", **columns)
    with pytest.raises(ValueError, match=words):
        read_defects(path, shape=SHAPE)


def test_no_such_columns(tmp_path):
    path = written(tmp_path / "bad.fits", A=[1])
    with pytest.raises(ValueError, match="no columns SHAPE, X and Y, but A"):
        read_defects(path, format="region", shape=SHAPE)
