"""The header of a simulated frame says what a camera's would."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import simulate_dark
from ccdproc_darks.simulation.camera_header import digitised_read_noise


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


def test_digitised_read_noise():
    counts = np.random.default_rng(1).normal(100.3, 2.0 / 3, 10**6)
    assert digitised_read_noise(2.0, 3.0) == pytest.approx(3 * np.rint(counts).std(), rel=0.003)


def test_digitised_read_noise_is_a_square_sum():
    """EMVA 1288: 3 electrons, and the variance 36 / 12 of rounding to 6 electrons."""
    assert digitised_read_noise(3.0, 6.0) == pytest.approx(np.sqrt(9 + 3), rel=1e-15)
