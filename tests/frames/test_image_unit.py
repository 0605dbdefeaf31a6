"""Unit of an image, as the user gives it and as BUNIT spells it."""

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

from ccdproc_darks import dark_rate
from ccdproc_darks.frames.image_unit import checked_unit, unit_of_header

from ..helpers import whole


class TestUnit:
    @pytest.mark.parametrize("unit", ["adu", u.adu, "electron", u.electron])
    def test_known(self, unit):
        assert checked_unit(unit, "x") in (u.adu, u.electron)
        assert checked_unit(unit, "x") == u.Unit(unit)

    @pytest.mark.parametrize("unit", ["bananas", [1], object])
    def test_no_unit(self, unit):
        with pytest.raises(u.UnitsError, match=whole(f"x has the unit {unit!r}, expected adu or electron")):
            checked_unit(unit, "x")

    def test_another(self):
        with pytest.raises(u.UnitsError, match=r"^x is in s, expected adu or electron$"):
            checked_unit("s", "x")


@pytest.mark.parametrize(("text", "unit"), [
    *((text, u.adu) for text in ("adu", "ADU", "ADUs", "count", "counts", "COUNTS", "ct", "DN", "dn", "A/D units", "",
                                 "  ", "N/A", "unknown")),
    *((text, u.electron) for text in ("electron", "Electrons", "ELECTRONS", "e-", "e", "E", "photo electrons")),
])  # fmt: skip
def test_spellings(text, unit):
    assert unit_of_header(fits.Header({"BUNIT": text}), "x") == unit


def test_without_a_unit():
    assert unit_of_header(fits.Header(), "x") == u.adu
    assert unit_of_header(fits.Header({"BUNIT": None}), "x") == u.adu


@pytest.mark.parametrize(
    "text", ["e/s", "e-/s", "electron / s", "electrons per second", "adu/sec", "DN s-1", "e- s^-1"]
)
def test_rates(text):
    told = (
        f"x: BUNIT in the header is {text!r}, a rate already: pass the frames that it was made of, in adu or electron"
    )
    with pytest.raises(u.UnitsError, match=whole(told)):
        unit_of_header(fits.Header({"BUNIT": text}), "x")


@pytest.mark.parametrize("text", ["Jy", "bananas", "counts/pixel", "1"])
def test_others(text):
    """The key is named, and the argument that overrides it."""
    told = f"x: BUNIT in the header is {text!r}, expected adu or electron; pass unit if the header is wrong"
    with pytest.raises(u.UnitsError, match=whole(told)):
        unit_of_header(fits.Header({"BUNIT": text}), "x")


@pytest.mark.parametrize(("text", "rate"), [("counts", 2.0), ("DN", 2.0), ("Electrons", 1.0), ("e-", 1.0)])
def test_of_a_file(tmp_path, text, rate):
    meta = fits.Header({"BUNIT": text, "EXPTIME": 100.0, "EGAIN": 2.0, "RDNOISE": 5.0, "IMAGETYP": "Dark"})
    fits.PrimaryHDU(np.full((4, 5), 100, "i2"), meta).writeto(tmp_path / "dark.fits")
    assert np.all(dark_rate(tmp_path / "dark.fits", bias=None).data == rate)
