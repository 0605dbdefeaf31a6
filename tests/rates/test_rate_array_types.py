"""Rates, and images beside them, whose arrays are not numpy's: converted with a warning, or refused."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from astropy.utils.exceptions import AstropyUserWarning

from ccdproc_darks import (
    changed_pixels,
    compare_dark_rates,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    master_dark,
    proportionality_limit,
)

from ..array_types import Convertible, Device, holding
from ..helpers import ELECTRON_PER_SECOND, assert_same_image, noisy_darks

SHAPE = (30, 40)


def frames(seconds):
    rng = np.random.default_rng(int(seconds))
    rate = np.full(SHAPE, 0.5)
    rate[::5, ::3] = 20.0
    return noisy_darks(rng, rate, seconds, 4, 5.0, SHAPE)


@pytest.fixture(scope="module")
def rates():
    return [dark_rate(frames(seconds)) for seconds in (100.0, 900.0)]


def assert_same(first, second):
    if isinstance(first, CCDData):
        assert_same_image(first, second, meta=True)
    else:
        assert repr(first) == repr(second)


def dark_of_500_s(*rates):
    return master_dark(*rates, exposure=500 * u.s, unit="electron")


@pytest.mark.parametrize("function", [compare_dark_rates, dark_of_500_s, hot_pixel_mask, proportionality_limit])
@pytest.mark.parametrize("part", ["data", "mask", "uncertainty"])
class TestRates:
    def test_converted_with_a_warning(self, function, part, rates):
        others = [holding(rate, Convertible, part) for rate in rates]
        message = r"^rates\[0\] \(and 1 more\): an array of the type .*Convertible is converted to a numpy array"
        with pytest.warns(AstropyUserWarning, match=message) as caught:
            result = function(*others)
        assert len(caught) == 1
        assert_same(result, function(*rates))

    def test_refused_by_name(self, function, part, rates):
        with pytest.raises(TypeError, match=rf"^rates\[1\]\.{part} must be a numpy array .* got .*Device: Implicit"):
            function(rates[0], holding(rates[1], Device, part))

    @pytest.mark.parametrize("library", ["array_api_strict", "dask.array"])
    def test_of_a_library(self, function, part, rates, library):
        make = pytest.importorskip(library).asarray
        with pytest.warns(AstropyUserWarning, match=rf"^rates\[1\]: an array of the type {library}\."):
            result = function(rates[0], holding(rates[1], make, part))
        assert_same(result, function(*rates))


def test_changed_pixels(rates):
    expected = changed_pixels(*rates)
    with pytest.warns(
        AstropyUserWarning, match=r"^before \(and 1 more\): an array of the type .*Convertible"
    ) as caught:
        found = changed_pixels(*(holding(rate, Convertible, "data") for rate in rates))
    assert len(caught) == 1
    assert repr(found) == repr(expected)


class TestHotPixelMask:
    def test_scatter(self, rates):
        scatter = dark_scatter(frames(900.0))
        expected = hot_pixel_mask(*rates, scatter=[scatter])
        with pytest.warns(AstropyUserWarning, match=r"^scatter\[0\]: an array of the type .*Convertible is converted"):
            assert_same(hot_pixel_mask(*rates, scatter=[holding(scatter, Convertible)]), expected)
        with pytest.raises(TypeError, match=r"^scatter\[1\]\.data must be a numpy array .* got .*Device: Implicit"):
            hot_pixel_mask(*rates, scatter=[scatter, holding(scatter, Device)])

    def test_background(self, rates):
        background = CCDData(np.full(SHAPE, 0.5), unit=ELECTRON_PER_SECOND)
        expected = hot_pixel_mask(*rates, background=background)
        with pytest.warns(AstropyUserWarning, match=r"^background: an array of the type .*Convertible is converted"):
            assert_same(hot_pixel_mask(*rates, background=holding(background, Convertible)), expected)
        with pytest.raises(TypeError, match=r"^background\.data must be a numpy array .* got .*Device: Implicit"):
            hot_pixel_mask(*rates, background=holding(background, Device))

    def test_a_mask_of_the_data_counts(self, rates):
        hidden = np.arange(rates[0].data.size).reshape(SHAPE) % 7 == 0
        expected = [rate.copy() for rate in rates]
        for rate in expected:
            rate.mask = rate.mask | hidden
        masked = [holding(rate, lambda values: np.ma.array(values, mask=hidden)) for rate in rates]
        assert_same(hot_pixel_mask(*masked), hot_pixel_mask(*expected))


def test_quantities_are_refused(rates):
    rate = holding(rates[0], lambda values: values * u.electron / u.min)
    with pytest.raises(
        TypeError, match=r"^rates\[0\]\.data must be a plain array, its unit in rates\[0\]\.unit, got a Q"
    ):
        hot_pixel_mask(rate)
