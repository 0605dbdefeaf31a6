"""Parts of lines: each eighth from which on, or up to which, a line is tested."""

import numpy as np

from ccdproc_darks.masks.line_segments import SEGMENTS, eighths, sums_of_segments


def test_eighths():
    assert eighths(16).tolist() == [0, 2, 4, 6, 8, 10, 12, 14, 16]
    assert eighths(11)[[0, -1]].tolist() == [0, 11]


def test_sums():
    pieces = np.random.default_rng(1).integers(0, 9, (20, 3))
    ends = eighths(20)
    expected = [pieces[ends[first] : ends[last]].sum(axis=0) for first, last in SEGMENTS]
    np.testing.assert_array_equal(sums_of_segments(pieces), expected)
    assert len(set(SEGMENTS)) == 15
