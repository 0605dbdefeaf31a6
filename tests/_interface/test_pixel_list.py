"""Pixels that a user names: what is taken for them, and what is told where it is not."""

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable, Table

from ccdproc_darks._interface.pixel_list import checked_pixels

from ..helpers import whole

SHAPE = (50, 100)
TABLE = {"x": [3, 99], "y": [4, 49], "z": [0, 0]}


@pytest.mark.parametrize(
    "pixels",
    [
        [(3, 4), (99, 49)],
        ((3.0, 4.0), (99.0, 49.0)),
        np.array([[3, 4], [99, 49]], dtype=np.uint16),
        zip([3, 99], [4, 49], strict=True),
        Table(TABLE),
        QTable({"x": [3, 99] * u.one, "y": [4, 49] * u.one}),
        np.array([(3, 4), (99, 49)], dtype=[("x", int), ("y", int)]),
        Table(TABLE)[:],
    ],
)
def test_pairs_and_tables(pixels):
    x, y = checked_pixels(pixels, SHAPE, 5)
    assert x.tolist() == [3, 99]
    assert y.tolist() == [4, 49]
    assert x.dtype.kind == y.dtype.kind == "i"


@pytest.mark.parametrize("pixel", [(3, 4), [3, 4], np.array([3, 4]), Table(TABLE)[0]])
def test_one_pixel(pixel):
    x, y = checked_pixels(pixel, SHAPE, 5)
    assert (x.tolist(), y.tolist()) == ([3], [4])


@pytest.mark.parametrize("pixels", [[], np.zeros((0, 2), int), Table(TABLE)[:0]])
def test_none(pixels):
    with pytest.raises(ValueError, match=whole("pixels is empty: at least one pixel (x, y) is needed")):
        checked_pixels(pixels, SHAPE, 5)


@pytest.mark.parametrize(
    "pixels",
    [
        7,
        "3, 4",
        None,
        [(3, 4, 5)],
        [(3, 4), (5,)],
        ["ab"],
        np.ones(SHAPE, bool),
        {3: 4},
        Table({"xcenter": [1], "y": [2]}),
        Table({"x": ["a"], "y": ["b"]}),
        np.ones((2, 2, 2), int),
    ],
)
def test_no_pixels(pixels):
    with pytest.raises(TypeError, match=r"^pixels must be a sequence of pairs"):
        checked_pixels(pixels, SHAPE, 5)


@pytest.mark.parametrize("pixel", [(100, 4), (3, 50), (-1, 4), (3, -1)])
def test_outside(pixel):
    text = f"pixels: {pixel} is outside of the image: x, the column, is from 0 to 99, and y, the row, from 0 to 49"
    with pytest.raises(ValueError, match=whole(text)):
        checked_pixels([(3, 4), pixel], SHAPE, 5)


@pytest.mark.parametrize("pixel", [(3.5, 4), (np.nan, 4), (3, np.inf)])
def test_no_whole_numbers(pixel):
    with pytest.raises(TypeError, match=r"^pixels must be whole numbers \(x, y\), got "):
        checked_pixels([pixel], SHAPE, 5)


def test_too_many():
    text = "pixels must be 5 or fewer in one picture, got 6: pass some, pixels[:5]"
    with pytest.raises(ValueError, match=whole(text)):
        checked_pixels([(3, 4)] * 6, SHAPE, 5)
