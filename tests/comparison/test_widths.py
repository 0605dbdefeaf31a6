# Licensed under a 3-clause BSD style license - see LICENSE
"""Scatter of good pixels over what their noise explains."""

import numpy as np
import pytest
from scipy import stats

from ccdproc_darks.comparison.widths import core_width, null_width, scatter_width


@pytest.mark.statistics
@pytest.mark.parametrize("width", [0.5, 1.0, 1.7])
@pytest.mark.parametrize("degrees", [1, 2, 4, 10])
def test_null_width(degrees, width):
    """Noise wider by a factor makes a chi-square larger by its square, whatever a few pixels do."""
    rng = np.random.default_rng(degrees)
    chi_square = rng.chisquare(degrees, 2**18) * width**2
    deviates = stats.norm.isf(stats.chi2.sf(chi_square, degrees) / 2) * rng.choice([-1, 1], chi_square.size)
    deviates[:200] = 1e6
    assert null_width(deviates, degrees) == pytest.approx(width, rel=0.01)


def test_widths_of_nothing():
    assert null_width(np.zeros(0), 1) is None
    assert core_width(np.zeros(0)) is None
    assert scatter_width(np.zeros(0), 9) is None


def test_null_width_of_wild_deviates():
    for degrees in (1, 3):
        assert np.isfinite(null_width(np.full(100, 1e5), degrees))


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_core_width(shift):
    """Half the width of the middle 68 %, wherever it is."""
    deviates = np.random.default_rng(1).normal(shift, 2.0, 10**5)
    deviates[:100] = 1e9
    assert core_width(deviates) == pytest.approx(2, rel=0.01)


@pytest.mark.statistics
@pytest.mark.parametrize("width", [0.8, 1.0, 1.5])
def test_scatter_width(width):
    """Frames that scatter more by a factor have a chi-square larger by its square."""
    chi_square = np.random.default_rng(2).chisquare(9, 2**18) * width**2
    deviates = stats.norm.isf(stats.chi2.sf(chi_square, 9))
    assert scatter_width(deviates, 9) == pytest.approx(width, rel=0.01)
