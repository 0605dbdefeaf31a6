"""Rectangles that cover bad pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ccdproc_darks.masks.defects.boxes import boxes_of, mask_of_boxes

from .images import CORNERS, SHAPE, everything, one_pixel

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.booleans())


@given(MASKS)
def test_boxes_cover_the_bad_pixels_exactly_and_none_twice(mask):
    boxes = boxes_of(mask)
    assert (mask_of_boxes(boxes, mask.shape, "list") == mask).all()
    assert np.prod(boxes[:, 2:], axis=1).sum() == np.count_nonzero(mask)


@given(MASKS)
def test_no_more_boxes_than_runs_of_rows_or_of_columns(mask):
    for image in (mask, mask.T):
        starts = image & ~np.pad(image, ((0, 0), (1, 0)))[:, :-1]
        assert len(boxes_of(mask)) <= np.count_nonzero(starts)


@pytest.mark.parametrize("corner", CORNERS)
def test_corners(corner):
    row, column = CORNERS[corner]
    assert boxes_of(one_pixel(corner)).tolist() == [[column, row, 1, 1]]


def test_columns_rows_and_blocks_are_one_box_each():
    mask = np.zeros((6, 9), dtype=bool)
    mask[:, 2] = mask[4, 4:8] = mask[0:2, 5:8] = True
    assert boxes_of(mask).tolist() == [[2, 0, 1, 6], [5, 0, 3, 2], [4, 4, 4, 1]]


def test_a_row_and_a_column_that_cross():
    mask = np.zeros((50, 70), dtype=bool)
    mask[:, 30] = mask[20] = True
    assert len(boxes_of(mask)) == 3


def test_none_and_all():
    assert boxes_of(np.zeros(SHAPE, bool)).shape == (0, 4)
    assert not mask_of_boxes([], SHAPE, "list").any()
    assert boxes_of(np.ones(SHAPE, bool)).tolist() == [[0, 0, 8, 5]]


def test_not_contiguous():
    mask = everything()
    assert (mask_of_boxes(boxes_of(mask[::2, ::3]), mask[::2, ::3].shape, "list") == mask[::2, ::3]).all()


@pytest.mark.parametrize(
    ("box", "where"),
    [
        ((8, 0, 1, 1), "column 8, row 0"),
        ((0, 5, 1, 1), "column 0, row 5"),
        ((-1, 0, 1, 1), "column -1, row 0"),
        ((6, 4, 3, 1), "columns 6 to 8, rows 4 to 4"),
        ((0, 3, 1, 3), "rows 3 to 5"),
        ((0, 0, 0, 1), "columns 0 to -1"),
        ((2**62, 0, 2**62, 1), "column"),
    ],
)
def test_outside(box, where):
    with pytest.raises(ValueError, match=rf"^list: 1 of 2 entries lie outside .* 5 rows and 8 columns.*{where}"):
        mask_of_boxes([(0, 0, 8, 5), box], SHAPE, "list")
