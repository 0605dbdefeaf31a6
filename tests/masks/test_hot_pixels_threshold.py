"""The typical pixel, and how far above it is hot."""

import numpy as np
import pytest
from scipy import stats

from ccdproc_darks.masks.hot_pixels import TypicalPixel, typical_pixel
from ccdproc_darks.statistics.robust import robust_mean
from ccdproc_darks.statistics.significance import NORMAL_BELOW


def test_typical_pixel_of_noise_and_hot_pixels():
    rng = np.random.default_rng(1)
    rates = rng.normal(0.2, 0.05, 10**5)
    rates[:2000] = rng.uniform(1, 1000, 2000)
    typical = typical_pixel(rates, lambda rate: np.full(rates.shape, 0.05))
    assert typical.rate == pytest.approx(0.2, abs=0.002)
    assert typical.width == pytest.approx(1, abs=0.03)


def test_scatter_of_good_pixels_widens():
    """Rates that differ from pixel to pixel by twice their noise."""
    rng = np.random.default_rng(2)
    rates = rng.normal(1, 0.1, 10**5) + rng.normal(0, 0.05, 10**5)
    typical = typical_pixel(rates, lambda rate: np.full(rates.shape, 0.05))
    assert typical.rate == pytest.approx(1, abs=0.005)
    assert typical.width == pytest.approx(np.hypot(2, 1), rel=0.02)


@pytest.mark.parametrize("rates", [np.array([]), np.array([2.0]), np.full(50, 2.0), np.zeros(10)])
def test_of_few_or_equal(rates):
    typical = typical_pixel(rates, lambda rate: np.full(rates.shape, 0.1))
    assert typical.rate == pytest.approx(rates[0] if rates.size else 0)
    assert typical.width == 1


@pytest.mark.parametrize("number", range(2, 12))
def test_width_of_a_few_pixels(number):
    """Of the lower half of their deviates from the median, as numpy has it."""
    rates = np.random.default_rng(number).uniform(1, 2, number)
    typical = typical_pixel(rates, lambda rate: np.full(rates.shape, 1e-3))
    expected = -np.quantile((rates - np.median(rates)) / 1e-3, stats.norm.cdf(-1))
    assert typical.width == pytest.approx(expected, rel=1e-6)


def test_typical_rate_is_weighed_by_its_own_noise():
    """A third of the pixels are of another camera mode: more electrons, less read noise, and a tenth higher."""
    rng = np.random.default_rng(3)
    third = np.arange(4000) % 3 == 0
    rates = np.where(third, 1.1, 1.0) + rng.normal(0, 0.01, third.size)

    def deviation_at(rate):
        return np.sqrt(np.where(third, 0.5 + 4 * rate, 2 + 0.1 * rate))

    typical = typical_pixel(rates, deviation_at)
    assert typical.rate == pytest.approx(robust_mean(rates, deviation_at(typical.rate)), rel=2e-7)
    assert abs(typical.rate - np.median(rates)) > 1e-3


def test_typical_rate_of_pixels_in_another_order():
    """Only some of many pixels tell where to look for it: which, moves it by less than half of its error."""
    rng = np.random.default_rng(4)
    truth = 0.05 * np.exp(0.3 * rng.normal(size=2**18))
    truth[::50] *= 100
    rates = rng.poisson(truth * 1000) / 1000 + rng.normal(0, 0.01, truth.size)
    found = [
        typical_pixel(rng.permutation(rates), lambda rate: np.full(rates.shape, np.sqrt(1e-4 + rate / 1000))).rate
        for _ in range(6)
    ]
    assert np.ptp(found) < 0.5 * np.sqrt(1e-4 + 0.05 / 1000) / np.sqrt(rates.size)


@pytest.mark.parametrize("expected", [5.0, 50.0])
@pytest.mark.parametrize("deviate", [3.0, 5.0])
def test_threshold_has_the_tail_asked_for(expected, deviate):
    """Poisson counts over one second without noise: the exact tail at the threshold, a lattice."""
    typical = TypicalPixel(expected, 1.0)
    limit = typical.threshold(deviate, expected, 1.0)
    # P(N >= n) at n = the limit, which lies half a step above the continuous one.
    tail = stats.poisson.sf(np.floor(limit) - 1, expected), stats.poisson.sf(np.ceil(limit) + 1, expected)
    assert tail[1] < stats.norm.sf(deviate) < tail[0]
    excess = typical.excess(np.array([limit]), np.array([expected]), np.array([1.0]))
    assert excess.item() == pytest.approx(deviate, abs=1e-3)


def test_threshold_without_poisson_noise():
    assert TypicalPixel(0.0, 2.0).threshold(5.0, 0.04, 1.0) == pytest.approx(2)


class TestExcess:
    """Deviates above the typical pixel: normal ones below 4 sigma, else those of electrons."""

    def excess(self, rate, variance, exposure, *, typical=1.0, width=1.0, **options):
        arrays = (np.array([number], float) for number in (rate, variance, exposure))
        options = {name: np.array([value]) for name, value in options.items()}
        return TypicalPixel(typical, width).excess(*arrays, **options).item()

    @pytest.mark.parametrize(
        ("rate", "variance", "exposure", "background", "expected"),
        [
            (2.0, 0.25, 10.0, 1.0, 1.0),  # 1 over twice 0.5
            (-2.0, 0.25, 10.0, 1.0, -3.0),
            (5.0, 0.25, 0.0, 1.0, 4.0),
            (9.0, 0.25, 0.0, 1.0, 8.0),  # of no exposure there are no electrons
            (8.0, 0.25, 10.0, 0.0, 8.0),  # nor of no background
            (8.0, 0.25, 10.0, -1.0, 9.0),
            (5.0, 0.0, 10.0, 1.0, np.inf),
            (0.5, 0.0, 10.0, 1.0, -np.inf),
            (1.0, 0.0, 10.0, 1.0, np.nan),
            (np.nan, 0.25, 10.0, 1.0, np.nan),
            (np.inf, 0.25, 10.0, 1.0, np.inf),
            (np.inf, 0.25, 0.0, 0.0, np.inf),
        ],
    )
    def test_normal(self, rate, variance, exposure, background, expected):
        found = self.excess(rate, variance, exposure, typical=7.0, width=2.0, background=background)
        assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)
        found = self.excess(rate, variance, exposure, typical=background, width=2.0)
        assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)

    def test_normal_below(self):
        """Up to that, and no further."""
        at = 1 + NORMAL_BELOW
        assert self.excess(at, 1.0, 10.0) == NORMAL_BELOW
        beyond = self.excess(np.nextafter(at, 9), 1.0, 10.0)
        assert beyond < NORMAL_BELOW - 0.005

    @pytest.mark.parametrize("background", [0.02, 0.5, 3.0])
    @pytest.mark.parametrize("noise", [0.02, 0.1])
    @pytest.mark.parametrize("width", [1.0, 1.5])
    def test_electrons_and_read_noise(self, background, noise, width):
        """Against the sum over all numbers of electrons in 10 s."""
        sigma = np.sqrt(background / 10 + noise**2)
        numbers = np.arange(200)
        for deviate in (4.5, 7.0):
            rate = background + deviate * sigma
            tail = stats.poisson.pmf(numbers, 10 * background) @ stats.norm.sf((rate - numbers / 10) / noise)
            found = self.excess(background + width * deviate * sigma, sigma**2, 10.0, typical=background, width=width)
            assert found == pytest.approx(stats.norm.isf(tail), abs=0.15)
            assert found < deviate - 0.05

    def test_variance_below_that_of_the_electrons(self):
        """It is then all theirs: of 0.04 in 10 s, of 4 electrons."""
        found, expected = (self.excess(rate + 1.2, 0.04, 10.0, typical=rate) for rate in (0.5, 0.4))
        assert found == pytest.approx(expected, rel=1e-9)


class TestThreshold:
    @pytest.mark.parametrize("rate", [0.01, 0.2, 3.0, 1000.0])
    @pytest.mark.parametrize(("noise", "width"), [(0.0, 1.0), (0.3, 1.7)])
    def test_digits(self, rate, noise, width):
        """Where so few electrons are expected it is fifty sigmas above; found to a part in 1e11."""
        typical = TypicalPixel(rate, width)
        limit = typical.threshold(5.0, rate + noise, 1.0)
        step = 2e-11 * limit
        below, above = typical.excess(np.array([limit - step, limit + step]), np.full(2, rate + noise), np.ones(2))
        assert below < 5 <= above

    def test_of_few_electrons(self):
        """The chance of four of 0.01 is 4e-10, of three 2e-7: 5 sigma is between them, and beyond 30 sigma."""
        assert 2.5 < TypicalPixel(0.01, 1.0).threshold(5.0, 0.01, 1.0) < 4


class TestTypicalPixel:
    """By its definition."""

    RATES = np.r_[np.random.default_rng(7).normal(1, 0.3, 60), np.linspace(1.3, 4, 40), 40.0, 50.0]

    def test_scatter_is_that_of_the_lower_half(self):
        """Weights are from the larger of noise and scatter."""
        scatter = np.median(self.RATES) - np.quantile(self.RATES, stats.norm.cdf(-1))
        for noise in (0.01, 0.8):
            typical = typical_pixel(self.RATES, lambda rate, noise=noise: np.full(self.RATES.shape, noise))
            expected = robust_mean(self.RATES, np.full(self.RATES.shape, max(noise, scatter)))
            assert typical.rate == pytest.approx(expected, rel=1e-6)
            deviates = (self.RATES - np.median(self.RATES)) / noise
            width = max(-np.quantile(deviates, stats.norm.cdf(-1)), 1)
            assert typical.width == pytest.approx(width, rel=1e-6)

    def pattern(self, number):
        """Every second pixel is about 1; of the others every second is below that, and every second above."""
        core = 1 + 0.02 * np.sin(np.arange(number))
        odd = np.arange(number) % 4
        spread = np.arange(number) % 997 / 997
        return np.where(odd == 1, 0.2 + 0.7 * spread, np.where(odd == 3, 1 + 5 * spread, core))

    @pytest.mark.parametrize(
        ("number", "step"), [(4001, 1), (65_535, 1), (65_536, 2), (131_071, 2), (131_072, 3), (262_143, 4)]
    )
    def test_scatter_of_many_is_that_of_some(self, number, step):
        """Of every second from 65 536 pixels on, of every third from twice as many on."""
        rates = self.pattern(number)
        few = rates[::step]
        scatter = np.median(few) - np.quantile(few, stats.norm.cdf(-1))
        found = typical_pixel(rates, lambda rate: 0.001).rate
        assert found == pytest.approx(robust_mean(rates, scatter), rel=1e-9)
        # It makes a difference which they are.
        assert abs(found - robust_mean(rates, 10 * scatter)) > 0.01

    def test_rounds(self):
        """Until the rate has settled, three at most; and the noise once more for the width."""
        asked = []

        def noise(rate):
            asked.append(rate)
            return 0.8

        typical_pixel(self.RATES, noise)
        assert len(asked) == 3
        asked.clear()
        typical_pixel(np.zeros(5), noise)
        assert asked == [0, 0]
        asked.clear()
        first = np.arange(11) < 5

        def restless(rate):
            """It says of the two kinds of pixels in turn that they are noisy."""
            return noise(rate) * np.where(first == len(asked) % 2, 1, 100)

        typical_pixel(np.where(first, 0.0, 1.0), restless)
        assert len(asked) == 4

    def test_backgrounds(self):
        """Deviates are then from these, and their noise is that of these."""
        backgrounds = np.linspace(1, 2, self.RATES.size)
        typical = typical_pixel(self.RATES, lambda rate: 0.1 + 0.01 * rate + 0 * self.RATES, backgrounds)
        deviates = (self.RATES - backgrounds) / (0.1 + 0.01 * backgrounds)
        assert typical.width == pytest.approx(-np.quantile(deviates, stats.norm.cdf(-1)), rel=1e-6)

    def test_single_precision(self):
        rates = self.RATES.astype("f4")
        found, expected = (typical_pixel(of, lambda rate: 0.1) for of in (rates, rates.astype("f8")))
        assert found == expected

    @pytest.mark.parametrize("rates", [[2.0, 2.0], [1.0, 2.0, 3.0], [2.0]])
    def test_without_noise(self, rates):
        """No deviate is a number: nothing tells of a width."""
        typical = typical_pixel(np.array(rates), lambda rate: np.zeros(len(rates)))
        assert typical.rate == pytest.approx(2)
        assert typical.width == 1
