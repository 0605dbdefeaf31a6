"""Read noise that differs between pixels, telegraph read noise, and noise that rows and columns have in common."""

import numpy as np
import pytest
from astropy import units as u
from scipy import stats

from ccdproc_darks import DARK_FLAGS, DarkSequence, Sensor, simulate_dark
from ccdproc_darks.simulation import HotPixels, NoisyPixels, OffsetPixels, TelegraphReadNoise

from ..helpers import ELECTRON_PER_SECOND

FRAMES = 60
BIAS = {"rate": 0 * ELECTRON_PER_SECOND, "bias": 300 * u.adu, "seed": 1}
NOISY = NoisyPixels(fraction=0.1, above=3 * u.electron, maximum=60 * u.electron)
HALF = TelegraphReadNoise(fraction=0.2, amplitude=[2, 20] * u.electron)
RARE = TelegraphReadNoise(fraction=0.3, amplitude=9 * u.electron, occupancy=(0.05, 0.2))
TWO_LEVELS = TelegraphReadNoise(fraction=0.4, amplitude=6 * u.electron, occupancy=0.3, correlated_double_sampling=False)


def readings(sensor, frames=FRAMES, seconds=0.0, dtype="float64", rng=1):
    """Frames of a sensor in electron, shape (frames, rows, columns)."""
    darks = DarkSequence(sensor, [(frames, seconds * u.s)], rng=rng, dtype=dtype)
    return np.array([dark.data for dark in darks], dtype=float) * sensor.gain.value - 300 * sensor.gain.value


@pytest.mark.statistics
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"read_noise_spread": 0.3},
        {"defects": [NOISY]},
        {"defects": [HALF]},
        {"defects": [RARE, NOISY], "read_noise_spread": 0.2},
        {"defects": [TWO_LEVELS]},
        {"defects": [HALF, HALF, RARE]},
        {"row_noise": 2 * u.electron, "column_noise": 1 * u.electron},
        {"read_noise": 0 * u.electron, "defects": [NOISY, HALF]},
    ],
)
@pytest.mark.parametrize("dtype", ["uint16", "float64"])
def test_variance_of_bias_frames_is_that_of_the_truth(options, dtype):
    sensor = Sensor(**{"shape": (200, 250), "read_noise": 2 * u.electron, "gain": 0.5 * u.electron / u.adu, **BIAS,
                       **options})  # fmt: skip
    frames = readings(sensor, dtype=dtype)
    truth = sensor.true_read_noise(dtype=dtype)
    assert truth.unit == u.electron
    assert truth.meta["SIMTRUTH"] == "read noise"
    variance, true = frames.var(axis=0, ddof=1), truth.data**2
    noisy = (sensor.true_flags().data & DARK_FLAGS.UNRELIABLE_ERROR) > 0
    for pixels in (noisy, ~noisy):
        # Pixels of no noise at all are rounded alike in every frame.
        pixels = pixels & (true > 0.1)
        if pixels.any():
            ratio = variance[pixels] / true[pixels]
            error = ratio.std() / np.sqrt(ratio.size)
            if sensor.row_noise > 0:
                # Pixels of a row are not independent.
                error += np.sqrt(2 / FRAMES / 200)
            assert abs(ratio.mean() - 1) < 4.5 * error
    # Large and small truths apart, and not just their mean.
    order = np.argsort(true, axis=None)
    for part in np.array_split(order, 5):
        if true.flat[part].mean() > 0.1:
            assert variance.flat[part].mean() == pytest.approx(true.flat[part].mean(), rel=0.05)


@pytest.mark.statistics
@pytest.mark.parametrize("occupancy", [0.5, 0.1, 0.9])
@pytest.mark.parametrize("double", [True, False])
def test_how_often_a_reading_is_shifted(occupancy, double):
    trap = TelegraphReadNoise(
        fraction=1, amplitude=40 * u.electron, occupancy=occupancy, correlated_double_sampling=double
    )
    sensor = Sensor(shape=(100, 200), read_noise=1 * u.electron, defects=[trap], **BIAS)
    frames = readings(sensor, frames=20)
    up, down = (np.mean(sign * frames > 20) for sign in (1, -1))
    expected = occupancy * (1 - occupancy) if double else occupancy
    error = 5 * np.sqrt(expected * (1 - expected) / frames.size)
    assert up == pytest.approx(expected, abs=error)
    assert down == pytest.approx(expected if double else 0, abs=error)
    shifts = 40 * np.rint(frames / 40)
    assert set(np.unique(shifts)) == ({-40, 0, 40} if double else {0, 40})
    assert stats.kstest((frames - shifts).ravel()[::7], "norm").pvalue > 1e-3
    # Readings of two frames are independent.
    correlation = np.corrcoef(shifts[:-1].ravel(), shifts[1:].ravel())[0, 1]
    assert abs(correlation) < 5 / np.sqrt(shifts[1:].size)


def test_a_shift_does_not_grow_with_exposure():
    sensor = Sensor(shape=(200, 250), read_noise=2 * u.electron, defects=[HALF], **BIAS)
    short, long = (readings(sensor, seconds=seconds).var(axis=0, ddof=1).mean() for seconds in (0, 3000))
    assert long == pytest.approx(short, rel=0.02)
    np.testing.assert_array_equal(readings(sensor, 3), readings(sensor, 3, seconds=3000))


def test_row_noise_is_common_to_a_row_and_new_in_each_frame():
    sensor = Sensor(shape=(400, 300), row_noise=3 * u.electron, column_noise=2 * u.electron, **BIAS)
    frames = readings(sensor, frames=6)
    rows, columns = frames.mean(axis=2), frames.mean(axis=1)
    # Nothing is left but the two.
    left = frames - rows[:, :, None] - columns[:, None, :] + frames.mean(axis=(1, 2))[:, None, None]
    assert np.abs(left).max() < 1e-9
    assert rows.std(axis=1).mean() == pytest.approx(3, rel=0.05)
    assert columns.std(axis=1).mean() == pytest.approx(2, rel=0.06)
    for lines in (rows, columns):
        correlation = np.corrcoef(lines) - np.eye(6)
        assert np.abs(correlation).max() < 5 / np.sqrt(lines.shape[1])


def test_neighbouring_pixels_of_a_row_are_correlated():
    sensor = Sensor(shape=(300, 300), read_noise=3 * u.electron, row_noise=1.5 * u.electron, **BIAS)
    frame = readings(sensor, frames=1)[0]
    along = np.mean(frame[:, 1:] * frame[:, :-1])
    across = np.mean(frame[1:] * frame[:-1])
    assert along == pytest.approx(1.5**2, abs=5 * 1.5**2 * np.sqrt(2 / 300))
    assert abs(across) < 0.5


def test_noisy_pixels_have_a_heavy_tail():
    sensor = Sensor(shape=(1000, 1000), read_noise=2 * u.electron, defects=[NOISY], **BIAS)
    noise = sensor.true_read_noise(dtype="float64").data
    above = noise[noise > 2.5]
    assert above.size == 100_000
    assert (above.min() >= 3 * (1 - 1e-6), above.max() <= 60 * (1 + 1e-6)) == (True, True)
    # Of a slope of 2, as many above x as x**-2, less those that would be above the maximum.
    share = np.mean(above > 12)
    assert share == pytest.approx(((3 / 12) ** 2 - (3 / 60) ** 2) / (1 - (3 / 60) ** 2), rel=0.06)
    np.testing.assert_array_equal(np.unique(noise[noise < 2.5]), [2])


def test_pixels_may_be_noisy_besides_any_other_defect():
    hot = HotPixels(fraction=0.3, above=1 * ELECTRON_PER_SECOND, maximum=9 * ELECTRON_PER_SECOND)
    offset = OffsetPixels(offset=50 * u.electron, fraction=0.4)
    sensor = Sensor(shape=(200, 200), read_noise=2 * u.electron, defects=[hot, offset, NOISY, HALF], **BIAS)
    flags = sensor.true_flags().data
    noisy = (flags & DARK_FLAGS.UNRELIABLE_ERROR) > 0
    assert noisy.mean() == pytest.approx(1 - 0.9 * 0.8, rel=0.05)
    for flag in (DARK_FLAGS.HOT, DARK_FLAGS.NONLINEAR):
        among = (flags & flag) > 0
        assert (among & noisy).sum() / noisy.sum() == pytest.approx(among.mean(), rel=0.1)
    # A pixel that is only noisy is not masked.
    only = noisy & (flags & ~np.uint32(DARK_FLAGS.UNRELIABLE_ERROR | DARK_FLAGS.HOT) == 0)
    assert only.any()
    assert not sensor.true_flags().mask[only].any()
    # Their order changes no other defect.
    other = Sensor(shape=(200, 200), read_noise=2 * u.electron, defects=[hot, offset], **BIAS)
    np.testing.assert_array_equal(other.true_rate(exposure=9 * u.s).data, sensor.true_rate(exposure=9 * u.s).data)


def test_telegraph_read_noise_changes_no_other_pixel():
    options = {"shape": (300, 301), "read_noise": 2 * u.electron, "read_noise_spread": 0.1, "seed": 1}
    with_it, without = (Sensor(defects=defects, **options) for defects in ([RARE], []))
    one, other = (simulate_dark(sensor, exposure=100 * u.s, rng=1).data for sensor in (with_it, without))
    pixels = (with_it.true_flags().data & DARK_FLAGS.UNRELIABLE_ERROR) > 0
    np.testing.assert_array_equal(one[~pixels], other[~pixels])
    assert 0.1 < np.mean(one[pixels] != other[pixels]) < 0.4


def test_header_tells_the_noise_of_a_pixel_that_is_not_noisy():
    sensor = Sensor(shape=(20, 30), read_noise=3 * u.electron, row_noise=4 * u.electron, defects=[HALF, NOISY], **BIAS)
    for dtype, noise in (("float64", 5.0), ("uint16", np.sqrt(25 + 1 / 12))):
        assert simulate_dark(sensor, exposure=0 * u.s, dtype=dtype).meta["RDNOISE"] == pytest.approx(noise)
