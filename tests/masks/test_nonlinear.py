"""Departures from proportionality that count, and rates from which on they would be seen."""

import numpy as np
import pytest
from scipy import stats

from ccdproc_darks.masks.nonlinear import detectable, needed_non_centrality, not_proportional

from ..quadrature import Cell


def test_tolerance_of_faint_pixels():
    """It is one of their own rate: 0.075 of 0.5 electron/s is more than a tenth."""
    cell = Cell(0.0, 5.0, (100, 1000), (10, 20), 20)
    counts = 0.5 * cell.seconds[:, None, None] * np.array([[[1.15]], [[1.0]]])
    compared = cell.compared(counts)
    assert np.abs(compared.significance.item()) > 1.5
    assert not_proportional(compared, 1.5, 0.1).all()
    assert not not_proportional(compared, 1.5, 0.2).any()


class TestPower:
    """From where on a departure of the tolerance would be significant."""

    @pytest.mark.parametrize("degrees", [1, 2, 4])
    def test_needed_non_centrality(self, degrees):
        """The critical chi-square has the two-sided probability of 3 sigmas."""
        found = needed_non_centrality(3.0, np.array([degrees, 0, -1, 1]))
        assert found[0] == pytest.approx(stats.chi2.isf(2 * stats.norm.sf(3), degrees) - degrees + 1)
        assert found[1] == found[2] == np.inf
        assert found[3] == pytest.approx(9)

    def test_of_no_pixel(self):
        assert needed_non_centrality(3.0, np.zeros(0, int)).size == 0

    @pytest.mark.parametrize("seconds", [(100.0, 1000.0), (10.0, 100.0, 1000.0, 1100.0)])
    def test_where_it_begins(self, seconds):
        """The non-centrality is the critical chi-square less the degrees of freedom but one."""
        cell = Cell(0.0, 5.0, seconds, (10,) * len(seconds), 20)
        rates = np.geomspace(0.01, 100, 2000)
        compared = cell.compared(rates[None, None] * cell.seconds[:, None, None])
        seen = detectable(compared, 3.0, 0.1)[0]
        degrees = len(seconds) - 1
        departures = 0.1 * rates * cell.seconds[:, None]
        best = (departures**2 * compared.fit.information[:, 0]).max(axis=0)
        expected = best >= stats.chi2.isf(2 * stats.norm.sf(3), degrees) - degrees + 1
        np.testing.assert_array_equal(seen, expected)
        assert 0 < seen.sum() < 2000
