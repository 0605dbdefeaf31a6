"""The fast comparison of two rates: each of its numbers by plain formulas, of cameras and pixels written out."""

from dataclasses import dataclass
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest

from ccdproc_darks._compute import loops
from ccdproc_darks.comparison import two_rates
from ccdproc_darks.comparison.two_rates import TwoRates, TwoRatesBlock, scaled
from ccdproc_darks.statistics.rate_fit import TINY_RATE
from ccdproc_darks.statistics.significance import needs_exact_tail

EVERYTHING = slice(None)


@dataclass
class Camera:
    """Exposure times (s), frames, read noise (electron) and errors of the bias (electron), which both may share."""

    seconds: tuple
    frames: tuple
    read_noise: tuple
    bias_errors: tuple = (0.0, 0.0)
    shared: bool = True

    def covariance(self, rate):
        """Of the two rates of a pixel, (2, 2) and the shape of ``rate``."""
        t, n, noise, bias = map(np.array, (self.seconds, self.frames, self.read_noise, self.bias_errors))
        variances = [
            (np.maximum(rate, 0) * t[k] / n[k] + noise[k] ** 2 / n[k] + bias[k] ** 2) / t[k] ** 2 for k in range(2)
        ]
        common = bias[0] ** 2 / (t[0] * t[1]) * self.shared + 0 * variances[0]
        return np.array([[variances[0], common], [common, variances[1]]])

    def of_difference(self, rate):
        """Variance of the first rate minus the second."""
        (first, common), (_, second) = self.covariance(rate)
        return first + second - 2 * common

    def weight(self, rate):
        """That of the first rate in the generalised mean (Aitken 1935)."""
        (_, common), (_, second) = self.covariance(rate)
        return (second - common) / self.of_difference(rate)

    def images(self, dtype="f8"):
        """As much of a `RateImages` as a `TwoRates` asks for."""
        infos = [
            SimpleNamespace(frames=frames, read_noise=noise, bias_error=bias)
            for frames, noise, bias in zip(self.frames, self.read_noise, self.bias_errors, strict=True)
        ]
        groups = [[0, 1]] if self.shared else [[0], [1]]
        shared = [(group, self.bias_errors[group[0]] ** 2) for group in groups]
        return SimpleNamespace(infos=infos, seconds=np.array(self.seconds), shared=shared, dtype=np.dtype(dtype))

    def pair(self, dtype="f8", *, offsets=(0.0, 0.0), distribution=None, width=1.0):
        return TwoRates(self.images(dtype), np.array(offsets), distribution, width)


CAMERAS = {
    "no bias": Camera((90.0, 1000.0), (4, 6), (8.0, 8.0)),
    "one bias": Camera((90.0, 1000.0), (4, 6), (8.0, 8.0), (2.0, 2.0)),
    "two biases": Camera((90.0, 1000.0), (4, 6), (8.0, 8.0), (2.0, 1.0), False),
    "short after long": Camera((300.0, 20.0), (2, 5), (3.0, 9.0), (1.0, 1.0)),
    "few electrons": Camera((100.0, 1000.0), (10, 1), (0.5, 0.5)),
    "no read noise": Camera((60.0, 200.0), (3, 3), (0.0, 0.0)),
    "equal": Camera((100.0, 100.0), (5, 5), (8.0, 8.0)),
}
by_camera = pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS.keys())


@dataclass
class Image:
    """As much of a `RateImage` as a `TwoRates` asks for."""

    rate: np.ndarray
    deviation: np.ndarray
    mask: np.ndarray | None = None
    factor: float = 1.0

    def flat(self, rows):
        return self.rate[rows], self.mask, self.deviation[rows]


def images_of(camera, first, second, dtype="f8"):
    """Rates, with the uncertainties of all frames."""
    rates = [np.asarray(rate, float) for rate in (first, second)]
    deviations = [np.sqrt(camera.covariance(rate)[k, k]) for k, rate in enumerate(rates)]
    return [Image(rate.astype(dtype), own.astype(dtype)) for rate, own in zip(rates, deviations, strict=True)]


class Distribution:
    """Of a sensor whose pixels are all near 0.4 electron/s."""

    @staticmethod
    def posterior_mean(rate):
        return 0.3 + rate / 4


@by_camera
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("offsets", [(0.0, 0.0), (30.0, 0.0), (0.0, -20.0)])
@pytest.mark.parametrize(("distribution", "width"), [(None, 1.0), (None, 2.0), (Distribution, 1.3)])
def test_mean_and_deviate(camera, distribution, width, offsets, dtype):
    """The mean of least variance, and the difference in standard deviations at that mean."""
    rates = np.geomspace(0.05, 500, 60)
    deviates = np.tile([-3.0, -1.0, 0.5, 2.0], 15)
    difference = deviates * np.sqrt(camera.of_difference(rates))
    second = rates - camera.weight(rates) * difference
    shifts = np.array(offsets) / camera.seconds
    images = images_of(camera, second + difference + shifts[0], second + shifts[1], dtype)
    found = camera.pair(dtype, offsets=offsets, distribution=distribution, width=width).rows(images, EVERYTHING, True)
    trial = rates.copy()
    for _ in range(40):
        noise = trial if distribution is None else distribution.posterior_mean(trial)
        trial = second + camera.weight(noise) * difference
    sigma = np.sqrt(camera.of_difference(noise))
    tolerance = {"f4": 3e-4, "f8": 1e-5}[dtype]
    scale = tolerance * (sigma + np.abs(rates + shifts[0]))
    assert (np.abs(found.difference - difference) < scale).all()
    assert (np.abs(found.second - second) < scale).all()
    assert (np.abs(found.rate - trial) < scale + 1e-3 * sigma).all()
    assert (np.abs(found.deviate - difference / (width * sigma)) < scale / sigma + 1e-3).all()
    assert {part.dtype for part in (found.difference, found.second, found.rate, found.deviate)} == {np.dtype(dtype)}
    assert (found.inexact is None) == (
        loops.pair is None or dtype == "f8" or distribution is not None or offsets[1] != 0
    )  # fmt: skip


@by_camera
def test_digits(camera):
    """Of pixels that are equal at both exposure times: their rate is exact, and so is its noise."""
    rates = np.r_[0.0, np.geomspace(1e-6, 1e5, 50)]
    pair = camera.pair()
    found = pair.rows(images_of(camera, rates, rates), EVERYTHING)
    np.testing.assert_allclose(found.rate, rates, rtol=1e-14)
    assert (found.deviate == 0).all()
    np.testing.assert_allclose(pair.deviation(rates), np.sqrt(camera.of_difference(rates)), rtol=1e-9)
    assert pair.deviation(np.array([-5.0])).item() == pair.deviation(np.array([0.0])).item()
    # A small departure, whose weights are those of the rate.
    sigma = np.sqrt(camera.of_difference(rates)) + 1e-9
    found = pair.rows(images_of(camera, rates + 1e-6 * sigma, rates), EVERYTHING)
    np.testing.assert_allclose(found.difference, 1e-6 * sigma, rtol=1e-2)
    share = (found.rate - rates)[1:] / found.difference[1:]
    np.testing.assert_allclose(share[:20], camera.weight(rates[1:21]), rtol=0.02)


@by_camera
def test_rate_of_nothing(camera):
    """Rates that are below zero: the weights are those of a tiny rate, without an end or a negative variance."""
    rates = np.array([-1.0, -0.1, -1e-9])
    found = camera.pair().rows(images_of(camera, rates, 2 * rates), EVERYTHING)
    # d_2 + w (d_1 - d_2)
    expected = 2 * rates - rates * camera.weight(TINY_RATE)
    np.testing.assert_allclose(found.rate, expected, rtol=1e-9)
    np.testing.assert_allclose(found.deviate, -rates / np.sqrt(camera.of_difference(TINY_RATE)), rtol=1e-9)


def test_weights_of_no_dark_current_are_those_of_what_is_expected():
    """In the first round, of a sensor whose pixels are known to have some."""
    for name in ("no bias", "no read noise"):
        camera = CAMERAS[name]
        assert camera.pair()._weight_of_none == pytest.approx(camera.weight(TINY_RATE), rel=1e-12)
        assert camera.pair(distribution=Distribution)._weight_of_none == pytest.approx(camera.weight(0.3), rel=1e-12)
        nothing = SimpleNamespace(posterior_mean=lambda rate: 0.0)
        assert camera.pair(distribution=nothing)._weight_of_none == camera.pair()._weight_of_none


def test_offset_of_one_electron_a_second():
    """As of any other."""
    camera = CAMERAS["no bias"]
    found = camera.pair(offsets=(90.0, 0.0)).rows(images_of(camera, [5.0], [3.0]), EVERYTHING)
    assert found.difference.item() == pytest.approx(1)
    found = camera.pair(offsets=(0.0, 1000.0)).rows(images_of(camera, [5.0], [3.0]), EVERYTHING)
    assert (found.difference.item(), found.second.item()) == pytest.approx((3, 2))


class TestFits:
    """Two rates with one read noise, and no offset of each pixel's own."""

    class Images(list):
        noise = None

        @property
        def infos(self):
            return [SimpleNamespace(read_noise=noise) for noise in self]

    @pytest.mark.parametrize(
        ("noise", "expected"),
        [([5.0, 0.0], True), ([5.0, None], False), ([None, 5.0], False), ([5.0], False), ([5.0] * 3, False)],
    )
    def test_read_noise(self, noise, expected):
        assert TwoRates.fits(self.Images(noise), False) is expected
        assert not TwoRates.fits(self.Images(noise), True)

    def test_map(self):
        """Each pixel has a read noise of its own."""
        images = self.Images([5.0, 5.0])
        images.noise = "a map"
        assert not TwoRates.fits(images, False)


class TestComplete:
    """Pixels whose squared uncertainty, without the bias's, is within 1 / (4 N) of that of N frames."""

    CAMERA = Camera((100.0, 1000.0), (4, 5), (8.0, 8.0), (3.0, 3.0))
    RATE = 0.5
    # Variance of all four frames, and of the bias: (0.5 100 + 64) / (4 100^2) and 9 / 100^2.
    OWN, BIAS = 114 / 4e4, 9e-4

    def complete(self, variances, *, camera=CAMERA, index=0, rate=RATE, **image):
        variances = np.asarray(variances, float)
        images = images_of(camera, np.full(variances.shape, self.RATE), np.full(variances.shape, self.RATE))
        images[index].rate = np.full(variances.shape, rate)
        images[index].deviation = np.sqrt(variances)
        for name, value in image.items():
            setattr(images[index], name, value)
        return camera.pair().rows(images, EVERYTHING).complete.tolist()

    def test_edges(self):
        low, high = self.OWN * 16 / 17, self.OWN * 16 / 15
        variances = np.array([low * 0.999, low * 1.001, self.OWN, high * 0.999, high * 1.001]) + self.BIAS
        assert self.complete(variances) == [False, True, True, True, False]

    def test_edges_of_the_second(self):
        own, bias = (500 + 64) / 5e6, 9e-6
        low, high = own * 20 / 21, own * 20 / 19
        variances = np.array([low * 0.999, low * 1.001, high * 0.999, high * 1.001]) + bias
        assert self.complete(variances, index=1) == [False, True, True, False]

    def test_edges_without_a_bias(self):
        camera = Camera((100.0, 1000.0), (4, 5), (8.0, 8.0))
        variances = np.array([16 / 17 * 0.999, 16 / 17 * 1.001, 16 / 15 * 0.999, 16 / 15 * 1.001]) * self.OWN
        assert self.complete(variances, camera=camera) == [False, True, True, False]

    def test_negative_rates_have_no_poisson_noise(self):
        own = 64 / 4e4
        assert self.complete([own + self.BIAS, self.OWN + self.BIAS], rate=-0.5) == [True, False]

    def test_odd_values(self):
        assert self.complete([np.inf, np.nan, 0.0, self.OWN + self.BIAS]) == [False, False, False, True]

    def test_masked(self):
        """And so lost, whatever the other is."""
        mask, share = np.array([True, False, False]), np.array([1.0, 2.0, 1.0])
        assert self.complete(share * self.OWN + self.BIAS, mask=mask) == [False, False, True]
        assert self.complete(share * 564 / 5e6 + 9e-6, index=1, mask=mask) == [False, False, True]

    def test_of_a_lone_frame(self):
        """It cannot have lost another: any number will do, if it is one."""
        camera = Camera((100.0, 1000.0), (1, 5), (8.0, 8.0))
        assert self.complete([1.0, 1e-9, np.inf, np.nan, 1.0], camera=camera) == [True, True, False, False, True]
        rate = np.array([0.5, np.nan, np.inf])
        assert self.complete(np.ones(3), camera=camera, rate=rate) == [True, False, False]

    def test_overflow(self):
        """Neither is a difference that no number can hold."""
        found = self.CAMERA.pair("f4").rows(images_of(self.CAMERA, [3e38], [-3e38], "f4"), EVERYTHING)
        assert not found.complete.any()


class TestScaling:
    """Rates in other units and of other types are converted; the user's arrays stay as they are."""

    def test_units(self):
        camera = CAMERAS["no bias"]
        rates = np.array([0.5, 3.0])
        plain, per_hour = (images_of(camera, rates * 1.1, rates) for _ in range(2))
        for image in per_hour:
            image.rate, image.deviation, image.factor = image.rate * 3600, image.deviation * 3600, 1 / 3600
        before = [(image.rate.copy(), image.deviation.copy()) for image in per_hour]
        pair = camera.pair()
        found, expected = (pair.rows(images, EVERYTHING) for images in (per_hour, plain))
        for name in ("difference", "second", "rate", "deviate"):
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12)
        assert found.complete.all()
        for image, (rate, deviation) in zip(per_hour, before, strict=True):
            np.testing.assert_array_equal(image.rate, rate)
            np.testing.assert_array_equal(image.deviation, deviation)

    def test_types(self):
        image = np.array([1.5, 2.5], "f4")
        assert scaled(image, 1, np.dtype("f4")) is image
        for given, factor, expected in ((image, 2.0, [3, 5]), (image.astype("f8"), 1, [1.5, 2.5])):
            found = scaled(given, factor, np.dtype("f4"))
            assert found.dtype == "f4"
            np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(image, [1.5, 2.5])


def plain_steps(camera, known):
    """
    Deviates beyond which a tail may not be normal, from each rate on, by a loop over all rates and deviates.

    The largest deviate of a grid below which all are normal, of each rate; the least of these above the first rate that
    has another than the largest; and the least above the last that has less than 2.4. A step is a rate further.
    """
    n, t, noise = map(np.array, (camera.frames, camera.seconds, camera.read_noise))
    sizes, rates = np.linspace(1.4, 4, 261), np.r_[0.0, np.geomspace(1e-8, 1e8, 641)]
    least = []
    for rate in rates:
        variance = camera.of_difference(rate)
        if variance == 0:
            skewness = kurtosis = 0.0
        else:
            skewness = rate * abs(1 / (n[0] * t[0]) ** 2 - 1 / (n[1] * t[1]) ** 2) / variance**1.5
            kurtosis = max(rate * t[k] / n[k] / (rate * t[k] + noise[k] ** 2) ** 2 for k in range(2))
        normal = ~(
            needs_exact_tail(sizes, skewness, kurtosis, known) | needs_exact_tail(sizes, -skewness, kurtosis, known)
        )
        first = len(sizes) if normal.all() else int((~normal).argmax())
        least.append(sizes[max(first - 1, 0)])
    least = np.array(least)
    steps, few, many = [(0.0, 4.0)], np.flatnonzero(least < 4), np.flatnonzero(least < 2.4)
    if few.size:
        steps.append((rates[max(few[0] - 1, 0)], least[few[0] :].min()))
        if many.size and many[-1] + 2 < rates.size:
            steps.append((rates[many[-1] + 2], least[many[-1] + 1 :].min()))
    return steps


class TestTails:
    """Which pixels may have a tail that is not normal."""

    @by_camera
    @pytest.mark.parametrize("distribution", [None, Distribution])
    def test_steps(self, camera, distribution):
        pair = camera.pair(distribution=distribution)
        expected = plain_steps(camera, distribution is None)
        assert len(pair._steps) == len(expected)
        np.testing.assert_allclose(pair._steps, expected, rtol=1e-12)
        assert pair.largest_normal == 4

    @pytest.mark.parametrize(("seconds", "number"), [(2e-8, 2), (1.70e-6, 2), (1.78e-6, 3)])
    def test_steps_that_end_with_the_grid(self, seconds, number):
        """Of exposures so short that the tails of 1e8 electron/s are hardly normal, or not at all."""
        camera = Camera((seconds, 10 * seconds), (1, 1), (0.5, 0.5))
        steps = camera.pair()._steps
        assert len(steps) == number
        np.testing.assert_allclose(steps, plain_steps(camera, True), rtol=1e-12)

    def test_steps_are_of_all_kinds(self):
        """So that there is something to agree on."""
        assert {len(camera.pair()._steps) for camera in CAMERAS.values()} >= {2, 3}

    @pytest.mark.parametrize("steps", [[(0.0, 4.0)], [(0.0, 4.0), (0.1, 2.0)], [(0.0, 4.0), (0.1, 2.0), (10.0, 3.0)]])
    @pytest.mark.parametrize("dtype", ["f4", "f8"])
    def test_pixels(self, steps, dtype):
        """Beyond the first deviate whatever the rate, and beyond those of their rates; a thousandth before these."""
        pair = CAMERAS["no bias"].pair(dtype)
        pair._steps = steps
        rate = np.repeat(np.array([-1.0, 0.0999, 0.1, 9.99, 10.0, 1e9], dtype), 8)
        deviate = np.tile(np.array([1.997, 1.999, -2.5, 2.996, -2.998, 3.995, -3.997, 5.0], dtype), 6)
        limits = np.full(rate.size, 4.0)
        for low, least in steps[1:]:
            limits[rate >= np.array(low, dtype)] = least
        np.testing.assert_array_equal(pair.needs_exact(rate, deviate), np.abs(deviate) > 0.999 * limits)

    def test_a_step_ends_where_the_next_begins(self):
        pair = CAMERAS["no bias"].pair()
        pair._steps = [(0.0, 4.0), (0.1, 2.0), (10.0, 3.0)]
        assert pair.needs_exact(np.array([9.0, 10.0, 11.0]), np.full(3, 2.5)).tolist() == [True, False, False]

    def test_pixels_of_a_known_sensor(self):
        """Counts are as skew as those of the rate that is expected, 0.3 and a fourth of the pixel's."""
        pair = CAMERAS["no bias"].pair(distribution=Distribution)
        pair._steps = [(0.0, 4.0), (0.36, 2.0)]
        rate = np.array([-1.0, 0.23, 0.25, 9.0])
        assert pair.needs_exact(rate, np.full(4, 2.5)).tolist() == [False, False, True, True]
        np.testing.assert_array_equal(rate, [-1, 0.23, 0.25, 9])


class TestRounds:
    """As many as single or double precision needs, and four at most."""

    @by_camera
    @pytest.mark.parametrize(("dtype", "settled"), [("f4", 1e-5), ("f8", 1e-6)])
    def test_number(self, camera, dtype, settled):
        """By the slope of the weight itself; four where a pixel without dark current has no noise, and so no weight."""
        rates = np.geomspace(1e-8, 1e8, 641)
        step = 1e-4 * rates
        slope = (camera.weight(rates + step) - camera.weight(rates - step)) / (2 * step)
        shrinks = 4 * np.sqrt(camera.of_difference(rates)) * np.abs(slope)
        growth = camera.of_difference(rates) - camera.of_difference(0.0)
        share = growth / camera.of_difference(rates) / 2
        enough = [
            rounds for rounds in (1, 2, 3) if (share * shrinks**rounds).max() < settled and shrinks.max() < 1
        ]  # fmt: skip
        if camera.of_difference(0.0) == 0:
            enough = []
        assert camera.pair(dtype)._rounds == min([*enough, 4])

    def test_there_are_several(self):
        assert len({camera.pair(dtype)._rounds for camera in CAMERAS.values() for dtype in ("f4", "f8")}) > 1

    def test_four_with_a_distribution_or_without_departures(self):
        camera = CAMERAS["no read noise"]
        assert camera.pair(distribution=Distribution)._rounds == 4
        few = CAMERAS["two biases"]
        assert few.pair("f4")._rounds < few.pair("f4", distribution=Distribution)._rounds == 4
        pair, asked = few.pair("f4"), []
        with mock.patch.object(TwoRates, "_rows", lambda self, images, block, rounds, place: asked.append(rounds)):
            pair.rows([], EVERYTHING)
            pair.rows([], EVERYTHING, False)
        assert asked == [pair._rounds, 4]


class TestWay:
    """The compiled loop is for single precision, without a distribution or an offset of the second rate."""

    @pytest.mark.skipif(loops.pair is None, reason="the compiled loops were not built, or are not wanted")
    @pytest.mark.parametrize(
        ("options", "needs_numpy"),
        [({}, False), ({"offsets": (3.0, 0.0)}, False), ({"offsets": (0.0, 3.0)}, True), ({"dtype": "f8"}, True),
         ({"distribution": Distribution}, True)],
    )  # fmt: skip
    def test_which(self, options, needs_numpy):
        assert CAMERAS["no bias"].pair(**{"dtype": "f4", **options})._needs_numpy == needs_numpy

    def test_without_a_compiler(self):
        with mock.patch.object(loops, "pair", None):
            assert CAMERAS["no bias"].pair("f4")._needs_numpy

    @pytest.mark.skipif(loops.pair is None, reason="the compiled loops were not built, or are not wanted")
    def test_place_of_the_deviates(self):
        camera = CAMERAS["one bias"]
        pair, images = camera.pair("f4"), images_of(camera, np.full(6, 1.1), np.full(6, 1.0), "f4")
        place = np.full((2, 3), np.nan, "f4")
        found = pair.rows(images, EVERYTHING, deviate=place)
        assert np.shares_memory(found.deviate, place)
        np.testing.assert_array_equal(place.ravel(), pair.rows(images, EVERYTHING).deviate)

    def test_single_precision_is_the_same_either_way(self):
        """To the bit, with all that the numbers of the loop stand for."""
        rng = np.random.default_rng(3)
        for camera in CAMERAS.values():
            pair = camera.pair("f4", offsets=(2.0, 0.0), width=1.1)
            # Half of them are close to a deviate beyond which a tail may not be normal.
            near = rng.choice([least for _, least in pair._steps], 500) * (1 + rng.uniform(-2e-3, 2e-3, 500))
            deviates = np.where(np.arange(500) % 2, rng.normal(0, 3, 500), 1.1 * near)
            rates = 10 ** rng.uniform(-3, 3, 500)
            first = rates + deviates * np.sqrt(camera.of_difference(rates)) + 2.0 / camera.seconds[0]
            images = images_of(camera, first, rates, "f4")
            images[0].deviation[::7] *= 1.2
            ours = pair.rows(images, EVERYTHING)
            with mock.patch.object(loops, "pair", None):
                plain = pair.rows(images, EVERYTHING)
            np.testing.assert_array_equal(ours.inexact_mask(), plain.inexact_mask())
            for name in ("complete", "difference", "second", "rate", "deviate"):
                np.testing.assert_array_equal(getattr(ours, name), getattr(plain, name))
            for one, other in zip(ours.statistic("difference")[0], plain.statistic("difference")[0], strict=True):
                np.testing.assert_array_equal(one, other)


class TestBlock:
    """What is made of the numbers of a block."""

    def block(self, **options):
        pair = SimpleNamespace(
            deviation=lambda rate: rate / 10, needs_exact=lambda rate, deviate: np.abs(deviate) > 2 + 0 * rate
        )
        parts = {
            "complete": np.array([True, True, False, True]), "difference": np.array([1.0, -2.0, 3.0, 4.0]),
            "second": np.array([0.5, -1.0, 5.0, 0.0]), "rate": np.array([2.5, 1.0, 6.0, 2.0]),
            "deviate": np.array([1.0, -3.0, 0.5, 2.5]),
        }  # fmt: skip
        return TwoRatesBlock(pair, **{**parts, **options})

    def test_significance(self):
        (deviate,), special = self.block().statistic("significance")
        assert deviate.tolist() == [1, -3, 0.5, 2.5]
        assert special.tolist() == [1, 2, 3]

    def test_inexact_pixels(self):
        block = self.block()
        assert block.inexact_mask().tolist() == [False, True, True, True]
        assert block.inexact_pixels().tolist() == [1, 2, 3]
        known = np.array([True, False, False, False])
        assert self.block(inexact=known).inexact_mask() is known
        assert self.block(inexact=known).inexact_pixels().tolist() == [0]

    def test_difference(self):
        (difference, deviation), special = self.block().statistic("difference")
        assert difference.tolist() == [1, -2, 3, 4]
        np.testing.assert_allclose(deviation, [0.25, 0.1, 0.6, 0.2])
        assert special.tolist() == [2]

    def test_ratio(self):
        """Of the first rate to the second, which must be above zero."""
        (ratio, deviation), special = self.block().statistic("ratio")
        np.testing.assert_allclose(ratio, [3, np.nan, 1.6, np.nan])
        np.testing.assert_allclose(deviation, [0.5, np.nan, 0.12, np.nan])
        assert special.tolist() == [2]

    def test_others(self):
        with pytest.raises(ValueError, match="no statistic 'offset' in the fast pass"):
            self.block().statistic("offset")

    def test_which_have_a_fast_pass(self):
        assert two_rates.QUICK_STATISTICS == ("significance", "difference", "ratio")
