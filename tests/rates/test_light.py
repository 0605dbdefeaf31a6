"""Light frames and flats among darks, by their pixels; real and simulated darks are never taken for these."""

import itertools
import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

from ccdproc_darks import LightWarning, dark_rate, master_bias, sensor_preset, simulate_dark
from ccdproc_darks.frames.inputs import as_frames
from ccdproc_darks.rates.bias import Bias
from ccdproc_darks.rates.dark_frames import DarkSet, ElectronReader, Electrons
from ccdproc_darks.rates.frame_selection import FrameSelection
from ccdproc_darks.rates.light import light_in_all, light_in_some

from ..report.conftest import real_frames

__all__ = ["real_frames"]

PRESETS = ("aspen-cg16m", "cryogenic-ccd", "low-noise-cmos")
SHAPE = (300, 300)


def stars(shape, fwhm, number=80, sky=100.0, seed=0):
    """Electrons of a field of stars."""
    rng, (rows, columns) = np.random.default_rng(seed), np.indices(shape)
    image = np.full(shape, sky)
    for row, column, flux in zip(rng.uniform(0, shape[0], number), rng.uniform(0, shape[1], number),
                                 10 ** rng.uniform(3.5, 5, number), strict=True):  # fmt: skip
        distance = (rows - row) ** 2 + (columns - column) ** 2
        image += flux * 4 * np.log(2) / np.pi / fwhm**2 * np.exp(-4 * np.log(2) * distance / fwhm**2)
    return image


def flat(shape, level, seed=0):
    """Electrons of a flat of a sensor that responds alike to 1 %, with vignetting."""
    rows, columns = np.indices(shape)
    radius = np.hypot(rows / shape[0] - 0.5, columns / shape[1] - 0.5)
    return level * (1 - 0.2 * radius**2) * np.random.default_rng(seed).normal(1, 0.01, shape)


def frames(sensor, seconds, number, light=None, seed=0):
    """Simulated frames with light on the first so many of them, or on all."""
    rng = np.random.default_rng(seed)
    taken = []
    for index in range(number):
        frame = simulate_dark(sensor, exposure=seconds * u.s, rng=rng)
        if light is not None and light[index] is not None:
            frame.data = np.minimum(frame.data + rng.poisson(light[index]) / sensor.gain.value, 65000).astype("u2")
        frame.meta.pop("IMAGETYP")
        taken.append(frame)
    return taken


def found(darks, bias=1.0):
    """What is found by the steps of dark_rate."""
    given = as_frames([CCDData(np.asarray(dark), unit="adu") for dark in darks])
    reader = ElectronReader(1.5, Bias(level=bias), None)
    return FrameSelection.of(DarkSet(given, 1.0, np.ones(len(given))), reader).light.frames


def electrons(images, good=None):
    samples = np.array(images, dtype=float)
    return Electrons(samples, np.ones(samples.shape, bool) if good is None else good, None, None, None)


def test_clusters_of_hot_pixels_are_no_stars():
    rng = np.random.default_rng(0)
    images = rng.normal(0, 3, (5, 100, 100))
    for row, column in ((4, 4), (20, 36), (70, 70)):
        images[:, row : row + 4, column : column + 5] += 100.0
    assert light_in_all(electrons(images), 1.0).frames == {}


class TestClusters:
    """Of hot pixels, among single ones."""

    def darks(self, cluster, seed):
        rng = np.random.default_rng(seed)
        rates = np.full((256, 256), 5.0)
        rates.ravel()[rng.integers(0, rates.size, 300)] += 10 ** rng.uniform(2, 4, 300)
        for row, column in rng.integers(0, 253, (60, 2)):
            rates[row : row + 3, column : column + 3] += cluster(rng)
        return rng.poisson(rates, (5, *rates.shape)) + rng.normal(0, 5, (5, *rates.shape))

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("cluster", [
        lambda rng: 10 ** rng.uniform(2.5, 4),
        lambda rng: 10 ** rng.uniform(2.5, 4, (3, 3)),
        lambda rng: 10 ** rng.uniform(2.5, 4) * rng.uniform(0.3, 1, (3, 3)),
        lambda rng: 10 ** rng.uniform(2, 3) * np.array([[1, 1, 1], [1, rng.uniform(1.5, 6), 1], [1, 1, 1]]),
    ], ids=["alike", "own", "within a third", "around a hotter one"])  # fmt: skip
    def test_no_stars(self, cluster, seed):
        assert found(self.darks(cluster, seed)) == {}

    def test_few_large_ones(self):
        rng = np.random.default_rng(0)
        for size in (6, 9, 12):
            images = rng.normal(0, 3, (5, 100, 100))
            images[:, 30 : 30 + size, 30 : 30 + size] += rng.lognormal(5, 1, (size, size))
            assert light_in_all(electrons(images), 1.0).frames == {}


def test_even_dark_current_is_no_flat():
    """Not of 2 %, whatever its level and its gradient."""
    rng = np.random.default_rng(0)
    for level, scatter, gradient, number in itertools.product((6000, 40000), (0.02, 0.025), (0.005, 0.05), (2, 3, 5)):
        rates = level * (1 + gradient * np.linspace(-0.5, 0.5, 256)) * rng.normal(1, scatter, (256, 256))
        assert found(rng.poisson(rates, (number, 256, 256)) + rng.normal(0, 5, (number, 256, 256))) == {}


class TestLightFrames:
    @pytest.mark.parametrize("name", PRESETS)
    @pytest.mark.parametrize(("fwhm", "number"), [(1.5, 2), (2.5, 3), (5.0, 3)])
    def test_all(self, name, fwhm, number):
        sensor = sensor_preset(name, shape=SHAPE, seed=1)
        lights = frames(sensor, 60, number, [stars(SHAPE, fwhm)] * number)
        text = r"^light seems to have fallen on frames of 60 s: \d+ of \d+ bright places"
        with pytest.warns(LightWarning, match=text) as caught:
            dark_rate(lights, bias=sensor.bias)
        assert len([warning for warning in caught if warning.category is LightWarning]) == 1

    def test_one(self):
        """It is named, and its level is as well."""
        sensor = sensor_preset("aspen-cg16m", shape=SHAPE, seed=1)
        darks = frames(sensor, 60, 5, [None, None, None, stars(SHAPE, 3.0), None])
        with pytest.warns() as caught:
            dark_rate(darks, bias=sensor.bias)
        texts = [str(warning.message) for warning in caught]
        assert len(texts) == 2
        assert texts[0].startswith("light seems to have fallen on darks[3]: ")
        assert texts[1].startswith("darks[3] sits +")

    def test_biases(self):
        sensor = sensor_preset("aspen-cg16m", shape=SHAPE, seed=1)
        lights = frames(sensor, 0, 3, [stars(SHAPE, 3.0)] * 3)
        with pytest.warns(LightWarning, match=r"^light seems to have fallen on bias frames"):
            master_bias(lights, check_headers=False)  # the light is noise, too, which RDNOISE does not tell

    @pytest.mark.parametrize("name", PRESETS)
    def test_flats(self, name):
        sensor = sensor_preset(name, shape=SHAPE, seed=1)
        lights = frames(sensor, 2, 3, [flat(SHAPE, 8000)] * 3)
        with pytest.warns(LightWarning, match=r"on frames of 2 s: their pixels collected 7.\d+e\+03 electron.* flat"):
            dark_rate(lights, bias=sensor.bias)

    def test_flats_with_their_bias_are_not_looked_for(self):
        """A bias alone may look like that."""
        lights = [image.astype(float) for image in np.random.default_rng(0).poisson([flat(SHAPE, 8000)] * 3)]
        assert found(lights, bias=1.0)
        assert not found(lights, bias=0.0)


class TestDarks:
    @pytest.mark.parametrize("name", PRESETS)
    @pytest.mark.parametrize("seconds", [0, 10, 300, 3600, 100000])
    def test_simulated(self, name, seconds):
        """With the glow of an amplifier and cosmic rays; binned, too."""
        sensor = sensor_preset(name, shape=SHAPE, seed=2)
        bias = sensor.bias.value
        darks = [frame.data - bias for frame in frames(sensor, seconds, 5)]
        for number in (1, 2, 3, 5):
            assert found(darks[:number]) == {}
            assert found([dark.reshape(150, 2, 150, 2).sum(axis=(1, 3)) for dark in darks[:number]]) == {}

    def test_uniform(self):
        """A sensor without any difference between pixels looks like a flat, but has no slope."""
        rng = np.random.default_rng(0)
        assert found(rng.poisson(20000, (3, *SHAPE)).astype(float)) == {}

    def test_any_hot_pixels(self):
        """That do not know of each other, however many."""
        rng = np.random.default_rng(0)
        for width in (0.5, 1, 2, 3):
            rates = rng.lognormal(0, width, (64, 1024))
            darks = rng.poisson(np.minimum(rates * 100, 1e5), (3, 64, 1024)) + rng.normal(0, 3, (3, 64, 1024))
            assert found(darks) == {}

    def test_bad_columns_and_rows_side_by_side(self):
        rng = np.random.default_rng(0)
        darks = rng.normal(0, 5, (3, *SHAPE))
        darks[:, :, 100:103] += (300, 1000, 300)
        darks[:, 50:53] += 1000
        assert found(darks) == {}

    def test_overscan(self):
        rng = np.random.default_rng(0)
        darks = rng.normal(2000, 40, (3, *SHAPE))
        darks[:, :, 250:] = rng.normal(0, 5, (3, 300, 50))
        assert found(darks) == {}

    def test_masked_columns(self):
        rng = np.random.default_rng(0)
        darks, good = rng.normal(500, 5, (3, *SHAPE)), np.ones((3, *SHAPE), bool)
        good[:, :, 100:103] = good[:, 40] = False
        darks[~good] = 0.0
        assert light_in_all(electrons(darks, good), 1.0).frames == {}
        assert light_in_all(electrons(darks, np.zeros_like(good)), 1.0).frames == {}

    def test_small_or_single(self):
        image = stars((40, 14), 3.0)
        assert light_in_all(electrons([image, image]), 1.0).frames == {}
        assert light_in_some(electrons([image, image, image]), 1.0, [0]).frames == {}
        assert light_in_all(electrons([stars(SHAPE, 3.0)]), 1.0).frames == {}

    def test_noise_below_the_step_of_the_digits(self):
        rng = np.random.default_rng(0)
        assert found(rng.normal(0, 0.3, (3, *SHAPE)).round()) == {}


@pytest.mark.parametrize("folder", ["stl1001_2019_0C", "st402_2017_m15C", "arcsat_2025_m25C"])
def test_real_darks(real_frames, folder):
    sets = {}
    for path in sorted((real_frames / folder).iterdir()):
        header = fits.getheader(path)
        sets.setdefault((header["IMAGETYP"], header["EXPTIME"], header["SET-TEMP"]), []).append(fits.getdata(path))
    assert max(map(len, sets.values())) >= 5
    for same in sets.values():
        level = np.median(same[0]) - 400
        for some in (same, same[:3], *itertools.combinations(same, 2)):
            assert found(some, bias=level * 1.5) == {}
            # Windows, in which nearly all pixels are looked at.
            for row, column in itertools.product(range(0, same[0].shape[0] - 64, 64), (0, 300, 700)):
                assert found([image[row : row + 64, column : column + 64] for image in some]) == {}


def test_real_light_spots(real_frames):
    """A single spot in a small window of an sCMOS might be a cluster of hot pixels: it tells nothing."""
    for path in sorted((real_frames / "cosmos_scmos_cubes").glob("CMS*")):
        assert found(fits.getdata(path)) == {}


def test_no_warning_of_numpy():
    """NaN and constant images."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for value in (np.nan, 0.0, 1e4):
            assert found(np.full((3, 40, 50), value)) == {}
