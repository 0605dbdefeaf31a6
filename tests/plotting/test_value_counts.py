"""How many pixels have which value, and the cells that they are in."""

import numpy as np
import pytest

from ccdproc_darks.plotting.value_counts import Cells, ValueCounts


@pytest.fixture
def values():
    rng = np.random.default_rng(1)
    return np.concatenate([rng.normal(0.01, 0.03, 4000), rng.lognormal(0, 3, 1000), [0.0, -0.0, 0.0]]).reshape(-1, 1)


@pytest.mark.parametrize("kind", ["f4", "f8", ">f4"])
def test_numbers_below(values, kind):
    counts = ValueCounts(values.astype(kind))
    assert counts.total == values.size
    assert counts.not_positive == np.count_nonzero(values <= 0)
    for at in (-0.05, 0.003, 0.02, 1.0, 300.0):
        low, high = sorted([0.998 * at, 1.002 * at])
        assert np.count_nonzero(values < low) <= counts.number_below(at) <= np.count_nonzero(values < high)
    assert counts.number_below(values.max() * 1.01) == values.size
    assert counts.number_below(values.min() * 1.01) == 0
    assert counts.quantile(0.5) == pytest.approx(np.median(values), rel=2e-3)


def test_what_is_masked_or_not_finite_is_not_counted(values):
    values = values[:, 0].astype("f4")
    values[:10] = [np.nan, np.inf, -np.inf, -np.nan, 1, 1, 1, 1, 1, 1]
    mask = np.arange(values.size) < 7
    counts = ValueCounts(values, mask)
    assert counts.total == values.size - 7
    assert counts.not_positive == np.count_nonzero(values[7:] <= 0)
    assert ValueCounts(values).total == values.size - 4


@pytest.mark.parametrize("values", [[np.nan], [], [0.0]])
def test_nothing_to_count(values):
    counts = ValueCounts(np.array(values, dtype="f4"))
    assert counts.total == counts.not_positive == len(values) * np.isfinite(values).sum()
    assert counts.number_below(1.0) == pytest.approx(counts.total)
    assert counts.number_below(1.0, 0.1) == pytest.approx(counts.total)
    assert counts.number_below(-1.0, 0.1) == 0


def test_a_comb_of_steps_is_spread():
    """Whole numbers of steps, in bins of a third of a step: each has a third of the pixels of a tooth."""
    step, offset = 0.02, 0.0137
    teeth = np.arange(-5, 30) * step + offset
    counts = ValueCounts(np.repeat(teeth, 300))
    ends = np.arange(0, 20) * step / 3
    assert set(np.diff(counts.number_below(ends))) == {0, 300}
    np.testing.assert_allclose(np.diff(counts.number_below(ends, step)), 100, rtol=0.02)
    assert counts.number_below(1.0, step) == pytest.approx(counts.total)


@pytest.mark.parametrize("edges", [np.linspace(-1, 1, 200), np.geomspace(0.01, 10, 161), np.array([5.0, 10.0])])
def test_cells(values, edges):
    cells = Cells(edges).of(values)
    assert cells.dtype == np.uint8
    wanted = np.digitize(values.ravel(), edges)
    differing = cells != wanted
    assert differing.mean() < 0.01
    # Only values at an edge.
    near = np.abs(values.ravel()[differing, None] / edges - 1).min(axis=1, initial=1)
    assert (near < 3e-4).all()


def test_nan_is_in_no_cell():
    np.testing.assert_array_equal(Cells([0.0, 1.0]).of(np.array([np.nan, -np.nan, np.inf, -np.inf])), [0, 0, 2, 0])
