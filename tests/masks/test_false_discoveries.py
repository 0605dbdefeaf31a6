"""Thresholds of a false discovery rate from limits of deviates: those of exact ones."""

import numpy as np
import pytest

from ccdproc_darks.comparison.false_positives import FalsePositiveControl
from ccdproc_darks.masks.false_discoveries import DeviateLimits, settled_deviates


class TestLimits:
    def test_only_those_above_the_least_are_kept(self):
        found = DeviateLimits.of(np.arange(4), np.array([1.0, np.nan, 3.0, 2.0]), 1.5)
        assert found.places.tolist() == [2, 3]
        assert found.low.tolist() == found.high.tolist() == [3.0, 2.0]

    def test_joined(self):
        parts = [DeviateLimits.of(np.array([place]), np.array([2.0]), 0.0, np.array([1.0])) for place in (3, 5)]
        found = DeviateLimits.joined(parts)
        assert (found.places.tolist(), found.low.tolist(), found.high.tolist()) == ([3, 5], [1, 1], [2, 2])


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("fdr", [0.01, 0.1, 0.4])
@pytest.mark.parametrize("width", [0.0, 1e-4, 0.1, 1.0])
def test_critical_deviate_is_that_of_exact_deviates(width, fdr, sides):
    """And hardly any exact one is asked for where limits are close."""
    rng = np.random.default_rng(int(1000 * fdr) + sides)
    exact = rng.normal(size=50000)
    exact[:400] += np.linspace(2, 8, 400)
    control = FalsePositiveControl(fdr=fdr)
    high = exact + width * rng.random(exact.size)
    limits = DeviateLimits.of(np.arange(exact.size), high, control.least, exact - width * rng.random(exact.size))
    if width:
        limits.low, limits.high = limits.low - 1e-5, limits.high + 1e-5
    else:
        limits = DeviateLimits.of(np.arange(exact.size), exact, control.least)
    asked = []

    def exact_at(places):
        asked.extend(places.tolist())
        return exact[places]

    settled = settled_deviates(control, exact.size, sides, limits, exact_at)
    expected = control.critical(exact.size, sides, exact)
    assert np.isfinite(expected)
    assert control.critical(exact.size, sides, settled) == expected
    assert len(asked) <= {0.0: 0, 1e-4: 10, 0.1: 1000, 1.0: 20000}[width]


def test_nothing_is_found():
    """No limit is above any threshold: no exact deviate is asked for."""
    limits = DeviateLimits.of(np.arange(3), np.array([2.0, 2.1, 2.2]), 1.0, np.zeros(3))
    control = FalsePositiveControl(fdr=0.01)
    assert control.critical(10000, 2, settled_deviates(control, 10000, 2, limits, None)) == np.inf
