"""Hot and warm pixels of rows whose rates are given."""

import numpy as np
import pytest
from astropy.nddata import CCDData, StdDevUncertainty
from scipy import stats

from ccdproc_darks.comparison.false_positives import FalsePositiveControl
from ccdproc_darks.masks.hot_pixels import HotPixelTest
from ccdproc_darks.masks.pixel_rates import PixelRates
from ccdproc_darks.rates.pixel_noise import PixelNoise

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


def above(test, rates, least):
    """Deviates above ``least``."""
    deviates = test.deviates(rates, EVERYTHING, least=least)
    return deviates[deviates > least]


def hot_pixel_test(control, rates, background=None, *, number=None):
    """Settled, by a sample that is all of the rates."""
    found = HotPixelTest(None, background, [(EVERYTHING, measured(rates))])
    excesses = None if control.fdr is None else above(found, measured(rates), control.least)
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
        assert above(found, rates, 0.0).size == 0

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
        p = stats.norm.sf(above(found, measured(rates), -np.inf))
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


class TestUnequalPixels:
    """Typical rates differ from pixel to pixel: as many of them are hot as asked for."""

    @pytest.mark.statistics
    @pytest.mark.parametrize("spread", [0.05, 0.3, 0.5])
    @pytest.mark.parametrize("rate", [0.05, 3.0])
    def test_false_positives(self, spread, rate):
        rng = np.random.default_rng(8)
        rates = noisy(rng, rate * np.exp(spread * rng.normal(size=(1000, 1000))))
        # So few are asked for that the tail far beyond the pixels which the distribution was fitted to decides.
        found = hot_pixel_test(FalsePositiveControl(20.0), rates)
        hot, _ = found.flags(measured(rates), EVERYTHING)
        assert 5 < hot.sum() < 45
        entries = found.entries()
        assert abs(entries["DKTYPIC"][0] - rate) < 4 * entries["DKTYPERR"][0]

    @pytest.mark.statistics
    def test_hot_pixels_do_not_widen_it(self):
        """They begin within the noise, and fall off as an exponential function."""
        rng = np.random.default_rng(9)
        truth = np.full((500, 1000), 0.05)
        sigma = np.sqrt(READ_VARIANCE + 0.05 / EXPOSURE)
        good = hot_pixel_test(FalsePositiveControl(), noisy(rng, truth)).entries()
        truth[:10] += rng.exponential(3 * sigma, (10, 1000))
        found = hot_pixel_test(FalsePositiveControl(), noisy(rng, truth)).entries()
        assert found["DKTHRESH"][0] - good["DKTHRESH"][0] == pytest.approx(0, abs=0.1 * sigma)
        assert found["DKTYPIC"][0] == pytest.approx(0.05, abs=0.02 * sigma)

    @pytest.mark.statistics
    def test_pixels_that_lost_frames(self):
        """Those noisier are not hot more often: half of the pixels have a tenth of the exposure."""
        rng = np.random.default_rng(10)
        truth = 0.05 * np.exp(0.3 * rng.normal(size=(1000, 1000)))
        exposure = np.where(np.arange(1000) < 500, 1000.0, 100.0) * np.ones(truth.shape)
        constant = READ_VARIANCE * 1000 / exposure
        rates = rng.poisson(truth * exposure) / exposure + np.sqrt(constant) * rng.normal(size=truth.shape)
        pixels = PixelRates(
            rates, lambda at: constant + np.maximum(at, 0) / exposure, exposure, rates * np.nan, rates > 1e9
        )
        found = HotPixelTest(None, None, [(EVERYTHING, pixels)])
        found.set_threshold(FalsePositiveControl(40.0), rates.size)
        hot, _ = found.flags(pixels, EVERYTHING)
        assert 8 < hot[:, :500].sum() < 40
        assert 8 < hot[:, 500:].sum() < 40


class Images:
    """As much of `RateImages` as the test asks for: equal frames, and the read noise of each pixel."""

    total, frames, level_error = EXPOSURE, 10, 2.0

    def __init__(self, noise):
        self.noise, self.infos = noise, [self]


class TestNoiseOfEachPixel:
    """Twenty frames tell a pixel's read noise roughly: it may be higher than its scatter, seldom much."""

    def noise(self, rng, shape):
        sigma = np.exp(0.3 * rng.normal(size=shape))
        scatter = sigma * np.sqrt(rng.chisquare(19, shape) / 19)
        found = CCDData(scatter, unit="electron", uncertainty=StdDevUncertainty(scatter / np.sqrt(38)))
        return sigma, PixelNoise.of(found, shape)

    @pytest.mark.statistics
    def test_false_positives(self):
        rng = np.random.default_rng(11)
        shape = (600, 1000)
        sigma, noise = self.noise(rng, shape)
        rates = rng.poisson(0.05 * EXPOSURE, shape) / EXPOSURE + sigma * rng.normal(0, 0.01, shape)
        pixels = PixelRates(
            rates, lambda at: 1e-4 * noise.variance + at / EXPOSURE, EXPOSURE, rates * np.nan, rates > 9
        )  # fmt: skip

        def hot_of(images):
            found = HotPixelTest(None, None, [(EVERYTHING, pixels)], images)
            found.set_threshold(FalsePositiveControl(20.0), rates.size)
            return found, found.flags(pixels, EVERYTHING)[0]

        found, hot = hot_of(Images(noise))
        assert 8 < hot.sum() < 36
        mean, too_many = hot_of(None)
        assert too_many.sum() > 1.5 * hot.sum()
        assert found.entries()["DKTHRESH"][0] > mean.entries()["DKTHRESH"][0]
        rows, some = found.for_rows(slice(100, 200)), np.arange(0, 100_000, 7)
        part = PixelRates(
            rates[100:200].reshape(1, -1)[:, some],
            lambda at: 1e-4 * noise.variance[100:200].reshape(1, -1)[:, some] + at / EXPOSURE, EXPOSURE,
            np.full((1, some.size), np.nan), np.zeros((1, some.size), bool),
        )  # fmt: skip
        np.testing.assert_array_equal(rows.flags(part, slice(100, 200), some)[0], hot[100:200].reshape(1, -1)[:, some])

    def test_error_in_common(self):
        """That of the level goes into the error of the typical rate."""
        rates = noisy(np.random.default_rng(12), np.full((40, 50), 0.05))
        found, own = (HotPixelTest(None, None, [(EVERYTHING, measured(rates))], of) for of in (Images(None), None))
        level = 2.0 / (EXPOSURE / 10)
        errors = []
        for each in (found, own):
            each.set_threshold(FalsePositiveControl(), rates.size)
            errors.append(each.entries()["DKTYPERR"][0])
        assert errors[0] == pytest.approx(np.hypot(errors[1], level))


class Level:
    """As much of a `FalsePositiveControl` as the test asks for: a deviate that is given."""

    def __init__(self, critical, planned=None):
        self._critical, self._planned = critical, critical if planned is None else planned

    def critical(self, number, sides, excesses):
        assert sides == 1
        return self._critical

    def planned(self, number, sides, critical):
        assert (sides, critical) == (1, self._critical)
        return self._planned


def above_median(deviate, sigma):
    """Rate above the median of Poisson and normal noise that has a deviate: Cornish and Fisher (1938)."""
    skewness = 1 / EXPOSURE**2 / sigma**3
    return sigma * (deviate + skewness * (deviate**2 - 1) / 6)


class TestParts:
    """What a mask and its header are made of, of pixels written out."""

    # A typical pixel of 1 electron/s, whose width is 1.
    SAMPLE = np.array([[0.999, 1.0, 1.0, 1.0, 1.001]])

    def settled(self, critical, planned=None):
        found = HotPixelTest(None, None, [(EVERYTHING, measured(self.SAMPLE))])
        found.set_threshold(Level(critical, planned), 5)
        return found

    def test_entries(self):
        found = self.settled(2.0)
        sigma = np.sqrt(READ_VARIANCE + 1 / EXPOSURE)
        assert found.entries() == {
            "DKTHRESH": (
                pytest.approx(1 + above_median(2.0, sigma), rel=1e-4),
                "[electron/s] a pixel above this is hot",
            ),
            "DKTYPIC": (pytest.approx(1), "[electron/s] rate of a typical pixel"),
            "DKTYPERR": (pytest.approx(np.sqrt(np.pi / 2 / 5) * sigma), "[electron/s] standard error of DKTYPIC"),
            "DKHOTWID": (1, "scatter of good pixels over their noise"),
        }

    def test_nominal_pixel(self):
        """The medians of the variances and of the exposures, of all blocks."""
        exposures = np.array([[500.0, 1000.0, 1000.0, 4000.0, 4000.0]])
        blocks = [measured(self.SAMPLE), measured(np.where(self.SAMPLE > 1, np.nan, self.SAMPLE))]
        for block in blocks:
            block.exposure = exposures
            block.variance_at = lambda at: 0.01 + np.maximum(at, 0) / exposures
        found = HotPixelTest(None, None, [(EVERYTHING, block) for block in blocks])
        found.set_threshold(Level(2.0), 9)
        assert found.entries()["DKTHRESH"][0] == pytest.approx(1 + 2 * np.sqrt(0.01 + 1 / 1000), rel=2e-4)

    def test_same_noise_of_all(self):
        """As one number for all pixels, of any number of blocks."""
        blocks = [
            PixelRates(self.SAMPLE, lambda at: 0.04, 250.0, self.SAMPLE * np.nan, self.SAMPLE > 9) for _ in range(2)
        ]
        for number in (1, 2):
            found = HotPixelTest(None, None, [(EVERYTHING, block) for block in blocks[:number]])
            found.set_threshold(Level(2.0), 5)
            assert found.entries()["DKTHRESH"][0] == pytest.approx(1 + 2 * 0.2, rel=2e-4)

    def test_threshold_of_a_pixel(self):
        """The one given, that of the typical pixel, that of one that is as noisy as this, or none."""
        pixel = measured([[1.0]])
        assert HotPixelTest(7.0, None, ()).threshold_for(pixel) == 7
        assert self.settled(np.inf, 4.0).threshold_for(pixel) == np.inf
        found = self.settled(2.0)
        assert found.threshold_for(pixel) == found.entries()["DKTHRESH"][0]
        pixel.variance_at = lambda at: np.array([[0.25 * at]])
        assert found.threshold_for(pixel) == pytest.approx(1 + 2 * 0.5, rel=1e-5)
        # Where another deviate is planned for than the one that is critical.
        assert self.settled(2.0, 3.0).threshold_for(measured([[1.0]])) == pytest.approx(found.entries()["DKTHRESH"][0])

    def test_what_decides(self):
        assert HotPixelTest(7.0, None, ()).by_noise_alone
        assert not HotPixelTest(7.0, np.ones((1, 1)), ()).by_noise_alone

    @pytest.mark.parametrize("background", [None, np.array([[0.0], [5.0], [1.0]])])
    def test_rows_sent_elsewhere(self, background):
        whole = HotPixelTest(2.0, background, ())
        part = whole.for_rows(slice(1, 3))
        assert part is not whole
        for row in (1, 2):
            rows = slice(row, row + 1)
            for rate in (1.5, 2.5, 6.5, 7.5):
                assert part.flags(measured([[rate]]), rows)[0] == whole.flags(measured([[rate]]), rows)[0]
        assert whole.background_at(slice(0, 1)) == (None if background is None else 0)

    def test_background_of_pixels(self):
        found = HotPixelTest(2.0, np.array([[1, 2], [3, 4], [5, 6]], "f4"), ())
        assert found.background_at(slice(1, 3)).tolist() == [[3, 4], [5, 6]]
        assert found.background_at(slice(1, 3), np.array([3, 0])).tolist() == [[6, 3]]
        assert found.background_at(slice(1, 3)).dtype == found.background_at(slice(1, 3), np.array([1])).dtype == "f8"
        hot, warm = found.flags(measured([[7.9, 5.1]]), slice(1, 3), np.array([3, 0]))
        assert (hot.tolist(), warm.tolist()) == ([[False, True]], [[True, False]])

    def test_at_the_threshold(self):
        """A pixel is hot above it, and no pixel is warm without a background."""
        hot, warm = HotPixelTest(2.0, None, ()).flags(measured([[2.0, np.nan]], [[np.nan, 2.0]]), EVERYTHING)
        assert hot.tolist() == [[False, False]]
        assert warm is False
        sigma = np.sqrt(READ_VARIANCE + 1 / EXPOSURE)
        rates = measured([[1.0, 1 + 1.5 * sigma]])
        deviates = self.settled(2.0)._excess(rates, None, -9.0)[0]
        for critical, expected in ((0.1, [False, True]), (deviates[1], [False, False]), (-1.0, [True, True])):
            found = self.settled(critical, 2.0)
            assert found.flags(rates, EVERYTHING)[0].tolist() == [expected]

    def test_deviates(self):
        """Of their background, if there is one; a pixel at the least deviate is not above it."""
        background = np.array([[1.0, 3.0, 3.0, 1.0, 1.0]])
        found = HotPixelTest(None, background, [(EVERYTHING, measured(background))])
        sigma = np.sqrt(READ_VARIANCE + 3 / EXPOSURE)
        rates = measured([[1.0, 3.0, 3 + 2 * sigma, np.nan, 0.0]])
        assert above(found, rates, 0.1) == pytest.approx([2], abs=0.01)
        assert above(found, rates, -1.0) == pytest.approx([0, 0, 2], abs=0.01)
