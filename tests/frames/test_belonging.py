"""Which frames, biases and rates belong together, as their headers tell."""

import re
import warnings

import pytest
from astropy.io import fits

from ccdproc_darks import BiasWarning, HeaderWarning, TemperatureWarning
from ccdproc_darks.frames.belonging import (
    Labelled,
    are_alike,
    check_bias,
    check_biases,
    check_darks,
    check_exposures,
    check_one_sensor,
    difference,
    header_settings,
)


def images(*headers, name="darks"):
    return [Labelled(f"{name}[{number}]", fits.Header(header)) for number, header in enumerate(headers)]


def of_bias(**keys):
    (image,) = images(keys, name="bias")
    return image


def checked(bias, *darks, shortest=100.0, gain_of_header=True):
    check_bias(bias, images(*darks), shortest=shortest, gain_of_header=gain_of_header)


class TestTypes:
    @pytest.mark.parametrize("text", ["Bias Frame", "zero", "FLAT", "Light Frame", "object"])
    def test_no_darks(self, text):
        with pytest.raises(
            ValueError, match=rf"^darks: darks\[1\] is a \w+ frame, .*IMAGETYP = '{text}'.*check_headers"
        ):
            check_darks(images({"IMAGETYP": "Dark Frame"}, {"IMAGETYP": text}))

    @pytest.mark.parametrize("text", ["Dark Frame", "FLAT", "Light Frame"])
    def test_no_biases(self, text):
        with pytest.raises(ValueError, match=rf"^biases: biases\[0\] is a \w+ frame.*'{text}'.*check_headers=False"):
            check_biases(images({"IMAGETYP": text, "EXPTIME": 100.0}, name="biases"))

    def test_biases_of_cameras_that_take_none(self):
        check_biases(images({"IMAGETYP": "Dark Frame", "EXPTIME": 0.001}, name="biases"))
        with pytest.warns(
            HeaderWarning, match=r"IMAGETYP is 'Dark Frame', without an exposure time, .*biases\[0\], and"
        ):
            check_biases(images({"IMAGETYP": "Dark Frame"}, name="biases"))
        with pytest.raises(ValueError, match=r"biases\[0\] is a flat frame"):
            check_biases(images({"IMAGETYP": "Flat", "EXPTIME": 0.001}, name="biases"))

    def test_biases_with_an_exposure(self):
        with pytest.warns(HeaderWarning, match=r"^EXPTIME is 30 in the header of biases\[1\] \(and 1 more\)"):
            check_biases(images({"EXPTIME": 0.0}, {"EXPTIME": 30.0}, {"EXPTIME": 30.0}, name="biases"))


class TestSensorAndSetting:
    @pytest.mark.parametrize(("key", "first", "second", "kind"), [
        ("INSTRUME", "STL-1001", "ST-402", "camera"), ("DETECTOR", "CCD1", "CCD2", "camera"),
        ("XBINNING", 1, 2, "binning"), ("YBINNING", 1, "2", "binning"), ("CCDSUM", "1 1", "2 2", "binning"),
        ("XORGSUBF", 0, 512, "region"), ("YORGSUBF", 1000, 1001, "region"),
        ("DETSEC", "[1:9,1:9]", "[10:18,1:9]", "region"),
        ("GAIN", 100, 120, "setting of gain and offset"), ("OFFSET", 10, 50, "setting of gain and offset"),
        ("READOUTM", "fast", "slow", "read-out mode"),
    ])  # fmt: skip
    def test_what_must_be_one(self, key, first, second, kind):
        given = images({key: first}, {}, {key: second})
        with pytest.raises(ValueError, match=rf"^darks must be of one {kind}.*: {key} is .* in darks\[0\], .*\[2\]"
                                             ".*check_headers=False"):  # fmt: skip
            check_darks(given)
        if kind in ("camera", "binning", "region"):
            with pytest.raises(ValueError, match=f"^rates must be of one {kind}"):
                check_one_sensor("rates", given)
        else:
            # Rates are in electron, whatever the setting was.
            check_one_sensor("rates", given)

    def test_both_values_as_they_are(self):
        with pytest.raises(ValueError, match=r"INSTRUME is 'Cam A' in darks\[0\], 'Cam B' in darks\[1\]"):
            check_darks(images({"INSTRUME": "Cam A  "}, {"INSTRUME": "Cam B"}))

    @pytest.mark.parametrize(("key", "first", "second"), [
        ("INSTRUME", "STL-1001", " stl-1001  "), ("XBINNING", 1, "1"), ("XBINNING", 2, 2.0), ("GAIN", 1.5, 1.5001),
        ("GAIN", "30", 30), ("INSTRUME", "STL-1001", ""), ("INSTRUME", "", "ST-402"), ("OFFSET", None, 5),
        ("EGAIN", 1.5, 3.0), ("CCD-TEMP", -20, 0), ("CAMERA", True, True),
    ])  # fmt: skip
    def test_what_is_alike(self, key, first, second):
        check_darks(images({key: first}, {key: second}))
        check_darks(images({key: first}, {}))
        check_darks(images({}, {key: second}))

    def test_missing_in_the_first(self):
        with pytest.raises(ValueError, match=r"INSTRUME is 'A' in darks\[1\], 'B' in darks\[2\]"):
            check_darks(images({}, {"INSTRUME": "A"}, {"INSTRUME": "B"}))

    def test_groups(self):
        settings = header_settings(fits.Header({"INSTRUME": "Cam ", "XBINNING": 1, "EGAIN": 1.5, "OBJECT": "M 1"}))
        assert settings == {"INSTRUME": "cam", "XBINNING": 1, "YBINNING": 1, "XORGSUBF": 0, "YORGSUBF": 0, "EGAIN": 1.5}
        assert are_alike(settings, settings | {"EGAIN": 1.5001})
        assert not are_alike(settings, settings | {"EGAIN": 1.6})
        assert not are_alike(settings, settings | {"OFFSET": 10.0})
        assert not are_alike(settings | {"OFFSET": 11.0}, settings | {"OFFSET": 10.0})
        assert not are_alike(settings, settings | {"XORGSUBF": 1.0})

    @pytest.mark.parametrize(("first", "second", "expected"), [
        ({"READOUTM": "Fast"}, {"READOUTM": " fast "}, None), ({"READOUTM": "Fast"}, {}, None),
        ({"READOUTM": "Fast"}, {"READOUTM": "Slow"}, ("READOUTM", "fast", "slow")),
        ({"OFFSET": "30"}, {"OFFSET": 30}, None), ({"OFFSET": "30.0 "}, {"OFFSET": 30}, None),
        ({"OFFSET": "30"}, {"OFFSET": 31}, ("OFFSET", 30, 31)),
        ({"EGAIN": 1.5}, {"EGAIN": 1.5001}, None),
        ({"EGAIN": "0.4"}, {"EGAIN": 0.40001}, None), ({"EGAIN": 1.5}, {}, None),
        ({"GAIN": 1, "EGAIN": 1.5}, {"GAIN": 2, "EGAIN": 1.6}, ("GAIN", 1, 2)),
        ({"XBINNING": 2}, {}, ("XBINNING", 2, 1)), ({"XBINNING": 1}, {}, None),
    ])  # fmt: skip
    def test_difference(self, first, second, expected):
        """The first key that differs, and both values. A key that is missing in one tells nothing, but a binning
        or a corner that is missing is the usual one."""
        settings = [header_settings(fits.Header(header)) for header in (first, second)]
        assert difference(*settings) == expected
        turned = None if expected is None else (expected[0], expected[2], expected[1])
        assert difference(*settings[::-1]) == turned


class TestBias:
    def test_good(self):
        checked(of_bias(IMAGETYP="Bias Frame", EXPTIME=0.0, INSTRUME="A"), {"IMAGETYP": "Dark", "EXPTIME": 100.0})
        checked(of_bias(), {"IMAGETYP": "Dark", "EXPTIME": 100.0})
        checked(of_bias(IMAGETYP="Dark", EXPTIME=0.5), {"IMAGETYP": "Dark", "EXPTIME": 100.0})

    @pytest.mark.parametrize(("key", "of_dark", "kind"), [
        ("INSTRUME", "B", "camera"), ("XBINNING", 2, "binning"), ("XORGSUBF", 9, "region"), ("GAIN", 2, "setting"),
        ("EGAIN", 2.0, "gain"), ("READOUTM", "B", "read-out mode"),
    ])  # fmt: skip
    def test_of_another_sensor_or_setting(self, key, of_dark, kind):
        bias = of_bias(INSTRUME="A", XBINNING=1, XORGSUBF=0, GAIN=1, EGAIN=1.5, READOUTM="A")
        with pytest.raises(
            ValueError, match=rf"^bias and darks must be of one {kind}.*{key} is .* in bias\[0\].*darks\[0\]"
        ):
            checked(bias, {key: of_dark})

    def test_gain_of_the_user(self):
        checked(of_bias(EGAIN=1.0), {"EGAIN": 2.0}, gain_of_header=False)

    @pytest.mark.parametrize("keys", [{"IMAGETYP": "Flat"}, {"IMAGETYP": "Flat", "EXPTIME": 0.0}, {"FRAME": "light"}])
    def test_of_another_type(self, keys):
        with pytest.raises(ValueError, match=r"^bias: bias\[0\] is a (flat|light) frame"):
            checked(of_bias(**keys), {"EXPTIME": 100.0})

    @pytest.mark.parametrize("seconds", [11.0, 100.0, 1000.0])
    def test_of_a_long_exposure(self, seconds):
        with pytest.raises(ValueError, match=rf"^bias takes dark current .*: EXPTIME is {seconds:g} in bias\[0\], 100 "
                                             r"in darks\[1\];.*check_headers=False"):  # fmt: skip
            checked(of_bias(EXPTIME=seconds), {"EXPTIME": 300.0}, {"EXPTIME": 100.0})

    def test_of_an_exposure_that_counts(self):
        with pytest.warns(
            HeaderWarning, match=r"^bias takes 5 % of the dark current away: EXPTIME is 5 .* 100 in darks"
        ):
            checked(of_bias(EXPTIME=5.0), {"EXPTIME": 100.0})

    def test_exposure_beside_the_users(self):
        """The darks' headers do not tell: the user does."""
        with pytest.raises(ValueError, match=r"EXPTIME is 100 in bias\[0\], 200 in darks"):
            checked(of_bias(EXPTIME=100.0), {}, shortest=200.0)

    def test_exposure_by_the_same_key(self):
        """In any unit."""
        checked(of_bias(EXPOSURE=1.0), {"EXPTIME": 0.5, "EXPOSURE": 500.0}, shortest=0.5)

    @pytest.mark.parametrize("keys", [{"EXPTIME": "none"}, {"EXPTIME": True}, {}])
    def test_exposure_that_tells_nothing(self, keys):
        checked(of_bias(**keys), {"EXPTIME": 100.0})

    def test_temperature(self):
        bias = of_bias(**{"CCD-TEMP": 0.0})
        with pytest.warns(
            TemperatureWarning, match=r"^the bias was taken at 0.0 deg C \(bias\[0\]\), the darks at -20.0 deg"
        ):
            checked(bias, {"CCD-TEMP": -20.5}, {"CCD-TEMP": -19.5})
        checked(bias, {"CCD-TEMP": 1.5}, {})
        checked(bias, {})
        checked(of_bias(), {"CCD-TEMP": 1.5})


class TestExposureKeys:
    @pytest.mark.parametrize(("used", "other"), [
        (100.0, 300.0), (100.0, 0.1), (100.0, 0.0), (1e5, 100.0), ("100", "300"), (100.0, 1.03e5),
    ])  # fmt: skip
    def test_contradiction(self, used, other):
        good = {"EXPTIME": 1.0, "EXPOSURE": 1.0}
        given = images(good, {"EXPTIME": used, "EXPOSURE": other}, {"EXPTIME": used, "EXPOSURE": other})
        text = f"EXPTIME is {float(used):g} and EXPOSURE is {float(other):g} in the header of darks[1] (and 1 more), "
        with pytest.raises(
            ValueError, match=rf"^{re.escape(text)}.*pass exposure \(a Quantity in s, exposure='EXPTIME'"
        ):
            check_exposures(given)

    @pytest.mark.parametrize("header", [
        {"EXPTIME": 100.0, "EXPOSURE": 100.0}, {"EXPTIME": 30.0, "EXPOSURE": 30.001}, {"EXPTIME": 0.0, "EXPOSURE": 0.0},
        {"EXPTIME": 0.02, "EXPOSURE": 20.0}, {"EXPTIME": 1.5, "EXPOSURE": 1.5e6}, {"EXPTIME": 1.0}, {"EXPOSURE": 1.0},
        {},
        {"EXPTIME": 1.0, "EXPOSURE": "long"}, {"EXPTIME": 1.0, "EXPOSURE": ""},
    ])  # fmt: skip
    def test_none(self, header):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check_exposures(images(header))

    def test_doubt(self):
        with pytest.warns(HeaderWarning, match=r"^EXPTIME is 1e\+06 in the header of darks\[0\], and as s that is"):
            check_exposures(images({"EXPTIME": 1e6}))


class TestSubtracted:
    """What a header says of a bias or a dark that was subtracted already."""

    @pytest.mark.parametrize("header", [
        {"CALSTAT": "BD"}, {"CALSTAT": "d"}, {"SUBDARK": "ccd=<CCDData>"}, {"HISTORY": "Dark Subtraction (Dark 1)"},
    ])  # fmt: skip
    def test_darks(self, header):
        ((key, value),) = header.items()
        given = images({"IMAGETYP": "Dark"}, {"IMAGETYP": "Dark", **header})
        text = rf"^darks: the header of darks\[1\] has {key} = '{re.escape(value)}': a dark is sub.*check_headers"
        with pytest.raises(ValueError, match=f"(?i){text}"):
            check_darks(given)

    @pytest.mark.parametrize("header", [{"CALSTAT": "B"}, {"BIASSUB": True}, {"ZEROCOR": "Mar 3 12:10 Zero level"}])
    def test_bias(self, header):
        ((key, value),) = header.items()
        given = images({}, header)
        # Without a bias to subtract, that is as it should be.
        check_darks(given)
        with pytest.warns(BiasWarning, match=rf"^the header of darks\[1\] has {key} = '{value}': .*bias=None"):
            check_darks(given, subtracts_bias=True)
        with pytest.warns(BiasWarning, match=r"^the header of darks\[0\] \(and 1 more\) has "):
            check_darks(images(header, header), subtracts_bias=True)
        check_darks(images({}, {"CALSTAT": ""}), subtracts_bias=True)
        with pytest.raises(ValueError, match=rf"^biases: the header of biases\[0\] has {key} = '{value}': a bias"):
            check_biases(images(header, name="biases"))

    def test_key_twice(self):
        (given,) = images({"CALSTAT": "B"})
        given.header.append(("CALSTAT", "D"))
        with pytest.raises(ValueError, match=r"^darks\[0\]: CALSTAT is in the header twice, 'B' and 'D'; pass check_h"):
            check_darks([given])
