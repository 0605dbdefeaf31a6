"""Whether rates and their uncertainties are what they say, on simulated frames."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import dark_rate, simulate_dark

from ..helpers import dark, master_bias, noisy_darks

pytestmark = pytest.mark.statistics

SHAPE = (400, 500)
BIAS_FRAMES = 12


def true_variance(rate, times, numbers, read_noise):
    """Variance of the generalised-least-squares rate, from the full covariance matrix."""
    times = np.array(times)
    covariance = np.diag((rate * times + read_noise**2) / numbers) + read_noise**2 / BIAS_FRAMES
    return 1 / (times @ np.linalg.solve(covariance, times))


@pytest.mark.parametrize(("times", "numbers"), [((100.0,), (5,)), ((90.0, 1000.0), (6, 4))])
@pytest.mark.parametrize("read_noise", [0.5, 3.0, 10.0])
@pytest.mark.parametrize("rate", [0.0, 0.01, 1.0, 50.0])
def test_rates_scatter_about_the_truth_as_they_say(rate, read_noise, times, numbers):
    rng = np.random.default_rng(2026)
    bias = master_bias(rng, read_noise, BIAS_FRAMES, SHAPE)
    darks = [
        frame
        for seconds, number in zip(times, numbers, strict=True)
        for frame in noisy_darks(rng, rate, seconds, number, read_noise, SHAPE)
    ]
    measured = dark_rate(darks, bias=bias, dtype="float64")
    assert not measured.mask.any()
    variance = true_variance(rate, times, numbers, read_noise)
    pull = (measured.data - rate) / np.sqrt(variance)
    assert pull.mean() == pytest.approx(0, abs=0.01)
    assert pull.std() == pytest.approx(1, abs=0.01)
    reported = np.mean(measured.uncertainty.array**2)
    if rate * np.dot(times, numbers) > 30:
        assert reported == pytest.approx(variance, rel=0.01)
    else:
        # max(d, 0) has a positive mean where d is all noise: never too small, and at most by its share.
        assert reported >= variance * 0.995


def test_noise_of_each_pixel_is_its_own():
    """Rates from 0.05 to 500 in one image: pull and variance are right in each decade."""
    rng = np.random.default_rng(3)
    rates = np.repeat([0.05, 0.5, 5.0, 50.0, 500.0], 100)[:, None] * np.ones((1, 500))
    darks = [dark(rng.poisson(rates * 200) + rng.normal(0, 4, rates.shape), 200.0, "electron", read_noise=4.0)
             for _ in range(4)]  # fmt: skip
    measured = dark_rate(darks, dtype="float64")
    pull = ((measured.data - rates) / measured.uncertainty.array).reshape(5, -1)
    # The pull by a pixel's own uncertainty is skewed by the square root of what it collects; not wider.
    np.testing.assert_allclose(pull.std(axis=1), 1, atol=0.015)


def test_ideal_case_of_the_guide():
    """0.01 electron/s, 100 s, gain 1.5: 0.667 adu with a variance of 0.667 / 1.5 adu^2."""
    frame = simulate_dark(
        (1000, 1000), exposure=100 * u.s, rate=0.01 * u.electron / u.s, gain=1.5 * u.electron / u.adu,
        dtype="float64", rng=1,
    )  # fmt: skip
    assert frame.data.mean() == pytest.approx(1 / 1.5, rel=0.01)
    assert frame.data.var() == pytest.approx(1 / 1.5**2, rel=0.01)


def test_gain_scales_rate_and_uncertainty_of_digitised_frames():
    """Rounding to adu adds g^2/12 to the read noise, and RDNOISE of a simulated frame contains it."""
    darks = [
        simulate_dark((300, 400), exposure=100 * u.s, rate=0.5 * u.electron / u.s, gain=6 * u.electron / u.adu,
                      read_noise=3 * u.electron, bias=500 * u.adu, rng=seed)
        for seed in range(3)
    ]  # fmt: skip
    measured = dark_rate(darks, bias=500 * u.adu, dtype="float64")
    assert darks[0].meta["RDNOISE"] == pytest.approx(np.sqrt(9 + 3))
    assert measured.data.mean() == pytest.approx(0.5, abs=0.001)
    assert measured.data.var() == pytest.approx((50 + 9 + 3) / 3 / 100**2, rel=0.01)
    assert np.mean(measured.uncertainty.array**2) == pytest.approx(measured.data.var(), rel=0.01)


@pytest.mark.parametrize(("rate", "read_noise"), [(0.01, 0.5), (0.1, 0.5), (0.05, 3.0), (1.0, 10.0)])
@pytest.mark.parametrize("number", [2, 3, 10])
def test_rejection_leaves_clean_frames_alone(rate, read_noise, number):
    """Nothing but noise: the mean moves by less than a hundredth of its error."""
    rng = np.random.default_rng(4)
    darks = noisy_darks(rng, rate, 100.0, number, read_noise, (300, 300))
    clipped = dark_rate(darks, dtype="float64")
    complete = dark_rate(darks, clip=None, dtype="float64")
    shift = (clipped.data - complete.data).mean() / complete.uncertainty.array.mean()
    assert -0.01 < shift <= 0
    assert np.mean(clipped.data != complete.data) < 1e-3


@pytest.mark.parametrize("number", [2, 3, 5])
def test_cosmic_rays_are_rejected(number):
    rng = np.random.default_rng(5)
    shape, rate, read_noise = (300, 300), 0.1, 5.0
    clean = noisy_darks(rng, rate, 100.0, number, read_noise, shape)
    hit = rng.choice(shape[0] * shape[1], 2000, replace=False)
    for chunk, frame in zip(np.array_split(hit, number), clean, strict=True):
        frame.data.flat[chunk] += rng.exponential(2000, chunk.size) + 100
    measured = dark_rate(clean, dtype="float64")
    struck = measured.data.flat[hit]
    error = np.sqrt((10 + 25) / (number - 1)) / 100
    assert struck.mean() == pytest.approx(rate, abs=5 * error / np.sqrt(hit.size))
    # One frame fewer, and the uncertainty says so.
    assert np.median(measured.uncertainty.array.flat[hit]) == pytest.approx(error, rel=0.02)


def test_a_drift_of_whole_frames_is_no_cosmic_ray():
    rng = np.random.default_rng(6)
    darks = noisy_darks(rng, 0.1, 100.0, 5, 3.0, (200, 200))
    for index, frame in enumerate(darks):
        frame.data += 15.0 * index
    clipped, complete = dark_rate(darks, dtype="float64"), dark_rate(darks, clip=None, dtype="float64")
    assert np.mean(clipped.data != complete.data) < 1e-3
    darks[0].data[10, 10] += 500
    assert dark_rate(darks, dtype="float64").data[10, 10] < 1.5


@pytest.mark.parametrize("number", [3, 4, 10])
@pytest.mark.parametrize(("rate", "read_noise"), [(0.01, 10.0), (0.2, 5.0), (0.02, 2.0)])
def test_read_noise_is_estimated_to_a_per_cent(number, rate, read_noise):
    rng = np.random.default_rng(7)
    shape = (500, 500)
    darks = noisy_darks(rng, rate, 100.0, number, read_noise, shape)
    hot = rng.choice(shape[0] * shape[1], 500, replace=False)
    for frame in darks:
        del frame.meta["RDNOISE"]
        frame.data.flat[hot] += rng.poisson(3000.0, hot.size)
        frame.data.flat[rng.choice(shape[0] * shape[1], 300)] += 800
    measured = dark_rate(darks)
    assert measured.meta["DKNOISE"] == "estimated"
    assert measured.meta["DKRDNOI"] == pytest.approx(read_noise, rel=0.01)


def test_weights_do_not_bias_low_counts():
    """Three exposure times that collect few electrons in all: weights from observed counts would read low."""
    rng = np.random.default_rng(8)
    darks = [frame for seconds in (100.0, 200.0, 400.0) for frame in noisy_darks(rng, 0.02, seconds, 2, 0.6, SHAPE)]
    measured = dark_rate(darks, dtype="float64")
    assert measured.data.mean() == pytest.approx(0.02, rel=0.005)
