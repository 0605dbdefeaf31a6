"""Bins of kurtosis against draws."""

import numpy as np
import pytest

from ccdproc_darks.statistics.sample_shape import binned_shapes, shape_bins

RNG = np.random.default_rng(17)


def drawn(frames, jump, often, pixels=100_000):
    x = RNG.standard_normal((frames, pixels))
    x += jump * RNG.choice([-1, 0, 1], p=[often / 2, 1 - often, often / 2], size=x.shape)
    x -= x.mean(axis=0)
    return np.log(x.std(axis=0, ddof=1)), (x**4).mean(axis=0) / (x**2).mean(axis=0) ** 2


def test_normal_noise():
    """Fractions of normal pixels, whatever their scatter."""
    edges = shape_bins(20)
    _, kurtosis = drawn(20, 0.0, 0.0)
    seen = np.bincount(np.searchsorted(edges, kurtosis), minlength=edges.size + 1) / kurtosis.size
    found = binned_shapes(20, np.zeros(1), np.zeros(1), np.array([-0.5, 0.0, 0.5]))
    assert found.shape == (1, 3, edges.size + 1)
    assert found.sum(axis=2) == pytest.approx(1)
    assert found[0, 0] == pytest.approx(found[0, 2])
    assert found[0, 1] == pytest.approx(seen, abs=0.005)


@pytest.mark.parametrize(("jump", "often"), [(5.0, 0.5), (8.0, 0.1)])
def test_jumps(jump, often):
    """Fractions of pixels of one scatter: with jumps rare or in half of the frames."""
    edges = shape_bins(20)
    log_scatter, kurtosis = drawn(20, jump, often)
    ratio = np.median(log_scatter)
    near = np.abs(log_scatter - ratio) < 0.05
    seen = np.bincount(np.searchsorted(edges, kurtosis[near]), minlength=edges.size + 1) / near.sum()
    found = binned_shapes(20, np.array([0.0, jump]), np.array([0.0, often]), np.array([-1.0, ratio, 3.0]))
    assert found.sum(axis=2) == pytest.approx(1)
    assert found[1, 1] == pytest.approx(seen, abs=0.03)


@pytest.mark.parametrize("frames", [2, 3, 4, 5])
def test_few_frames(frames):
    """Also where kurtosis hardly varies, or not at all."""
    found = binned_shapes(frames, np.array([0.0, 3.0]), np.array([0.0, 0.2]), np.linspace(-3, 3, 5))
    assert np.isfinite(found).all()
    assert found.sum(axis=2) == pytest.approx(1)
