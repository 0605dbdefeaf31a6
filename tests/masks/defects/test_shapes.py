"""Shapes of region files as pixels."""

import sys

import numpy as np
import pytest

from ccdproc_darks import read_defects
from ccdproc_darks.masks.defects.shapes import grid_boxes, mask_of_regions


def test_boxes_on_the_grid_of_pixels():
    assert grid_boxes([1, 3.5], [1, 2], [1, 2], [1, 1], 0).tolist() == [[0, 0, 1, 1], [2, 1, 2, 1]]
    assert grid_boxes([1.0], [1.5], [2], [1], [270]).tolist() == [[0, 0, 1, 2]]
    assert grid_boxes([1.0], [1.5], [1], [2], [-180]).tolist() == [[0, 0, 1, 2]]


@pytest.mark.parametrize(
    "box",
    [(1.2, 1, 1, 1, 0), (1, 1, 1.5, 1, 0), (1, 1, 1, 1, 45), (1, 1, 0, 0, 0), (np.nan, 1, 1, 1, 0), (1e30, 1, 1, 1, 0)],
)
def test_others_are_left_to_regions(box):
    assert grid_boxes(*([value] for value in box)) is None


def test_without_regions(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "regions", None)
    (tmp_path / "a.reg").write_text("image\ncircle(3,2,1)\n")
    with pytest.raises(ImportError, match=r"a\.reg has shapes other .*pip install 'ccdproc_darks\[regions\]'"):
        read_defects(tmp_path / "a.reg", shape=(5, 8))


def test_an_error_of_regions_is_told():
    pytest.importorskip("regions")

    def fails(regions):
        raise KeyError("odd")

    with pytest.raises(ValueError, match="list cannot be read as regions: 'odd'"):
        mask_of_regions(fails, (5, 8), "list")
