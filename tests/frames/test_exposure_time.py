"""Exposure time of a frame as its header tells it: key, unit, and what speaks against it."""

import warnings

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

from ccdproc_darks import HeaderWarning, dark_rate, master_bias
from ccdproc_darks.frames.belonging import Labelled
from ccdproc_darks.frames.exposure_time import contradiction, exposure_doubts, exposure_time, told_exposure
from ccdproc_darks.frames.header_keys import EXPOSURE_KEYS

from ..helpers import dark


def frame(*cards, label="x"):
    """A frame with these cards: key, value and, maybe, comment."""
    return Labelled(label, fits.Header(list(cards)))


class Commented(dict):
    """A header whose comments may have what no file can hold."""

    def __init__(self, cards):
        super().__init__(cards)
        self.comments = {}


def seconds(*cards):
    return exposure_time(frame(*cards)).seconds


@pytest.mark.parametrize(("comment", "unit"), [
    *((comment, None) for comment in ("", "exposure time", "exposure time of the camera's shutter", "ms-dos",
                                      "Exposure time, min 0.1", "a minute or so", "duration (see manual)")),
    *((comment, "s") for comment in ("[s] exposure time", "Exposure time in seconds", "(sec)", "exposure time (s)",
                                     "Exposure Time, s", "[seconds]", "Exposure time in seconds (max 1000 ms)",
                                     "Integration time, secs")),
    *((comment, "ms") for comment in ("[ms] exposure time", "exposure (ms)", "in milliseconds", "exposure time [msec]",
                                      "exposure in ms", "Milliseconds of exposure", "exposure, ms", "(in ms)")),
    *((comment, "us") for comment in ("[us] exposure time", "Exposure time in us", "microseconds", "[\u00b5s]",
                                      "(usec)")),
    *((comment, "min") for comment in ("[min] exposure time", "in minutes", "(minutes)")),
    ("[h]", "h"),
])  # fmt: skip
@pytest.mark.parametrize("key", ["EXPTIME", "EXPOSURE", "EXP"])
def test_unit_in_a_comment(key, comment, unit):
    header = fits.Header({key: 50.0}) if comment.isascii() else Commented({key: 50.0})
    header.comments[key] = comment
    time = told_exposure(header, key)
    assert time.unit == unit
    factor = {None: 1, "s": 1, "ms": 1e-3, "us": 1e-6, "min": 60, "h": 3600}[unit]
    assert time.seconds == 50 * factor
    assert time.is_sure == (unit is not None or key == "EXPTIME")


@pytest.mark.parametrize(("text", "expected"), [
    ("300,5", 300.5), ("300.5", 300.5), (" 1e2 ", 100), ("300 s", 300), ("50 ms", 0.05), ("50ms", 0.05),
    ("0,125", 0.125), ("2,5 sec", 2.5), (".5", 0.5), ("300.", 300),
])  # fmt: skip
def test_texts(text, expected):
    assert seconds(("EXPTIME", text)) == expected


@pytest.mark.parametrize("text", ["1,500", "1_5", "long", "1,5,0", "nan", "inf", "5 bananas", "1/30", "0x10"])
def test_texts_of_no_time(text):
    """'1,500' may be one and a half, or thousands."""
    with pytest.raises(ValueError, match=f"^x: EXPTIME in the header must be a finite number, got '{text}'$"):
        seconds(("EXPTIME", text))


@pytest.mark.parametrize("key", EXPOSURE_KEYS)
def test_keys(key):
    found = exposure_time(Labelled("x", {key: 300.0, "OTHER": 1}))
    assert (found.key, found.number) == (key, 300)
    assert found.seconds == (300e-6 if key == "EXPOINUS" else 300)
    # EXPTIME is first, and what is unknown is nothing.
    assert exposure_time(Labelled("x", {key: 300.0, "EXPTIME": 300.0})).key == "EXPTIME"
    if key != "EXPTIME":
        assert exposure_time(Labelled("x", {key: 300.0, "EXPTIME": "N/A"})).key == key


def test_none():
    assert exposure_time(frame(("OBJECT", "M 31"))) is None
    assert exposure_time(frame(("EXPTIME", ""), ("EXPOSURE", None))) is None


@pytest.mark.parametrize(("exptime", "exposure", "expected"), [
    # Milliseconds beside seconds: the one that says so.
    ((300.0, "[ms]"), (0.3, "[s]"), 0.3), ((300000.0, ""), (300.0, "[s]"), 300), ((0.3, ""), (300.0, "[ms]"), 0.3),
    ((300.0, "[ms]"), (300.0, ""), 0.3), ((300.0, ""), (3e8, "in us"), 300), ((300.0, "[s]"), (300000.0, ""), 300),
    ((3e8, ""), (300.0, "seconds"), 300), ((300.0, ""), (300000.0, ""), 300),
    # Nearly the same: EXPTIME, to the bit.
    ((300.001, "[s]"), (300.0, "[s]"), 300.001), ((0.5, ""), (0.0, ""), 0.5), ((0.0, "[s]"), (0.001, "[s]"), 0),
])  # fmt: skip
def test_two_keys(exptime, exposure, expected):
    given = frame(("EXPTIME", *exptime), ("EXPOSURE", *exposure))
    assert exposure_time(given).seconds == pytest.approx(expected, rel=1e-12)
    assert contradiction(given) is None
    assert exposure_doubts([given]) == []


@pytest.mark.parametrize(("exptime", "exposure"), [
    ((3000.0, ""), (300.0, "")), ((300.0, "[ms]"), (300.0, "[s]")), ((300.0, "[s]"), (300000.0, "[s]")),
    ((300000.0, ""), (300.0, "")), ((300.0, ""), (200.0, "[ms]")), ((0.0, ""), (300.0, "")),
])  # fmt: skip
def test_contradiction(exptime, exposure):
    given = frame(("EXPTIME", *exptime), ("EXPOSURE", *exposure))
    used, other = contradiction(given)
    assert {used.key, other.key} == {"EXPTIME", "EXPOSURE"}
    ((verdict, sentence),) = [doubt for doubt in exposure_doubts([given]) if "one of them" in doubt[1]]
    assert verdict == "wrong"
    assert f"{used} and {other} in the header of x, and one" in sentence
    assert "exposure='EXPOSURE'" in sentence


class TestImpossible:
    def frames(self, key, number, pause, comment=""):
        start = np.datetime64("2026-01-01T20:00:00.000")
        return [
            frame(
                (key, number, comment),
                ("DATE-OBS", str(start + np.timedelta64(round(1000 * index * pause), "ms"))),
                label=f"x[{index}]",
            )
            for index in range(3)
        ]

    @pytest.mark.parametrize(("key", "comment", "verdict"), [
        ("EXPTIME", "", "doubtful"), ("EXPOSURE", "", "wrong"), ("EXPOSURE", "[s]", "doubtful"), ("EXP", "", "wrong"),
    ])  # fmt: skip
    def test_next_exposure_began_too_early(self, key, comment, verdict):
        """A time in ms, of frames that were taken every 32 s."""
        ((found, sentence),) = exposure_doubts(self.frames(key, 30000.0, 32.0, comment))
        assert found == verdict
        assert sentence.startswith(
            f"{key} is 30000 in the header of x[0], but by DATE-OBS the next exposure began 32 s later: "
        )
        assert "pass exposure (a Quantity" in sentence

    def test_more_than_a_day(self):
        ((verdict, sentence),) = exposure_doubts([frame(("EXPOSURE", 300e6))])
        assert verdict == "wrong"
        assert sentence == (
            "EXPOSURE is 3e+08 in the header of x, and as s that is more than a day: EXPOSURE seems to be in another "
            "unit; pass exposure (a Quantity, or exposure=ccdproc.Keyword('EXPOSURE', unit=u.ms), or u.us)"
        )

    @pytest.mark.parametrize(("number", "pause"), [(300.0, 302.0), (300.0, 0.0), (0.5, 0.6), (2.0, 1.0), (300.0, 31.0)])
    def test_as_cameras_take_them(self, number, pause):
        """Or as headers are copied, and clocks tell whole seconds; a pause that is somewhat short proves nothing."""
        assert exposure_doubts(self.frames("EXPTIME", number, pause)) == []

    @pytest.mark.parametrize("date", ["2026-01-01", "garbage", 7, "01/01/26"])
    def test_dates_that_tell_nothing(self, date):
        frames = self.frames("EXPTIME", 300.0, 302.0)
        frames[1].header["DATE-OBS"] = date
        assert exposure_doubts(frames) == []


def darks(*cards, number=3):
    given = []
    for index in range(number):
        one = dark(np.full((6, 5), 150.0 + index), None)
        one.meta = fits.Header([("EGAIN", 2.0), ("RDNOISE", 5.0), *cards])
        given.append(one)
    return given


LEVEL = 100 * u.adu


@pytest.mark.parametrize(("cards", "expected"), [
    ([("EXPTIME", 50.0, "[ms] exposure time")], 0.05), ([("EXPTIME", 2e6, "exposure in us")], 2),
    ([("EXPOSURE", 50000.0, "exposure time (us)")], 0.05), ([("EXPTIME", "300,5")], 300.5), ([("EXP", 300.0)], 300),
    ([("IMG_EXP", 300.0)], 300), ([("ITIME", 30.0)], 30), ([("EXPOINUS", 300e6)], 300),
    ([("EXPTIME", "N/A"), ("EXP", 3)], 3),
])  # fmt: skip
def test_rate(cards, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error", HeaderWarning)
        found = dark_rate(darks(*cards), bias=LEVEL)
    assert found.meta["EXPTIME"] == pytest.approx(expected)
    assert found.data[0, 0] == pytest.approx(2 * 51 / expected, rel=1e-5)


def test_rate_of_a_key_that_the_user_names():
    """Its unit is read as well; a unit that the user gives goes before it."""
    given = darks(("EXPTIME", 3000.0), ("MINE", 50.0, "[ms]"))
    assert dark_rate(given, bias=LEVEL, exposure="MINE").meta["EXPTIME"] == pytest.approx(0.05)
    assert dark_rate(given, bias=LEVEL, exposure=ccdproc.Keyword("MINE")).meta["EXPTIME"] == pytest.approx(0.05)
    assert dark_rate(given, bias=LEVEL, exposure=ccdproc.Keyword("MINE", unit=u.min)).meta["EXPTIME"] == 3000


@pytest.mark.parametrize("cards", [
    [("EXPTIME", 3000.0), ("EXPOSURE", 300.0)], [("EXPTIME", 30.0, "[ms]"), ("EXPOSURE", 30.0, "[s]")],
])  # fmt: skip
def test_rate_of_a_time_that_contradicts_itself(cards):
    given = darks(*cards)
    with pytest.raises(ValueError, match=r"^EXPTIME is .* and EXPOSURE is .* in the header of darks\[0\] \(and 2 "):
        dark_rate(given, bias=LEVEL)
    # The ways out.
    for exposure in ("EXPTIME", "EXPOSURE", 300 * u.s):
        dark_rate(given, bias=LEVEL, exposure=exposure)
    dark_rate(given, bias=LEVEL, check_headers=False)


def test_rate_of_a_time_that_cannot_be():
    with pytest.raises(ValueError, match=r"^EXPOSURE is 3e\+08 in the header of darks\[0\], and as s .* than a day"):
        dark_rate(darks(("EXPOSURE", 300e6)), bias=LEVEL)
    keyword = ccdproc.Keyword("EXPOSURE", unit=u.us)
    assert dark_rate(darks(("EXPOSURE", 300e6)), bias=LEVEL, exposure=keyword).meta["EXPTIME"] == pytest.approx(300)
    with pytest.warns(HeaderWarning, match=r"^EXPTIME is 300000 in the header of darks\[0\], and as s that is more"):
        dark_rate(darks(("EXPTIME", 300e3)), bias=LEVEL)


def test_unknown_times():
    with pytest.raises(ValueError, match=r"^exposure: darks\[0\] has EXPTIME = 'N/A', and no exposure time, in its"):
        dark_rate(darks(("EXPTIME", "N/A")), bias=LEVEL)


def test_bias_frames():
    """Whose time is in ms, too."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", HeaderWarning)
        master_bias(darks(("IMAGETYP", "Bias"), ("EXPTIME", 32.0, "[ms]")))
    with pytest.warns(HeaderWarning, match=r"^EXPTIME is 5000 ms in the header of biases\[0\]"):
        master_bias(darks(("IMAGETYP", "Bias"), ("EXPTIME", 5000.0, "[ms]")))
