"""A folder of files with several detectors, or amplifiers: each has a group of its own, and its numbers."""

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

from ccdproc_darks.cli import main
from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.frame_options import FrameOptions
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import measure_folder

from ..frames.test_images_of_file import AMPLIFIERS, CHIPS, image, night, write

pytestmark = pytest.mark.usefixtures("blank_pictures")


def folder_of(tmp_path, detectors, **options):
    folder = tmp_path / "night"
    folder.mkdir()
    for seconds, number in ((0, 10), (100, 5), (400, 6)):
        night(folder, detectors, seconds, number, **options)
    return folder


def test_each_has_a_group(tmp_path):
    groups, unusable = find_groups(folder_of(tmp_path, CHIPS))
    assert [group.title for group in groups] == ["TestCam, CHIP1, 80 x 60 pixels", "TestCam, CHIP2, 80 x 60 pixels"]
    assert [(len(group.darks), len(group.biases)) for group in groups] == [(11, 10)] * 2
    assert unusable == []
    assert groups[1].darks[0].name == "100_0.fits[CHIP2]"


@pytest.mark.parametrize(
    ("detectors", "options"), [(CHIPS, {}), (AMPLIFIERS, {"gain_key": "GAIN", "DETSEC": "[1:80,1:60]"})]
)
def test_numbers_of_each(tmp_path, detectors, options):
    results, failures, unusable = measure_folder(folder_of(tmp_path, detectors, **options), Options())
    assert (failures, unusable) == ([], [])
    assert len(results) == len(detectors)
    for (name, measured), (title, gain, noise, _, true), number in zip(results, detectors, range(1, 9), strict=False):
        assert (title or f"HDU_{number}") in name
        assert (measured.rate.meta["DKGAIN"], measured.rate.meta["DKRDNOI"]) == (gain, noise)
        assert measured.bias_noise == pytest.approx(np.hypot(noise, gain / np.sqrt(12)), rel=0.03)
        sigma = noise / np.sqrt(10) / 400  # of the bias
        assert np.median(measured.rate.data) == pytest.approx(true, abs=sigma)
        deviates = (measured.rate.data - true) / measured.rate.uncertainty.array
        assert deviates.std() == pytest.approx(1, abs=0.05)
        assert measured.mask.meta["NMASKED"] < 10
        assert measured.notes == []


def test_one_is_wanted(tmp_path):
    folder = folder_of(tmp_path, CHIPS)
    assert main(["report", str(folder), "-o", str(tmp_path / "out"), "--hdu", "CHIP2"]) == 0
    (path,) = (tmp_path / "out").glob("*/rate_all.fits")
    assert CCDData.read(path).meta["DKGAIN"] == 2.5
    assert main(["report", str(folder), "-o", str(tmp_path / "both")]) == 0
    assert len(list((tmp_path / "both").glob("*/rate_all.fits"))) == 2


def test_the_same_name_twice(tmp_path):
    """Then the numbers of the HDUs tell them apart."""
    chips = [("SCI", *CHIPS[0][1:]), ("SCI", *CHIPS[1][1:])]
    groups, _ = find_groups(folder_of(tmp_path, chips))
    assert [group.title for group in groups] == ["TestCam, HDU 1, 80 x 60 pixels", "TestCam, HDU 2, 80 x 60 pixels"]


def test_what_is_beside_a_frame_is_no_detector(tmp_path):
    beside = [fits.ImageHDU(np.zeros((6, 8)), name="THUMB"), fits.ImageHDU(np.zeros((60, 80)), name="ERR")]
    folder = tmp_path / "night"
    folder.mkdir()
    for seconds in (0, 100):
        for index in range(3):
            write(folder / f"{seconds}_{index}.fits", CHIPS[:1], seconds, seconds + index, beside=beside)
    groups, unusable = find_groups(folder)
    assert [group.title for group in groups] == ["TestCam, 80 x 60 pixels"]
    assert unusable == []


def test_a_detector_that_cannot_be_read(tmp_path):
    """It is told by its name, and the other one is measured."""
    folder = folder_of(tmp_path, CHIPS)
    for path in folder.glob("400_*.fits"):
        fits.setval(path, "BUNIT", value="furlong", ext=2)
    groups, unusable = find_groups(folder, options=FrameOptions())
    assert [len(group.darks) for group in groups] == [11, 5]
    assert {item.name for item in unusable} == {f"400_{index}.fits[CHIP2]" for index in range(6)}


def test_cubes_of_one_plane(tmp_path):
    folder = tmp_path / "night"
    folder.mkdir()
    keys = {"EGAIN": 1.5, "RDNOISE": 5.0, "INSTRUME": "TestCam"}
    for seconds, number in ((0, 5), (100, 4)):
        for index in range(number):
            hdu = fits.PrimaryHDU(image(CHIPS[0], seconds, [seconds, index])[None])
            hdu.header.update(keys | {"EXPTIME": float(seconds), "IMAGETYP": "DARK" if seconds else "BIAS"})
            hdu.writeto(folder / f"{seconds}_{index}.fits")
    ((_, measured),), failures, unusable = measure_folder(folder, Options(saturation=60000 * u.adu))
    assert (failures, unusable) == ([], [])
    assert measured.rate.shape == (60, 80)
