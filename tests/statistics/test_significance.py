"""Equivalent normal deviates against exact tails of scipy."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from ccdproc_darks.statistics.significance import (
    chi_square_of_deviate,
    critical_deviate,
    deviate_of_chi_square,
    deviate_of_log_tail,
    log_chi_square_tail,
    saddlepoint_deviate,
    significance_between,
)


@pytest.mark.parametrize("probability", [0.5, 0.1, 1e-3, 1e-9, 1e-300])
def test_critical_deviate(probability):
    assert critical_deviate(probability) == pytest.approx(stats.norm.isf(probability), rel=1e-12, abs=1e-15)


@given(st.floats(0, 700), st.integers(1, 12))
def test_chi_square(chi_square, degrees):
    deviate = deviate_of_chi_square(np.array([chi_square]), np.array([degrees])).item()
    assert stats.norm.logsf(deviate) + np.log(2) == pytest.approx(
        stats.chi2.logsf(chi_square, degrees), rel=1e-6, abs=1e-9
    )


@pytest.mark.parametrize("degrees", [1, 2, 3, 7, 10, 30])
def test_huge_chi_squares(degrees):
    """Where the tail underflows the deviate stays finite, goes on growing, and nears the square root."""
    chi_square = np.concatenate([np.linspace(0, 3000, 30001), np.geomspace(3001, 1e12, 1000)])
    deviate = deviate_of_chi_square(chi_square, np.full(chi_square.shape, degrees))
    assert np.isfinite(deviate).all()
    assert (np.diff(deviate) >= 0).all()
    assert (np.diff(deviate[chi_square > 10]) > 0).all()
    assert deviate[-1] == pytest.approx(1e6, rel=1e-6)
    # No step where the series takes over.
    assert np.diff(deviate, 2)[10000:29990].max() < 1e-4


@pytest.mark.parametrize("degrees", [1, 3, 9, 199])
def test_chi_square_of_a_deviate(degrees):
    """The inverse of a one-sided deviate, also where its probability underflows."""
    deviates = np.array([-4.0, 0.0, 3.0, 29.9, 30.1, 36.0, 45.0, 300.0])
    chi_square = chi_square_of_deviate(deviates, degrees)
    found = deviate_of_log_tail(log_chi_square_tail(chi_square, np.full(deviates.shape, degrees)))
    np.testing.assert_allclose(found, deviates, rtol=2e-4, atol=1e-6)
    assert (np.diff(chi_square) > 0).all()


def test_no_chi_square():
    deviate = deviate_of_chi_square(np.array([np.nan, 4.0, 4.0, np.nan, -1e-9]), np.array([2, 0, -1, 1, 1]))
    assert np.isnan(deviate[:4]).all()
    assert deviate[4] == 0


def saddlepoint_tail(deviate, coefficients, electrons, gaussian):
    z = saddlepoint_deviate(
        np.atleast_1d(deviate), np.array(coefficients, float)[:, None], np.array(electrons, float)[:, None],
        np.atleast_1d(float(gaussian)),
    )  # fmt: skip
    return stats.norm.sf(z)


@pytest.mark.parametrize("mean", [3.0, 10.0, 100.0])
@pytest.mark.parametrize("noise", [0.5, 1.0, 3.0])
def test_poisson_and_gaussian(mean, noise):
    """One count with read noise: the sum over the Poisson numbers of normal tails."""
    sigma = np.sqrt(mean + noise**2)
    numbers = np.arange(0, 1000)
    for deviate in (2.6, 3.5, 5.0, 7.0):
        excess = deviate * sigma
        exact = np.sum(stats.poisson.pmf(numbers, mean) * stats.norm.sf((excess + mean - numbers) / noise))
        actual = saddlepoint_tail(deviate, [1 / sigma], [mean], noise**2 / sigma**2).item()
        assert actual == pytest.approx(exact, rel=0.04)


@pytest.mark.parametrize(("first", "second"), [(9.0, 30.0), (100.0, 5.0), (50.0, 50.0)])
@pytest.mark.parametrize("side", [1, -1])
def test_difference_of_counts(first, second, side):
    """Skellam, both tails: a lattice, whose tail the continuous formula gives at half steps."""
    sigma = np.sqrt(first + second)
    for deviate in (2.6, 4.0, 5.5):
        edge = np.round(deviate * sigma + side * (first - second)) - 0.5
        excess = edge - side * (first - second)
        exact = stats.skellam.sf(edge, *((first, second) if side > 0 else (second, first)))
        actual = saddlepoint_tail(excess / sigma, [side / sigma, -side / sigma], [first, second], 0).item()
        assert actual == pytest.approx(exact, rel=0.08)


def test_gaussian_limit():
    deviate = np.array([2.6, 4.0, 8.0, 30.0])
    shape = (1, 4)
    pure = saddlepoint_deviate(deviate, np.ones(shape), np.zeros(shape), np.ones(4))
    np.testing.assert_allclose(pure, deviate)
    sigma = 1e6
    poisson = saddlepoint_deviate(deviate, np.full(shape, 1 / sigma), np.full(shape, sigma**2), np.zeros(4))
    np.testing.assert_allclose(poisson, deviate, rtol=1e-4)


@given(
    st.floats(2.5, 1e4), st.floats(0, 1e5) | st.floats(0, 1e-290), st.floats(0, 1e5), st.floats(0, 1),
    st.sampled_from([(1, -1), (1, 1), (-1, -1)]),
)  # fmt: skip
def test_always_finite_and_on_the_same_side(deviate, first, second, gaussian, signs):
    total = first + second + gaussian
    assume(total > 1e-3)
    scale = np.sqrt(total)
    z = saddlepoint_deviate(
        np.array([deviate]), np.array([[signs[0]], [signs[1]]]) / scale, np.array([[first], [second]]),
        np.array([gaussian / total]),
    )  # fmt: skip
    assert np.isfinite(z).all()
    assert z[0] > 0


def test_grows_with_the_excess():
    deviate = np.linspace(2.5, 200, 2000)
    shape = (2, deviate.size)
    coefficients = np.broadcast_to([[0.2], [-0.1]], shape)
    z = saddlepoint_deviate(deviate, coefficients, np.full(shape, 12.0), np.full(deviate.size, 0.4))
    assert (np.diff(z) > 0).all()
    # An excess of electrons is likelier than a normal tail says.
    assert (z < deviate).all()


class TestBetween:
    """Limits of a deviate by its exact tail."""

    @pytest.mark.parametrize("mean", [0.5, 3.0, 30.0, 1000.0])
    @pytest.mark.parametrize("noise", [0.5, 3.0])
    @pytest.mark.parametrize("side", [1, -1])
    def test_one_count(self, mean, noise, side):
        """Its exact deviate is between them."""
        size = np.linspace(1.5, 9.0, 40)
        sigma = np.sqrt(mean + noise**2)
        numbers = np.arange(0, 3000)
        tail = stats.norm.sf((size[:, None] * sigma + side * (mean - numbers)) / noise)
        exact = stats.norm.isf(tail @ stats.poisson.pmf(numbers, mean))
        skewness, kurtosis = side * mean / sigma**3, mean / sigma**4
        low, high = significance_between(size, skewness, kurtosis, np.ones(size.shape, dtype=bool))
        assert (low < exact).all()
        assert (exact <= high).all()

    def test_normal_tails(self):
        """Both limits are the deviate."""
        low, high = significance_between(np.array([3.0]), 0.5, 0.5, np.array([False]))
        assert low == pytest.approx(3.0, rel=1.1e-4)
        assert high == pytest.approx(3.0, rel=1.1e-4)
        assert low < 3 < high

    def test_far_away(self):
        """Thirty sigmas are significant, however skew."""
        low, _ = significance_between(np.array([30.0]), 0.3, 0.1, np.array([True]))
        assert low > 5
