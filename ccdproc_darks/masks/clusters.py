# Licensed under a 3-clause BSD style license - see LICENSE
"""Growth of clusters of bad pixels: the neighbours of those that have many."""

import numpy as np

__all__ = ["neighbours_of_clusters"]


def neighbours_of_clusters(bad, least):
    """Pixels that are not bad, and touch a cluster of ``least`` bad pixels or more, at a side or at a corner.

    A cluster are bad pixels that touch each other, at a side or at a corner.
    """
    from scipy.ndimage import binary_dilation, label

    touching = np.ones((3, 3), bool)
    clusters, number = label(bad, touching)
    sizes = np.bincount(clusters.ravel(), minlength=number + 1)
    large = sizes >= least
    large[0] = False
    if not large.any():
        return np.zeros(bad.shape, bool)
    return binary_dilation(large[clusters], touching) & ~bad
