"""The image of all flags."""

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData
from ccdproc import bitfield_to_boolean_mask

from ccdproc_darks import DARK_FLAGS, hot_pixel_mask, read_defects, write_defects
from ccdproc_darks._interface.flags import flag_bits

from ...helpers import rate_image
from .images import CORNERS, SHAPE, one_pixel

# roman_datamodels and the data-quality flags of JWST, bit by bit.
ROMAN = {
    "DO_NOT_USE": 0, "SATURATED": 1, "UNRELIABLE_ERROR": 8, "HOT": 11, "WARM": 12, "TELEGRAPH": 15, "NONLINEAR": 16,
    "UNRELIABLE_DARK": 23, "OTHER_BAD_PIXEL": 30,
}  # fmt: skip


@pytest.fixture
def hot():
    rates = np.random.default_rng(3).normal(1.0, 0.02, (30, 40))
    rates[3, 5] = rates[20, 39] = 50.0
    return hot_pixel_mask(rate_image(rates, 100.0))


def test_names_and_bits_are_those_of_roman():
    for name, value in flag_bits().items():
        assert value == 2 ** ROMAN[name]
    assert "HOT" in flag_bits()


@pytest.mark.parametrize("corner", CORNERS)
def test_corners(tmp_path, corner):
    path = tmp_path / "bad.fits"
    write_defects(one_pixel(corner), path, format="roman")
    assert (fits.getdata(path, "DQ") == one_pixel(corner)).all()
    assert (read_defects(path) == one_pixel(corner)).all()


def test_flags_and_their_names(tmp_path, hot):
    path = tmp_path / "bad.fits"
    write_defects(hot, path, format="roman")
    with fits.open(path) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "DQ", "DQ_DEF"]
        assert hdus["DQ"].data.dtype == np.uint32
        assert (hdus["DQ"].data == hot.data).all()
        table = hdus["DQ_DEF"].data
        assert table.columns.names == ["BIT", "VALUE", "NAME", "DESCRIPTION"]
        assert dict(zip(table["NAME"], table["VALUE"].tolist(), strict=True)) == flag_bits()
        assert all(value == 2**bit for bit, value in zip(table["BIT"].tolist(), table["VALUE"].tolist(), strict=True))
        assert all(table["DESCRIPTION"])
        assert hdus["DQ"].header["NHOT"] == hot.meta["NHOT"] >= 2
    assert (read_defects(path) == hot.mask).all()
    assert (read_defects(path, flags="HOT") == (hot.data & DARK_FLAGS.HOT > 0)).all()
    assert not read_defects(path, flags=["TELEGRAPH", "NONLINEAR"]).any()


def test_as_astropy_and_ccdproc_read_it(tmp_path, hot):
    write_defects(hot, tmp_path / "bad.fits", format="roman")
    image = CCDData.read(tmp_path / "bad.fits", hdu="DQ")
    assert image.unit == u.dimensionless_unscaled
    assert image.meta["DKTHRESH"] == hot.meta["DKTHRESH"]
    assert (bitfield_to_boolean_mask(image.data, ignore_bits=f"~{DARK_FLAGS.HOT}") == (hot.data & 2048 > 0)).all()


def test_only_the_flags_asked_for(tmp_path, hot):
    hot.data[7, 7] = DARK_FLAGS.WARM | DARK_FLAGS.DO_NOT_USE
    write_defects(hot, tmp_path / "bad.fits", format="roman", flags="HOT")
    assert set(np.unique(fits.getdata(tmp_path / "bad.fits", "DQ"))) == {0, 2048 + 1}
    assert (read_defects(tmp_path / "bad.fits") == (hot.data & DARK_FLAGS.HOT > 0)).all()


def test_a_mask_that_was_changed(tmp_path, hot):
    """Pixels that were masked, or unmasked, after the flags were made."""
    hot.mask[7, 7], hot.mask[3, 5] = True, False
    write_defects(hot, tmp_path / "bad.fits", format="roman")
    assert (read_defects(tmp_path / "bad.fits") == hot.mask).all()
    assert fits.getdata(tmp_path / "bad.fits", "DQ")[[7, 3], [7, 5]].tolist() == [DARK_FLAGS.DO_NOT_USE, DARK_FLAGS.HOT]


def test_headers_that_fits_cannot_hold(tmp_path):
    meta = {"EXTNAME": "DQ_DEF", "list": [1, 2], "NAXIS": 7, "BZERO": 5, "long name of a key": 1.0, "DATE-OBS": "1.1."}
    frame = CCDData(np.zeros(SHAPE), unit="", mask=one_pixel("last"), meta=meta)
    write_defects(frame, tmp_path / "bad.fits", format="roman")
    assert (read_defects(tmp_path / "bad.fits") == frame.mask).all()
    assert [hdu[1] for hdu in fits.info(tmp_path / "bad.fits", output=False)] == ["PRIMARY", "DQ", "DQ_DEF"]


def test_flags_of_jwst(tmp_path):
    image = np.zeros(SHAPE, np.uint32)
    image[2, 3] = 2**31 + 2**30 + 1
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(image, name="DQ")]).writeto(tmp_path / "mask.fits")
    assert np.argwhere(read_defects(tmp_path / "mask.fits")).tolist() == [[2, 3]]


def test_no_image_of_flags(tmp_path):
    fits.PrimaryHDU(np.zeros(SHAPE)).writeto(tmp_path / "bad.fits")
    with pytest.raises(ValueError, match=r"bad\.fits has no image of flags"):
        read_defects(tmp_path / "bad.fits", format="roman")
