"""Header keys that are looked up."""

import pytest

from ccdproc_darks.frames import header_keys
from ccdproc_darks.frames.header_keys import EXPOSURE_KEYS, TEMPERATURE_KEYS, TYPE_KEYS, USED_KEYS


def test_order():
    """What nearly all cameras write comes first."""
    assert EXPOSURE_KEYS[:2] == ("EXPTIME", "EXPOSURE")
    assert TYPE_KEYS[:2] == ("IMAGETYP", "IMGTYPE")
    # FRAME may be a number, or a name of something else.
    assert TYPE_KEYS[-1] == "FRAME"
    assert TEMPERATURE_KEYS[0] == "CCD-TEMP"


@pytest.mark.parametrize("name", [name for name in header_keys.__all__ if name != "USED_KEYS"])
def test_keys(name):
    keys = list(getattr(header_keys, name))
    assert len(set(keys)) == len(keys)
    assert all(key == key.upper() for key in keys)


def test_used_keys():
    assert {"EXPTIME", "EXPOSURE", "EGAIN", "CCD-TEMP", "SET-TEMP", "IMAGETYP"} <= USED_KEYS
