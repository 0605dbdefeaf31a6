"""Numbers between two limits have the distributions that they shall have."""

import numpy as np
import pytest
from astropy import units as u
from scipy import stats

from ccdproc_darks.simulation.draws import evenly_in_logarithm, heavy_tail


def test_evenly_in_logarithm():
    drawn = evenly_in_logarithm(np.random.default_rng(1), [2, 200] * u.electron, u.electron, 20_000)
    assert stats.kstest(np.log(drawn / 2) / np.log(100), "uniform").pvalue > 1e-3
    one = evenly_in_logarithm(np.random.default_rng(1), 3 * u.electron, u.electron, 4)
    np.testing.assert_array_equal(one, 3.0)


@pytest.mark.parametrize("slope", [0, 0.5, 1, 3])
def test_heavy_tail(slope):
    drawn = heavy_tail(np.random.default_rng(2), 2.0, 200.0, slope, 20_000)
    assert (drawn.min() >= 2, drawn.max() <= 200) == (True, True)
    if slope == 0:
        expected = stats.loguniform(2, 200)
        assert stats.kstest(drawn, expected.cdf).pvalue > 1e-3
    else:
        assert stats.kstest(drawn, lambda x: (1 - (2 / x) ** slope) / (1 - (2 / 200) ** slope)).pvalue > 1e-3
