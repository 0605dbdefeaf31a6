"""How frames are taken out of what the user gave."""

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from ccdproc import Keyword

from ccdproc_darks import dark_rate, dark_scatter, master_bias, repeatability
from ccdproc_darks.frames.inputs import as_frames
from ccdproc_darks.frames.reading import AS_IT_IS, checked_reading

from ..helpers import dark


def test_of_arguments():
    assert checked_reading() == AS_IT_IS
    found = checked_reading(unit="electron", overscan="BIASSEC", trim="[1:2, 1:2]")
    assert (found.unit, found.overscan, found.trim) == (u.electron, "BIASSEC", "[1:2, 1:2]")
    assert checked_reading(unit=u.adu).unit is u.adu
    key = Keyword("TRIMSEC")
    assert checked_reading(trim=key).trim is key


@pytest.mark.parametrize("unit", ["counts", "s", "", u.s])
def test_wrong_unit(unit):
    with pytest.raises(u.UnitsError, match="unit must be adu or electron, got"):
        checked_reading(unit=unit)
    with pytest.raises(TypeError, match="unit must be an astropy unit or its name"):
        checked_reading(unit=3 * u.adu)


class TestUnit:
    """The unit of files, whatever BUNIT is."""

    @pytest.fixture
    def files(self, tmp_path):
        rng = np.random.default_rng(5)

        def written(bunit):
            paths = []
            for number in range(4):
                header = fits.Header({"EXPTIME": 100.0, "EGAIN": 2.0, "RDNOISE": 5.0})
                if bunit is not None:
                    header["BUNIT"] = bunit
                paths.append(tmp_path / f"{bunit}_{number}.fits")
                fits.writeto(paths[-1], rng.normal(100, 2.5, (10, 12)).astype("f4"), header)
            return paths

        return written

    @pytest.mark.parametrize("bunit", [None, "adu", "Jansky", "an odd one", "electron"])
    def test_of_files(self, files, bunit):
        paths = files(bunit)
        assert {str(frame.unit) for frame in as_frames(paths, reading=checked_reading(unit="electron"))} == {"electron"}
        measured = dark_rate(paths, unit="electron")
        assert np.median(measured.data) == pytest.approx(1, rel=0.02)
        assert np.median(dark_rate(paths, unit="adu").data) == pytest.approx(2, rel=0.02)
        assert master_bias(paths, unit="electron", check_headers=False).unit == u.electron
        assert dark_scatter(paths, unit=u.electron).shape == (10, 12)
        assert repeatability(paths, unit=u.electron).shape == (10, 12)

    def test_of_a_bias_file(self, files, tmp_path):
        """In its own unit, in a file with a BUNIT that is known, or in a CCDData; else in that of the darks."""
        rng = np.random.default_rng(6)
        path = files("an odd one")[0]
        darks = files("odd")
        by_file = dark_rate(darks, bias=path, unit="electron", check_headers=False)
        assert by_file.data.mean() == pytest.approx(0, abs=0.02)
        written = rng.normal(25, 0.1, (10, 12)).astype("f4")
        fits.writeto(tmp_path / "bias.fits", written, fits.Header({"BUNIT": "ADU", "NCOMBINE": 9}))
        assert dark_rate(darks, bias=tmp_path / "bias.fits", unit="electron").data.mean() == pytest.approx(
            0.5, abs=0.02
        )
        in_adu = dark(np.full((10, 12), 25.0), None, "adu", NCOMBINE=4)
        assert dark_rate(darks, bias=in_adu, unit="electron").data.mean() == pytest.approx(0.5, abs=0.02)

    def test_of_a_ccd_data(self):
        with pytest.raises(u.UnitsError, match=r"unit is electron, but darks\[0\] is a CCDData in adu: leave out unit"):
            dark_rate(dark(np.ones((3, 3))), unit="electron")
        assert dark_rate(dark(np.ones((3, 3))), unit="adu").data == pytest.approx(0.02)
