"""Rates by a map of each pixel's read noise: what physics demands of them."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

from ccdproc_darks import Amplifier, NoiseWarning, dark_rate, master_bias
from ccdproc_darks._compute import blocks

from ..helpers import assert_same_image, dark

SHAPE, GAIN, LEVEL = (40, 50), 0.5, 100.0
NOISE = 3.0 * np.exp(np.random.default_rng(1).normal(0, 0.3, SHAPE))
EXACT = CCDData(NOISE, unit=u.electron)
RATE = 0.02


def frames(number, seconds, seed=2, *, rate=RATE, noise=NOISE, jump=0.0, gain=GAIN, **keys):
    rng, found = np.random.default_rng([seed, int(seconds)]), []
    for _ in range(number):
        electrons = rng.normal(0, 1, noise.shape) * noise + rng.poisson(rate * seconds, noise.shape)
        electrons += jump * rng.choice([-1, 0, 0, 1], noise.shape)
        found.append(dark(electrons / gain + LEVEL, seconds, gain=gain, read_noise=None, **keys))
    return found


def measured(seed=2, times=(60.0,), number=6, read_noise=EXACT, **options):
    given = [frame for seconds in times for frame in frames(number, seconds, seed)]
    return dark_rate(given, **{"bias": LEVEL * u.adu, "check_headers": False, "read_noise": read_noise, **options})


@pytest.mark.parametrize("times", [(60.0,), (60.0, 600.0)])
def test_the_uncertainty_of_each_pixel_is_its_scatter_over_repeated_rates(times):
    many = np.array([measured(seed, times).data for seed in range(60)])
    claimed = measured(0, times).uncertainty.array
    ratio = many.std(axis=0, ddof=1) / claimed
    for low, high in ((0, 0.1), (0.45, 0.55), (0.9, 1)):
        inside = (np.quantile(NOISE, low) <= NOISE) & (np.quantile(NOISE, high) >= NOISE)
        assert np.sqrt(np.mean(ratio[inside] ** 2)) == pytest.approx(1, abs=0.04)


@pytest.mark.filterwarnings("ignore:read noise differs by")
@pytest.mark.parametrize("times", [(60.0,), (60.0, 600.0), (60.0, 300.0, 600.0)])
@pytest.mark.parametrize("offset", [None, "pixel"])
def test_a_map_of_one_number_is_that_number(times, offset):
    if offset == "pixel" and len(times) == 1:
        pytest.skip("an offset needs two exposure times")
    flat = CCDData(np.full(SHAPE, 3.0), unit=u.electron)
    bias = CCDData(np.full(SHAPE, LEVEL), unit=u.adu, meta={"NCOMBINE": 9})
    one, other = (measured(times=times, read_noise=noise, bias=bias, offset=offset) for noise in (3 * u.electron, flat))
    np.testing.assert_allclose(one.data, other.data, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(one.uncertainty.array, other.uncertainty.array, rtol=1e-5)
    assert one.meta["DKRDNOI"] == other.meta["DKRDNOI"] == 3.0
    assert one.meta["DKBIASER"] == other.meta["DKBIASER"] == 1.0
    assert (one.meta["DKNOISE"], other.meta["DKNOISE"]) == ("argument", "map")


def test_the_bias_of_a_noisy_pixel_is_noisy_too():
    bias = CCDData(np.full(SHAPE, LEVEL), unit=u.adu, meta={"NCOMBINE": 4})
    found, without = measured(bias=bias), measured()
    added = (found.uncertainty.array**2 - without.uncertainty.array**2) * 60.0**2
    np.testing.assert_allclose(added, NOISE**2 / 4, rtol=1e-3)


@pytest.mark.parametrize("times", [(60.0,), (60.0, 600.0)])
@pytest.mark.parametrize("kind", ["level", "NCOMBINE", "uncertainty"])
def test_a_map_of_no_noise_at_all(times, kind):
    """What is left is Poisson noise, and the error of the bias: as of a read noise of 0."""
    flat = CCDData(np.zeros(SHAPE), unit=u.electron)
    bias = CCDData(np.full(SHAPE, LEVEL), unit=u.adu, meta={"NCOMBINE": 9})
    if kind == "uncertainty":
        del bias.meta["NCOMBINE"]
        bias.uncertainty = StdDevUncertainty(np.full(SHAPE, 0.8))
    bias = LEVEL * u.adu if kind == "level" else bias
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, other = (measured(times=times, read_noise=noise, bias=bias) for noise in (0 * u.electron, flat))
    np.testing.assert_allclose(one.data, other.data, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(one.uncertainty.array, other.uncertainty.array, rtol=1e-5)


def test_gain_scales_all():
    """Rates, errors and map are in electron."""
    once = measured()
    twice = measured(gain=2 * GAIN * u.electron / u.adu, read_noise=EXACT.multiply(2), bias=LEVEL * u.adu)
    np.testing.assert_allclose(twice.data, 2 * once.data, rtol=1e-5, atol=1e-7)
    poisson = np.maximum(once.data, 0) / 60 / 6
    np.testing.assert_allclose(
        twice.uncertainty.array**2 - 2 * poisson, 4 * (once.uncertainty.array**2 - poisson), rtol=1e-4
    )


def test_cosmic_rays_are_told_by_the_pixels_own_noise():
    """What is ten sigmas in a quiet pixel is nothing in a noisy one."""
    given = frames(8, 60.0)
    quiet, noisy = (np.unravel_index(place, SHAPE) for place in (NOISE.argmin(), NOISE.argmax()))
    for place in (quiet, noisy):
        given[3].data[place] = np.mean([frame.data[place] for frame in given]) + 16 * NOISE.min() / GAIN
    found = dark_rate(given, bias=LEVEL * u.adu, read_noise=EXACT, check_headers=False)
    error = found.uncertainty.array * 60
    np.testing.assert_allclose(
        error[quiet], np.sqrt((max(found.data[quiet] * 60, 0) + NOISE.min() ** 2) / 7), rtol=1e-4
    )
    np.testing.assert_allclose(
        error[noisy], np.sqrt((max(found.data[noisy] * 60, 0) + NOISE.max() ** 2) / 8), rtol=1e-4
    )
    assert found.meta["DKLOST"] == 1


@pytest.mark.filterwarnings("ignore:read noise differs by")
def test_telegraph_pixels_do_not_lose_their_high_jumps():
    """Rates and biases by the map are right; by one number only high jumps are rejected, and rates are too low."""
    jump = np.where(np.random.default_rng(4).random(SHAPE) < 0.2, 25.0, 0.0)
    total = np.sqrt(9.0 + jump**2 / 2)
    flat = np.full(SHAPE, 3.0)
    image = CCDData(total, unit=u.electron, uncertainty=StdDevUncertainty(total / np.sqrt(2 * 40)))
    given = frames(10, 600.0, noise=flat, jump=jump)
    biases = frames(40, 0.0, noise=flat, jump=jump)
    jumping = jump > 0

    def departure(noise):
        bias = master_bias(biases, read_noise=noise, check_headers=False)
        rate = dark_rate(given, bias=LEVEL * u.adu, read_noise=noise, check_headers=False)
        for data, scale in (
            (bias.data - LEVEL, GAIN / total / np.sqrt(1 / 40)),
            (rate.data - RATE, 600 / np.sqrt(total**2 + 12) * np.sqrt(10)),
        ):
            yield (data * scale)[jumping].sum() / np.sqrt(jumping.sum())

    assert np.abs(list(departure(image))).max() < 4
    bias, rate = departure(3.0 * u.electron)
    assert abs(bias) < 4
    assert rate < -10


def test_the_same_whatever_the_blocks_and_workers(monkeypatch, tmp_path):
    image = CCDData(NOISE, unit=u.electron, uncertainty=StdDevUncertainty(NOISE / np.sqrt(2 * 20)))
    given = frames(6, 60.0) + frames(6, 600.0)
    for number, frame in enumerate(given):
        frame.data = np.rint(frame.data).astype("u2")
        frame.data[::7, number] += 300
        frame.write(tmp_path / f"{number}.fits")
    paths = sorted(tmp_path.glob("*.fits"))
    for some in (slice(0, 6), slice(0, None)):
        options = {"bias": LEVEL * u.adu, "read_noise": image, "check_headers": False, "exposure": None}
        once = dark_rate(given[some], **options)
        files = [path for path in paths if int(path.stem) in range(12)[some]]
        with ThreadPoolExecutor(2) as executor, monkeypatch.context() as patch:
            patch.setattr(blocks, "_PIXELS_PER_BLOCK", 7 * SHAPE[1])
            assert_same_image(once, dark_rate(given[some], **options, executor=executor))
            assert_same_image(once, dark_rate(sorted(files, key=lambda path: int(path.stem)), **options))


def test_trimmed_frames_and_amplifiers():
    whole = measured()
    part = measured(trim="[11:40, 6:30]")
    for found in (part, measured(trim="[11:40, 6:30]", read_noise=EXACT[5:30, 10:40])):
        np.testing.assert_allclose(found.uncertainty.array, whole.uncertainty.array[5:30, 10:40], rtol=1e-6)
    sections = [Amplifier("[1:20, :]"), Amplifier("[21:50, :]")]
    np.testing.assert_allclose(measured(amplifiers=sections).uncertainty.array, whole.uncertainty.array, rtol=1e-6)
    sections = [Amplifier("[1:20, :]", read_noise=EXACT), Amplifier("[21:50, :]", read_noise=EXACT[:, 20:])]
    np.testing.assert_allclose(measured(amplifiers=sections).uncertainty.array, whole.uncertainty.array, rtol=1e-6)


def test_a_map_of_another_camera():
    image = EXACT.copy()
    image.meta["INSTRUME"] = "camera B"
    given = frames(4, 60.0, INSTRUME="camera A", IMAGETYP="Dark Frame")
    with pytest.raises(
        ValueError, match=r"^read_noise and frames must be of one camera: INSTRUME is 'camera B' in read_"
    ):
        dark_rate(given, bias=LEVEL * u.adu, read_noise=image)
    dark_rate(given, bias=LEVEL * u.adu, read_noise=image, check_headers=False)


def test_a_masked_pixel_of_the_map_has_the_noise_of_the_sensor():
    image = CCDData(NOISE, unit=u.electron, uncertainty=StdDevUncertainty(NOISE / np.sqrt(2 * 20)))
    image.mask = np.zeros(SHAPE, bool)
    image.mask[3, 4] = True
    found = measured(read_noise=image)
    assert np.isfinite(found.data).all()
    variance = 6 * (found.uncertainty.array[3, 4] * 60) ** 2 - max(found.data[3, 4] * 60, 0)
    assert variance == pytest.approx(np.mean(NOISE**2), rel=0.1)


@pytest.mark.parametrize("factor", [0.1, 0.4])
def test_a_map_that_the_frames_refute(factor):
    """The sentence speaks of the map, not of a number to pass."""
    told = CCDData(factor * NOISE, unit=u.electron)
    with pytest.warns(
        NoiseWarning, match="^the typical read noise of the map is .*of another camera, gain or mode"
    ) as caught:
        measured(number=10, times=(60.0,), read_noise=told, check_headers=True)
    assert all("Pass read_noise=" not in str(one.message) for one in caught)
