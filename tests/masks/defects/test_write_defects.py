"""Lists that are written: what goes into them, whole or not at all."""

from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ccdproc_darks import DARK_FLAGS, hot_pixel_mask, read_defects, write_defects
from ccdproc_darks.masks.defects import iraf

from ...helpers import rate_image, snapshot
from .images import FILES, SHAPE, everything


@pytest.fixture
def hot():
    """Two exposure times, and a pixel of each kind."""
    rates = np.random.default_rng(3).normal(1.0, 0.02, (2, 30, 40))
    rates[:, 3, 5] = rates[:, 20, 39] = 50.0
    rates[1, 10, 0] = 30.0
    return hot_pixel_mask(rate_image(rates[0], 100.0), rate_image(rates[1], 1000.0))


def listed(mask, path, **options):
    write_defects(mask, path, format="iraf", overwrite=True, **options)
    return read_defects(path, format="iraf")


@pytest.mark.parametrize("format", FILES)
@pytest.mark.parametrize(
    "mask",
    [everything(), everything((61, 40), 2), np.zeros(SHAPE, bool), np.ones(SHAPE, bool), np.ones((1, 1), bool)],
    ids=["all kinds", "high", "none", "full", "one pixel"],
)
def test_round_trip(tmp_path, format, mask):
    path = tmp_path / FILES[format]
    write_defects(mask, path, format=format)
    back = read_defects(path, format=format)
    assert back.dtype == bool
    assert back.shape == mask.shape
    assert (back == mask).all()
    assert (read_defects(str(path), shape=mask.shape, **{"format": "iraf"} if format == "iraf" else {}) == mask).all()
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("format", FILES)
@settings(max_examples=15)
@given(mask=hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.booleans()))
def test_round_trip_of_any_mask(tmp_path_factory, format, mask):
    path = tmp_path_factory.mktemp("any") / FILES[format]
    write_defects(mask, path, format=format)
    assert (read_defects(path, format=format) == mask).all()


@pytest.mark.parametrize("format", FILES)
def test_round_trip_of_a_result(tmp_path, format, hot):
    before = snapshot(hot)
    write_defects(hot, tmp_path / FILES[format], format=format)
    assert (read_defects(tmp_path / FILES[format], format=format) == hot.mask).all()
    assert 0 < np.count_nonzero(hot.mask) < 10
    assert snapshot(hot) == before


def test_flags(tmp_path, hot):
    for flags in ("HOT", ["NONLINEAR"], ("HOT", "NONLINEAR"), {"DO_NOT_USE"}):
        names = [flags] if isinstance(flags, str) else flags
        expected = np.zeros(hot.shape, bool)
        for name in names:
            expected |= hot.data & DARK_FLAGS[name] > 0
        assert (listed(hot, tmp_path / "bad.dat", flags=flags) == expected).all()
        assert expected.any()


def test_kinds_of_masks(tmp_path):
    mask = everything()
    frame = CCDData(np.zeros(mask.shape), unit="", mask=mask)
    for image in (mask, frame, CCDData(mask, unit=""), mask.tolist(), np.asfortranarray(mask)):
        assert (listed(image, tmp_path / "bad.dat") == mask).all()


@pytest.mark.parametrize(
    ("mask", "options", "error", "words"),
    [
        (np.zeros(SHAPE), {}, TypeError, "mask must be CCDData or a boolean array, got ndarray of float64"),
        (np.zeros(SHAPE, int), {}, TypeError, "got ndarray of int64"),
        ("mask.fits", {}, TypeError, "got 'mask.fits'; read it by CCDData.read"),
        (None, {}, TypeError, "mask must be CCDData or a boolean array"),
        (np.zeros(3, bool), {}, ValueError, r"mask must have rows and columns, got shape \(3,\)"),
        (np.zeros((0, 3), bool), {}, ValueError, "mask must have rows and columns"),
        (np.zeros(SHAPE, bool), {"flags": "HOT"}, ValueError, "mask is an array without flags"),
        (CCDData(np.zeros(SHAPE), unit=""), {}, ValueError, "mask has no mask"),
        (CCDData(np.zeros(SHAPE), unit="adu"), {}, u.UnitsError, "mask is in adu, and a mask has no unit"),
        (
            CCDData(np.zeros(SHAPE), unit=""),
            {"flags": "HOT"},
            ValueError,
            "the data of mask are float64 without the key",
        ),
        (CCDData(np.zeros(SHAPE, int), unit=""), {"flags": "WARMER"}, ValueError, "DO_NOT_USE, .* got WARMER"),
        (CCDData(np.zeros(SHAPE, int), unit=""), {"flags": 2048}, TypeError, "flags must be names"),
        (CCDData(np.zeros(SHAPE, int), unit=""), {"flags": []}, ValueError, "flags must be names .* got none"),
        (np.zeros(SHAPE, bool), {"format": "fits"}, ValueError, "format must be one of"),
        (np.zeros(SHAPE, bool), {"overwrite": "yes"}, TypeError, "overwrite must be True or False"),
        (np.zeros(SHAPE, bool), {"first_row": "left"}, ValueError, "first_row must be one of"),
        (np.zeros(SHAPE, bool), {"first_row": "top"}, ValueError, "first_row is for the format 'dcraw' alone"),
        (np.zeros(SHAPE, bool), {"date": "2026-01-01"}, ValueError, "date is for the format 'dcraw' alone"),
    ],
)
def test_refused(tmp_path, mask, options, error, words):
    with pytest.raises(error, match=words):
        write_defects(mask, tmp_path / "bad.lst", **options)
    assert list(tmp_path.iterdir()) == []


def test_never_over_a_file_that_is_there(tmp_path):
    path = tmp_path / "bad.lst"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match=r"bad\.lst is there already"):
        write_defects(everything(), path)
    assert path.read_text() == "mine"
    write_defects(everything(), path, overwrite=True)
    assert (read_defects(path) == everything()).all()


def test_nothing_where_writing_fails(tmp_path):
    path = tmp_path / "bad.dat"
    path.write_text("mine")

    def fails(new, pixels):
        Path(new).write_text("half")
        raise OSError(28, "No space left on device")

    with mock.patch.object(iraf, "write", fails), pytest.raises(OSError, match=r"bad\.dat cannot be written: No space"):
        write_defects(everything(), path, format="iraf", overwrite=True)
    assert [one.name for one in tmp_path.iterdir()] == ["bad.dat"]
    assert path.read_text() == "mine"


def test_flags_of_ccddata(tmp_path, hot):
    """Where astropy looks for them: in the same memory, and once in a file."""
    assert hot.flags is hot.data
    hot.write(tmp_path / "mask.fits")
    back = CCDData.read(tmp_path / "mask.fits")
    assert back.unit == u.dimensionless_unscaled
    assert (back.data == hot.data).all()
    assert (listed(back, tmp_path / "bad.dat") == hot.mask).all()
