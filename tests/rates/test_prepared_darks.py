"""Frames and biases that do not belong together, as `dark_rate` and the functions that work alike are given them."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import (
    HeaderWarning,
    TemperatureWarning,
    compare_dark_rates,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    master_bias,
    proportionality_limit,
    repeatability,
)

from ..helpers import assert_same_image, dark
from ..report.conftest import real_frames

__all__ = ["real_frames"]  # a fixture

SHAPE = (40, 40)
CAMERA = {
    "INSTRUME": "Camera A", "XBINNING": 1, "YBINNING": 1, "XORGSUBF": 0, "YORGSUBF": 0, "GAIN": 100, "OFFSET": 10,
    "READOUTM": "slow", "CCD-TEMP": -20.0,
}  # fmt: skip
ANOTHER = {
    "INSTRUME": "Camera B", "XBINNING": 2, "YORGSUBF": 40, "GAIN": 120, "OFFSET": 50, "READOUTM": "fast",
}  # fmt: skip
# Rates are in electron: a setting does not matter.
OF_RATES = {key: ANOTHER[key] for key in ("INSTRUME", "XBINNING", "YORGSUBF")}
WAY_ON = "pass check_headers=False"


def frames(number=4, seconds=100.0, kind="Dark Frame", seed=0, **keys):
    """Raw frames, whose pixels tell nothing of what the headers do."""
    rng = np.random.default_rng([seed, int(seconds)])
    images = rng.normal(500, 5, (number, *SHAPE)).round().astype("u2")
    return [dark(image, seconds, read_noise=10.0, IMAGETYP=kind, **{**CAMERA, **keys}) for image in images]


def biases(number=3, seconds=0.0, kind="Bias Frame", seed=1, **keys):
    return frames(number, seconds, kind, seed, **keys)


def bias(**keys):
    return master_bias(biases(**keys))


def rate(seconds=100.0, **keys):
    return dark_rate(frames(seconds=seconds, **keys), bias=500 * u.adu)


@pytest.fixture(params=[dark_rate, dark_scatter, repeatability], ids=lambda function: function.__name__)
def measure(request):
    return request.param


class TestDarks:
    @pytest.mark.parametrize("key", ANOTHER)
    def test_of_two_sensors_or_settings(self, measure, key):
        """Every second one, so that each half of `repeatability` is of one."""
        mixed = frames(6)
        for frame in mixed[1::2]:
            frame.meta[key] = ANOTHER[key]
        first, other = (repr(value) if isinstance(value, str) else value for value in (CAMERA[key], ANOTHER[key]))
        text = rf"^darks must be of one .*: {key} is {first} in darks\[0\], {other} in darks\[1\].*; {WAY_ON}"
        with pytest.raises(ValueError, match=text):
            measure(mixed, bias=500 * u.adu)
        assert_same_image(measure(mixed, bias=500 * u.adu, check_headers=False), measure(frames(6), bias=500 * u.adu))

    @pytest.mark.parametrize("kind", ["Flat Field", "Light Frame", "Bias Frame", "zero"])
    def test_of_another_type(self, measure, kind):
        wrong = frames(kind=kind)
        with pytest.raises(ValueError, match=rf"^darks: darks\[0\] is a \w+ frame.*IMAGETYP = '{kind}'.*{WAY_ON}"):
            measure(wrong, bias=500 * u.adu)
        assert_same_image(measure(wrong, bias=500 * u.adu, check_headers=False), measure(frames(), bias=500 * u.adu))

    def test_biases_with_an_exposure(self):
        with pytest.raises(ValueError, match=r"^darks: darks\[0\] is a bias frame"):
            dark_rate(biases(), exposure=100 * u.s, bias=500 * u.adu)
        dark_rate(biases(), exposure=100 * u.s, bias=500 * u.adu, check_headers=False)

    def test_gain_of_the_user(self):
        """Another EGAIN is none where the user tells the gain."""
        mixed = frames(2, EGAIN=1.0) + frames(2, EGAIN=2.0, seed=5)
        with pytest.raises(ValueError, match=r"^gain must be the same"):
            dark_rate(mixed, bias=500 * u.adu)
        dark_rate(mixed, bias=500 * u.adu, gain=2 * u.electron / u.adu)

    def test_exposures_that_disagree(self):
        with pytest.raises(ValueError, match=r"^EXPTIME is 100 and EXPOSURE is 300 in .*darks\[0\] \(and 3"):
            dark_rate(frames(EXPOSURE=300.0), bias=500 * u.adu)
        found = dark_rate(frames(EXPOSURE=300.0), bias=500 * u.adu, exposure="EXPTIME")
        assert_same_image(found, rate())
        dark_rate(frames(EXPOSURE=300.0), bias=500 * u.adu, exposure="EXPOSURE")
        dark_rate(frames(EXPOSURE=1e8), bias=500 * u.adu)

    def test_logged(self):
        assert "check_headers=False" in dark_rate(frames(), bias=500 * u.adu, check_headers=False).meta["DKRATE"]


class TestBias:
    def test_good(self, measure):
        found = measure(frames(), bias=bias())
        assert_same_image(found, measure(frames(), bias=bias(), check_headers=False))

    @pytest.mark.parametrize("key", ANOTHER)
    def test_of_another_sensor_or_setting(self, measure, key):
        wrong = bias(**{key: ANOTHER[key]})
        with pytest.raises(ValueError, match=rf"^bias and darks must be of one .*{key} is .* in bias\[0\], .*{WAY_ON}"):
            measure(frames(), bias=wrong)
        assert_same_image(measure(frames(), bias=wrong, check_headers=False), measure(frames(), bias=bias()))

    def test_of_another_gain(self, measure):
        wrong = master_bias(biases(EGAIN=3.0), check_headers=False)
        with pytest.raises(ValueError, match=rf"of one gain: EGAIN is 3.0 in bias\[0\], 2.0 in darks\[0\]; {WAY_ON}"):
            measure(frames(), bias=wrong)
        measure(frames(), bias=wrong, check_headers=False)

    def test_of_another_gain_that_does_not_matter(self):
        wrong = master_bias(biases(EGAIN=3.0), check_headers=False)
        dark_rate(frames(), bias=wrong, gain=2 * u.electron / u.adu)

    @pytest.mark.parametrize("kind", ["Dark Frame", "unknown"])
    def test_that_is_a_dark(self, measure, kind):
        (wrong,) = frames(1, seed=7, kind=kind)
        with pytest.raises(ValueError, match=r"^bias takes dark .*: EXPTIME is 100 in bias\[0\], 100 in darks\[0\]"):
            measure(frames(), bias=wrong)
        measure(frames(), bias=wrong, check_headers=False)

    def test_that_is_a_master_of_the_wrong_exposure(self):
        with pytest.warns(HeaderWarning, match="^EXPTIME is 30 in the header of biases"):
            wrong = bias(seconds=30.0)
        with pytest.raises(ValueError, match=r"^bias takes dark current away: EXPTIME is 30 .* 100"):
            dark_rate(frames(), bias=wrong)

    def test_that_is_a_short_dark(self):
        with pytest.warns(HeaderWarning, match="^bias takes 2 % of the dark current away"):
            dark_rate(frames(), bias=frames(1, 2.0)[0])
        dark_rate(frames(), bias=frames(1, 0.5)[0])

    @pytest.mark.parametrize("check_headers", [True, False])
    def test_that_is_one_of_the_darks(self, measure, check_headers):
        darks = frames()
        with pytest.raises(ValueError, match=r"^bias is one of the darks: bias\[0\] and darks\[2\] have"):
            measure(darks, bias=darks[2].copy(), check_headers=check_headers)

    def test_that_is_the_file_of_a_dark(self, tmp_path):
        (one,) = frames(1)
        one.write(tmp_path / "dark.fits")
        with pytest.raises(ValueError, match=r"^bias is one of the darks: .*dark.fits and .*dark.fits"):
            dark_rate(tmp_path / "dark.fits", bias=tmp_path / "dark.fits")

    def test_in_bulb_mode(self):
        """Headers do not know the exposure time: the user tells."""
        short = bias(seconds=0.001)
        dark_rate(frames(seconds=0.001), bias=short, exposure=300 * u.s)
        dark_rate(frames(seconds=0.001, DARKTIME=300.0), bias=short, exposure="DARKTIME")
        with pytest.raises(ValueError, match=r"^bias takes dark current away: EXPTIME is 0.5 in bias\[0\], 1 in darks"):
            dark_rate(frames(seconds=300.0), bias=bias(seconds=0.5), exposure=1 * u.s)

    def test_at_another_temperature(self, measure):
        wrong = bias(**{"CCD-TEMP": 0.0})
        with pytest.warns(TemperatureWarning, match=r"^the bias was taken at 0.0 deg C .*, the darks at -20.0 deg C"):
            measure(frames(), bias=wrong)
        measure(frames(), bias=wrong, check_headers=False)


class TestBiasFrames:
    @pytest.mark.parametrize("key", ANOTHER)
    def test_of_two_sensors_or_settings(self, key):
        mixed = biases(4)
        mixed[3].meta[key] = ANOTHER[key]
        with pytest.raises(
            ValueError, match=rf"^biases must be of one .*{key} is .* in biases\[0\], .*\[3\].*; {WAY_ON}"
        ):
            master_bias(mixed)
        assert_same_image(master_bias(mixed, check_headers=False), bias(number=4))

    @pytest.mark.parametrize("kind", ["Dark Frame", "FLAT", "object"])
    def test_of_another_type(self, kind):
        wrong = biases(seconds=10.0, kind=kind)
        with pytest.raises(ValueError, match=rf"^biases: biases\[0\] is a \w+ frame.*IMAGETYP = '{kind}'.*{WAY_ON}"):
            master_bias(wrong)
        assert "check_headers=False" in master_bias(wrong, check_headers=False).meta["DKBIAS"]


class TestRates:
    @pytest.fixture(params=[compare_dark_rates, hot_pixel_mask, proportionality_limit], ids=lambda one: one.__name__)
    def compare(self, request):
        return request.param

    @pytest.mark.parametrize("key", OF_RATES)
    def test_of_two_sensors(self, compare, key):
        rates = rate(300.0), rate(100.0, **{key: OF_RATES[key]})
        with pytest.raises(
            ValueError, match=rf"^rates must be of one .*{key} is .* in rates\[1\], .*\[0\].*; {WAY_ON}"
        ):
            compare(*rates)
        compare(*rates, check_headers=False)

    @pytest.mark.parametrize("key", ["GAIN", "OFFSET", "READOUTM"])
    def test_of_two_settings(self, compare, key):
        compare(rate(100.0), rate(300.0, **{key: ANOTHER[key]}))

    @pytest.mark.parametrize("key", OF_RATES)
    def test_background_and_scatter(self, key):
        other = {key: OF_RATES[key]}
        background = rate(**other)
        with pytest.raises(ValueError, match=rf"of one .*{key} is .* in rates\[0\], .* in background.*; {WAY_ON}"):
            hot_pixel_mask(rate(), background=background)
        hot_pixel_mask(rate(), background=background, check_headers=False)
        hot_pixel_mask(rate(), background=background.data * background.unit)
        scatter = [dark_scatter(frames(**keys), bias=500 * u.adu) for keys in ({}, other)]
        with pytest.raises(ValueError, match=rf"of one .*{key} is .* in rates\[0\], .* in scatter\[1\].*; {WAY_ON}"):
            hot_pixel_mask(rate(), scatter=scatter)
        hot_pixel_mask(rate(), scatter=scatter, check_headers=False)

    def test_logged(self):
        rates = rate(100.0), rate(300.0)
        assert "check_headers=False" in compare_dark_rates(*rates, check_headers=False).meta["DKCOMPAR"]
        assert "check_headers=False" in hot_pixel_mask(*rates, check_headers=False).meta["DKMASK"]


class TestRealFrames:
    """Two cameras whose frames are of one shape."""

    @pytest.fixture
    def stl(self, real_frames):
        return sorted((real_frames / "stl1001_2019_0C").glob("dark_10series_0c_0m30s*"))[:3]

    @pytest.fixture
    def arcsat(self, real_frames):
        return sorted((real_frames / "arcsat_2025_m25C").glob("Dark*"))[:3]

    def test_two_cameras(self, stl, arcsat):
        gains = [2.06, 1.5] * u.electron / u.adu
        with pytest.raises(
            ValueError, match=r"^darks must be of one camera: INSTRUME is 'SBIG STL.*, 'dcam-spare' in "
        ):
            dark_rate([*stl, *arcsat], bias=1000 * u.adu, gain=gains[1])
        rates = [
            dark_rate(paths, bias=1000 * u.adu, gain=gain, exposure=seconds * u.s)
            for paths, gain, seconds in zip((stl, arcsat), gains, (30, 31), strict=True)
        ]
        with pytest.raises(ValueError, match=r"^rates must be of one camera: INSTRUME is 'SBIG STL"):
            compare_dark_rates(*rates)

    def test_bias_of_another_camera(self, real_frames, stl):
        biases = sorted((real_frames / "arcsat_2025_m25C").glob("Bias*"))
        bias = master_bias(biases, gain=1.5 * u.electron / u.adu)
        with pytest.raises(ValueError, match=r"^bias and darks must be of one camera: INSTRUME is 'dcam-spare' in"):
            dark_rate(stl, bias=bias)

    def test_bias_of_the_same_camera(self, real_frames, stl):
        biases = sorted((real_frames / "stl1001_2019_0C").glob("bias_series_0c*"))[1:5]
        assert len(biases) == 4
        dark_rate(stl, bias=master_bias(biases))

    def test_dark_as_bias(self, stl):
        with pytest.raises(ValueError, match=r"^bias takes dark current away: EXPTIME is 30 in .*, 30 in "):
            dark_rate(stl[:2], bias=stl[2])
        with pytest.raises(ValueError, match=r"^bias is one of the darks"):
            dark_rate(stl, bias=stl[2])
