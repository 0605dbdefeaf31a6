"""Curves that pixels may follow: the errors of what they predict are right for each kind, with noise."""

import numpy as np
import pytest

from ccdproc_darks.comparison import kinds_of_curves as module
from ccdproc_darks.comparison.kinds_of_curves import fit_curves
from ccdproc_darks.rates.mean_counts import MeanCounts

SECONDS = np.array([30.0, 60.0, 120.0, 300.0, 600.0])
READ_VARIANCE, FRAMES = 7.0, 5.0
TRUTHS = {
    "offset": lambda t: 300 + 5 * t,
    "bend": lambda t: 6 * t + 2500 * (1 - np.exp(-t / 170)),
    "early bend": lambda t: 6 * t + 900 * (1 - np.exp(-t / 40)),
    "full": lambda t: np.minimum(20 * t, 4000),
}


def drawn(truth, draws=4000, seed=1):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(truth(SECONDS)[:, None, None] * FRAMES, (SECONDS.size, 1, draws)) / FRAMES
    counts = counts + rng.normal(0, np.sqrt(READ_VARIANCE), counts.shape)
    one = np.ones(counts.shape)
    return MeanCounts(counts, FRAMES * one, READ_VARIANCE * one, one > 0, np.nan * one)


@pytest.mark.parametrize("kind", TRUTHS)
@pytest.mark.parametrize("at", [90.0, 250.0, 450.0])
def test_errors(kind, at):
    """Another curve than the true one may be nearly as good: the error is as large as that is open."""
    found = fit_curves(drawn(TRUTHS[kind]), SECONDS, [], at)
    deviates = ((found.counts - TRUTHS[kind](at)) / np.sqrt(found.variance))[0]
    assert 0.5 < np.sqrt(np.mean(deviates**2)) < 1.25
    assert np.mean(np.abs(deviates) < 1.96) > 0.88
    # Two degrees of freedom of five where a bend fits best, else three.
    assert 1.3 < np.median(found.chi_square) < 2.5


@pytest.mark.parametrize("at", [45.0, 100.0, 400.0])
def test_precise_counts_of_a_bend(at):
    """Of 50 frames: the time constant is found between those of a grid."""
    truth = TRUTHS["bend"](SECONDS)[:, None, None] * np.ones(2)
    one = np.ones(truth.shape)
    found = fit_curves(MeanCounts(truth, 50 * one, one, one > 0, np.nan * one), SECONDS, [], at)
    np.testing.assert_allclose(found.counts, TRUTHS["bend"](at), atol=2 * np.sqrt(found.variance[0, 0]))
    assert found.chi_square.max() < 1
    assert np.sqrt(found.variance.max()) < 10


def test_better_than_neighbours_alone():
    """Where the shape is known, all exposures tell of one."""
    found = fit_curves(drawn(TRUTHS["bend"]), SECONDS, [], 120.0)
    own = TRUTHS["bend"](120.0) / FRAMES + READ_VARIANCE
    assert found.variance.mean() < 0.9 * own


def test_parts_are_the_same(monkeypatch):
    rows, shared = drawn(TRUTHS["bend"], 50), [([0, 1, 2, 3, 4], np.linspace(0, 4, 50)[None])]
    whole = fit_curves(rows, SECONDS, shared, 200.0)
    # The last part has a single pixel.
    monkeypatch.setattr(module, "_AT_ONCE", 7)
    for one, other in zip(whole.parts, fit_curves(rows, SECONDS, shared, 200.0).parts, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_curve_without_counts_is_left_out():
    """With two exposures left, each curve fits."""
    rows = drawn(TRUTHS["full"], 20)
    rows.usable[1:4] = False
    found = fit_curves(rows, SECONDS, [], 300.0)
    assert np.isfinite(found.counts).all()
    assert found.chi_square.max() < 1e-6
    assert (found.counts < 4100).all()
