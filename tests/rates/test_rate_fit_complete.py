"""The fit of pixels that lost no frame against the one of all."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks._compute import loops
from ccdproc_darks.rates.rate_fit_complete import _CompleteLine, fit_complete_pixels, rate_of_one_exposure
from ccdproc_darks.statistics.rate_fit import TINY_RATE, fit_rate, rate_estimator

from ..strategies import seeds


def both(counts, seconds, frames, read_noise, bias_variance, free_offset, weight_rate=None):
    read_variance = read_noise**2 / frames
    complete = fit_complete_pixels(
        list(counts), seconds, frames, read_variance, bias_variance, free_offset=free_offset, weight_rate=weight_rate
    )
    shape = (len(seconds), 1, counts.shape[1])
    every = fit_rate(
        counts[:, None], seconds, np.broadcast_to(frames[:, None, None], shape),
        np.broadcast_to(read_variance[:, None, None], shape), np.ones(shape, dtype=bool),
        shared=[(list(range(len(seconds))), bias_variance)], free_offset=free_offset, diagnose=False,
        weight_rate=weight_rate,
    )  # fmt: skip
    return complete, (every.rate[0], every.variance[0])


@given(seeds, st.integers(2, 6), st.floats(0.3, 20), st.sampled_from([0.0, 0.3, 30.0]), st.booleans(), st.booleans())
def test_it_is_the_fit_of_all(seed, number, read_noise, bias_error, free_offset, weighed_by_one_rate):
    """To less than a thousandth of the error."""
    rng = np.random.default_rng(seed)
    seconds = np.cumsum(rng.uniform(10, 300, number))
    frames = rng.integers(1, 30, number).astype(float)
    rate = 10 ** rng.uniform(-3, 2, 200)
    counts = rng.poisson(rate * (seconds * frames)[:, None]) / frames[:, None]
    counts = counts + rng.normal(0, 1, counts.shape) * (read_noise / np.sqrt(frames))[:, None]
    counts += rng.normal(0, bias_error, 200)
    weight_rate = (lambda found: np.full(found.shape, 0.5)) if weighed_by_one_rate else None
    first, second = both(counts, seconds, frames, read_noise, bias_error**2, free_offset, weight_rate)
    sigma = np.sqrt(second[1])
    np.testing.assert_allclose(first[0] / sigma, second[0] / sigma, atol=1e-4, rtol=1e-6)
    np.testing.assert_allclose(first[1], second[1], rtol=1e-4)


@pytest.mark.parametrize("free_offset", [False, True])
def test_noiseless_counts_give_their_rate(free_offset):
    seconds, frames = np.array([30.0, 100.0, 1000.0]), np.array([5.0, 3.0, 2.0])
    rates = np.array([0.0, 0.01, 1.0, 500.0])
    counts = rates * seconds[:, None] + (100.0 if free_offset else 0.0)
    rate, variance = fit_complete_pixels(list(counts), seconds, frames, 9.0 / frames, 0.25, free_offset=free_offset)
    np.testing.assert_allclose(rate, rates, atol=1e-12)
    assert (np.diff(variance) > 0).all()


class TestByFullMatrices:
    """Aitken's estimator, written out: ``(X^T C^-1 X)^-1 X^T C^-1 c`` of one pixel after the other."""

    SECONDS, FRAMES, READ_VARIANCE = np.array([10.0, 40.0, 300.0]), np.array([5.0, 1.0, 2.0]), np.array([1.8, 9.0, 4.0])
    COUNTS = np.array([[-1.0, 0.0, 3.0, 40.0, 5e3], [2.0, 0.0, 9.0, 100.0, 2e4], [3.0, 0.0, 50.0, 900.0, 1.5e5]])

    def dense(self, counts, weight_rate, bias_variance, free_offset):
        seconds = self.SECONDS[: len(counts)]
        design = np.column_stack([seconds, np.ones_like(seconds)])[:, : 1 + free_offset]
        rate = 0.0
        for _ in range(30):
            noise = max(weight_rate(rate), 1e-15) * seconds / self.FRAMES[: len(counts)]
            inverse = np.linalg.inv(np.diag(noise + self.READ_VARIANCE[: len(counts)]) + bias_variance)
            normal = np.linalg.inv(design.T @ inverse @ design)
            rate = (normal @ design.T @ inverse @ counts)[0]
        return rate, normal[0, 0]

    def fitted(self, number, bias_variance, free_offset, weight_rate, dtype):
        return fit_complete_pixels(
            list(self.COUNTS[:number]), self.SECONDS[:number], self.FRAMES[:number], self.READ_VARIANCE[:number],
            bias_variance, free_offset=free_offset, weight_rate=weight_rate, dtype=np.dtype(dtype),
        )  # fmt: skip

    @pytest.mark.parametrize("dtype", ["f4", "f8"])
    @pytest.mark.parametrize("weight_rate", [None, lambda rate: 0.2 + 0 * rate, lambda rate: 0.1 + 0.9 * rate])
    @pytest.mark.parametrize(("bias_variance", "free_offset"), [(0.0, False), (0.7, False), (0.0, True), (0.7, True)])
    @pytest.mark.parametrize("number", [2, 3])
    def test_rate_and_variance(self, number, bias_variance, free_offset, weight_rate, dtype):
        rate, variance = self.fitted(number, bias_variance, free_offset, weight_rate, dtype)
        own = weight_rate or (lambda rate: rate)
        expected = np.array([self.dense(counts, own, bias_variance, free_offset) for counts in self.COUNTS[:number].T])
        sigma = np.sqrt(expected[:, 1])
        np.testing.assert_allclose(rate / sigma, expected[:, 0] / sigma, rtol=3e-6, atol=3e-4)
        np.testing.assert_allclose(variance, expected[:, 1], rtol=3e-4)
        assert variance.dtype == dtype

    @pytest.mark.parametrize(("bias_variance", "free_offset"), [(0.0, False), (0.7, False), (0.0, True)])
    def test_digits_of_weights_that_are_given(self, bias_variance, free_offset):
        """Nothing is iterated then, and nothing is in single precision."""
        rate, variance = self.fitted(3, bias_variance, free_offset, lambda rate: np.full(rate.shape, 0.25), "f8")
        expected = np.array([
            self.dense(counts, lambda rate: 0.25, bias_variance, free_offset) for counts in self.COUNTS.T
        ])  # fmt: skip
        np.testing.assert_allclose(rate, expected[:, 0], rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(variance, expected[:, 1], rtol=1e-10)

    @pytest.mark.parametrize(
        ("bias_variance", "free_offset", "precise"), [(0.0, False, "f4"), (0.7, False, "f8"), (0.0, True, "f8")]
    )
    def test_rates_are_in_double_precision_where_sums_are_subtracted(self, bias_variance, free_offset, precise):
        asked = []

        def weight_rate(rate):
            asked.append(rate.dtype)
            return rate.astype(float)

        rate, variance = self.fitted(3, bias_variance, free_offset, weight_rate, "f4")
        assert (rate.dtype, variance.dtype) == (precise, "f4")
        # The rounds between the first and the last are in single precision.
        assert asked == ["f8", "f4", "f4", "f4", "f4", precise]

    @pytest.mark.parametrize(("bias_variance", "free_offset"), [(0.0, False), (0.7, False), (0.0, True)])
    @pytest.mark.parametrize("rate", [0.0, 0.3])
    def test_first_weights(self, bias_variance, free_offset, rate):
        """Those from which the rounds start are right for pixels of one rate; they are those of c / t."""
        line = _CompleteLine(self.SECONDS, self.FRAMES, self.READ_VARIANCE, bias_variance, free_offset)
        shared = [([0, 1, 2], bias_variance)]
        expected = rate_estimator(rate, self.SECONDS, self.FRAMES, self.READ_VARIANCE, shared, free_offset)
        np.testing.assert_allclose(line.estimator(rate), expected * self.SECONDS, rtol=1e-9)

    def test_without_options(self):
        """There is no free offset, the fitted rates are the weights, and the variance is in double precision."""
        arguments = list(self.COUNTS), self.SECONDS, self.FRAMES, self.READ_VARIANCE, 0.7
        expected = fit_complete_pixels(*arguments, free_offset=False, weight_rate=None, dtype=np.dtype("f8"))
        for found, wanted in zip(fit_complete_pixels(*arguments), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)
            assert found.dtype == "f8"

    @pytest.mark.parametrize("number", [2, 4])
    def test_as_many_counts_as_exposure_times(self, number):
        counts = [self.COUNTS[0]] * number
        with pytest.raises(ValueError, match=r"zip\(\) argument"):
            fit_complete_pixels(counts, self.SECONDS, self.FRAMES, self.READ_VARIANCE, 0.7)

    @pytest.mark.skipif(loops.fit is None, reason="the compiled loops were not built, or are not wanted")
    @pytest.mark.parametrize(("number", "compiled"), [(16, True), (17, False)])
    def test_compiled_loop_takes_sixteen_exposure_times(self, number, compiled):
        with mock.patch.object(loops, "fit", mock.Mock(wraps=loops.fit)) as fit:
            seconds = np.arange(1.0, number + 1)
            fit_complete_pixels(list(seconds[:, None]), seconds, seconds, seconds, 0.0, dtype=np.dtype("f4"))
        assert fit.called == compiled

    @pytest.mark.parametrize("free_offset", [False, True])
    def test_pixels_without_noise(self, free_offset):
        """Dark current alone, and none: weights follow the exposure times, as if there were a tiny rate."""
        counts = [np.zeros(2), np.zeros(2), np.zeros(2)]
        rate, variance = fit_complete_pixels(
            counts, self.SECONDS, self.FRAMES, np.zeros(3), 0.0, free_offset=free_offset
        )
        design = np.column_stack([self.SECONDS, np.ones(3)])[:, : 1 + free_offset]
        normal = np.linalg.inv(design.T @ np.diag(self.FRAMES / (TINY_RATE * self.SECONDS)) @ design)
        np.testing.assert_array_equal(rate, 0)
        np.testing.assert_allclose(variance, normal[0, 0], rtol=1e-9)


class TestOneExposure:
    """``d = c / t`` and ``(max(c, 0) + R^2) / (N t^2) + (s_b / t)^2``, by hand."""

    COUNTS = np.array([-3.0, 0.0, 7.0, 1e6])
    RATE, VARIANCE = COUNTS / 4, (np.array([0.0, 0.0, 7.0, 1e6]) + 9) / (2 * 16) + 0.36 / 16

    @pytest.mark.parametrize("dtype", ["f4", "f8"])
    @pytest.mark.parametrize("frames", [2.0, np.full(4, 2.0)], ids=["same", "own"])
    @pytest.mark.parametrize("noise", [9.0, np.full(4, 9.0)], ids=["same", "own"])
    def test_rate_and_deviation(self, frames, noise, dtype):
        if np.ndim(noise) and not np.ndim(frames):
            frames = np.float64(frames) + np.zeros(4)
        rate, deviation = rate_of_one_exposure(self.COUNTS, 4.0, frames, noise, 0.6, dtype=np.dtype(dtype))
        tolerance = {"f4": 3e-7, "f8": 1e-15}[dtype]
        np.testing.assert_allclose(rate, self.RATE, rtol=tolerance)
        np.testing.assert_allclose(deviation, np.sqrt(self.VARIANCE), rtol=tolerance)
        assert deviation.dtype == dtype

    @pytest.mark.parametrize("dtype", ["f4", "f8"])
    def test_counts_in_single_precision(self, dtype):
        rate, _ = rate_of_one_exposure(
            np.array([2**24 - 1], "f4"), 3.0, np.array([1.0]), 9.0, 0.0, dtype=np.dtype(dtype)
        )
        assert rate.dtype == "f8"
        assert rate.item() == (2**24 - 1) * (1 / 3)

    @pytest.mark.skipif(loops.rate is None, reason="the compiled loops were not built, or are not wanted")
    def test_bits_are_those_of_the_compiled_loop(self):
        """With numbers that single precision does not hold, of numpy's own types."""
        counts = np.random.default_rng(6).normal(30, 20, 4000)
        arguments = counts, np.float64(100.1), np.float64(3.0), np.float64(81.3), np.float64(0.7)
        ours = rate_of_one_exposure(*arguments, dtype=np.dtype("f4"))
        with mock.patch.object(loops, "rate", None):
            plain = rate_of_one_exposure(*arguments, dtype=np.dtype("f4"))
        np.testing.assert_array_equal(ours[0], plain[0].astype("f4"))
        np.testing.assert_array_equal(ours[1], plain[1])

    def test_bits_of_noise_of_their_own(self):
        """Each step is in double precision, and its result in that of the standard deviation."""
        rng = np.random.default_rng(7)
        counts, frames, noise = rng.uniform(0, 50, 999), rng.integers(1, 9, 999).astype(float), rng.uniform(80, 90, 999)
        _, deviation = rate_of_one_exposure(counts, 10.0, frames, noise, 0.0, dtype=np.dtype("f4"))
        variance = (counts.astype("f4") + noise).astype("f4")
        variance = (variance * (1 / (frames * 100))).astype("f4")
        np.testing.assert_array_equal(deviation, np.sqrt(variance))

    def test_frames_of_their_own(self):
        rate, deviation = rate_of_one_exposure(self.COUNTS, 4.0, np.array([1.0, 2, 4, 8]), 9 + np.zeros(4), 0.0)
        np.testing.assert_array_equal(rate, self.RATE)
        expected = np.sqrt((np.maximum(self.COUNTS, 0) + 9) / np.array([1, 2, 4, 8])) / 4
        np.testing.assert_allclose(deviation, expected, rtol=1e-15)

    @pytest.mark.skipif(loops.rate is None, reason="only the compiled loop fills arrays that it is given")
    def test_into_arrays(self):
        places = np.full((2, 2, 2), np.nan, np.float32)
        for out in ((places[0], places[1]), (None, places[1]), (places[0], None)):
            places[:] = np.nan
            found = rate_of_one_exposure(self.COUNTS, 4.0, 2.0, 9.0, 0.6, dtype=np.dtype("f4"), out=out)
            for place, image, expected in zip(out, found, (self.RATE, np.sqrt(self.VARIANCE)), strict=True):
                assert image.shape == (4,)
                np.testing.assert_allclose(image, expected, rtol=3e-7)
                assert (place is not None) == np.shares_memory(image, places)
