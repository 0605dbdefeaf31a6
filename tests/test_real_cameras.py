"""Frames as real cameras write them: right numbers, or the sentence that tells. The cases: tests/real_cameras."""

import re
import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import DARK_FLAGS, dark_rate, master_bias
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import measure_folder
from ccdproc_darks.report.terminal import sentences

from .real_cameras.cases import CASES

# Standard errors of a median rate that chance may take it off; the fraction that a drift of a digit may.
SIGMAS, FRACTION = 6.0, 0.03


def test_names_are_different():
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_report(case, tmp_path):
    case.write(tmp_path)
    results, text = reported(tmp_path, Options(**dict(case.options)))
    if case.report:
        assert re.search(case.report, text, re.IGNORECASE), text
    if case.number:
        assert results, text
        measured = results[0][1]
        assert_right(measured.rate, case.camera, text, measured.camera.gain_error)
        if case.top:
            assert_saturated(measured, case, text)
        masked = np.count_nonzero(measured.mask.data & DARK_FLAGS["DO_NOT_USE"]) / mask_size(measured)
        assert masked < case.camera.hot / mask_size(measured) + 0.005, text


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.function != "-"], ids=[case.name for case in CASES if case.function != "-"]
)
def test_functions(case, tmp_path):
    rate, told = rate_of(*case.write(tmp_path))
    if case.function:
        assert any(re.search(case.function, text, re.IGNORECASE) for text in told), told
    else:
        assert told == []
        assert_right(rate, case.camera, told)


def reported(folder, options):
    """Results of a report, and all that it tells; no results after an error."""
    try:
        found = measure_folder(folder, options)
    except (ValueError, OSError) as error:
        return [], str(error)
    return found[0], "\n".join(sentences(*found))


def rate_of(biases, darks):
    """Rate by the functions (None after an error), and a list of errors and warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rate, errors = None, []
        try:
            rate = dark_rate(darks, bias=master_bias(biases))
        except (ValueError, OSError, u.UnitsError) as error:
            errors = [str(error)]
    return rate, errors + [str(one.message) for one in caught]


def assert_saturated(measured, case, text):
    """The level is that of the camera, and those pixels are flagged that pass it in the longest exposure."""
    meta, camera = measured.rate.meta, case.camera
    assert meta["DKSATSRC"] in ("found", "ADC")
    assert meta["DKSATUR"] == pytest.approx(case.top, abs=1)
    counts = camera.rates * meta["DKEXPMAX"] / camera.gain
    top = case.top / camera.step - camera.level
    least, most = (np.count_nonzero(counts > part * top) for part in (1.05, 0.95))
    assert 10 < least <= np.count_nonzero(measured.mask.data & DARK_FLAGS["SATURATED"]) <= most, text


def mask_size(measured):
    return measured.mask.data.size


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
