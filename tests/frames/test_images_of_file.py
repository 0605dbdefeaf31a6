"""Files of several images: two detectors, four amplifiers, images beside the frame, cubes; the truth is known."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

from ccdproc_darks import (
    MissingInformationWarning,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    master_bias,
    repeatability,
)
from ccdproc_darks.frames.file_frame import FileFrame
from ccdproc_darks.frames.reading import Reading

from ..helpers import assert_same_image

SHAPE = (60, 80)
# Name, gain, read noise, bias, rate (electron/s).
CHIPS = [("CHIP1", 1.5, 5.0, 500, 0.05), ("CHIP2", 2.5, 12.0, 900, 0.3)]
AMPLIFIERS = [("", 1.1, 4.0, 400, 0.05), ("", 1.4, 6.0, 500, 0.1), ("", 2.0, 9.0, 600, 0.2), ("", 3.0, 14.0, 700, 0.4)]

KEYS = {"EXPTIME": 100.0, "EGAIN": 1.5, "RDNOISE": 5.0}


def image(detector, seconds, seed):
    _, gain, noise, bias, rate = detector
    rng = np.random.default_rng(seed)
    electrons = rng.poisson(rate * seconds, SHAPE) + rng.normal(0, noise, SHAPE)
    return np.clip(np.rint(electrons / gain + bias), 0, 65535).astype("u2")


def write(path, detectors, seconds, seed, gain_key="EGAIN", beside=(), **keys):
    """A file as a camera of several detectors writes it: the exposure is told in the primary header."""
    primary = fits.PrimaryHDU()
    primary.header.update({"EXPTIME": float(seconds), "IMAGETYP": "DARK" if seconds else "BIAS", "INSTRUME": "TestCam"})
    hdus = [primary]
    for number, detector in enumerate(detectors):
        hdu = fits.ImageHDU(image(detector, seconds, [seed, number]))
        hdu.header.update({gain_key: detector[1], "RDNOISE": detector[2], **keys})
        if detector[0]:
            hdu.header["EXTNAME"] = detector[0]
        hdus.append(hdu)
    fits.HDUList([*hdus, *beside]).writeto(path)
    return path


def night(folder, detectors, seconds, number, **options):
    return [write(folder / f"{seconds}_{index}.fits", detectors, seconds, 1000 * seconds + index, **options)
            for index in range(number)]  # fmt: skip


class TestDetectors:
    @pytest.mark.parametrize(
        ("wanted", "index"), [(1, 0), (2, 1), ("CHIP1", 0), ("chip2", 1), (("CHIP2", 1), 1), (None, 0)]
    )
    def test_rate_of_each(self, tmp_path, wanted, index):
        darks, biases = night(tmp_path, CHIPS, 300, 6), night(tmp_path, CHIPS, 0, 10)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore" if wanted is None else "error", MissingInformationWarning)
            bias = master_bias(biases, hdu=wanted)
            rate = dark_rate(darks, bias=bias, hdu=wanted)
        _, gain, noise, _, true = CHIPS[index]
        deviates = (rate.data - true) / rate.uncertainty.array
        assert abs(deviates.mean()) < 0.5  # the bias is shared
        assert deviates.std() == pytest.approx(1, abs=0.05)
        assert (rate.meta["DKGAIN"], rate.meta["DKRDNOI"]) == (gain, noise)
        assert rate.meta["EXTNAME"] == CHIPS[index][0]
        assert hot_pixel_mask(rate).meta["NHOT"] <= 4

    def test_others_are_mentioned(self, tmp_path):
        darks = night(tmp_path, CHIPS, 300, 4)
        told = (
            r"300_0\.fits has 2 images \(CHIP1, CHIP2\): CHIP1 is used\. Pass hdu, the number of an HDU or its EXTNAM"
        )
        for function in (dark_rate, dark_scatter, repeatability):
            with pytest.warns(MissingInformationWarning, match=told) as caught:
                function(darks, bias=500 * u.adu)
            assert len(caught) == 1
        with pytest.warns(MissingInformationWarning, match=r"0_0\.fits has 2 images"):
            master_bias(night(tmp_path, CHIPS, 0, 4))

    def test_all_functions(self, tmp_path):
        darks = night(tmp_path, CHIPS, 300, 6)
        alone = [CCDData(image(CHIPS[1], 300, [300000 + index, 1]), unit="adu",
                         meta={"EXPTIME": 300.0, "EGAIN": 2.5, "RDNOISE": 12.0}) for index in range(6)]  # fmt: skip
        for function in (dark_rate, dark_scatter, repeatability):
            assert_same_image(function(darks, bias=900 * u.adu, hdu="CHIP2"), function(alone, bias=900 * u.adu))

    def test_bias_in_a_file(self, tmp_path):
        """One of several images is read as the darks are; one of a single image has none of another detector."""
        darks, biases = night(tmp_path, CHIPS, 300, 4), night(tmp_path, CHIPS, 0, 6)
        bias = master_bias(biases, hdu="CHIP2")
        bias.write(tmp_path / "master.fits")
        expected = dark_rate(darks, bias=bias, hdu="CHIP2")
        assert_same_image(dark_rate(darks, bias=tmp_path / "master.fits", hdu="CHIP2"), expected)
        both = write(tmp_path / "both.fits", CHIPS, 0, 9)
        found = dark_rate(darks, bias=both, hdu="CHIP2")
        alone = CCDData(image(CHIPS[1], 0, [9, 1]), unit="adu")
        assert_same_image(found, dark_rate(darks, bias=alone, hdu="CHIP2"))

    @pytest.mark.parametrize("suffix", [".gz", ".bz2"])
    def test_compressed(self, tmp_path, suffix):
        plain = write(tmp_path / "a.fits", CHIPS, 300, 1)
        with fits.open(plain) as hdus:
            hdus.writeto(tmp_path / f"b.fits{suffix}")
        for name, detector in (("CHIP1", 0), ("CHIP2", 1)):
            frame = FileFrame(tmp_path / f"b.fits{suffix}", Reading(name))
            np.testing.assert_array_equal(frame.rows(slice(None)).values, image(CHIPS[detector], 300, [1, detector]))
            assert [other[1] for other in frame.others] == ["CHIP2" if detector == 0 else "CHIP1"]

    def test_tiles(self, tmp_path):
        with fits.open(write(tmp_path / "a.fits", CHIPS, 300, 1)) as hdus:
            packed = [hdus[0]] + [fits.CompImageHDU(hdu.data, hdu.header) for hdu in hdus[1:]]
            fits.HDUList(packed).writeto(tmp_path / "b.fits")
        frame = FileFrame(tmp_path / "b.fits", Reading("CHIP2"))
        np.testing.assert_array_equal(frame.rows(slice(None)).values, image(CHIPS[1], 300, [1, 1]))
        assert frame.header["EXPTIME"] == 300


class TestAmplifiersInExtensions:
    """Four images without a name, each with DETSEC, GAIN and RDNOISE of its own."""

    def test_numbers_of_each(self, tmp_path):
        options = {"gain_key": "GAIN", "DETSEC": "[1:80,1:60]"}
        darks = night(tmp_path, AMPLIFIERS, 200, 8, **options)
        biases = night(tmp_path, AMPLIFIERS, 0, 20, **options)
        for number, (_, gain, noise, _, true) in enumerate(AMPLIFIERS, 1):
            rate = dark_rate(darks, bias=master_bias(biases, hdu=number), hdu=number)
            assert (rate.meta["DKGAIN"], rate.meta["DKRDNOI"]) == (gain, noise)
            assert rate.data.mean() == pytest.approx(true, abs=4 * rate.uncertainty.array.mean() / np.sqrt(4800))
            expected = np.sqrt((true * 200 + noise**2) / 8 + noise**2 / 20) / 200
            assert np.median(rate.uncertainty.array) == pytest.approx(expected, rel=0.01)

    def test_gain_that_is_a_setting(self, tmp_path):
        """A whole number, or one in the only image's header, is none in electron/adu."""
        path = write(tmp_path / "a.fits", [("CHIP1", 100, 5.0, 500, 0.05)], 100, 1, "GAIN", DETSEC="[1:80,1:60]")
        with pytest.raises(ValueError, match=r"^gain is needed for frames in adu"):
            dark_rate(path, bias=500 * u.adu)
        hdu = fits.PrimaryHDU(image(CHIPS[0], 100, 1))
        hdu.header.update({"EXPTIME": 100.0, "GAIN": 1.5, "DETSEC": "[1:80,1:60]"})
        hdu.writeto(tmp_path / "b.fits")
        with pytest.raises(ValueError, match=r"^gain is needed for frames in adu"):
            dark_rate(tmp_path / "b.fits", bias=500 * u.adu)


class TestBeside:
    """Images that belong to the frame, and are no detectors: nothing is said of them."""

    @pytest.mark.parametrize("name", ["ERR", "DQ", "IVAR", "WEIGHT", "BPM", "THUMBNAIL", "PREVIEW", "err_1"])
    def test_by_name(self, tmp_path, name):
        beside = [fits.ImageHDU(np.zeros(SHAPE), name=name)]
        path = write(tmp_path / "a.fits", CHIPS[:1], 100, 1, beside=beside)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            dark_rate(path, bias=500 * u.adu)

    def test_by_size(self, tmp_path):
        """A small picture without any key of a detector."""
        path = write(tmp_path / "a.fits", CHIPS[:1], 100, 1, beside=[fits.ImageHDU(np.zeros((6, 8)), name="LOOK")])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            dark_rate(path, bias=500 * u.adu)

    def test_a_detector_of_another_size(self, tmp_path):
        guide = fits.ImageHDU(np.zeros((30, 40)), name="GUIDE")
        guide.header["DETSEC"] = "[1:40,1:30]"
        path = write(tmp_path / "a.fits", CHIPS[:1], 100, 1, beside=[guide])
        with pytest.warns(MissingInformationWarning, match=r"has 2 images \(CHIP1, GUIDE\): CHIP1 is used"):
            dark_rate(path, bias=500 * u.adu)

    def test_masks_by_version(self, tmp_path):
        """Of several masks, each image has the one of its EXTVER."""
        hdus = [fits.PrimaryHDU()]
        for number in (1, 2):
            mask = np.zeros(SHAPE, "u1")
            mask[number] = 1
            hdus.append(fits.ImageHDU(image(CHIPS[0], 100, number), name="SCI", ver=number))
            hdus.append(fits.ImageHDU(mask, name="MASK", ver=number))
        fits.HDUList(hdus).writeto(tmp_path / "a.fits")
        for number in (1, 2):
            mask = FileFrame(tmp_path / "a.fits", Reading(("SCI", number))).rows(slice(None)).mask
            assert np.array_equal(np.flatnonzero(mask.any(axis=1)), [number])

    def test_mask_of_the_first(self, tmp_path):
        """As CCDData.write adds it; another image of another shape has none."""
        path = write(tmp_path / "a.fits", CHIPS[:1], 100, 1, beside=[
            fits.ImageHDU(np.ones(SHAPE, "u1"), name="MASK"), fits.ImageHDU(np.zeros((5, 6)), name="OTHER"),
        ])  # fmt: skip
        assert FileFrame(path).has_mask
        assert not FileFrame(path, Reading("OTHER")).has_mask


class TestWrongHdu:
    @pytest.mark.parametrize(
        ("wanted", "error", "text"),
        [
            (0, OSError, r"hdu=0 is no 2-D image \(shape \(\)\): its 2-D images are 1 CHIP1, 2 CHIP2"),
            (7, OSError, r"hdu=7 is wanted, it has the HDUs 0 to 2: its 2-D images are 1 CHIP1, 2 CHIP2"),
            ("CHIP9", OSError, r"no HDU of the name 'CHIP9' \(hdu\) in it: its 2-D images are 1 CHIP1, 2 CHIP2"),
            (("CHIP1", 2), OSError, r"no HDU of the name \('CHIP1', 2\) \(hdu\) in it"),
            (-1, ValueError, r"^hdu must be 0 \(the primary HDU\) or more, got -1"),
            (
                1.0,
                TypeError,
                r"^hdu must be the number of an HDU, its EXTNAME, or a pair of EXTNAME and EXTVER, got 1.0",
            ),
            (True, TypeError, r"^hdu must be the number"),
            (("CHIP1",), TypeError, r"^hdu must be the number"),
        ],
    )
    def test_named(self, tmp_path, wanted, error, text):
        path = write(tmp_path / "a.fits", CHIPS, 100, 1)
        with pytest.raises(error, match=text):
            dark_rate(path, bias=500 * u.adu, hdu=wanted)


class TestCubes:
    def write(self, path, data, compressed=False, **keys):
        hdu = fits.CompImageHDU(data) if compressed else fits.PrimaryHDU(data)
        hdu.header.update(KEYS | keys)
        hdu.writeto(path)
        return path

    @pytest.mark.parametrize(("axes", "compressed"), [(1, False), (2, False), (1, True)])
    def test_of_one_plane(self, tmp_path, axes, compressed):
        plane = image(CHIPS[0], 100, 1)
        data = plane.reshape((1,) * axes + SHAPE)
        path = self.write(tmp_path / "cube.fits", data, compressed)
        expected = dark_rate(CCDData(plane, unit="adu", meta=KEYS), bias=500 * u.adu)
        result = dark_rate(path, bias=500 * u.adu)
        assert_same_image(result, expected)
        result.write(tmp_path / "rate.fits")
        assert CCDData.read(tmp_path / "rate.fits").shape == SHAPE
        assert_same_image(dark_rate(CCDData(data[-1:].reshape((1, *SHAPE)), unit="adu", meta=KEYS),
                                    bias=500 * u.adu), expected)  # fmt: skip

    def test_world_coordinates(self, tmp_path):
        keys = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CTYPE3": "TIME", "CRVAL1": 10.0, "CRVAL2": 20.0,
                "CRVAL3": 5.0, "CDELT1": -1e-4, "CDELT2": 1e-4, "CDELT3": 1.0, "CRPIX1": 1.0, "CRPIX2": 1.0,
                "CRPIX3": 1.0, "WCSAXES": 3}  # fmt: skip
        path = self.write(tmp_path / "cube.fits", image(CHIPS[0], 100, 1)[None], **keys)
        assert dark_rate(path, bias=500 * u.adu).wcs.naxis == 2

    def test_in_memory_with_mask_and_uncertainty(self):
        plane = CCDData(image(CHIPS[0], 100, 1), unit="adu", meta=KEYS)
        cube = CCDData(plane.data[None], unit="adu", meta=KEYS, mask=np.zeros((1, *SHAPE), bool))
        cube.mask[0, 3, 4] = True
        result = dark_rate(cube, bias=500 * u.adu)
        assert np.argwhere(result.mask).tolist() == [[3, 4]]

    def test_of_several_planes(self, tmp_path):
        data = np.stack([image(CHIPS[0], 100, seed) for seed in range(3)])
        told = r"a cube of 3 planes of 60 rows and 80 columns: where each is an exposure, write each into a file of its"
        with pytest.raises(OSError, match=rf"cube\.fits: no 2-D image in it .*{told}"):
            dark_rate(self.write(tmp_path / "cube.fits", data), bias=500 * u.adu)
        with pytest.raises(
            ValueError, match=rf"^darks\[0\] must be a 2-D image, got 3 dimensions \(3, 60, 80\), {told}"
        ):
            dark_rate(CCDData(data, unit="adu", meta=KEYS), bias=500 * u.adu)
        with pytest.raises(OSError, match=rf"hdu=0 is no 2-D image \(shape \(3, 60, 80\)\).*{told}"):
            dark_rate(tmp_path / "cube.fits", bias=500 * u.adu, hdu=0)
