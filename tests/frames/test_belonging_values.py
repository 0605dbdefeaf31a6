"""Edges and words of what headers tell of frames that belong together."""

import re
import warnings

import numpy as np
import pytest
from astropy.io import fits

from ccdproc_darks import HeaderWarning, TemperatureWarning
from ccdproc_darks.frames.belonging import (
    BIAS,
    DARK,
    TYPE_KEYS,
    Labelled,
    are_alike,
    check_bias,
    check_biases,
    check_darks,
    check_one_sensor,
    frame_type,
    header_settings,
    warn_exposures,
)

WAY_ON = "pass check_headers=False if they belong together all the same"
SENSOR = {
    "camera": ("INSTRUME", "DETECTOR", "CAMERA", "CCDNAME"),
    "binning": ("XBINNING", "YBINNING", "CCDXBIN", "CCDYBIN", "CCDSUM", "BINNING"),
    "region of the sensor": ("XORGSUBF", "YORGSUBF", "CCDSUBFL", "CCDSUBFT", "CCDSEC", "DETSEC"),
}
SETTING = {"setting of gain and offset": ("GAIN", "OFFSET", "BLKLEVEL"), "read-out mode": ("READOUTM", "READMODE")}


def images(*headers, name="x"):
    return [Labelled(f"{name}[{number}]", fits.Header(header)) for number, header in enumerate(headers)]


def whole(text):
    return f"^{re.escape(text)}$"


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_names():
    assert (DARK, BIAS) == ("dark", "bias")
    assert TYPE_KEYS == ("IMAGETYP", "IMGTYPE", "OBSTYPE", "FRAME")


@pytest.mark.parametrize(
    "word", ["light", "object", "science", "sky", "arc", "comp", "comparison", "lamp", "standard", "focus"]
)
def test_words_of_a_light(word):
    assert frame_type({"OBSTYPE": f"The {word.title()}"}) == "light"
    assert frame_type({"OBSTYPE": f"{word}s"}) is None


def test_words_within_words():
    """A dark, bias or flat may be part of a word; a zero is its beginning."""
    assert frame_type({"FRAME": "mydark2"}) == "dark"
    assert frame_type({"FRAME": "superbias"}) == "bias"
    assert frame_type({"FRAME": "domeflats"}) == "flat"
    assert frame_type({"FRAME": "Zeroes"}) == "bias"
    assert frame_type({"FRAME": "subzero"}) is None


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, keys in (SENSOR | SETTING).items() for key in keys])
class TestKeys:
    """Each by itself, in each check that asks for it."""

    def test_darks(self, kind, key):
        text = f"darks must be of one {kind}: {key} is 1 in x[0], 2 in x[1]; {WAY_ON}"
        with pytest.raises(ValueError, match=whole(text)):
            check_darks(images({key: 1}, {key: 2}))

    def test_rates(self, kind, key):
        given = images({key: "a "}, {}, {key: "B"})
        if kind in SETTING:
            check_one_sensor("rates", given)
            return
        text = f"rates must be of one {kind}: {key} is 'a' in x[0], 'B' in x[2]; {WAY_ON}"
        with pytest.raises(ValueError, match=whole(text)):
            check_one_sensor("rates", given)

    def test_biases(self, kind, key):
        text = f"biases must be of one {kind}: {key} is 1.5 in x[0], 1.6 in x[1]; {WAY_ON}"
        with pytest.raises(ValueError, match=whole(text)):
            check_biases(images({key: 1.5}, {key: 1.6}))

    @pytest.mark.parametrize("gain_of_header", [False, True])
    def test_bias(self, kind, key, gain_of_header):
        bias, *darks = images({key: 1}, {}, {key: 2})
        text = f"bias and darks must be of one {kind}: {key} is 1 in x[0], 2 in x[2]; {WAY_ON}"
        with pytest.raises(ValueError, match=whole(text)):
            check_bias(bias, darks, shortest=1.0, gain_of_header=gain_of_header)

    def test_groups(self, kind, key):
        defaults = {"XBINNING": 1, "YBINNING": 1, "XORGSUBF": 0, "YORGSUBF": 0}
        assert header_settings(fits.Header({key: 7, "OTHER": 1})) == defaults | {key: 7}
        assert header_settings(fits.Header({key: ""})) == defaults


def test_gain_of_the_header():
    bias, dark = images({"EGAIN": 1.0}, {"EGAIN": 2.0})
    text = f"bias and darks must be of one gain: EGAIN is 1.0 in x[0], 2.0 in x[1]; {WAY_ON}"
    with pytest.raises(ValueError, match=whole(text)):
        check_bias(bias, [dark], shortest=1.0, gain_of_header=True)
    assert header_settings({"EGAIN": "1.5"})["EGAIN"] == 1.5


def test_darks_that_agree_are_asked_once():
    """Of darks that are of one camera, the first that tells stands for all."""
    bias, *darks = images({"INSTRUME": "A"}, {}, {"INSTRUME": "A"}, {"INSTRUME": "B"})
    check_bias(bias, darks, shortest=1.0, gain_of_header=True)
    # Where the bias tells nothing, there is nothing to compare.
    bias, *darks = images({}, {"INSTRUME": "A"}, {"INSTRUME": "B"})
    check_bias(bias, darks, shortest=1.0, gain_of_header=True)


def test_each_key_is_asked():
    """Whatever was found of the others."""
    for gain in (False, True):
        bias, dark = images({"INSTRUME": "A", "YBINNING": 1}, {"INSTRUME": "A", "YBINNING": 2})
        with pytest.raises(
            ValueError, match=r"^bias and darks must be of one binning: YBINNING is 1 in x\[0\], 2 in x"
        ):
            check_bias(bias, [dark], shortest=1.0, gain_of_header=gain)


class TestSame:
    """Whole numbers are the same or not; others to a thousandth."""

    @pytest.mark.parametrize(("first", "second", "same"), [
        (1000, 1001, False), (1000.0, 1000, True), (1.5, 1.5014, True), (1.5, 1.5016, False), (1000.0, 1000.5, True),
        (1000.5, 1000.0, True), (0, 0.0001, False), (True, "true", True), (True, 1, False), (False, "False", True),
        (np.True_, True, True), ("1", 1, True), ("1e0", 1, True), ("a", 1, False), (1, "a", False),
        ("A b", "a b", True),
    ])  # fmt: skip
    def test_values(self, first, second, same):
        settings = [header_settings({"OFFSET": value}) for value in (first, second)]
        assert are_alike(*settings) == same

    @pytest.mark.parametrize("value", [np.nan, np.inf, "nan", "inf", None, "", "   ", (1, 2)])
    def test_what_tells_nothing(self, value):
        assert "OFFSET" not in header_settings({"OFFSET": value})

    def test_keys(self):
        assert not are_alike({"A": 1.0}, {"A": 1.0, "B": 1.0})
        assert not are_alike({"A": 1.0, "B": 2.0}, {"A": 1.0, "B": 1.0})
        assert are_alike({}, {})


class TestTypes:
    @pytest.mark.parametrize("text", ["Bias", "Flat", "Light"])
    def test_darks(self, text):
        told = (
            f"darks: x[1] is a {text.lower()} frame, its header has IMGTYPE = '{text}'; pass check_headers=False if "
            "the header is wrong"
        )
        with pytest.raises(ValueError, match=whole(told)):
            check_darks(images({}, {"IMGTYPE": f"{text} "}))
        check_darks(images({"IMGTYPE": "Dark"}, {"IMGTYPE": "?"}))

    @pytest.mark.parametrize("text", ["Dark", "Flat", "Light"])
    @pytest.mark.parametrize("exposure", [{}, {"EXPTIME": 1.0}, {"EXPTIME": 1.01}, {"EXPOSURE": 0.5}])
    def test_biases(self, text, exposure):
        """A dark of up to a second may be one."""
        given = images({"IMAGETYP": "Bias"}, {"IMAGETYP": text, **exposure})
        if text == "Dark" and exposure not in ({}, {"EXPTIME": 1.01}):
            check_biases(given)
            return
        told = (
            f"biases: x[1] is a {text.lower()} frame, its header has IMAGETYP = '{text}'; pass check_headers=False if "
            "the header is wrong"
        )
        with pytest.raises(ValueError, match=whole(told)):
            check_biases(given)

    @pytest.mark.parametrize("text", ["Dark", "Flat", "Light"])
    @pytest.mark.parametrize("exposure", [{}, {"EXPTIME": 0.5}])
    def test_bias(self, text, exposure):
        bias, dark = images({"IMAGETYP": text, **exposure}, {"EXPTIME": 100.0})
        if text == "Dark" and exposure:
            check_bias(bias, [dark], shortest=100.0, gain_of_header=True)
            return
        told = (
            f"bias: x[0] is a {text.lower()} frame, its header has IMAGETYP = '{text}'; pass check_headers=False if "
            "the header is wrong"
        )
        with pytest.raises(ValueError, match=whole(told)):
            check_bias(bias, [dark], shortest=100.0, gain_of_header=True)


class TestExposureOfBiases:
    @pytest.mark.parametrize(("headers", "text"), [
        ([{"EXPTIME": 1.01}], "EXPTIME is 1.01 in the header of x[0]"),
        ([{}, {"EXPOSURE": 30.0}, {}], "EXPOSURE is 30 in the header of x[1]"),
        ([{"EXPTIME": 0.0}, {"EXPTIME": 30.0, "EXPOSURE": 1.0}, {"EXPTIME": 2.0}, {"EXPTIME": 3.0}],
         "EXPTIME is 30 in the header of x[1] (and 2 more)"),
    ])  # fmt: skip
    def test_long(self, headers, text):
        told = f"{text}, and a bias frame has no exposure: is it a dark? It takes dark current away"
        with pytest.warns(HeaderWarning, match=whole(told)):
            check_biases(images(*headers))

    @pytest.mark.parametrize("header", [{"EXPTIME": 1.0}, {"EXPTIME": 0}, {"EXPTIME": "none"}, {"EXPTIME": True}, {}])
    def test_short(self, header):
        check_biases(images(header, header))


class TestExposureOfABias:
    """Beside that of the shortest dark: over a tenth of it a mistake, over a hundredth a doubt."""

    def checked(self, own, *darks, shortest=50.0):
        bias, *darks = images(own, *darks)
        check_bias(bias, darks, shortest=shortest, gain_of_header=True)

    def test_edges(self):
        darks = {"EXPTIME": 100.0}, {}, {"EXPTIME": 300.0}
        self.checked({"EXPTIME": 1.0}, *darks)
        with pytest.warns(HeaderWarning, match=whole(
            "bias takes 1.1 % of the dark current away: EXPTIME is 1.1 in x[0], 100 in x[1]"
        )):  # fmt: skip
            self.checked({"EXPTIME": 1.1}, *darks)
        with pytest.warns(HeaderWarning, match=whole(
            "bias takes 10 % of the dark current away: EXPTIME is 10 in x[0], 100 in x[1]"
        )):  # fmt: skip
            self.checked({"EXPTIME": 10.0}, *darks)
        text = (
            "bias takes dark current away: EXPTIME is 10.1 in x[0], 100 in x[1]; pass a master bias of frames without "
            "exposure, or check_headers=False if the header is wrong"
        )
        with pytest.raises(ValueError, match=whole(text)):
            self.checked({"EXPTIME": 10.1}, *darks)

    def test_what_the_user_says(self):
        """Where no dark has the key."""
        with pytest.raises(ValueError, match=r"^bias takes dark current away: EXPOSURE is 20 in x\[0\], 50 in darks; "):
            self.checked({"EXPOSURE": 20.0}, {"EXPTIME": 1000.0})

    def test_darks_of_no_exposure(self):
        self.checked({"EXPTIME": 5.0}, {"EXPTIME": 0.0})
        self.checked({"EXPTIME": 5.0}, {"EXPTIME": 0.5}, {"EXPTIME": 0.0})
        with pytest.raises(ValueError, match=r"EXPTIME is 5 in x\[0\], 1 in x\[1\]"):
            self.checked({"EXPTIME": 5.0}, {"EXPTIME": 1.0})

    def test_a_light_of_no_time(self):
        """Its exposure does not make it a bias."""
        with pytest.raises(ValueError, match=r"^bias: x\[0\] is a light frame"):
            self.checked({"EXPTIME": 0.0, "IMAGETYP": "Light"}, {"EXPTIME": 1.0})


class TestTemperature:
    def checked(self, own, *darks):
        bias, *darks = images(*({} if value is None else {"CCD-TEMP": value} for value in (own, *darks)))
        check_bias(bias, darks, shortest=1.0, gain_of_header=True)

    @pytest.mark.parametrize(("own", "darks"), [
        (0.0, (2.0,)), (2.0, (0.0,)), (0.0, (-4.0, 4.0)), (0.0, (4.0, 0.0)), (None, (5.0,)), (9.0, (None,)),
        (9.0, (None, 9.0)), ("cold", (5.0,)), (9.0, ("cold",)),
    ])  # fmt: skip
    def test_alike(self, own, darks):
        self.checked(own, *darks)

    @pytest.mark.parametrize(("own", "darks", "text"), [
        (0.0, (2.04, 2.06), "at 0.0 deg C (x[0]), the darks at 2.0 deg C (x[1])"),
        (-20.0, (None, -10.0), "at -20.0 deg C (x[0]), the darks at -10.0 deg C (x[1])"),
    ])  # fmt: skip
    def test_others(self, own, darks, text):
        told = f"the bias was taken {text}: the bias level changes with the temperature, and shifts all rates"
        with pytest.warns(TemperatureWarning) as caught:
            self.checked(own, *darks)
        assert [str(warning.message) for warning in caught] == [told]


class TestContradiction:
    def told(self, *pairs):
        return images(*({"EXPTIME": used, "EXPOSURE": other} for used, other in pairs))

    def test_words(self):
        text = (
            "EXPTIME is 100 and EXPOSURE is 300 in the header of x[1]: EXPTIME is used, as s. If that is wrong, pass "
            "exposure (a Quantity, or exposure='EXPOSURE')"
        )
        with pytest.warns(HeaderWarning, match=whole(text)):
            warn_exposures(self.told((1.0, 1.0), (100.0, 300.0)))
        with pytest.warns(HeaderWarning, match=re.escape("of x[0] (and 2 more): EXPTIME")):
            warn_exposures(self.told((1.0, 2.0), (100.0, 300.0), (2.0, 2.0), (3.0, 1.0)))

    @pytest.mark.parametrize("unit", [1.0, 1e3, 1e6])
    def test_units(self, unit):
        """Seconds, milliseconds and microseconds, to a thousandth."""
        warn_exposures(self.told((30.0, 30.0 * unit), (30.0, 30.02 * unit)))
        for factor in (1.002, 2.0):
            with pytest.warns(HeaderWarning, match=r"of x\[0\]: EXPTIME"):
                warn_exposures(self.told((30.0, 30.0 * unit * factor)))

    @pytest.mark.parametrize("pair", [("long", 3.0), (3.0, "long"), (True, 3.0), (3.0, None)])
    def test_what_tells_nothing(self, pair):
        warn_exposures(self.told(pair))
        warn_exposures([])
