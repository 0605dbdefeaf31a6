"""Edges and words of what headers tell of frames that belong together."""

import re
import warnings
from contextlib import nullcontext

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from ccdproc import Keyword

from ccdproc_darks import HeaderWarning, TemperatureWarning
from ccdproc_darks.frames.belonging import (
    Labelled,
    are_alike,
    check_bias,
    check_biases,
    check_darks,
    check_exposures,
    check_one_sensor,
    header_settings,
)

from ..helpers import whole

WAY_ON = "pass check_headers=False if they belong together all the same"
SENSOR = {
    "camera": ("INSTRUME", "DETECTOR", "CAMERA", "CCDNAME"),
    "binning": ("XBINNING", "YBINNING", "CCDXBIN", "CCDYBIN", "CCDSUM", "BINNING"),
    "region of the sensor": ("XORGSUBF", "YORGSUBF", "CCDSUBFL", "CCDSUBFT", "CCDSEC", "DETSEC"),
}
SETTING = {"setting of gain and offset": ("GAIN", "OFFSET", "BLKLEVEL"), "read-out mode": ("READOUTM", "READMODE")}


def images(*headers, name="x"):
    return [Labelled(f"{name}[{number}]", fits.Header(header)) for number, header in enumerate(headers)]


def way_on(kind, key):
    cut = f" (an image cut out of a full one may still have the {key} of that)"
    return f"{cut if kind == 'region of the sensor' else ''}; {WAY_ON}"


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, keys in (SENSOR | SETTING).items() for key in keys])
class TestKeys:
    """Each by itself, in each check that asks for it."""

    def test_darks(self, kind, key):
        text = f"darks must be of one {kind}: {key} is 1 in x[0], 2 in x[1]{way_on(kind, key)}"
        with pytest.raises(ValueError, match=whole(text)):
            check_darks(images({key: 1}, {key: 2}))

    def test_rates(self, kind, key):
        given = images({key: "a "}, {}, {key: "B"})
        if kind in SETTING:
            check_one_sensor("rates", given)
            return
        text = f"rates must be of one {kind}: {key} is 'a' in x[0], 'B' in x[2]{way_on(kind, key)}"
        with pytest.raises(ValueError, match=whole(text)):
            check_one_sensor("rates", given)

    def test_biases(self, kind, key):
        text = f"biases must be of one {kind}: {key} is 1.5 in x[0], 1.6 in x[1]{way_on(kind, key)}"
        with pytest.raises(ValueError, match=whole(text)):
            check_biases(images({key: 1.5}, {key: 1.6}))

    @pytest.mark.parametrize("gain_of_header", [False, True])
    def test_bias(self, kind, key, gain_of_header):
        bias, *darks = images({key: 1}, {}, {key: 2})
        text = f"bias and darks must be of one {kind}: {key} is 1 in x[0], 2 in x[2]{way_on(kind, key)}"
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
            f"darks: x[1] is a {text.lower()} frame, its header has IMGTYPE = '{text}'; leave it "
            "out, or pass check_headers=False if the header is wrong"
        )
        with pytest.raises(ValueError, match=whole(told)):
            check_darks(images({}, {"IMGTYPE": f"{text} "}))
        check_darks(images({"IMGTYPE": "Dark"}, {"IMGTYPE": "?"}))

    @pytest.mark.parametrize("text", ["Dark", "Flat", "Light"])
    @pytest.mark.parametrize("exposure", [{}, {"EXPTIME": 1.0}, {"EXPTIME": 1.01}, {"EXPOSURE": 0.5}])
    def test_biases(self, text, exposure):
        """A dark of up to a second may be one."""
        given = images({"IMAGETYP": "Bias"}, {"IMAGETYP": text, **exposure})
        if text == "Dark" and exposure == {}:
            doubt = "IMAGETYP is 'Dark', without an exposure time, in the header of x[1], and a bias frame has no "
            with pytest.warns(HeaderWarning, match=f"^{re.escape(doubt)}"):
                check_biases(given)
            return
        if text == "Dark" and exposure != {"EXPTIME": 1.01}:
            check_biases(given)
            return
        told = (
            f"biases: x[1] is a {text.lower()} frame, its header has IMAGETYP = '{text}'; leave it "
            "out, or pass check_headers=False if the header is wrong"
        )
        with pytest.raises(ValueError, match=whole(told)):
            check_biases(given)

    @pytest.mark.parametrize("text", ["Dark", "Flat", "Light"])
    @pytest.mark.parametrize("exposure", [{}, {"EXPTIME": 0.5}])
    def test_bias(self, text, exposure):
        bias, dark = images({"IMAGETYP": text, **exposure}, {"EXPTIME": 100.0})
        if text == "Dark":
            doubt = "bias: x[0] is a dark frame, its header has IMAGETYP = 'Dark', and no exposure time tells that it "
            with nullcontext() if exposure else pytest.warns(HeaderWarning, match=f"^{re.escape(doubt)}"):
                check_bias(bias, [dark], shortest=100.0, gain_of_header=True)
            return
        told = (
            f"bias: x[0] is a {text.lower()} frame, its header has IMAGETYP = '{text}'; leave it "
            "out, or pass check_headers=False if the header is wrong"
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
        with pytest.raises(ValueError, match=r"^bias takes dark current away: EXPTIME is 20 in x\[0\], 50 in darks; "):
            self.checked({"EXPTIME": 20.0}, {"EXPOSURE": 1000.0})

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
            "EXPTIME is 100 and EXPOSURE is 300 in the header of x[1], and one of them is not the exposure time; pass "
            "exposure (a Quantity in s, exposure='EXPTIME' or exposure='EXPOSURE')"
        )
        with pytest.raises(ValueError, match=whole(text)):
            check_exposures(self.told((1.0, 1.0), (100.0, 300.0)))
        with pytest.raises(ValueError, match=re.escape("of x[0] (and 2 more), and one")):
            check_exposures(self.told((1.0, 2.0), (100.0, 300.0), (2.0, 2.0), (3.0, 1.0)))

    @pytest.mark.parametrize("unit", [1.0, 1e3, 1e6])
    def test_units(self, unit):
        """Seconds, milliseconds and microseconds, to 2 %."""
        check_exposures(self.told((30.0, 30.0 * unit), (30.0, 30.5 * unit)))
        for factor in (1.03, 2.0):
            with pytest.raises(ValueError, match=r"of x\[0\], and one of them"):
                check_exposures(self.told((30.0, 30.0 * unit * factor)))

    @pytest.mark.parametrize("pair", [
        (30, 30.04), (120, 120.2), (300, 299.6), (1, 1.0012), (0.02, 0.020035), (1.5, 2), (0.5, 0), (0.001, 0.0),
    ])  # fmt: skip
    def test_times_as_measured_or_rounded(self, pair):
        check_exposures(self.told(pair))

    @pytest.mark.parametrize("pair", [(2.0, 1.5), (1.4, 2.0), (100.0, 97.0)])
    def test_time_that_is_used_is_the_rounded_one(self, pair):
        """Or is too far away."""
        with pytest.raises(ValueError, match=r"of x\[0\], and one of them is not"):
            check_exposures(self.told(pair))

    @pytest.mark.parametrize("pair", [("long", 3.0), (3.0, "long"), (True, 3.0), (3.0, None)])
    def test_what_tells_nothing(self, pair):
        check_exposures(self.told(pair))
        check_exposures([])


class TestSpellings:
    """What several programs write for the same."""

    @pytest.mark.parametrize(("key", "first", "second"), [
        ("INSTRUME", "ZWO ASI1600MM Pro", "ZWO CCD ASI1600MM Pro"),
        ("INSTRUME", "SBIG STL-1001", "SBIG STL-1001 3 CCD Camera"),
        ("INSTRUME", 402, "ST-402"), ("INSTRUME", "cam_1", "Cam 1"),
        ("DETECTOR", "EEV  42-40", "EEV 42-40"), ("CCDSUM", "1 1", "1  1"), ("CCDSUM", "1 1", "1,1"),
        ("BINNING", "1x1", "1 1"), ("BINNING", "1x1", 1), ("BINNING", "2x2", "2"), ("XBINNING", "01", "1x1"),
        ("CCDSEC", "[1:60,1:60]", "[1:60, 1:60]"), ("CCDSEC", "[1:60,1:60]", "[01:60,01:60]"),
        ("READOUTM", "Fast  mode", "fast mode"),
        *((key, value, 1.5) for key in ("GAIN", "XBINNING", "EGAIN", "INSTRUME", "CCDSEC")
          for value in ("N/A", "unknown", "None", "UNDEFINED", " ")),
        ("EGAIN", 0, 1.5), ("EGAIN", -1.0, 1.5), ("GAIN", 10**400, 5), ("XBINNING", 10**400, 2),
    ])  # fmt: skip
    def test_same(self, key, first, second):
        for one, other in ((first, second), (second, first)):
            given = [Labelled("x[0]", {key: one}), Labelled("x[1]", {key: other})]
            check_darks(given)
            check_biases(given)
            check_one_sensor("rates", given)
            check_bias(given[0], given[1:], shortest=1.0, gain_of_header=True)

    @pytest.mark.parametrize(("key", "first", "second"), [
        ("INSTRUME", "ZWO ASI1600MM Pro", "ZWO ASI294MM Pro"), ("INSTRUME", "cam 1", "cam 2"),
        ("INSTRUME", "cam1", "cam"),
        ("CCDSUM", "1 1", "1 2"), ("BINNING", "2x2", 1), ("BINNING", "2x2", "full"),
        ("CCDSEC", "[1:60,1:60]", "[1:60,1:61]"),
        ("GAIN", "1 1", "1  2"), ("GAIN", "1x1", 1), ("GAIN", 0, 5), ("READOUTM", "fast mode", "fast"),
    ])  # fmt: skip
    def test_others(self, key, first, second):
        for one, other in ((first, second), (second, first)):
            with pytest.raises(ValueError, match=f"^darks must be of one .*: {key} is "):
                check_darks(images({key: one}, {key: other}))

    def test_groups(self):
        known = header_settings({"INSTRUME": "ZWO ASI1600MM Pro", "BINNING": "1x1", "EGAIN": 0, "XBINNING": "unknown"})
        assert "EGAIN" not in known
        assert known["XBINNING"] == 1
        assert are_alike(known, header_settings({"INSTRUME": "ASI1600MM Pro", "BINNING": 1}))
        assert not are_alike(known, header_settings({"INSTRUME": "ASI1600MM Pro", "BINNING": 2}))


class TestCardsThatCannotBeRead:
    """The error names the image."""

    @pytest.fixture
    def broken(self):
        header = fits.Header()
        header.append(fits.Card.fromstring("INSTRUME= 'Cam A"))
        return header

    @pytest.fixture
    def twice(self):
        header = fits.Header({"GAIN": 100, "IMAGETYP": "Dark"})
        header.append(("GAIN", 1.5))
        return header

    def test_broken(self, broken):
        text = r"^x\[0\]: INSTRUME in the header cannot be read: .*; pass check_headers=False if that does not matter"
        good = Labelled("x[1]", {"INSTRUME": "Cam A"})
        for check in (check_darks, check_biases, lambda given: check_one_sensor("rates", given)):
            with pytest.raises(ValueError, match=text):
                check([Labelled("x[0]", broken), good])
        with pytest.raises(ValueError, match=text):
            check_bias(good, [Labelled("x[0]", broken)], shortest=1.0, gain_of_header=True)

    def test_twice(self, twice):
        with pytest.raises(ValueError, match=r"^x\[0\]: GAIN is in the header twice, 100 and 1.5; pass check_headers"):
            check_darks([Labelled("x[0]", twice)])
        with pytest.raises(ValueError, match=r"^GAIN is in the header twice, 100 and 1.5"):
            header_settings(twice)
        twice.append(("IMAGETYP", "Light"))
        with pytest.raises(
            ValueError, match=r"^x\[0\]: IMAGETYP is in the header twice, 'Dark' and 'Light'; pass check"
        ):
            check_darks([Labelled("x[0]", twice)])

    def test_exposure_that_is_not_used(self):
        header = fits.Header({"EXPTIME": 100.0, "EXPOSURE": 100.0})
        header.append(("EXPOSURE", 30.0))
        check_exposures([Labelled("x[0]", header)])


class TestTypesThatContradict:
    @pytest.mark.parametrize("header", [
        {"IMAGETYP": "Light Frame", "OBSTYPE": "DARK"}, {"IMAGETYP": "object", "FRAME": "Dark"},
    ])  # fmt: skip
    def test_darks(self, header):
        (key, value), (other, dark) = header.items()
        text = (
            f"darks: x[0] is a light frame, its header has {key} = '{value}', but {other} = '{dark}': it is taken for "
            "a dark"
        )
        with pytest.warns(HeaderWarning, match=whole(text)):
            check_darks(images(header))

    def test_biases(self):
        header = {"IMAGETYP": "object", "OBSTYPE": "BIAS"}
        with pytest.warns(HeaderWarning, match=r"^biases: x\[0\] is a light frame.*taken for a bias$"):
            check_biases(images(header))
        with pytest.warns(HeaderWarning, match=r"^bias: x\[0\] is a light frame.*taken for a bias$"):
            check_bias(*images(header), images({}), shortest=1.0, gain_of_header=True)

    def test_first_key_is_enough(self):
        check_darks(images({"IMAGETYP": "Dark", "FRAME": "Light"}))

    def test_none_of_a_dark(self):
        with pytest.raises(
            ValueError, match=r"IMAGETYP = 'Light'; leave it out, or pass check_headers=False if the header is wrong$"
        ):
            check_darks(images({"IMAGETYP": "Light", "FRAME": "Flat"}))


class TestExposureOfUnknownUnit:
    """EXPOSURE without EXPTIME may be in any unit: it is a doubt at most."""

    def test_biases(self):
        check_biases(images({"IMAGETYP": "Bias", "EXPOSURE": 32.0}))
        for kind in ({}, {"IMAGETYP": "Dark"}):
            with pytest.warns(HeaderWarning, match=r"^EXPOSURE is 32 in the header of x\[0\], and a bias frame has no"):
                check_biases(images({"EXPOSURE": 32.0, **kind}))
        with pytest.warns(HeaderWarning, match=r"^EXPTIME is 32 in the header of x\[0\]"):
            check_biases(images({"IMAGETYP": "Bias", "EXPTIME": 32.0}))

    def test_bias(self):
        dark = {"EXPOSURE": 30.0}
        bias, *darks = images({"IMAGETYP": "Bias", "EXPOSURE": 32.0}, dark)
        check_bias(bias, darks, shortest=30.0, gain_of_header=True)
        for kind in ({}, {"IMAGETYP": "Dark"}):
            bias, *darks = images({"EXPOSURE": 32.0, **kind}, dark)
            with pytest.warns(HeaderWarning, match="^bias takes 107 % of the dark current away: EXPOSURE is 32 in x"):
                check_bias(bias, darks, shortest=30.0, gain_of_header=True)


class TestExposureOfTheUser:
    """It is compared with the time of the bias, as of bulb mode, whose header tells of another one."""

    def checked(self, bias, *darks, shortest, exposure):
        bias, *darks = images(bias, *darks)
        check_bias(bias, darks, shortest=shortest, gain_of_header=True, exposure=exposure)

    def test_quantity(self):
        self.checked({"EXPTIME": 0.001}, {"EXPTIME": 0.001}, shortest=300.0, exposure=300 * u.s)
        self.checked({"EXPTIME": 0.001, "IMAGETYP": "Dark"}, {"EXPTIME": 0.001}, shortest=300.0, exposure=[300] * u.s)
        with pytest.raises(ValueError, match=r"^bias takes dark current away: EXPTIME is 0.5 in x\[0\], 1 in darks;"):
            self.checked({"EXPTIME": 0.5}, {"EXPTIME": 300.0}, shortest=1.0, exposure=1 * u.s)

    @pytest.mark.parametrize("key", ["DARKTIME", Keyword("DARKTIME", u.s)])
    def test_key(self, key):
        dark = {"EXPTIME": 0.001, "DARKTIME": 300.0}
        self.checked({"EXPTIME": 0.001}, dark, shortest=300.0, exposure=key)
        self.checked({"EXPTIME": 0.001, "DARKTIME": 0.2}, dark, shortest=300.0, exposure=key)
        self.checked({"EXPTIME": 0.001, "DARKTIME": 9.0}, {"EXPTIME": 0.001}, shortest=300.0, exposure=key)
        with pytest.raises(ValueError, match=r"^bias takes dark .*: DARKTIME is 300 in x\[0\], 300 in x\[1\];"):
            self.checked({"EXPTIME": 0.001, "DARKTIME": 300.0}, dark, shortest=300.0, exposure=key)

    def test_exposure_key(self):
        """It is known to be the time then."""
        with pytest.raises(ValueError, match=r"^bias takes dark .*: EXPOSURE is 300 in x\[0\], 300 in x\[1\];"):
            self.checked({"EXPOSURE": 300.0}, {"EXPOSURE": 300.0}, shortest=300.0, exposure="EXPOSURE")

    @pytest.mark.parametrize("own", [{"EXPTIME": -1.0}, {"EXPTIME": -1.0, "EXPOSURE": 0.0}])
    def test_negative(self, own):
        """It tells nothing."""
        self.checked(own, {"EXPTIME": 100.0}, shortest=100.0, exposure=None)
        if "EXPOSURE" not in own:
            with pytest.warns(HeaderWarning, match="no exposure time tells"):
                self.checked(own | {"IMAGETYP": "Dark"}, {"EXPTIME": 100.0}, shortest=100.0, exposure=None)
