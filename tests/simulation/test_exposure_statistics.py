"""Counts against their exact distributions, over 200 seeds."""

import numpy as np
import pytest
from astropy import units as u
from scipy import stats

from ccdproc_darks import Sensor, simulate_dark
from ccdproc_darks.simulation import HotPixels

from ..exact import chi_square_p, uniform_p
from ..helpers import ELECTRON_PER_SECOND

pytestmark = pytest.mark.statistics

SEEDS = 200
BIAS = 1000
SECONDS = 50.0
# (read noise in electron, gain in electron/adu)
CAMERAS = [(0.0, 1.0), (1.0, 1.0), (10.0, 1.5)]
RATES = [0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0]


def p_values(rate, read_noise, gain, *, model_read_noise=None, model_gain=None):
    """p-values of SEEDS frames against the model, which is the truth unless told otherwise."""
    sensor = Sensor(shape=(100, 150), rate=rate * ELECTRON_PER_SECOND, gain=gain * u.electron / u.adu,
                    read_noise=read_noise * u.electron, bias=BIAS * u.adu)  # fmt: skip
    return [
        chi_square_p(
            simulate_dark(sensor, exposure=SECONDS * u.s, rng=seed).data,
            rate * SECONDS,
            read_noise if model_read_noise is None else model_read_noise,
            gain if model_gain is None else model_gain,
            BIAS,
        )
        for seed in range(SEEDS)
    ]


@pytest.mark.parametrize(("read_noise", "gain"), CAMERAS)
@pytest.mark.parametrize("rate", RATES)
def test_p_values_are_uniform(rate, read_noise, gain):
    assert stats.kstest(p_values(rate, read_noise, gain), "uniform").pvalue > 1e-3


def test_a_read_noise_off_by_a_few_per_cent_is_seen():
    """The test above has the power that it needs."""
    assert stats.kstest(p_values(0.01, 10.0, 1.5, model_read_noise=10.3), "uniform").pvalue < 1e-6
    assert stats.kstest(p_values(1000.0, 0.0, 1.0, model_read_noise=50.0), "uniform").pvalue < 1e-6


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.05, 0.1, 0.3, 10.0])
def test_pixels_of_different_rates(rate):
    """Non-uniform and hot pixels: whatever the way in which a block is drawn, each is Poisson of its own rate."""
    sensor = Sensor(shape=(120, 150), seed=3, rate=rate * ELECTRON_PER_SECOND, dsnu=0.3 * rate * ELECTRON_PER_SECOND,
                    defects=[HotPixels(fraction=0.2, above=rate * ELECTRON_PER_SECOND,
                                       maximum=1000 * rate * ELECTRON_PER_SECOND)])  # fmt: skip
    mean = sensor.true_rate().data.ravel() * SECONDS
    rng = np.random.default_rng(0)
    values = [
        uniform_p(simulate_dark(sensor, exposure=SECONDS * u.s, rng=seed, dtype="float64").data.ravel(), mean, rng)
        for seed in range(SEEDS)
    ]
    assert stats.kstest(values, "uniform").pvalue > 1e-3
