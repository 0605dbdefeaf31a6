"""The noise model."""

import numpy as np
import pytest
from scipy import optimize

from ccdproc_darks.statistics.noise import frame_variance, poisson_tilt, trimmed_variance


def test_frame_variance():
    np.testing.assert_array_equal(frame_variance([-5.0, 0.0, 7.0], 3.0), [9, 9, 16])


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


class TestPoissonTilt:
    """The tilted law has the mean that was asked for: its defining equation."""

    @pytest.mark.parametrize("count", [-30.0, -1.0, 0.0, 0.3, 2.0, 50.0, 3000.0])
    @pytest.mark.parametrize("expected", [1e-9, 0.5, 40.0])
    @pytest.mark.parametrize("variance", [1 / 12, 9.0, 400.0])
    def test_mean(self, count, expected, variance):
        tilt, electrons = poisson_tilt(np.array([count]), np.array([expected]), np.array([variance]))
        assert electrons.item() == pytest.approx(expected * np.exp(tilt.item()), rel=1e-9)
        assert electrons.item() + variance * tilt.item() == pytest.approx(count, rel=1e-12, abs=1e-12 * (1 + variance))

    def test_no_tilt_where_the_count_is_the_expected_one(self):
        tilt, electrons = poisson_tilt(np.array([7.0, 0.5]), np.array([7.0, 0.5]), np.array([4.0, 2.0]))
        np.testing.assert_allclose(tilt, 0, atol=1e-15)
        np.testing.assert_allclose(electrons, [7, 0.5], rtol=1e-15)

    def test_digits_of_many_electrons(self):
        """The tilt is from the electrons: half an electron more of a million, by a root of the difference itself."""
        tilt, _ = poisson_tilt(np.array([1e6 + 0.5]), np.array([1e6]), np.array([1 / 12]))
        root = optimize.brentq(lambda s: 1e6 * np.expm1(s) + s / 12 - 0.5, 0, 1, xtol=1e-20, rtol=1e-14)
        assert tilt.item() == pytest.approx(root, rel=1e-9)

    def test_digits_of_few_electrons(self):
        """The tilt is from the count: electrons too few for a number have no logarithm."""
        tilt, electrons = poisson_tilt(np.array([-1e5]), np.array([1e-300]), np.array([400.0]))
        assert (tilt.item(), electrons.item()) == (-250, 0)

    def test_nothing_expected(self):
        """Then no tilt makes electrons of it: the count is noise."""
        tilt, electrons = poisson_tilt(np.array([6.0]), np.array([0.0]), np.array([4.0]))
        assert (tilt.item(), electrons.item()) == (1.5, 0)


def test_trimmed_variance_by_hand():
    """Nineteen of twenty: the mean of 1 to 19."""
    assert trimmed_variance(np.arange(20.0, 0, -1), None) == 10
    assert trimmed_variance(list(range(1, 21)), None) == 10
    # Two variances, one kept. Of 2 degrees of freedom, half are below 2 ln 2, and (1 - ln 2) / 2 of those of 4.
    assert trimmed_variance([5, 3], 2, keep=0.5) == pytest.approx(3 * 0.5 / ((1 - np.log(2)) / 2), rel=1e-12)


def test_trimmed_variance_of_a_shuffled_sequence():
    """The mean of the smallest 950 of 1000: of 1 to 950."""
    for seed in range(5):
        assert trimmed_variance(np.random.default_rng(seed).permutation(1000) + 1, None) == 475.5


def test_trimmed_variance_adds_in_double_precision():
    assert trimmed_variance(np.array([2**24, 1], dtype=np.float32), 3, keep=1.0) == 2**23 + 0.5
