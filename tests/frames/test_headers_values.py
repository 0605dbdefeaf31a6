"""What each function makes of headers that are written out, and its messages word by word."""

import ccdproc
import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks._interface.arguments import SAME_EXPOSURE
from ccdproc_darks.frames import headers
from ccdproc_darks.frames.headers import (
    check_one_exposure,
    common_setting,
    equal_exposures,
    exposures,
    frame_settings,
    known_gain,
)

from ..helpers import headers_alone as frames
from ..helpers import whole

UNIT = u.electron / u.adu
QUICK = "pass gain as a Quantity in electron / adu, a ccdproc.Keyword or the name of a header key"


def test_keys():
    """Those that the documentation names."""
    assert (headers.GAIN_KEYS, headers.READ_NOISE_KEYS) == (("EGAIN",), ("RDNOISE",))
    assert headers.SATURATION_KEYS == ("SATURATE",)
    assert headers.FrameSetting == u.Quantity | ccdproc.Keyword | str | None
    assert SAME_EXPOSURE == 1e-3


class TestSettings:
    def settings(self, value, *metas, **options):
        return frame_settings("thing", value, frames(*metas), u.electron, ("FIRST", "SECOND"), **options)

    @pytest.mark.parametrize("shape", [(2,), (4,), (1, 3), (3, 1)])
    def test_one_number_a_frame(self, shape):
        text = f"thing must be one number or one a frame (3), got an array of shape {shape}"
        with pytest.raises(ValueError, match=whole(text)):
            self.settings(np.ones(shape) * u.electron, {}, {}, {})
        assert self.settings([1, 2, 3] * u.electron, {}, {}, {}) == [1, 2, 3]

    def test_zero(self):
        """Of the user's Quantity where it may be, of a header never."""
        assert self.settings(0 * u.electron, {}, zero=True) == [0]
        with pytest.raises(ValueError, match=r"^thing must be positive"):
            self.settings(0 * u.electron, {})
        for number in (0, -2.5):
            text = (
                f"thing: FIRST in the header of frame 1 is {number:g}, expected a positive number in electron; "
                "pass thing as a Quantity"
            )
            with pytest.raises(ValueError, match=whole(text)):
                self.settings(None, {"FIRST": 1}, {"FIRST": number}, zero=True)

    def test_less_than_one(self):
        assert self.settings(None, {"FIRST": 0.25}, {"FIRST": 1.0}) == [0.25, 1]

    def test_unit_of_the_header(self):
        """For keys that are looked for and that are named; a keyword's own comes first."""
        second = {"header_unit": u.Unit(1000 * u.electron)}
        assert self.settings(None, {"FIRST": 2}, **second) == [2000]
        assert self.settings("MINE", {"MINE": 2}, **second) == [2000]
        assert self.settings("MINE", {"MINE": 2}) == [2]
        assert self.settings(ccdproc.Keyword("MINE"), {"MINE": 2}, **second) == [2000]
        assert self.settings(ccdproc.Keyword("MINE", unit=u.electron), {"MINE": 2}, **second) == [2]

    def test_keyword_with_a_value(self):
        """It stands for frames without the key."""
        keyword = ccdproc.Keyword("MINE", value=9 * u.electron)
        assert self.settings(keyword, {}, {"MINE": 7}) == [9, 7]

    @pytest.mark.parametrize("value", ["MINE", ccdproc.Keyword("MINE", unit=u.electron)])
    def test_without_the_key(self, value):
        with pytest.raises(ValueError, match=whole("thing: frame 1 has no key 'MINE' in its header")):
            self.settings(value, {"MINE": 1}, {})

    def test_equivalencies(self):
        """As of temperatures, in a header and from the user."""
        options = {"equivalencies": u.temperature(), "header_unit": u.deg_C}
        found = frame_settings("t", None, frames({"T": 20}, {"T": 20}), u.K, ("T",), **options)
        assert found == pytest.approx([293.15, 293.15])
        found = frame_settings("t", 20 * u.deg_C, frames({}), u.K, ("T",), equivalencies=u.temperature())
        assert found == pytest.approx([293.15])

    def test_bare_number(self):
        text = (
            "thing must be a Quantity in electron, a ccdproc.Keyword or the name of a header key, got 3 without a unit"
        )
        with pytest.raises(TypeError, match=whole(text)):
            self.settings(3, {})

    def test_out_of_range(self):
        """The key is told, and the frame."""
        with pytest.raises(
            ValueError, match=r"^thing \(FIRST in the header of frame 1\) must be up to 1e\+15 electron"
        ):
            self.settings(None, {"FIRST": 1}, {"FIRST": 1e300})

    def test_keys_of_each(self):
        assert self.settings(None, {"SECOND": 2}, {"FIRST": 1, "SECOND": 3}) == [2, 1]
        assert self.settings(None, {"SECOND": 2}, {"THIRD": 1}) is None

    def test_numbers_are_told_apart(self):
        assert self.settings(None, *({"FIRST": number} for number in (1, 2, 1.0, 3, 2))) == [1, 2, 1, 3, 2]


class TestCommon:
    def test_to_a_millionth(self):
        two = frames({}, {})
        assert common_setting("thing", [2.0, 2.0 + 1.9e-6], two) == 2
        text = "thing must be the same in all frames: 2 in frame 0, 2.00001 in frame 1"
        with pytest.raises(ValueError, match=whole(text)):
            common_setting("thing", [2.0, 2.00001], two)
        assert common_setting("thing", [2.0, 2.1], two, rtol=0.1) == 2

    def test_a_setting_for_each_frame(self):
        with pytest.raises(ValueError, match=r"zip\(\) argument"):
            common_setting("thing", [2.0], frames({}, {}))


class TestGain:
    def test_known(self):
        assert known_gain(None, frames({"EGAIN": 1.5}, {"EGAIN": 1.5})) == 1.5
        assert known_gain(3 * UNIT, frames({"EGAIN": 1.5})) == 3
        assert known_gain("GAIN", frames({"GAIN": 4, "EGAIN": 1.5})) == 4

    def test_unknown(self):
        """Frames in electron need none; GAIN may be a setting in steps."""
        assert known_gain(None, frames({"GAIN": 100}, unit=u.electron)) is None
        assert known_gain(None, frames({"EGAIN": 2}, unit=u.electron)) == 2
        text = f"gain is needed for frames in adu, and not every header has EGAIN (frame 0); {QUICK}"
        for metas in ([{"GAIN": 100}], [{"EGAIN": 1}, {}]):
            with pytest.raises(ValueError, match=whole(text)):
                known_gain(None, frames(*metas))

    def test_bare_number(self):
        with pytest.raises(TypeError, match=r"^gain must be a Quantity in electron / adu, "):
            known_gain(3, frames({}))

    def test_two(self):
        with pytest.raises(ValueError, match=whole("gain must be the same in all frames: 1 in frame 0, 2 in frame 1")):
            known_gain(None, frames({"EGAIN": 1}, {"EGAIN": 2}))


class TestExposures:
    def test_zero(self):
        """It is a bias frame's: what the header says of that is told, if anything."""
        for meta, told in (({"IMAGETYP": "Bias Frame  "}, "'Bias Frame'"), ({}, "'absent'")):
            text = (
                "exposure: EXPOSURE in the header of frame 1 is 0, expected a positive number in s; leave out bias "
                f"frames (its IMAGETYP is {told}), or pass exposure as a Quantity"
            )
            with pytest.raises(ValueError, match=whole(text)):
                exposures(None, frames({"EXPTIME": 1}, {"EXPOSURE": 0, **meta}))
        # What the user tells is not looked for.
        assert exposures(5 * u.s, frames({"EXPTIME": 0})) == [5]

    def test_bare_number(self):
        with pytest.raises(TypeError, match=r"^exposure must be a Quantity in s, "):
            exposures(3, frames({}))

    def test_a_second(self):
        assert exposures(None, frames({"EXPTIME": 1}, {"EXPTIME": 2, "EXPOSURE": 0})) == [1, 2]

    def test_unknown(self):
        text = (
            "exposure: frame 1 has neither EXPTIME nor EXPOSURE in its header; pass exposure as a Quantity in s, a "
            "ccdproc.Keyword or the name of a header key"
        )
        with pytest.raises(ValueError, match=whole(text)):
            exposures(None, frames({"EXPOSURE": 1}, {}, {}))


class TestEqualExposures:
    def test_groups(self):
        """To a thousandth of the shortest of a group, which comes first; frames in the order given."""
        assert equal_exposures([300.0, 100.0, 300.0, 100.05, 100.2]) == [[1, 3], [4], [0, 2]]
        assert equal_exposures([7.0]) == [[0]]
        assert equal_exposures([]) == []
        assert all(type(index) is int for group in equal_exposures([2.0, 1.0, 1.0]) for index in group)

    def test_edge(self):
        """Of 1000 s, 1001 s are as long, and what is longer by any more is not: nor than the last of the group."""
        assert equal_exposures([1000.0, 1000.0 * (1 + 1e-3)]) == [[0, 1]]
        assert equal_exposures([1000.0, 1001.0001]) == [[0], [1]]
        assert equal_exposures([1000.0, 1000.9, 1001.8]) == [[0, 1], [2]]

    def test_order_of_many(self):
        """A sort that is not stable would not keep it."""
        assert equal_exposures([1.0] * 100) == [list(range(100))]
        assert equal_exposures([2.0, 1.0] * 50) == [list(range(1, 100, 2)), list(range(0, 100, 2))]


def test_one_exposure():
    check_one_exposure([100.0])
    check_one_exposure([])
    text = "darks must be of one exposure time, got 100, 0.5 s; call once for each"
    with pytest.raises(ValueError, match=whole(text)):
        check_one_exposure([100.0, 0.5])
