"""Neighbours of clusters of bad pixels."""

import numpy as np

from ccdproc_darks.masks.clusters import neighbours_of_clusters


def test_only_large_clusters_grow():
    bad = np.zeros((10, 10), bool)
    bad[0, 0] = bad[4, 4] = bad[5, 5] = bad[6, 5] = True
    grown = neighbours_of_clusters(bad, 3)
    expected = np.zeros((10, 10), bool)
    expected[3:8, 3:7] = True
    expected[3, 6] = expected[6, 3] = expected[7, 3] = False
    np.testing.assert_array_equal(grown, expected & ~bad)
    assert neighbours_of_clusters(bad, 1)[:2, :2].tolist() == [[False, True], [True, True]]


def test_none_is_large():
    bad = np.eye(4, dtype=bool)[:, ::-1]
    assert not neighbours_of_clusters(bad, 5).any()
    assert neighbours_of_clusters(bad, 4).any()
