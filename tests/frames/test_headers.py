"""Settings that frames bring in their headers."""

import ccdproc
import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks.frames.headers import common_setting, exposures, frame_settings, header_number
from ccdproc_darks.frames.inputs import as_frames

from ..helpers import dark


def frames(*metas):
    return as_frames([dark([[1.0]], None, gain=None, read_noise=None, **meta) for meta in metas])


def settings(value, *metas, **options):
    options = {"keys": ("FIRST", "SECOND"), **options}
    return frame_settings("thing", value, frames(*metas), u.electron, **options)


def test_keys_are_looked_for_in_order():
    assert settings(None, {"SECOND": 2.0, "FIRST": 1.0}, {"SECOND": 5}) == [1, 5]
    assert settings(None, {"FIRST": 1.0}, {}) is None


def test_text_of_a_number():
    """Some cameras write numbers as text."""
    assert settings(None, {"FIRST": " 2.5 "}) == [2.5]
    assert header_number(frames({"A": "3"})[0], "A") == 3


def test_quantity():
    assert settings(3 * u.electron, {}, {}) == [3, 3]
    assert settings([3, 4] * u.electron, {}, {}) == [3, 4]
    assert settings(0 * u.electron, {}, zero=True) == [0]


def test_keyword():
    assert settings(ccdproc.Keyword("MINE", unit=u.electron), {"MINE": 7}) == [7]
    assert settings(ccdproc.Keyword("MINE"), {"MINE": 7}) == [7]
    assert settings(ccdproc.Keyword("MINE", value=9 * u.electron), {}) == [9]
    with pytest.raises(ValueError, match=r"^thing: darks\[0\] has no key 'MINE' in its header"):
        settings(ccdproc.Keyword("MINE", unit=u.electron), {})


@pytest.mark.parametrize("value", [3, 3.0, True, [3], np.array([3.0])])
def test_bare(value):
    with pytest.raises(
        TypeError, match=r"^thing must be a Quantity in electron, a ccdproc.Keyword or the name .*without a unit"
    ):
        settings(value, {})


def test_common_setting():
    two = frames({}, {})
    assert common_setting("thing", None, two) is None
    assert common_setting("thing", [2.0, 2.0 + 1e-7], two) == 2
    with pytest.raises(ValueError, match=r"^thing must be the same in all frames: 2 in darks\[0\], 3 in darks\[1\]"):
        common_setting("thing", [2.0, 3.0], two)


def test_exposures():
    assert exposures(None, frames({"EXPTIME": 3, "EXPOSURE": 4}, {"EXPOSURE": 4})) == [3, 4]
    assert exposures(2 * u.min, frames({}, {})) == [120, 120]
    assert exposures(ccdproc.Keyword("MSEC", unit=u.ms), frames({"MSEC": 1500})) == [1.5]
