"""What an argument ``mask`` is: the same for all functions that take one."""

import re

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import (
    Sensor,
    changed_pixels,
    compare_dark_rates,
    dark_rate_change,
    dark_scale,
    hot_pixel_mask,
    master_dark,
    nonlinear_kind,
    write_defects,
)
from ccdproc_darks._interface.pixel_mask import checked_mask, has_flags, kind_of_result
from ccdproc_darks.report.agreement import Agreement

from ..helpers import rate_image

S, SHAPE = u.s, (20, 30)


def rates():
    rng = np.random.default_rng(1)
    return [rate_image(rng.normal(1.0, 0.02, SHAPE), seconds) for seconds in (50.0, 100.0, 400.0)]


def agreement():
    masked = np.zeros(SHAPE, np.int16)
    return Agreement(3, np.zeros(SHAPE, np.uint32), masked, masked, {}).images()


FUNCTIONS = {
    "master_dark": lambda mask: master_dark(*rates(), exposure=200 * S, unit="electron", mask=mask),
    "dark_scale": lambda mask: dark_scale(CCDData(np.ones(SHAPE), unit="electron"),
                                          CCDData(np.ones(SHAPE), unit="electron"), mask=mask),
    "nonlinear_kind": lambda mask: nonlinear_kind(*rates(), mask=mask),
}  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("given", "message"), [
    (lambda: np.zeros(SHAPE, np.int16), None),
    (lambda: CCDData(np.zeros(SHAPE, np.uint32), unit=""), "uint32: they may be counts"),
    (lambda: agreement()["nights_masked"], "mask is a number of nights .*, not a mask: pass a result of"),
    (lambda: rates()[0], r"mask is a dark rate \(electron / s\), not a mask: pass a result of hot_pixel_mask"),
    (lambda: nonlinear_kind(*rates()), "mask is a result of nonlinear_kind, not a mask"),
    (lambda: master_dark(*rates(), exposure=200 * S, unit="electron"), r"mask is a dark \(a result of master_dark\)"),
    (lambda: CCDData(np.zeros(SHAPE), unit="adu"), "mask is in adu, and a mask has no unit"),
])  # fmt: skip
def test_numbers_that_are_no_flags_are_refused(function, given, message):
    if message is None:
        message = "must be CCDData.*ndarray" if function == "nonlinear_kind" else "int16: they may be counts"
    with pytest.raises((TypeError, ValueError, u.UnitsError), match=message):
        FUNCTIONS[function](given())


@pytest.mark.parametrize("function", ["master_dark", "nonlinear_kind"])
@pytest.mark.parametrize("given", [
    lambda: hot_pixel_mask(*rates()), lambda: agreement()["mask"],
    lambda: Sensor(shape=SHAPE, rate=1 * u.electron / S).true_flags(),
])  # fmt: skip
def test_all_masks_of_ours_are_flags(function, given, tmp_path):
    given().write(tmp_path / "mask.fits")
    for mask in (given(), CCDData.read(tmp_path / "mask.fits")):
        assert has_flags(mask)
        assert checked_mask(mask) is mask
        FUNCTIONS[function](mask)


def test_bool():
    """Of a CCDData, what is True or masked."""
    data, mask = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    data[1, 2] = mask[3, 4] = True
    assert checked_mask(data) is data
    assert checked_mask(CCDData(data, unit="")).sum() == 1
    assert (checked_mask(CCDData(data, unit="", mask=mask)) == data | mask).all()


@pytest.mark.parametrize(("make", "kind"), [
    (lambda: rates()[0], "a dark rate"),
    (lambda: hot_pixel_mask(*rates()), "a mask (a result of hot_pixel_mask)"),
    (lambda: compare_dark_rates(*rates()[:2]), "a result of compare_dark_rates"),
    (lambda: dark_rate_change(*rates()[1:], check_headers=False), "a result of dark_rate_change"),
    (lambda: CCDData(np.zeros(SHAPE), unit="adu"), None),
    (lambda: CCDData(np.zeros(SHAPE), unit="adu", meta={"DKSTAT": "mean"}), None),
])  # fmt: skip
def test_kinds_of_results(make, kind):
    assert kind_of_result(make()) == kind


class TestInPlaceOfARate:
    @pytest.mark.parametrize("call", [
        lambda given: master_dark(given, *rates(), exposure=200 * S),
        lambda given: hot_pixel_mask(given),
        lambda given: hot_pixel_mask(given, rates()[0]),
        lambda given: compare_dark_rates(given, rates()[0]),
        lambda given: changed_pixels(given, given),
        lambda given: nonlinear_kind(given, *rates()),
    ])  # fmt: skip
    @pytest.mark.parametrize(("make", "words"), [
        (lambda: hot_pixel_mask(*rates()), "is a mask (a result of hot_pixel_mask), not a result of dark_rate; pass "
         "the rates that it was made from; a mask belongs in mask= (of master_dark, dark_scale, nonlinear_kind) or in "
         "write_defects"),
        (lambda: nonlinear_kind(*rates()), "is a result of nonlinear_kind, not a result of dark_rate; pass the rates"),
        (lambda: compare_dark_rates(*rates()), "is not a result of dark_rate: DKSTAT in its meta is 'difference', as "
         "of a result of compare_dark_rates"),
        (lambda: master_dark(*rates(), exposure=200 * S, unit="electron"), "is not a result of dark_rate: DKSTAT in "
         "its meta is 'dark', as of a dark (a result of master_dark)"),
    ])  # fmt: skip
    def test_it_is_told(self, call, make, words):
        with pytest.raises(ValueError, match=rf"(rates\[0\]|before) {re.escape(words)}"):
            call(make())


class TestDefects:
    @pytest.mark.parametrize(("make", "words"), [
        (lambda: rates()[0], "mask is a dark rate (electron / s), not a mask: pass a result of hot_pixel_mask, or"),
        (lambda: CCDData(np.zeros(SHAPE), unit="adu", mask=np.ones(SHAPE, bool)), "mask is in adu, and a mask has no"),
        (lambda: nonlinear_kind(*rates()), "mask is a result of nonlinear_kind, not a mask"),
        (lambda: agreement()["nights_hot"], "mask is a number of nights"),
    ])  # fmt: skip
    def test_what_is_no_mask_is_refused(self, make, words, tmp_path):
        with pytest.raises((ValueError, u.UnitsError), match=re.escape(words)):
            write_defects(make(), tmp_path / "bad.reg")
        assert list(tmp_path.iterdir()) == []

    def test_swapped(self, tmp_path):
        with pytest.raises(
            TypeError, match=r"path .* and mask .* path of type CCDData and mask 'b\.reg'; write write_d"
        ):
            write_defects("b.reg", hot_pixel_mask(*rates()))
