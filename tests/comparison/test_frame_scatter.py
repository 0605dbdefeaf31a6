"""The fast pass over the scatter of frames gives what the exact one gives; with a map, averages over the read noise."""

import warnings
from unittest import mock

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty
from scipy import stats

from ccdproc_darks import NoiseWarning, dark_scatter, read_noise_map
from ccdproc_darks.comparison import frame_scatter
from ccdproc_darks.comparison.frame_scatter import ScatterJob

from ..helpers import assert_same_image, dark, noisy_darks


def frames_of(rng, noise, electrons, number, factor=1.0):
    """Darks of pixels that each have a read noise (electron), and collect so many electrons."""
    shape = noise.shape
    return [
        dark(rng.poisson(electrons, shape) + factor * noise * rng.standard_normal(shape), 100.0, "electron",
             read_noise=None)
        for _ in range(number)
    ]  # fmt: skip


def map_of(rng, noise, frames=None):
    """Map of the read noise; from so many frames, or exact."""
    if frames is None:
        return CCDData(noise, unit="electron")
    scatter = noise * np.sqrt(rng.chisquare(frames - 1, noise.shape) / (frames - 1))
    deviation = StdDevUncertainty(scatter / np.sqrt(2 * (frames - 1)))
    return CCDData(scatter, unit="electron", uncertainty=deviation)


def lognormal(rng, spread, shape=(150, 200), typical=2.0):
    return typical * np.exp(spread * rng.standard_normal(shape))


def test_the_comments_of_its_header_cards_are_not_cut_off(tmp_path):
    rng = np.random.default_rng(8)
    noise = lognormal(rng, 0.2, (30, 40))
    found = dark_scatter(frames_of(rng, noise, 5.0, 6), read_noise=map_of(rng, noise, 20))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found.write(tmp_path / "scatter.fits")
    assert_same_image(CCDData.read(tmp_path / "scatter.fits"), found)


@pytest.mark.parametrize(
    ("read_noise", "number", "electrons"),
    [(10.0, 10, 1.0), (1.0, 10, 1.0), (1.5, 4, 5.0), (0.0, 8, 0.5), (3.0, 30, 9.0)],
)
def test_as_if_all_pixels_were_exact(read_noise, number, electrons):
    """To rounding; to the bit where the tail is not that of a chi-square. Masked and struck samples included."""
    rng = np.random.default_rng(1)
    darks = noisy_darks(rng, electrons / 100, 100.0, number, read_noise, (60, 80))
    for level, frame in enumerate(darks):
        frame.data += 2.0 * (level % 3)
        frame.data[rng.random((60, 80)) < 0.005] += 40
    darks[0].mask = rng.random((60, 80)) < 0.02
    darks[1].data[3, 4:9] = np.nan
    quick = dark_scatter(darks, read_noise=read_noise * u.electron)

    def nothing_is_quick(table, roots):
        return roots, np.ones(roots.shape, dtype=bool)

    with mock.patch.object(frame_scatter._DeviateTable, "deviates", nothing_is_quick):
        exact = dark_scatter(darks, read_noise=read_noise * u.electron)
    np.testing.assert_array_equal(quick.mask, exact.mask)
    np.testing.assert_allclose(quick.data, exact.data, rtol=1e-5, atol=1e-5)
    far = exact.data > 2.3
    np.testing.assert_array_equal(quick.data[far], exact.data[far])
    assert far.any()


@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
def test_digits_of_any_type(dtype, tmp_path):
    """The same frames as whole numbers of any type, in memory and in files."""
    rng = np.random.default_rng(2)
    values = [np.rint(rng.normal(300, 9, (50, 60))) for _ in range(6)]
    expected = dark_scatter([dark(value, 10.0, read_noise=18.0) for value in values], bias=300 * u.adu)
    darks = [dark(value.astype(dtype), 10.0, read_noise=18.0) for value in values]
    assert_same_image(dark_scatter(darks, bias=300 * u.adu), expected)
    paths = [tmp_path / f"{number}.fits" for number in range(6)]
    for path, frame in zip(paths, darks, strict=True):
        frame.write(path)
    assert_same_image(dark_scatter(paths, bias=300 * u.adu), expected)


@pytest.mark.statistics
@pytest.mark.parametrize("frames", [20, 100, None])
@pytest.mark.parametrize(("number", "electrons"), [(5, 3.0), (10, 0.3), (60, 1.0)])
def test_good_pixels_of_unequal_noise_are_normal(frames, number, electrons):
    """With a spread of 25 %, by a map from twenty or a hundred frames, or an exact one."""
    rng = np.random.default_rng(3)
    noise = lognormal(rng, 0.25)
    noisy = map_of(rng, noise, frames)
    scatter = dark_scatter(frames_of(rng, noise, electrons, number), read_noise=noisy)
    assert not scatter.mask.any()
    z = scatter.data.astype(float)
    assert np.median(z) == pytest.approx(0, abs=0.03)
    for tail in (z, -z):
        assert np.mean(tail > stats.norm.isf(1e-2)) / 1e-2 == pytest.approx(1, abs=0.3)
        assert np.mean(tail > stats.norm.isf(1e-3)) / 1e-3 == pytest.approx(1, abs=0.75)
    assert scatter.meta["DKNOISE"] == "map"
    assert scatter.meta["DKWIDTH"] == pytest.approx(1, abs=0.02)
    assert 1 <= scatter.meta["DKCORE"] < 1.05


@pytest.mark.statistics
@pytest.mark.parametrize("number", [10, 300])
def test_noise_that_changed_in_all_pixels(number):
    """By three per cent since the map was made, as much again from pixel to pixel: it is no telegraph noise."""
    rng = np.random.default_rng(4)
    noise = lognormal(rng, 0.2, (60, 100))
    noisy = map_of(rng, noise, 300)
    changed = noise * np.exp(0.03 * rng.standard_normal(noise.shape))
    scatter = dark_scatter(frames_of(rng, changed, 0.1, number, 1.03), read_noise=noisy)
    assert scatter.meta["DKWIDTH"] == pytest.approx(1.03, abs=0.01)
    assert (scatter.data > stats.norm.isf(1 / scatter.data.size)).sum() <= 5
    assert np.percentile(scatter.data, 84.13) == pytest.approx(1, abs=0.1)


def test_switching_pixels_are_found_with_a_map():
    """As the dark current of a pixel that is quiet to read; a pixel that is noisy to read is none."""
    rng = np.random.default_rng(5)
    noise = lognormal(rng, 0.15, (80, 100))
    noise[10] *= 6.0
    noisy = map_of(rng, noise, 50)
    darks = frames_of(rng, noise, 0.5, 10)
    for frame in darks[::2]:
        frame.data[20] += 40.0
    with_map = dark_scatter(darks, read_noise=noisy).data
    with pytest.warns(NoiseWarning, match="differs by .* from pixel to pixel"):
        without = dark_scatter(darks, read_noise=2 * u.electron).data
    assert (without[[10, 20]] > 4.5).mean() > 0.98
    assert (with_map[20] > 4.5).all()
    assert (np.delete(with_map, 20, axis=0) < 4.5).all()


@pytest.mark.parametrize(("noise", "electrons"), [(1.5, 3.0), (3.0, 1.0)])
def test_frames_of_one_read_noise_take_the_exact_law_from_tables(monkeypatch, noise, electrons):
    """To a thousandth of a standard deviation."""
    darks = frames_of(np.random.default_rng(9), np.full((60, 100), noise), electrons, 8)
    found = dark_scatter(darks, read_noise=noise * u.electron)
    monkeypatch.setattr(ScatterJob, "find_tails", lambda job: None)
    np.testing.assert_allclose(found.data, dark_scatter(darks, read_noise=noise * u.electron).data, rtol=0, atol=1e-3)


def test_jumps_of_the_reading_are_no_cosmic_rays():
    """Telegraph read noise that seldom jumps: pixels that scatter so much are as many as without a cosmic-ray test."""
    rng = np.random.default_rng(10)
    noise = lognormal(rng, 0.2, (200, 250))
    jump = np.where(rng.random(noise.shape) < 0.1, 12.0, 0.0)

    def frames(electrons, number, seconds=100.0):
        found = frames_of(rng, noise, electrons, number)
        for frame in found:
            frame.data += jump * rng.choice([-1.0, 0.0, 1.0], noise.shape, p=[0.05, 0.9, 0.05])
            frame.meta["EXPTIME"] = seconds
        return found

    noisy = read_noise_map(frames(0.0, 20, 0.0))
    darks = frames(0.5, 10)
    found, every = (dark_scatter(darks, read_noise=noisy, clip=clip).data for clip in (5.0, None))
    for limit in (2.6, 3.1):
        assert (found > limit).sum() > 0.9 * (every > limit).sum()
    darks[3].data[:10] += 60.0
    struck = dark_scatter(darks, read_noise=noisy).data
    assert (struck[:10] > 3.7).mean() < 0.05


def test_pixels_that_the_map_does_not_know():
    """They may have any read noise of the sensor."""
    rng = np.random.default_rng(6)
    noise = lognormal(rng, 0.2, (40, 50))
    noisy = map_of(rng, noise, 20)
    noisy.mask = np.zeros(noise.shape, dtype=bool)
    noisy.mask[3, :10] = True
    scatter = dark_scatter(frames_of(rng, noise, 0.5, 6), read_noise=noisy)
    assert not scatter.mask.any()
    assert np.abs(scatter.data[3, :10]).max() < 4.5


def test_large_images_with_a_map_are_cut_in_blocks(pixels_per_block):
    rng = np.random.default_rng(7)
    noise = lognormal(rng, 0.2, (40, 50))
    noisy, darks = map_of(rng, noise, 20), frames_of(rng, noise, 2.0, 6)
    complete = dark_scatter(darks, read_noise=noisy)
    pixels_per_block(150)
    assert_same_image(dark_scatter(darks, read_noise=noisy), complete)


def test_a_few_pixels_have_no_core():
    """Then the map is taken as it is."""
    rng = np.random.default_rng(8)
    noise = lognormal(rng, 0.1, (3, 4))
    scatter = dark_scatter(frames_of(rng, noise, 0.5, 6), read_noise=map_of(rng, noise))
    assert scatter.meta["DKWIDTH"] == 1
    assert scatter.meta["DKCORE"] == 1


def test_memory_is_that_of_the_samples():
    """So that blocks are large."""
    frames = [mock.Mock(dtype=np.dtype("u2"), has_mask=False) for _ in range(10)]
    job = ScatterJob(mock.Mock(frames=frames), None, 3.0, None)
    assert job.memory() < 300


def test_every_card_fits(tmp_path, recwarn):
    """Values and comments of a scatter with a map: FITS warns of none that is too long."""
    rng = np.random.default_rng(12)
    noise = lognormal(rng, 0.2, (30, 40))
    dark_scatter(frames_of(rng, noise, 3.0, 6), read_noise=CCDData(noise, unit="electron")).write(tmp_path / "s.fits")
    assert not recwarn
