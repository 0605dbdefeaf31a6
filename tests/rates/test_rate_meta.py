"""How a rate was measured: what dark_rate writes, and what is believed when it is read back."""

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

from ccdproc_darks import compare_dark_rates, dark_rate, hot_pixel_mask, proportionality_limit
from ccdproc_darks.rates.rate_meta import RateMeta

from ..helpers import ELECTRON_PER_SECOND, dark, rate_image

SHAPE = (3, 4)

# Key, a value that dark_rate does not write, and what it should be.
WRONG = [
    ("DKEXPMIN", 0, "positive"), ("DKEXPMIN", -10.0, "positive"), ("DKEXPMIN", True, "a finite number"),
    ("DKEXPMIN", "10", "a finite number"),
    ("DKEXPMAX", -90, "positive"), ("DKEXPMAX", 0, "positive"), ("DKEXPMAX", np.inf, "a finite number"),
    ("DKEXPMAX", 9.0, r"DKEXPMIN \(10 s\) at least"), ("DKEXPMAX", 20.0, r"DKEXPMIN \(10 s\), as DKNEXP is 1"),
    ("DKNEXP", 0, "a whole number from 1"), ("DKNEXP", 1.5, "a whole number from 1"),
    ("DKNEXP", -1, "a whole number from 1"),
    ("DKTOTAL", -1, "positive"), ("DKTOTAL", 0, "positive"),
    ("DKTOTAL", 300.0, r"that of 10 frames \(NCOMBINE\), 100 to 100 s"), ("DKTOTAL", 1e-3, "that of 10 frames"),
    ("NCOMBINE", -3, "a whole number from 1"), ("NCOMBINE", 0, "a whole number from 1"),
    ("NCOMBINE", 2.7, "a whole number from 1"), ("NCOMBINE", np.nan, "a finite number"),
    ("DKGAIN", -1, "positive"), ("DKGAIN", 0.0, "positive"),
    ("DKRDNOI", -10, "zero or positive"), ("DKBIASER", -1, "zero or positive"), ("DKBIASER", None, "a finite number"),
    ("DKSATUR", -1.0, "positive"), ("DKTEMP", -300.0, "above -273.15 deg C"), ("DKTEMP", "cold", "a finite number"),
    ("DKOFFSET", "foo", "one of 'pixel', 'none'"), ("DKOFFSET", 3, "one of 'pixel', 'none'"),
    ("DKNOISE", "guessed", "one of 'argument', 'header', 'uncertainty', 'estimated', 'bias', 'map', 'none'"),
    ("DKBIASID", None, "a text"), ("DKBIASID", 17, "a text"), ("DKTOTAL", 10**400, "a finite number"),
    ("DKBLACK", -0.1, "zero or positive"), ("DKBLACK", "much", "a finite number"),
    ("DKSATSRC", "guessed", "one of 'argument', 'header', 'ADC', 'found', 'none'"),
    ("DKLOST", -1, "a whole number from 0"), ("DKLOST", 0.5, "a whole number from 0"),
]  # fmt: skip


@pytest.mark.parametrize("function", [compare_dark_rates, hot_pixel_mask, proportionality_limit])
@pytest.mark.parametrize(("key", "value", "wanted"), WRONG)
def test_value_that_dark_rate_does_not_write(function, key, value, wanted):
    wrong = rate_image(np.ones(SHAPE), 10.0)
    wrong.meta = dict(wrong.meta) | {key: value}
    with pytest.raises(
        ValueError, match=rf"^rates\[1\]: {key} in its meta must be {wanted}.*, got .*: restore what dark_rate wrote"
    ):
        function(rate_image(np.ones(SHAPE), 100.0), wrong)


def test_fewer_frames_than_exposure_times():
    rate = dark_rate([dark(np.ones(SHAPE), seconds) for seconds in (10.0, 20.0, 40.0)])
    rate.meta["NCOMBINE"] = 2
    with pytest.raises(ValueError, match=r"^rates\[0\]: NCOMBINE in its meta must be DKNEXP \(3\) at least, got 2"):
        hot_pixel_mask(rate)


@pytest.mark.parametrize("key", ["DKBIASER", "DKBIASID"])
def test_what_is_known_of_the_bias_is_needed(key):
    rate = rate_image(np.ones(SHAPE), 10.0)
    del rate.meta[key]
    with pytest.raises(ValueError, match=rf"^rates\[0\] is not a result of dark_rate: its meta lacks {key}$"):
        hot_pixel_mask(rate)


@pytest.mark.parametrize(("frame", "options", "source"), [
    (np.ones(SHAPE, np.uint16), {}, "ADC"),
    (np.ones(SHAPE, np.uint16), {"saturation": 1000 * u.adu}, "argument"),
    (np.ones(SHAPE), {"saturation": "FULLWELL"}, "header"),
    (np.where(np.arange(600).reshape(20, 30) < 6, 4095, 1).astype(np.int16), {}, "found"),
])  # fmt: skip
def test_source_of_the_saturation_level(frame, options, source, tmp_path):
    rate = dark_rate(dark(frame, FULLWELL=5000.0), bias=0 * u.adu, **options)
    rate.write(tmp_path / "rate.fits")
    read = CCDData.read(tmp_path / "rate.fits")
    assert read.meta["DKSATSRC"] == source
    assert read.meta.comments["DKSATSRC"] == "where that level is from"
    assert RateMeta.of(read, "rate").saturation_source == source


def test_source_of_the_saturation_level_in_old_files():
    rate = rate_image(np.ones(SHAPE), 10.0)
    assert "DKSATSRC" not in rate.meta
    rate.meta["DKSATUR"] = 65535.0
    assert RateMeta.of(rate, "rate").saturation_source == "none"


@pytest.mark.parametrize(("key", "other"), [("NCOMBINE", 3), ("DKTEMP", 5.0)])
def test_key_that_is_there_twice(key, other):
    rate = dark_rate([dark(np.full(SHAPE, number), **{"CCD-TEMP": -10.0}) for number in (1.0, 2.0, 3.0, 4.0)])
    rate.meta.append((key, other))
    with pytest.raises(ValueError, match=rf"^rates\[0\]: {key} is in the header twice, .* and {other}"):
        hot_pixel_mask(rate)


def test_card_that_cannot_be_read():
    rate = rate_image(np.ones(SHAPE), 10.0)
    rate.meta.append(fits.Card.fromstring("DKTEMP  = 1.5.5"))
    with pytest.raises(ValueError, match=r"^rates\[0\]: DKTEMP in the header cannot be read: 'DKTEMP  = 1\.5\.5'"):
        hot_pixel_mask(rate)


@pytest.mark.parametrize("unknown", [-999.0, -273.15])
def test_temperature_that_is_none(unknown):
    """As cameras without a sensor of temperature write it: it is not known."""
    darks = [dark(np.full(SHAPE, number), **{"CCD-TEMP": unknown}) for number in (1.0, 2.0, 3.0, 4.0)]
    darks[0].meta["CCD-TEMP"] = -10.0
    assert dark_rate(darks).meta["DKTEMP"] == -10.0
    rate = dark_rate(darks[1:])
    assert "DKTEMP" not in rate.meta
    hot_pixel_mask(rate, threshold=1 * ELECTRON_PER_SECOND)


def test_comparison_is_no_rate():
    """It has the unit of a rate, and the keys."""
    difference = compare_dark_rates(*[rate_image(np.ones(SHAPE), seconds) for seconds in (10.0, 100.0)])
    with pytest.raises(
        ValueError, match=r"^rates\[0\] is not a result of dark_rate: DKSTAT in its meta is 'difference'"
    ):
        hot_pixel_mask(difference)


@pytest.mark.parametrize("times", [(100.0,) * 3, (10.0, 30.0, 30.002, 100 / 3)])
def test_what_was_written_is_read(times):
    rate = dark_rate([dark(np.ones(SHAPE), seconds, NCOMBINE=4, SATURATE=3000.0) for seconds in times])
    meta = RateMeta.of(rate, "rate")
    assert (meta.shortest, meta.frames, meta.offset, meta.noise_source) == (
        min(times),
        4 * len(times),
        "none",
        "header",
    )
    assert meta.total == pytest.approx(4 * sum(times), rel=1e-12)
    assert (meta.gain, meta.read_noise, meta.saturation, meta.temperature) == (2.0, 5.0, 3000.0, None)


def test_keys_of_an_old_rate_may_lack():
    """Only exposure times, the number of frames and what is known of the bias are needed."""
    rate = rate_image(np.ones(SHAPE), 10.0)
    for key in ("DKGAIN", "DKRDNOI", "DKNOISE", "DKOFFSET", "DKLOST"):
        rate.meta.pop(key, None)
    meta = RateMeta.of(rate, "rate")
    assert (meta.bias_error, meta.read_noise, meta.noise_source, meta.offset) == (0.0, None, "none", "none")
    assert meta.incomplete is None
