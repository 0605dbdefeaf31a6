"""Means that outliers do not move."""

import numpy as np
import pytest

from ccdproc_darks.statistics.robust import median, robust_deviation, robust_mean, scatter_in_image


def test_robust_mean_of_skewed_noise():
    """Poisson noise of three electrons: the median would be off by a sixth of the skewness."""
    values = np.random.default_rng(1).poisson(3.0, 10**6) + 0.0
    assert robust_mean(values, np.full(values.shape, np.sqrt(3.0))) == pytest.approx(3, abs=0.02)


def test_robust_mean_withstands_outliers():
    rng = np.random.default_rng(2)
    values = rng.normal(7, 2, 10**5)
    values[:1000] += 1e4
    assert robust_mean(values, np.full(values.shape, 2.0)) == pytest.approx(7, abs=0.03)


def test_robust_mean_weighs():
    rng = np.random.default_rng(3)
    deviations = np.repeat([0.1, 10.0], 5000)
    assert robust_mean(rng.normal(1, deviations), deviations) == pytest.approx(1, abs=0.006)


@pytest.mark.parametrize("values", [[], [np.nan], [np.inf, np.nan]])
def test_robust_mean_of_nothing(values):
    assert robust_mean(np.array(values), np.ones(len(values))) == 0


def test_robust_mean_does_not_use_what_is_not_known():
    assert robust_mean(np.array([1.0, 1.0, 5.0, 9.0]), np.array([1.0, 1.0, 0.0, np.nan])) == 1


def test_robust_deviation_is_that_of_the_core():
    values = np.random.default_rng(6).normal(100, 7, 10**6)
    values[::100] = 1e6
    assert robust_deviation(values) == pytest.approx(7, rel=0.02)


def test_scatter_in_an_image():
    rng = np.random.default_rng(3)
    image = rng.normal(0, 2, (60, 80)) + rng.normal(0, 20, 80) + rng.normal(0, 1, (60, 1))
    image.flat[rng.choice(4800, 50)] += 1000
    assert scatter_in_image(image) == pytest.approx(2, rel=0.05)
    image[3, 4] = np.nan
    assert scatter_in_image(image) == pytest.approx(2, rel=0.05)


def test_scatter_in_few_rows():
    assert scatter_in_image(np.random.default_rng(4).normal(0, 2, (3, 900))) == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_scatter_of_what_is_not_known(value, recwarn):
    image = np.random.default_rng(5).normal(0, 2, (60, 80))
    image[:, ::2] = image[7] = value
    assert scatter_in_image(image) == pytest.approx(2, rel=0.1)
    assert np.isnan(scatter_in_image(np.full((60, 80), value)))
    assert not recwarn.list


@pytest.mark.parametrize("dtype", ["u2", "i4", "f8"])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_median_is_that_of_numpy(dtype, size):
    values = np.random.default_rng(size).normal(1000, 9, size).astype(dtype)
    assert median(values) == np.median(values)
