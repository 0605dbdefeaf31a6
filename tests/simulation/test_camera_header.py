"""The header of a simulated frame says what a camera's would."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import simulate_dark


def test_header():
    frame = simulate_dark(
        (3, 4), exposure=2 * u.min, gain=1.5 * u.electron / u.adu, read_noise=10 * u.electron, bias=9 * u.adu,
        temperature=258.15 * u.K, rng=1,
    )  # fmt: skip
    expected = {"IMAGETYP": "Dark Frame", "EXPTIME": 120, "EXPOSURE": 120, "EGAIN": 1.5, "SATURATE": 65535,
                "XBINNING": 1, "YBINNING": 1}  # fmt: skip
    assert {key: frame.meta[key] for key in expected} == expected
    assert frame.meta["RDNOISE"] == pytest.approx(np.sqrt(100 + 1.5**2 / 12))
    assert frame.meta["CCD-TEMP"] == frame.meta["SET-TEMP"] == pytest.approx(-15)
    assert frame.unit == u.adu
    assert simulate_dark((3, 4), exposure=0 * u.s).meta["IMAGETYP"] == "Bias Frame"
