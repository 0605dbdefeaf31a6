"""Variance against mean of equal frames, with known truth: slope, standard error, and what must not bias them."""

import numpy as np
import pytest

from ccdproc_darks.statistics.photon_transfer import equal_frames, fit_transfer

pytestmark = pytest.mark.statistics
PIXELS, BIAS = 2**15, 1000.0


def frames(
    seed,
    number=10,
    *,
    gain=1.5,
    read_noise=8.0,
    hot=1500,
    lowest=20.0,
    highest=2e4,
    telegraph=0.0,
    rays=1e-4,
    drift=0.0,
):
    """Equal frames (adu): typical pixels of 3 electrons, and hot ones whose numbers fall with their electrons."""
    rng = np.random.default_rng([seed, number])
    electrons = np.maximum(rng.normal(3.0, 0.3, PIXELS), 0)
    power, uniform = -0.8, rng.random(hot)
    electrons[:hot] += (lowest**power + uniform * (highest**power - lowest**power)) ** (1 / power)
    found = []
    for index in range(number):
        now = electrons * (1 + drift * index)
        changing = int(telegraph * hot)
        now[:changing] *= 1 + 0.5 * (rng.random(changing) < 0.5)
        values = rng.poisson(now) + rng.normal(0, read_noise, PIXELS)
        hit = rng.random(PIXELS) < rays
        values[hit] += rng.exponential(1000.0, hit.sum())
        found.append(np.clip(np.round(values / gain + BIAS + rng.normal()), 0, 65535).astype(np.uint16))
    return found


def gains(seeds, **options):
    """Gains and their standard errors, relative to the truth."""
    truth, found = options.get("gain", 1.5), []
    for seed in range(seeds):
        line = fit_transfer([equal_frames(frames(seed, **options), BIAS)])
        found.append((1 / line.slope / truth, line.slope_error / line.slope**2 / truth))
    return np.array(found).T


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"number": 20},
        {"gain": 0.25, "read_noise": 1.0, "lowest": 1.0, "highest": 3000.0},
        {"gain": 8.0},
        {"rays": 3e-3},
        {"drift": 0.01},
    ],
    ids=["ccd", "twenty frames", "cmos", "coarse digits", "many rays", "warming"],
)
def test_slope_and_error(options):
    seeds = 60
    found, errors = gains(seeds, **options)
    pulls = (found - 1) / errors
    assert found.mean() == pytest.approx(1, abs=0.02 + 2.5 * found.std() / np.sqrt(seeds))
    # The width of so many pulls has a standard error of 9 %.
    assert pulls.std() == pytest.approx(1, abs=0.1 + 0.15)


@pytest.mark.parametrize("number", [2, 3])
def test_few_frames(number):
    found, errors = gains(40, number=number, hot=4000)
    assert np.median(found) == pytest.approx(1, abs=0.06)
    assert np.std((found - 1) / errors) == pytest.approx(1, abs=0.25)


def test_telegraph_pixels_hardly_matter():
    """A tenth of the hot pixels switches between two rates: their variances are up to hundreds of times too high."""
    found, _ = gains(30, telegraph=0.1)
    assert found.mean() == pytest.approx(1, abs=0.05)


def test_sets_share_the_slope():
    some = [equal_frames(frames(1), BIAS), equal_frames(frames(2, 5, lowest=200.0), BIAS)]
    both, first = fit_transfer(some), fit_transfer(some[:1])
    assert both.slope_error < first.slope_error
    assert both.slope == pytest.approx(1 / 1.5, abs=4 * both.slope_error)
    for variance, error in both.typical:
        assert variance == pytest.approx((64 + 3) / 1.5**2 + 1 / 12, abs=5 * error)


def test_the_level_does_not_matter():
    values = frames(3)
    shifted = [value + np.uint16(500 * index) for index, value in enumerate(values)]
    expected, found = (fit_transfer([equal_frames(some, bias)]) for some, bias in ((values, 0.0), (shifted, BIAS)))
    assert found.slope == pytest.approx(expected.slope, rel=0.01)


def test_saturated_and_masked_pixels_take_no_part():
    values = frames(4)
    expected = fit_transfer([equal_frames(values, BIAS)])
    masked = np.zeros(PIXELS, bool)
    masked[-3000:] = True
    for value in values:
        value[-3000:-1500] = 65535
        value[-1500:] = np.random.default_rng(value[0]).integers(2000, 3000, 1500)
    found = fit_transfer([equal_frames(values, BIAS, top=65535, masked=masked)])
    assert found.slope == pytest.approx(expected.slope, abs=2 * expected.slope_error)
    clipped = [np.minimum(value, 4095) for value in values]
    found = fit_transfer([equal_frames(clipped, BIAS, masked=masked)])
    assert found.slope == pytest.approx(expected.slope, abs=2 * expected.slope_error)


def test_cosmic_rays_alone_tell_nothing():
    assert fit_transfer([equal_frames(frames(5, hot=0, rays=0.02), BIAS)]) is None
    assert fit_transfer([equal_frames(frames(5, hot=10, rays=0), BIAS)]) is None


def test_too_few_pixels():
    assert equal_frames([np.arange(50.0), np.arange(50.0) + 1]) is None
    assert equal_frames([np.full(500, np.nan)] * 2) is None


def test_scales_and_noise_of_frames():
    values = frames(6, 4) + [np.round((value - BIAS) * 3 + BIAS) for value in frames(7, 2)]
    some = equal_frames(values, BIAS)
    np.testing.assert_allclose(some.scales[4:].mean() / some.scales[:4].mean(), 1, atol=0.5)
    assert some.noise[4:].mean() / some.noise[:4].mean() == pytest.approx(3, rel=0.1)


def test_infinite_values_take_no_part(recwarn):
    rng = np.random.default_rng(1)
    frames = [rng.normal(1000, 5, 20000) for _ in range(4)]
    frames[0][:5000], frames[1][:5000] = np.inf, -np.inf
    found = equal_frames(frames, np.where(np.arange(20000) < 9000, np.inf, 1000.0))
    assert found.typical == pytest.approx(0, abs=1)
    assert not recwarn.list


@pytest.mark.parametrize("hot", [0, 200, 1500])
@pytest.mark.parametrize("number", [3, 4, 10, 20])
def test_pixels_that_are_noisy_to_read_are_not_warm(hot, number):
    """Telegraph read noise raises as many means as it lowers, and the variances of all of them."""
    values = frames(5, number, read_noise=1.5, hot=hot, rays=0.0)
    rng = np.random.default_rng(6)
    noisy = rng.choice(PIXELS, PIXELS // 12, replace=False)
    size = np.exp(rng.uniform(0, np.log(40), noisy.size))
    for frame in values:
        shift = size * rng.choice([-1, 0, 0, 1], noisy.size)
        frame[noisy] = np.round(frame[noisy] + shift / 1.5)
    line = fit_transfer([equal_frames(values, BIAS)])
    if line is not None and line.slope_error < 0.25 * line.slope:
        assert abs(line.slope - 1 / 1.5) < 5 * np.hypot(line.slope_error, 0.05 / 1.5)
    if hot == 1500:
        assert line is not None
