"""How unlikely a pixel must be: false positives, and Benjamini and Hochberg against scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ccdproc_darks.comparison.false_positives import FalsePositiveControl

from ..strategies import seeds


@given(st.floats(0.01, 1000), st.integers(10**4, 10**8), st.sampled_from([1, 2]))
def test_false_positives(asked, number, sides):
    """So many of so many normal deviates are beyond, on one side or on both together."""
    critical = FalsePositiveControl(asked).critical(number, sides)
    assert number * sides * stats.norm.sf(critical) == pytest.approx(asked)


@pytest.mark.parametrize("number", [0, 1, 5])
def test_more_false_positives_than_pixels(number):
    """Half of them at the most: a pixel as it should be is not flagged."""
    assert FalsePositiveControl(10.0).critical(number, 1) == 0
    assert FalsePositiveControl(10.0).least == 0


def brute_force(deviates, fdr, sides):
    """Which pixels are flagged, by scipy, of all of them."""
    size = np.abs(deviates) if sides == 2 else deviates
    return stats.false_discovery_control(np.minimum(sides * stats.norm.sf(size), 1)) <= fdr


@given(seeds, st.floats(0.001, 0.9), st.sampled_from([1, 2]), st.integers(1, 2000), st.floats(0, 0.5))
def test_against_scipy(seed, fdr, sides, number, signals):
    """Of the deviates above ``least`` only, and the number of all."""
    rng = np.random.default_rng(seed)
    deviates = rng.normal(0, 1, number) + np.where(rng.random(number) < signals, rng.normal(0, 6, number), 0)
    size = np.abs(deviates) if sides == 2 else deviates
    level = FalsePositiveControl(fdr=fdr)
    critical = level.critical(number, sides, size[size > level.least])
    np.testing.assert_array_equal(size > critical, brute_force(deviates, fdr, sides))


def test_ties():
    """Equal deviates are flagged together, or not at all."""
    deviates = np.array([5.0] * 3 + [2.0] * 50 + [0.0] * 947)
    for fdr in (0.01, 0.5, 0.7, 0.99):
        critical = FalsePositiveControl(fdr=fdr).critical(deviates.size, 1, deviates)
        np.testing.assert_array_equal(deviates > critical, brute_force(deviates, fdr, 1))


def test_nothing_to_find():
    level = FalsePositiveControl(fdr=0.1)
    for deviates in (np.zeros(0), np.array([1.5, 1.6, 2.0])):
        assert level.critical(10**6, 2, deviates) == np.inf
    # Power is then that for one false positive.
    assert level.planned(10**6, 2, np.inf) == pytest.approx(stats.norm.isf(0.5e-6))
    assert level.planned(10**6, 2, 4.0) == 4


@pytest.mark.parametrize("sides", [1, 2])
def test_deviates_without_end(sides):
    """Saturated counts depart by hundreds of sigmas, whose probability is zero."""
    deviates = np.concatenate([[40.0, 300.0, np.inf], np.random.default_rng(0).normal(0, 1, 1000)])
    critical = FalsePositiveControl(fdr=0.01).critical(deviates.size, sides, np.abs(deviates))
    assert 3 < critical < 40


@pytest.mark.statistics
@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("fdr", [0.02, 0.2])
def test_achieved(fdr, sides):
    """Of 100 000 good pixels and 1000 signals, some of them weak: as many false ones as said, on the average."""
    rng = np.random.default_rng(1)
    level = FalsePositiveControl(fdr=fdr)
    fractions, found = [], []
    for _ in range(40):
        good, signal = rng.normal(0, 1, 100_000), rng.normal(rng.uniform(2, 8, 1000), 1)
        if sides == 2:
            good, signal = np.abs(good), np.abs(signal)
        critical = level.critical(101_000, sides, np.concatenate([good, signal]))
        false, true = np.count_nonzero(good > critical), np.count_nonzero(signal > critical)
        fractions.append(false / (false + true))
        found.append(true)
    assert np.mean(fractions) == pytest.approx(fdr * 100 / 101, rel=4 / np.sqrt(40 * fdr * np.mean(found)))
    # A level of one false positive finds fewer.
    assert np.mean(found) > 1.1 * 1000 * np.mean(stats.norm.sf(stats.norm.isf(1e-5 / sides) - np.linspace(2, 8, 500)))


def test_two_answers_to_one_question():
    with pytest.raises(ValueError, match=r"^fdr=0\.1 and false_positives=5\.0 are two answers to one question"):
        FalsePositiveControl(5.0, 0.1)
    assert FalsePositiveControl(1.0, 0.1).fdr == 0.1


@pytest.mark.parametrize("fdr", [0, 1, -0.1, np.nan, 1.5])
def test_fdr_out_of_range(fdr):
    with pytest.raises(ValueError, match=rf"^fdr must be between 0 and 1, got {fdr}"):
        FalsePositiveControl(fdr=fdr)
