"""The table of deviates against those of the chi-square itself."""

import numpy as np
import pytest

from ccdproc_darks.statistics.deviate_table import deviate_table
from ccdproc_darks.statistics.significance import deviate_of_chi_square


def exactly(root, degrees):
    return deviate_of_chi_square(np.square(root), np.full(root.shape, degrees))


@pytest.mark.parametrize("degrees", [2, 3, 4, 8, 15])
def test_within_a_millionth(degrees):
    root = np.random.default_rng(degrees).uniform(0, 40, 50_000)
    assert np.abs(deviate_table(degrees).deviate(root) - exactly(root, degrees)).max() < 2e-7


@pytest.mark.parametrize("degrees", [2, 15])
def test_above_the_table(degrees):
    """Roots of the chi-square stay roots until they are finished, of either sign."""
    table, root = deviate_table(degrees), np.array([0.5, 39.99, 40.0, 41.0, 900.0])
    found = table.deviate(root)
    assert (found[2:] == root[2:]).all()
    signed = found * [1, -1, 1, -1, -1]
    table.finish(signed)
    np.testing.assert_allclose(signed, exactly(root, degrees) * [1, -1, 1, -1, -1], rtol=1e-7)


def test_no_number():
    found = deviate_table(2).deviate(np.array([np.nan, np.inf, 0.0]))
    assert np.isnan(found[0])
    assert found[1:].tolist() == [np.inf, 0]
    deviate_table(2).finish(found)
    assert np.isnan(found[0])
