"""The fit of pixels that lost no frame against the one of all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks.statistics.rate_fit import fit_rate
from ccdproc_darks.statistics.rate_fit_complete import fit_complete_pixels

from ..strategies import seeds


def both(counts, seconds, frames, read_noise, bias_variance, free_offset, weight_rate=None):
    read_variance = read_noise**2 / frames
    complete = fit_complete_pixels(
        list(counts), seconds, frames, read_variance, bias_variance, free_offset=free_offset, weight_rate=weight_rate
    )
    shape = (len(seconds), 1, counts.shape[1])
    every = fit_rate(
        counts[:, None], seconds, np.broadcast_to(frames[:, None, None], shape),
        np.broadcast_to(read_variance[:, None, None], shape), np.ones(shape, dtype=bool),
        shared=[(list(range(len(seconds))), bias_variance)], free_offset=free_offset, diagnose=False,
        weight_rate=weight_rate,
    )  # fmt: skip
    return complete, (every.rate[0], every.variance[0])


@given(seeds, st.integers(2, 6), st.floats(0.3, 20), st.sampled_from([0.0, 0.3, 30.0]), st.booleans(), st.booleans())
def test_it_is_the_fit_of_all(seed, number, read_noise, bias_error, free_offset, weighed_by_one_rate):
    """To less than a thousandth of the error."""
    rng = np.random.default_rng(seed)
    seconds = np.cumsum(rng.uniform(10, 300, number))
    frames = rng.integers(1, 30, number).astype(float)
    rate = 10 ** rng.uniform(-3, 2, 200)
    counts = rng.poisson(rate * (seconds * frames)[:, None]) / frames[:, None]
    counts = counts + rng.normal(0, 1, counts.shape) * (read_noise / np.sqrt(frames))[:, None]
    counts += rng.normal(0, bias_error, 200)
    weight_rate = (lambda found: np.full(found.shape, 0.5)) if weighed_by_one_rate else None
    first, second = both(counts, seconds, frames, read_noise, bias_error**2, free_offset, weight_rate)
    sigma = np.sqrt(second[1])
    np.testing.assert_allclose(first[0] / sigma, second[0] / sigma, atol=1e-4, rtol=1e-6)
    np.testing.assert_allclose(first[1], second[1], rtol=1e-4)


@pytest.mark.parametrize("free_offset", [False, True])
def test_noiseless_counts_give_their_rate(free_offset):
    seconds, frames = np.array([30.0, 100.0, 1000.0]), np.array([5.0, 3.0, 2.0])
    rates = np.array([0.0, 0.01, 1.0, 500.0])
    counts = rates * seconds[:, None] + (100.0 if free_offset else 0.0)
    rate, variance = fit_complete_pixels(list(counts), seconds, frames, 9.0 / frames, 0.25, free_offset=free_offset)
    np.testing.assert_allclose(rate, rates, atol=1e-12)
    assert (np.diff(variance) > 0).all()
