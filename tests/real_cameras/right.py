"""What a rate, or the mask of a report, must be for a camera whose truth is known."""

import numpy as np
import pytest
from astropy.nddata import CCDData

from ccdproc_darks import DARK_FLAGS

__all__ = ["assert_right", "assert_saturated"]

# Standard errors of a median rate that chance may take it off; the fraction that a drift of a digit may.
SIGMAS, FRACTION = 6.0, 0.03


def assert_right(rate: CCDData, camera, text, gain_error=None):
    """The typical rate, and that of the pixels that are hot and not saturated, are right."""
    typical = camera.rates == camera.rate
    pixels = typical & ~rate.mask
    assert np.count_nonzero(pixels) > 0.9 * np.count_nonzero(typical), text
    found = np.mean(rate.data[pixels])
    error = np.mean(rate.uncertainty.array[pixels]) / np.sqrt(pixels.sum())
    bias_error = rate.meta["DKBIASER"] / rate.meta["DKEXPMAX"] / np.sqrt(pixels.sum())
    # The level of a stack of digitised frames is known to some hundredths of a digit.
    digit = 0.05 * camera.gain / rate.meta["DKEXPMAX"]
    tolerance = SIGMAS * (error + bias_error) + FRACTION * camera.rate + digit
    relative = 0.0 if gain_error is None else 4 * gain_error.value / rate.meta["DKGAIN"]
    tolerance += relative * camera.rate
    assert abs(found - camera.rate) < tolerance, f"{found:.5g} for {camera.rate:g} +- {tolerance:.2g}\n{text}"
    hot = ~typical & ~rate.mask & (camera.rates * rate.meta["DKEXPMAX"] > 400)
    if hot.sum() >= 20:
        ratio = np.median(rate.data[hot] / camera.rates[hot])
        assert abs(ratio - 1) < 0.05 + relative, f"hot pixels: {ratio:.3f}\n{text}"


def assert_saturated(measured, case, text):
    """The level is that of the camera, and those pixels are flagged that pass it in the longest exposure."""
    meta, camera = measured.rate.meta, case.camera
    assert meta["DKSATSRC"] in ("found", "ADC")
    assert meta["DKSATUR"] == pytest.approx(case.top, abs=1)
    counts = camera.rates * meta["DKEXPMAX"] / camera.gain
    top = case.top / camera.step - camera.level
    least, most = (np.count_nonzero(counts > part * top) for part in (1.05, 0.95))
    assert 10 < least <= np.count_nonzero(measured.mask.data & DARK_FLAGS["SATURATED"]) <= most, text
