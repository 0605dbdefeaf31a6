"""The surroundings of pixels: images that the user gives, and the smooth part of the rates themselves."""

import sys

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks.masks.background import checked_background, local_background

from ..helpers import ELECTRON_PER_SECOND
from ..strategies import seeds

SHAPE = (3, 4)


class TestChecked:
    @pytest.mark.parametrize("nothing", [None, "local"])
    def test_as_it_is(self, nothing):
        assert checked_background(nothing, SHAPE) is nothing

    @pytest.mark.parametrize("kind", [u.Quantity, CCDData])
    @pytest.mark.parametrize(("unit", "seconds"), [("electron / s", 1), ("electron / h", 3600), ("electron / min", 60)])
    def test_image(self, kind, unit, seconds):
        image = np.arange(12.0).reshape(SHAPE) - 3
        np.testing.assert_allclose(checked_background(kind(image, unit=u.Unit(unit)), SHAPE), image / seconds)

    def test_one_number(self):
        level = checked_background(6 * u.electron / u.min, SHAPE)
        assert level.shape == SHAPE
        assert level == pytest.approx(0.1)

    def test_it_is_not_the_users(self):
        image = CCDData(np.ones(SHAPE), unit=ELECTRON_PER_SECOND)
        before = image.data.copy()
        checked_background(image, SHAPE)
        np.testing.assert_array_equal(image.data, before)

    @pytest.mark.parametrize(
        ("value", "got"),
        [(np.ones(SHAPE), "ndarray"), (0.1, "float"), ("globl", "'globl'"), ([1.0], "list"), (True, "bool")],
    )
    def test_kind(self, value, got):
        with pytest.raises(
            TypeError, match=rf"^background must be None, 'local', or CCDData or a Quantity in electron / s, got {got}$"
        ):
            checked_background(value, SHAPE)

    @pytest.mark.parametrize("unit", ["adu", "electron", "adu / s", ""])
    def test_unit(self, unit):
        with pytest.raises(u.UnitsError, match=r"^background is in .*, expected electron / s"):
            checked_background(CCDData(np.ones(SHAPE), unit=unit), SHAPE)
        with pytest.raises(u.UnitsError, match=r"^background must be a Quantity in electron / s, got"):
            checked_background(np.ones(SHAPE) * u.Unit(unit), SHAPE)

    @pytest.mark.parametrize("shape", [(4, 3), (12,), (1, 3, 4), (3, 1)])
    def test_shape(self, shape):
        with pytest.raises(ValueError, match=r"^background must have the shape of the rates, \(3, 4\), got \("):
            checked_background(np.ones(shape) * ELECTRON_PER_SECOND, SHAPE)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_not_finite(self, value):
        image = np.ones(SHAPE)
        image[1, 1] = value
        with pytest.raises(ValueError, match=r"^background must be finite, got an array in electron / s"):
            checked_background(image * ELECTRON_PER_SECOND, SHAPE)


class TestLocal:
    """By photutils."""

    @pytest.fixture(autouse=True)
    def photutils(self):
        return pytest.importorskip("photutils.background")

    @staticmethod
    def glow(shape=(300, 400)):
        """Of an amplifier in a corner."""
        y, x = np.indices(shape)
        return 0.05 + 2 * np.exp(-np.hypot(y, x) / 120)

    def test_smooth_structure(self):
        """Through noise and hot pixels, to a fraction of the noise of one pixel."""
        rng = np.random.default_rng(1)
        glow = self.glow()
        rate = glow + rng.normal(0, 0.05, glow.shape)
        rate.flat[rng.choice(rate.size, 2000, replace=False)] += rng.uniform(1, 100, 2000)
        error = local_background(rate) - glow
        assert np.std(error[32:-32, 32:-32]) < 0.02
        # In the corner itself, where it is steepest, it follows too.
        assert np.abs(error).max() < 0.5

    def test_level(self):
        """Where pixels are all alike, their mean: not the median, which a Poisson tail draws aside."""
        rng = np.random.default_rng(2)
        rate = rng.poisson(2.0, (256, 256)) / 10 + rng.normal(0, 0.02, (256, 256))
        assert local_background(rate).mean() == pytest.approx(0.2, rel=0.01)

    def test_missing_pixels(self):
        """Holes are bridged; they count for nothing."""
        rng = np.random.default_rng(3)
        glow = self.glow((200, 200))
        rate = glow + rng.normal(0, 0.02, glow.shape)
        holes = rng.random(rate.shape) < 0.2
        holes[100:140, 100:140] = True
        level = local_background(np.where(holes, np.nan, rate))
        assert np.isfinite(level).all()
        # To a tenth or so over a hole larger than a box.
        assert np.abs(level - glow)[70:170, 70:170].max() < 0.15

    def test_nothing_measured(self):
        np.testing.assert_array_equal(local_background(np.full((40, 50), np.nan)), np.zeros((40, 50)))

    @pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (5, 7), (32, 32), (33, 70), (100, 31)])
    def test_shapes(self, shape):
        """One side may be smaller than a box."""
        level = local_background(np.full(shape, 0.3))
        np.testing.assert_allclose(level, np.full(shape, 0.3))

    @pytest.mark.parametrize("share", [0.5, 0.95])
    def test_mostly_missing(self, share):
        """A sensor of which little is left still has a level."""
        rng = np.random.default_rng(4)
        rate = np.where(rng.random((100, 120)) < share, np.nan, 0.3)
        np.testing.assert_allclose(local_background(rate), 0.3)

    @given(seeds, st.floats(1e-4, 1e4), st.floats(-10, 10))
    def test_unit_and_zero_point(self, seed, factor, shift):
        """What holds of the rates holds of their level; its splines shift to a hundredth of the noise."""
        rate = np.random.default_rng(seed).normal(0, 1, (40, 70))
        level = local_background(rate)
        np.testing.assert_allclose(local_background(factor * rate), factor * level, rtol=1e-6, atol=1e-6 * factor)
        np.testing.assert_allclose(local_background(rate + shift), level + shift, atol=0.02)

    def test_the_rates_stay(self):
        rate = np.random.default_rng(5).normal(0, 1, (64, 64))
        rate[3, 3] = np.nan
        before = rate.copy()
        local_background(rate)
        np.testing.assert_array_equal(rate, before)


def test_without_photutils(monkeypatch):
    monkeypatch.setitem(sys.modules, "photutils.background", None)
    with pytest.raises(
        ImportError, match=r"^background='local' needs photutils: pip install 'ccdproc_darks\[background\]', or pass"
    ):
        local_background(np.ones((40, 40)))
