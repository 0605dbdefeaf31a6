"""Telegraph pixels against the closed forms of a two-state process."""

import numpy as np
import pytest
from astropy import units as u
from scipy import stats

from ccdproc_darks import DARK_FLAGS, DarkSequence, Sensor
from ccdproc_darks.simulation import TelegraphPixels
from ccdproc_darks.simulation.telegraph import after_pause, time_high

from ..helpers import ELECTRON_PER_SECOND

BASE, AMPLITUDE, PAUSE, FRAMES = 0.5, 4.0, 7.0, 6
# Mean dwell times, low and high (s), and the exposure time: far shorter than it, about as long, far longer.
CASES = [(0.01, 0.03, 60.0), (3.0, 1.0, 60.0), (40.0, 90.0, 60.0), (900.0, 400.0, 30.0), (9000.0, 6000.0, 30.0)]


def moments(low, high, seconds, lag):
    """
    Mean, variance and covariance at a lag (frames) of the electrons of an exposure.

    The state has the autocovariance p (1 - p) exp(-t / tau) (Machlup 1954); integrated over two exposures.
    """
    p, tau = high / (low + high), 1 / (1 / low + 1 / high)
    x = seconds / tau
    mean = (BASE + AMPLITUDE * p) * seconds
    scale = AMPLITUDE**2 * p * (1 - p) * tau**2
    variance = mean + 2 * scale * (x + np.expm1(-x))
    apart = lag * (seconds + PAUSE) - seconds
    return mean, variance, scale * np.expm1(-x) ** 2 * np.exp(-apart / tau)


@pytest.mark.statistics
@pytest.mark.parametrize(("low", "high", "seconds"), CASES)
def test_mean_and_autocorrelation(low, high, seconds):
    telegraph = TelegraphPixels(amplitude=AMPLITUDE * ELECTRON_PER_SECOND, dwell_low=low * u.s, dwell_high=high * u.s)
    sensor = Sensor(shape=(200, 250), rate=BASE * ELECTRON_PER_SECOND, defects=[telegraph])
    assert (sensor.true_flags().data == DARK_FLAGS.TELEGRAPH | DARK_FLAGS.DO_NOT_USE).all()
    darks = DarkSequence(sensor, [(FRAMES, seconds * u.s)], rng=1, readout=PAUSE * u.s, dtype="float64")
    counts = np.array([frame.data.ravel() for frame in darks])
    mean, variance, _ = moments(low, high, seconds, 1)
    np.testing.assert_allclose(sensor.true_rate().data, mean / seconds, rtol=1e-6)

    away = counts - mean

    def agree(samples, expected):
        error = samples.std() / np.sqrt(samples.size)
        assert abs(samples.mean() - expected) < 4.5 * error + 1e-12

    # Of each pixel over its frames, which are not independent.
    agree(away.mean(axis=0), 0)
    agree((away**2).mean(axis=0), variance)
    for lag in (1, 2, 4):
        agree((away[lag:] * away[:-lag]).mean(axis=0), moments(low, high, seconds, lag)[2])


@pytest.mark.statistics
@pytest.mark.parametrize(("low", "high"), [(0.5, 2.0), (5.0, 5.0), (60.0, 3.0)])
def test_time_in_the_high_state_has_the_distribution_of_a_walk(low, high):
    """Against switching one dwell after the other."""
    rng, pixels, seconds = np.random.default_rng(5), 20000, 20.0
    start = rng.random(pixels) < 0.3
    time, end = time_high(rng, start, seconds, np.full(pixels, low), np.full(pixels, high))

    state, left, walked = start.copy(), np.full(pixels, seconds), np.zeros(pixels)
    while (left > 0).any():
        dwell = np.minimum(rng.exponential(np.where(state, high, low)), left)
        walked += np.where(state, dwell, 0)
        left -= dwell
        state = np.where(left > 0, ~state, state)
    for started in (False, True):
        one, other = time[start == started], walked[start == started]
        assert stats.ks_2samp(one, other).pvalue > 1e-3
        # Given the state at the end, too.
        both = end[start == started], state[start == started]
        assert abs(both[0].mean() - both[1].mean()) < 0.02
        assert stats.ks_2samp(one[both[0]], other[both[1]]).pvalue > 1e-3
    assert time.min() >= 0
    assert time.max() <= seconds


def test_a_million_switches_cost_no_more_than_a_few():
    rng = np.random.default_rng(1)
    pixels = 60000
    dwell = np.full(pixels, 1e-4)
    time, _ = time_high(rng, np.zeros(pixels, bool), 1000.0, dwell, 3 * dwell)
    # 2 p (1 - p) tau t, of a switching far faster than the exposure.
    variance = 2 * 0.75 * 0.25 * 0.75e-4 * 1000
    assert time.mean() == pytest.approx(750, abs=5 * np.sqrt(variance / pixels))
    assert time.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / pixels))


def test_a_pause_forgets_with_the_right_time():
    rng, pixels = np.random.default_rng(2), 100000
    low, high = np.full(pixels, 30.0), np.full(pixels, 10.0)
    for started in (False, True):
        for seconds in (0.0, 5.0, 100.0):
            after = after_pause(rng, np.full(pixels, started), seconds, low, high).mean()
            expected = 0.25 + (started - 0.25) * np.exp(-seconds / 7.5)
            assert after == pytest.approx(expected, abs=0.008)


def test_no_exposure_no_time():
    dwell = np.ones(3)
    time, state = time_high(np.random.default_rng(1), np.array([True, False, True]), 0.0, dwell, dwell)
    assert (time == 0).all()
    np.testing.assert_array_equal(state, [True, False, True])
