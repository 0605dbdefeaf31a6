"""Region files of SAOImageDS9."""

import numpy as np
import pytest

from ccdproc_darks import read_defects, write_defects

from .images import CORNERS, SHAPE, everything, lines_of, one_pixel


@pytest.mark.parametrize("corner", CORNERS)
def test_the_centre_of_the_first_pixel_is_1_1(tmp_path, corner):
    path = tmp_path / "bad.reg"
    write_defects(one_pixel(corner), path)
    row, column = CORNERS[corner]
    assert lines_of(path) == ["image", f"box({column + 1},{row + 1},1,1,0)"]
    assert path.read_text().startswith("# Region file format: DS9")
    assert (read_defects(path) == one_pixel(corner)).all()


def test_as_regions_reads_it(tmp_path):
    regions = pytest.importorskip("regions")
    mask, path = everything(), tmp_path / "bad.reg"
    write_defects(mask, path)
    filled = np.zeros_like(mask)
    for region in regions.Regions.read(path, format="ds9"):
        filled |= region.to_mask(mode="center").to_image(mask.shape) > 0
    assert (filled == mask).all()


def test_regions_written_by_regions(tmp_path):
    regions = pytest.importorskip("regions")
    mask, path = everything(), tmp_path / "bad.reg"
    write_defects(mask, path)
    regions.Regions.read(path, format="ds9").write(tmp_path / "back.reg", format="ds9")
    assert (read_defects(tmp_path / "back.reg", shape=mask.shape) == mask).all()


def test_large_coordinates(tmp_path):
    mask = np.zeros((2, 1_234_570), bool)
    mask[0, 1_234_567:1_234_569] = True
    write_defects(mask, tmp_path / "bad.reg")
    assert lines_of(tmp_path / "bad.reg")[1] == "box(1234568.5,1,2,1,0)"
    assert (read_defects(tmp_path / "bad.reg") == mask).all()


def read(path, text):
    path.write_text(text)
    return np.argwhere(read_defects(path, shape=SHAPE)).tolist()


def test_region_files_of_ds9(tmp_path):
    text = "# Region file format: DS9 version 4.1\nglobal color=green\nimage\n"
    assert read(tmp_path / "a.reg", text + "box(2,3,1,1) # color=red\n+box(8 1 1 1 90)\n") == [[0, 7], [2, 1]]
    assert read(tmp_path / "a.reg", text + "box(2.5,3,1,2,90)\n") == [[2, 1], [2, 2]]


def test_other_shapes_by_regions(tmp_path):
    pytest.importorskip("regions")
    cross = [[0, 2], [1, 1], [1, 2], [1, 3], [2, 2]]
    assert read(tmp_path / "a.reg", "image\ncircle(3,2,1.1)\n") == cross
    assert read(tmp_path / "a.reg", "image;circle(3,2,1.1)\npoint(8,5)\n") == [*cross, [4, 7]]
    assert read(tmp_path / "a.reg", "image\ncircle(3,2,1.1)\n-box(3,2,1,1,0)\n") == [p for p in cross if p != [1, 2]]
    # The centres of pixels count.
    assert read(tmp_path / "a.reg", "image\nbox(2.2,3.1,1,1,0)\n") == [[2, 1]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fk5\ncircle(10,10,3)\n", "on the sky"),
        ("physical\nbox(1,1,1,1,0)\n", "physical"),
        ("image\ncircle(3,2,9)\n", "a shape lies outside an image of 5 rows and 8 columns"),
        ("image\npoint(9,2)\n", "a shape lies outside"),
        ("image\nbox(9,2,1,1,0)\n", "lie outside"),
        ("image\nbox(1,a,1,1,0)\n", "cannot be read as regions"),
        ("box(1,1,1,1,0)\n", "cannot be read as regions"),
        ("nonsense\n", "cannot be read as regions"),
    ],
)
def test_refused(tmp_path, text, words):
    pytest.importorskip("regions")
    with pytest.raises(ValueError, match=rf"a\.reg.*{words}"):
        read(tmp_path / "a.reg", text)
