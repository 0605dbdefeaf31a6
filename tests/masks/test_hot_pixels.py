"""Hot and warm pixels of rows whose rates are given."""

import numpy as np
import pytest
from scipy import stats

from ccdproc_darks.masks.hot_pixels import HotPixelTest
from ccdproc_darks.masks.pixel_rates import PixelRates
from ccdproc_darks.statistics.significance import FalsePositiveControl

EXPOSURE, READ_VARIANCE = 1000.0, 1e-4
EVERYTHING = slice(None)


def measured(rates, limit=None):
    """Rates (electron/s) of 1000 s in all, of a read noise of 0.01 electron/s."""
    rates = np.asarray(rates, float)
    limit = np.full(rates.shape, np.nan) if limit is None else np.asarray(limit, float)
    return PixelRates(
        rates, lambda at: np.broadcast_to(READ_VARIANCE + np.maximum(at, 0) / EXPOSURE, rates.shape),
        np.full(rates.shape, EXPOSURE), limit, ~np.isfinite(rates),
    )  # fmt: skip


def noisy(rng, truth):
    return rng.poisson(np.asarray(truth) * EXPOSURE) / EXPOSURE + rng.normal(0, np.sqrt(READ_VARIANCE), np.shape(truth))


def hot_pixel_test(control, rates, background=None, *, number=None):
    """Settled, by a sample that is all of the rates."""
    found = HotPixelTest(None, background, [(EVERYTHING, measured(rates))])
    excesses = None if control.fdr is None else found.deviates_above(measured(rates), EVERYTHING, control.least)
    found.set_threshold(control, rates.size if number is None else number, excesses)
    return found


class TestThreshold:
    """Given in electron/s."""

    def test_above_it(self):
        found = HotPixelTest(2.0, None, iter(()))
        found.set_threshold(FalsePositiveControl(), 10**6)
        rates = measured([[1.9, 2.1, np.nan, np.nan, np.nan]], [[np.nan, np.nan, np.nan, 1.9, 2.1]])
        hot, warm = found.flags(rates, EVERYTHING)
        assert hot.tolist() == [[False, True, False, False, True]]
        assert not np.any(warm)
        assert found.entries()["DKTHRESH"][0] == 2
        assert found.entries()["DKTYPIC"][0] is found.entries()["DKHOTWID"][0] is None
        assert found.deviates_above(rates, EVERYTHING, 0.0).size == 0

    def test_above_the_surroundings(self):
        """Background, and a pixel on top of it: hot by itself, warm together, or neither; saturated ones too."""
        background = np.array([[0.0, 0.0, 5.0, 5.0, 1.0, 1.0, 5.0, 5.0]])
        rates = [[1.9, 2.1, 6.9, 7.1, 1.9, 2.1, np.nan, np.nan]]
        limit = [[np.nan] * 6 + [6.9, 7.1]]
        found = HotPixelTest(2.0, background, iter(()))
        hot, warm = found.flags(measured(rates, limit), EVERYTHING)
        assert hot.tolist() == [[False, True, False, True, False, False, False, True]]
        assert np.asarray(warm)[:, :6].tolist() == [[False, False, True, False, False, True]]
        # Hot and warm exclude each other.
        assert not (hot & warm).any()

    def test_rows_of_the_background(self):
        background = np.array([[0.0], [5.0]])
        found = HotPixelTest(2.0, background, iter(()))
        assert found.flags(measured([[6.0]]), slice(0, 1))[0].item()
        assert not found.flags(measured([[6.0]]), slice(1, 2))[0].item()


class TestNoise:
    """As far above the typical pixel as noise puts the good ones asked for."""

    @pytest.mark.statistics
    @pytest.mark.parametrize("rate", [0.0, 0.001, 0.05, 3.0])
    def test_false_positives(self, rate):
        rng = np.random.default_rng(1)
        rates = noisy(rng, np.full((500, 1000), rate))
        found = hot_pixel_test(FalsePositiveControl(200.0), rates)
        hot, warm = found.flags(measured(rates), EVERYTHING)
        assert abs(hot.sum() - 200) < 4 * np.sqrt(200)
        assert not np.any(warm)
        np.testing.assert_array_equal(hot, rates > found.entries()["DKTHRESH"][0])
        # A sensor ten times as large: so many fewer of these are.
        assert (
            hot_pixel_test(FalsePositiveControl(200.0), rates, number=10 * rates.size)
            .flags(measured(rates), EVERYTHING)[0]
            .sum()
            < 60
        )

    @pytest.mark.statistics
    def test_false_positives_on_a_glow(self):
        """Above their surroundings, whatever these are: as many of the dark part as of the bright."""
        rng = np.random.default_rng(2)
        background = np.broadcast_to(np.linspace(0.01, 3, 1000), (500, 1000))
        rates = noisy(rng, background)
        found = hot_pixel_test(FalsePositiveControl(200.0), rates, background)
        hot, warm = found.flags(measured(rates), EVERYTHING)
        assert abs(hot.sum() - 200) < 4 * np.sqrt(200)
        assert abs(hot[:, :500].sum() - 100) < 4 * np.sqrt(100)
        assert found.entries()["DKHOTWID"][0] == pytest.approx(1, abs=0.01)
        assert not (hot & warm).any()
        # Without the background the bright part as a whole is.
        without = hot_pixel_test(FalsePositiveControl(200.0), rates)
        alone = without.flags(measured(rates), EVERYTHING)[0]
        assert alone.sum() < (hot | warm).sum()

    def test_hot_pixels_on_a_glow(self):
        rng = np.random.default_rng(3)
        background = np.broadcast_to(np.linspace(0.05, 3, 200), (200, 200))
        truth = background.copy()
        truth[::20, ::20] += 1.0
        rates = noisy(rng, truth)
        hot, warm = hot_pixel_test(FalsePositiveControl(1.0), rates, background).flags(measured(rates), EVERYTHING)
        assert hot[::20, ::20].all()
        assert hot.sum() <= 100 + 6
        # An excess of 0.6 sigma of the glow's own noise of 0.05 electron/s is no hot pixel.
        assert warm[:, -20:].mean() > 0.9

    @pytest.mark.statistics
    @pytest.mark.parametrize("with_background", [False, True])
    def test_false_discovery_rate(self, with_background):
        rng = np.random.default_rng(4)
        truth = np.full((400, 500), 0.05)
        truth[0] = 0.05 + np.linspace(0.03, 0.2, 500)
        rates = noisy(rng, truth)
        background = np.full(truth.shape, 0.05) if with_background else None
        found = hot_pixel_test(FalsePositiveControl(fdr=0.1), rates, background)
        hot, _ = found.flags(measured(rates), EVERYTHING)
        assert hot[0].sum() > 350
        assert hot[1:].sum() / hot.sum() == pytest.approx(0.1, abs=4 * np.sqrt(0.1 / 450))
        p = stats.norm.sf(found.deviates_above(measured(rates), EVERYTHING, -np.inf))
        # With the typical pixel's own excess below the median rounded to it, only the tail is asked.
        assert hot.sum() == (stats.false_discovery_control(p) <= 0.1).sum()

    def test_nothing_discovered(self):
        """The threshold is then that of one false positive."""
        rates = np.random.default_rng(5).normal(0.05, 0.01, (50, 50)).clip(0.03, 0.07)
        found = hot_pixel_test(FalsePositiveControl(fdr=0.01), rates)
        assert not found.flags(measured(rates), EVERYTHING)[0].any()
        assert found.entries()["DKTHRESH"] == hot_pixel_test(FalsePositiveControl(1.0), rates).entries()["DKTHRESH"]

    def test_rows_without_a_rate_tell_nothing(self):
        """Neither they nor single pixels without one, among rows that have rates, move the threshold."""
        rates = noisy(np.random.default_rng(6), np.full((40, 50), 0.05))
        some = np.insert(rates, [3, 17, 17], np.nan, axis=1)
        samples = [(EVERYTHING, measured(values)) for values in (np.full((5, 53), np.nan), some)]
        found = HotPixelTest(None, None, samples)
        found.set_threshold(FalsePositiveControl(), rates.size)
        assert found.entries() == hot_pixel_test(FalsePositiveControl(), rates).entries()

    def test_nothing_measured(self):
        rates = np.full((3, 4), np.nan)
        for background in (None, np.ones((3, 4))):
            found = hot_pixel_test(FalsePositiveControl(), rates, background, number=0)
            hot, _ = found.flags(measured(rates), EVERYTHING)
            assert not hot.any()
            assert found.entries()["DKTHRESH"][0] == 0
