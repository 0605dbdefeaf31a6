"""The noise model."""

import numpy as np
import pytest

from ccdproc_darks.statistics.noise import digitised_read_noise, frame_variance, trimmed_variance


def test_frame_variance():
    np.testing.assert_array_equal(frame_variance([-5.0, 0.0, 7.0], 3.0), [9, 9, 16])


def test_digitised_read_noise():
    counts = np.random.default_rng(1).normal(100.3, 2.0 / 3, 10**6)
    assert digitised_read_noise(2.0, 3.0) == pytest.approx(3 * np.rint(counts).std(), rel=0.003)


@pytest.mark.parametrize("dof", [1, 2, 9])
def test_trimmed_variance_is_unbiased(dof):
    rng = np.random.default_rng(2)
    variances = 7.0 * rng.chisquare(dof, 10**6) / dof
    assert trimmed_variance(variances, dof) == pytest.approx(7, rel=0.006)
    assert trimmed_variance(variances, dof, keep=0.5) == pytest.approx(7, rel=0.01)
    assert trimmed_variance(variances, dof, keep=1.0) == pytest.approx(variances.mean())


@pytest.mark.parametrize("dof", [1, 2, 9])
def test_trimmed_variance_withstands_outliers(dof):
    rng = np.random.default_rng(3)
    variances = 7.0 * rng.chisquare(dof, 10**5) / dof
    variances[:500] = 1e6
    # Half a per cent of outliers take the place of as many of the largest.
    assert trimmed_variance(variances, dof) == pytest.approx(7, rel=0.03)


@pytest.mark.parametrize("size", [1, 2, 10, 19, 20])
def test_trimmed_variance_of_few(size):
    assert np.isfinite(trimmed_variance(np.ones(size), 2))


def test_trimmed_variance_of_nothing():
    assert np.isnan(trimmed_variance(np.array([]), 3))
    assert np.isnan(trimmed_variance(np.array([np.nan, np.inf]), 3))


def test_trimmed_variance_of_equals():
    values = np.full(1000, 4.0)
    values[:20] = 1e9
    assert trimmed_variance(values, None) == 4
