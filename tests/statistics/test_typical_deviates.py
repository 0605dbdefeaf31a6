"""Deviates of many pixels by tables, against the formula."""

import numpy as np
import pytest

from ccdproc_darks.statistics.typical_deviates import TypicalDeviates
from ccdproc_darks.statistics.typical_rates import TypicalRates

TYPICALS = [TypicalRates(0.05), TypicalRates(0.05, 0.015, 0.3), TypicalRates(0.05, 0.025, 0.5)]


@pytest.mark.parametrize("typical", TYPICALS)
def test_against_the_formula(typical):
    rng = np.random.default_rng(1)
    exposure = rng.choice([1000.0, 900.0, 500.0], 400)
    variance = rng.uniform(0.3, 3, 400) * 1e-4 + 0.05 / exposure
    excess = rng.uniform(-1, 7, 400) * np.sqrt(variance + typical.width**2)
    table = TypicalDeviates(typical, 1.5e-4, 1000.0)
    found = table.of(excess, variance, exposure)
    expected = typical.deviate(excess, variance, exposure)
    near = (expected > -2.5) & (expected < 8)
    np.testing.assert_allclose(found[near], expected[near], atol=0.02)


def test_at_levels():
    typical = TypicalRates(9.0, 0.01, 0.1)
    rng = np.random.default_rng(2)
    level = rng.uniform(0, 3, 300)
    variance = 1e-4 + level / 1000
    excess = rng.uniform(0, 6, 300) * np.sqrt(variance)
    table = TypicalDeviates(typical, 2e-4, 1000.0, at_level=True)
    found = table.of(excess, variance, 1000.0, level)
    np.testing.assert_allclose(found, typical.deviate(excess, variance, np.full(300, 1000.0), level), atol=0.03)


@pytest.mark.parametrize("typical", TYPICALS)
def test_inverse(typical):
    table = TypicalDeviates(typical, 1.5e-4, 1000.0)
    for variance, exposure in ((1.5e-4, 1000.0), (2.2e-4, 700.0)):
        for deviate in (0.3, 4.75, 12.0):
            excess = table.excess_of(deviate, variance, exposure)
            low, high = table.of(np.array([excess * (1 - 1e-9), excess * (1 + 1e-9)]), variance, exposure)
            assert low <= deviate < high


def test_alone_or_together():
    """To the bit, and in any order."""
    typical = TYPICALS[1]
    rng = np.random.default_rng(3)
    excess, variance = rng.uniform(-0.05, 0.5, 50), rng.uniform(1e-4, 1e-2, 50)
    together = TypicalDeviates(typical, 1.5e-4, 1000.0).of(excess, variance, 1000.0)
    for pixel in reversed(range(50)):
        alone = TypicalDeviates(typical, 1.5e-4, 1000.0).of(excess[[pixel]], variance[[pixel]], 1000.0)
        assert alone.item() == together[pixel]


def test_no_noise():
    """A rate above the typical one is then as improbable as can be."""
    found = TypicalDeviates(TypicalRates(1.0), 1e-24, 0.0).of(np.array([-1.0, 0.0, 1.0, np.nan]), 0.0, 0.0)
    assert found[0] < -2
    assert found[1] == pytest.approx(0, abs=0.1)
    assert found[2] > 100
    assert np.isnan(found[3])
