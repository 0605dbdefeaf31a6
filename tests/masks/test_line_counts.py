"""Numbers of bad pixels in lines, and how improbable they are."""

import numpy as np
import pytest
from scipy.special import ndtr

from ccdproc_darks.masks.line_counts import LineCounts

SHAPE = (600, 800)


def counts_of(bad):
    rows, columns = np.nonzero(bad)
    return LineCounts(columns, rows, bad.shape)


def scattered(rng, fraction=0.01, shape=SHAPE):
    return rng.random(shape) < fraction


def test_runs_are_counted_and_not_pixels():
    bad = np.zeros(SHAPE, bool)
    bad[10:20, 5] = bad[22, 5] = bad[100, 5] = bad[7, 6] = True
    bad[[21, 23], 5] = True
    counts = counts_of(bad)
    assert counts.counts[0, 4:8].tolist() == [0, 2, 1, 0]
    assert counts.places_of(5).tolist() == [10, 100]
    assert counts.places_of(4).size == 0


@pytest.mark.parametrize(("rows", "segments"), [(slice(None), 0), (slice(300, None), 4), (slice(0, 150), 9)])
def test_a_line_with_more_stands_out(rows, segments):
    rng = np.random.default_rng(4)
    bad = scattered(rng, 0.003)
    line = bad[rows, 321]
    line[rng.choice(line.size, 40, replace=False)] = True
    deviates = counts_of(bad).deviates()
    assert np.unravel_index(np.argmax(deviates), deviates.shape)[1] == 321
    assert deviates[segments, 321] > 7
    assert np.delete(deviates, 321, axis=1).max() < 5


def test_good_lines_are_as_improbable_as_is_said():
    """Or less so: a false line costs a thousand pixels. With blobs, a glow at the edge, and a step."""
    found, tests = 0, 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        density = 0.004 * (1 + 4 * np.exp(-np.arange(800) / 30))
        density[400:] *= 2
        bad = rng.random(SHAPE) < density
        bad[1:] |= bad[:-1]
        bad[:, 1:] |= bad[:, :-1] & (rng.random(SHAPE) < 0.5)[:, 1:]
        for deviates in (counts_of(bad).deviates(), counts_of(bad.T).deviates()):
            found += np.count_nonzero(deviates > 3)
            tests += deviates.size
    assert found <= tests * ndtr(-3)


def test_lines_left_out_are_no_measure_of_others():
    rng = np.random.default_rng(7)
    bad = scattered(rng, 0.002)
    bad[:, 300:310] |= rng.random((600, 10)) < 0.2
    bad[rng.choice(600, 9, replace=False), 311] = True
    counts = counts_of(bad)
    left_out = np.zeros(800, bool)
    left_out[300:310] = True
    assert counts.deviates(left_out)[0, 311] > counts.deviates()[0, 311]


def test_overdispersed_lines_are_not_bad():
    rng = np.random.default_rng(8)
    bad = rng.random(SHAPE) < 0.01 * rng.gamma(2.0, 0.5, 800)
    assert counts_of(bad).deviates().max() < 5


def test_a_few_bad_pixels_are_no_bad_line():
    """A hundred good pixels are not masked for one bad one, however rare these are."""
    bad = np.zeros(SHAPE, bool)
    bad[::150, 100] = True
    assert not counts_of(bad).deviates()[0].any()
    bad[::60, 100] = True
    assert counts_of(bad).deviates()[0, 100] > 7


def test_no_bad_pixels():
    assert not counts_of(np.zeros(SHAPE, bool)).deviates().any()
