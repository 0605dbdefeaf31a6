"""A straight line against published values, and its errors against draws."""

import numpy as np
import pytest

from ccdproc_darks.statistics.straight_line import straight_line


def test_published_line():
    """ESO HDRL's test of a fit."""
    x = np.arange(100, 600, 100.0)
    y = 0.5 * x + 100 - np.arange(5)
    line = straight_line(x, y, np.sqrt(0.5 * x))
    assert line.intercept == pytest.approx(101)
    assert line.slope == pytest.approx(0.49)
    assert line.intercept_error == pytest.approx(9.0045, rel=1e-4)
    assert line.slope_error == pytest.approx(0.0351317, rel=1e-4)


def test_two_points():
    line = straight_line([1, 3], [2.0, 8.0], [0.5, 0.5])
    assert (line.intercept, line.slope) == pytest.approx((-1, 3))
    assert line.slope_error == pytest.approx(np.sqrt(0.5) / 2)


def test_errors_grow_with_the_scatter():
    x, y = [1, 2, 3, 4], [1.0, -1.0, 1.0, -1.0]
    assert straight_line(x, y, [0.01] * 4).slope_error == pytest.approx(straight_line(x, y, [0.1] * 4).slope_error)


def test_errors_are_those_of_draws():
    rng = np.random.default_rng(1)
    x, errors = np.array([10.0, 60.0, 300.0]), np.array([1.0, 2.0, 0.5])
    lines = [straight_line(x, 3 + 0.1 * x + errors * rng.normal(size=3), errors) for _ in range(3000)]
    assert np.std([line.intercept for line in lines]) == pytest.approx(
        straight_line(x, x * 0.1, errors).intercept_error, rel=0.05
    )
