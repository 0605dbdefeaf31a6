"""A sensor, and the truth that it tells."""

import dataclasses

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from astropy.units import imperial  # noqa: F401 (so that u.imperial is there)
from astropy.utils.exceptions import AstropyUserWarning
from scipy import stats

from ccdproc_darks import DARK_FLAGS, Sensor, dark_rate, simulate_dark
from ccdproc_darks.simulation import (
    AmplifierGlow,
    DepletionEdgePixels,
    HotPixels,
    LowFullWellPixels,
    OffsetPixels,
    TelegraphPixels,
)
from ccdproc_darks.temperature import DoublingDarkCurrent

from ..array_types import Convertible, Device, holding
from ..helpers import ELECTRON_PER_SECOND

SHAPE = (300, 400)
HOT = HotPixels(fraction=0.01, above=1 * ELECTRON_PER_SECOND, maximum=1000 * ELECTRON_PER_SECOND)
TELEGRAPH = {"dwell_low": 10 * u.s, "dwell_high": 30 * u.s}


def sensor(**options):
    return Sensor(**{"shape": SHAPE, **options})


def test_the_same_seed_is_the_same_sensor():
    options = {"dsnu": 0.002 * ELECTRON_PER_SECOND, "defects": [HOT]}
    first, second, other = (sensor(seed=seed, **options).true_rate().data for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_a_sensor_persists():
    camera = sensor(defects=[HOT], seed=4)
    frames = [simulate_dark(camera, exposure=100 * u.s, rng=seed).data for seed in range(2)]
    hot = camera.true_flags().data == DARK_FLAGS.HOT
    assert hot.sum() == 1200
    for frame in frames:
        np.testing.assert_array_equal(frame > 50, hot)


def test_dsnu_is_lognormal():
    rate = sensor(rate=0.5 * ELECTRON_PER_SECOND, dsnu=0.1 * ELECTRON_PER_SECOND, seed=1).true_rate()
    assert rate.unit == ELECTRON_PER_SECOND
    assert rate.data.mean() == pytest.approx(0.5, abs=5 * 0.1 / np.sqrt(rate.data.size))
    assert rate.data.std() == pytest.approx(0.1, rel=0.015)
    assert stats.kstest(stats.zscore(np.log(rate.data.ravel())), "norm").pvalue > 1e-3


def test_maps_are_independent():
    """DSNU and read noise of a pixel, and the blocks of each."""
    camera = Sensor(shape=(1024, 512), rate=1 * ELECTRON_PER_SECOND, dsnu=0.2 * ELECTRON_PER_SECOND,
                    read_noise=1 * u.electron, read_noise_spread=0.2)  # fmt: skip
    maps = np.log(np.stack([camera.pixels.rate, camera.pixels.noise])).reshape(16, -1)
    limit = 6 / np.sqrt(maps.shape[1])
    assert np.abs(np.corrcoef(maps) - np.eye(16)).max() < limit


@pytest.mark.parametrize("above", [None, 1 * ELECTRON_PER_SECOND])
def test_defects_are_anywhere(above):
    """Also where a pixel just has the rate that is asked for."""
    options = {} if above is None else {"above": above}
    camera = sensor(
        rate=1 * ELECTRON_PER_SECOND, defects=[OffsetPixels(offset=5 * u.electron, fraction=0.1, **options)]
    )
    index = camera.pixels.kinds["offset"]["index"]
    assert index.size == 12000
    assert stats.kstest(index / 120000, "uniform").pvalue > 1e-3


def test_ranges_are_even_in_the_logarithm():
    camera = sensor(defects=[OffsetPixels(offset=[1, 100] * u.electron)])
    offsets = camera.pixels.kinds["offset"]["electrons"]
    assert stats.kstest(np.log10(offsets) / 2, "uniform").pvalue > 1e-3
    # Random over the pixels, too.
    assert abs(np.corrcoef(offsets, np.arange(offsets.size))[0, 1]) < 0.02


def test_dsnu_multiplies_an_image():
    image = np.linspace(0, 2, 120000).reshape(SHAPE)
    rate = Sensor(rate=image * ELECTRON_PER_SECOND, dsnu=0.1 * ELECTRON_PER_SECOND).true_rate().data
    factor = rate[image > 0] / image[image > 0]
    assert factor.mean() == pytest.approx(1, abs=0.002)
    assert factor.std() == pytest.approx(0.1, rel=0.02)
    assert (rate[image == 0] == 0).all()


def test_an_image_is_copied():
    image = np.ones((3, 4), dtype=np.float32)
    camera = Sensor(rate=CCDData(image, unit=ELECTRON_PER_SECOND))
    image[:] = 5
    assert (camera.true_rate().data == 1).all()
    assert camera.shape == (3, 4)


@pytest.mark.parametrize("slope", [0, 0.5, 1, 2])
def test_hot_pixels_have_the_tail_asked_for(slope):
    hot = dataclasses.replace(HOT, fraction=0.2, slope=slope)
    rate = sensor(defects=[hot], seed=2).true_rate().data
    rates = rate[rate >= 1]
    assert rates.size == 0.2 * rate.size
    for above in (2.0, 10.0, 100.0):
        expected = 1 - np.log(above) / np.log(1000)
        if slope:
            expected = (above**-slope - 1000**-slope) / (1 - 1000**-slope)
        assert np.mean(rates > above) == pytest.approx(expected, abs=5 * np.sqrt(expected / rates.size) + 1e-4)


def test_defects_do_not_share_pixels():
    camera = sensor(seed=3, defects=[
        HOT,
        DepletionEdgePixels(charge=1e4 * u.electron, above=2 * ELECTRON_PER_SECOND, fraction=0.5),
        OffsetPixels(offset=50 * u.electron, fraction=0.02),
        LowFullWellPixels(full_well=[100, 200] * u.electron, fraction=0.03),
        TelegraphPixels(amplitude=1 * ELECTRON_PER_SECOND, fraction=0.4, **TELEGRAPH),
    ])  # fmt: skip
    kinds = camera.pixels.kinds
    chosen = np.concatenate([kinds[kind]["index"] for kind in ("edge", "offset", "well", "telegraph")])
    assert np.unique(chosen).size == chosen.size
    above = (sensor(seed=3, defects=[HOT]).true_rate().data >= 2).sum()
    assert kinds["edge"]["index"].size == round(0.5 * above)
    left = 120000 - kinds["edge"]["index"].size
    assert kinds["offset"]["index"].size == round(0.02 * left)
    flags = camera.true_flags()
    nonlinear = (flags.data & DARK_FLAGS.NONLINEAR) > 0
    telegraph = (flags.data & DARK_FLAGS.TELEGRAPH) > 0
    assert nonlinear.sum() == sum(kinds[kind]["index"].size for kind in ("edge", "offset", "well"))
    assert telegraph.sum() == kinds["telegraph"]["index"].size
    np.testing.assert_array_equal(flags.mask, nonlinear | telegraph)
    np.testing.assert_array_equal(flags.mask, (flags.data & DARK_FLAGS.DO_NOT_USE) > 0)


def test_a_kind_may_come_twice():
    kinds = [OffsetPixels(offset=offset * u.electron, fraction=0.01) for offset in (10, 1000)]
    camera = sensor(defects=kinds)
    extra = camera.true_rate(exposure=1 * u.s).data - camera.true_rate().data
    assert [(np.isclose(extra, offset, rtol=1e-3)).sum() for offset in (10, 1000)] == [1200, 1188]
    found = simulate_dark(camera, exposure=1 * u.s, rng=1, dtype="float64").data
    assert (found > 500).sum() == 1188


def test_one_defect_for_each_pixel_is_soon_planted():
    """No search for the last free pixels."""
    camera = Sensor(shape=(400, 400), defects=[
        OffsetPixels(offset=10 * u.electron, fraction=0.8),
        TelegraphPixels(amplitude=1 * ELECTRON_PER_SECOND, **TELEGRAPH),
    ])  # fmt: skip
    assert {kind: values["index"].size for kind, values in camera.pixels.kinds.items()} == {
        "offset": 128000, "telegraph": 32000,
    }  # fmt: skip
    assert camera.true_flags().mask.all()


def test_hot_above_a_threshold_of_ones_own():
    camera = sensor(defects=[HOT])
    flags = camera.true_flags(threshold=20 * ELECTRON_PER_SECOND)
    np.testing.assert_array_equal(flags.data > 0, camera.true_rate().data > 20)


def test_truth_of_each_kind():
    """Rate of an empty pixel, and mean rate over an exposure."""
    rate = 10 * ELECTRON_PER_SECOND
    charge = 2000.0
    camera = Sensor(shape=(1, 1), rate=rate, defects=[DepletionEdgePixels(charge=charge * u.electron, share=0.5)])
    assert camera.true_rate().data[0, 0] == pytest.approx(10)
    expected = 5 + charge * (1 - np.exp(-5 * 100 / charge)) / 100
    assert camera.true_rate(exposure=100 * u.s).data[0, 0] == pytest.approx(expected)
    camera = Sensor(shape=(1, 1), rate=rate, defects=[LowFullWellPixels(full_well=300 * u.electron)])
    assert camera.true_rate(exposure=1 * u.min).data[0, 0] == pytest.approx(5)
    camera = Sensor(shape=(1, 1), rate=rate, defects=[OffsetPixels(offset=30 * u.electron)])
    assert camera.true_rate(exposure=10 * u.s).data[0, 0] == pytest.approx(13)
    assert camera.true_rate().data[0, 0] == 10
    camera = Sensor(shape=(1, 1), rate=rate, defects=[
        TelegraphPixels(amplitude=4 * ELECTRON_PER_SECOND, **TELEGRAPH)])  # fmt: skip
    assert camera.true_rate().data[0, 0] == pytest.approx(13)


def test_electrons_of_a_depletion_edge_are_binomial():
    camera = sensor(rate=1 * ELECTRON_PER_SECOND, defects=[DepletionEdgePixels(charge=50 * u.electron)])
    counts = simulate_dark(camera, exposure=60 * u.s, rng=1, dtype="float64").data
    binomial = stats.binom(50, 1 - np.exp(-60 / 50))
    observed = np.bincount(counts.ravel().astype(int), minlength=51)
    expected = binomial.pmf(np.arange(51)) * counts.size
    keep = expected > 20
    assert np.sum((observed - expected)[keep] ** 2 / expected[keep]) < stats.chi2.isf(1e-3, keep.sum())


def test_an_offset_is_not_in_the_bias():
    camera = sensor(rate=0 * ELECTRON_PER_SECOND, defects=[OffsetPixels(offset=50 * u.electron)])
    assert (simulate_dark(camera, exposure=0 * u.s, rng=1).data == 0).all()
    frame = simulate_dark(camera, exposure=1 * u.ms, rng=1).data
    assert frame.mean() == pytest.approx(50, abs=5 * np.sqrt(50 / frame.size))
    assert frame.var() == pytest.approx(50, rel=0.03)


@pytest.mark.parametrize("corner", ["lower left", "lower right", "upper left", "upper right"])
def test_amplifier_glow(corner):
    glow = AmplifierGlow(rate=5 * ELECTRON_PER_SECOND, scale=20, corner=corner)
    camera = sensor(rate=0 * ELECTRON_PER_SECOND, glow=glow)
    truth = camera.true_rate().data
    row, column = (0 if corner.startswith("lower") else -1), (0 if corner.endswith("left") else -1)
    assert truth[row, column] == truth.max() == pytest.approx(5)
    assert truth[20 if row == 0 else -21, column] == pytest.approx(5 / np.e)
    assert truth[row, 20 if column == 0 else -21] == pytest.approx(5 / np.e)
    assert truth[30 if row == 0 else -31, 40 if column == 0 else -41] == pytest.approx(5 * np.exp(-50 / 20))
    frames = [simulate_dark(camera, exposure=seconds * u.s, rng=1).data for seconds in (50, 500)]
    assert frames[1].sum() / frames[0].sum() == pytest.approx(10, rel=0.02)
    assert frames[1].sum() == pytest.approx(500 * truth.sum(), rel=0.01)


def test_glow_does_not_care_for_temperature():
    model = DoublingDarkCurrent(amplitude=1 * ELECTRON_PER_SECOND, doubling=5 * u.K, reference_temperature=263.15 * u.K)
    options = {"rate": 0.5 * ELECTRON_PER_SECOND, "temperature": -10 * u.deg_C, "temperature_model": model}
    glow = AmplifierGlow(rate=5 * ELECTRON_PER_SECOND, scale=20)
    plain, glowing = sensor(**options), sensor(glow=glow, **options)
    warm = 268.15 * u.K
    np.testing.assert_allclose(plain.true_rate(temperature=warm).data, 1.0, rtol=1e-6)
    np.testing.assert_allclose(plain.true_rate(temperature=-10 * u.deg_C).data, 0.5)
    light = glowing.true_rate().data - plain.true_rate().data
    np.testing.assert_allclose(
        glowing.true_rate(temperature=warm).data - plain.true_rate(temperature=warm).data, light, atol=1e-12
    )
    frame = simulate_dark(glowing, exposure=100 * u.s, temperature=warm, rng=1).data
    bright = light > 0.1
    assert frame[bright].mean() == pytest.approx(100 * (1 + light[bright].mean()), rel=0.005)
    frame = simulate_dark(plain, exposure=100 * u.s, temperature=warm, rng=1)
    assert frame.data.mean() == pytest.approx(100, rel=0.003)
    assert frame.meta["CCD-TEMP"] == -5
    assert simulate_dark(plain, exposure=100 * u.s, rng=1).meta["CCD-TEMP"] == -10


def test_pixels_that_differ_warm_up_too():
    model = DoublingDarkCurrent(amplitude=1 * ELECTRON_PER_SECOND, doubling=5 * u.K, reference_temperature=263.15 * u.K)
    camera = sensor(rate=0.05 * ELECTRON_PER_SECOND, dsnu=0.01 * ELECTRON_PER_SECOND, temperature=-10 * u.deg_C,
                    temperature_model=model, defects=[HOT])  # fmt: skip
    for temperature in (-15, 0):
        options = {"exposure": 100 * u.s, "temperature": temperature * u.deg_C}
        electrons = 100 * camera.true_rate(**options).data
        np.testing.assert_allclose(electrons, 100 * camera.true_rate().data * 2 ** ((temperature + 10) / 5), rtol=1e-6)
        away = simulate_dark(camera, rng=1, dtype="float64", **options).data - electrons
        assert abs(away.sum()) < 5 * np.sqrt(electrons.sum())
        assert np.mean(away**2 / electrons) == pytest.approx(1, abs=0.03)


def test_telegraph_and_edge_pixels_warm_up_too():
    model = DoublingDarkCurrent(amplitude=1 * ELECTRON_PER_SECOND, doubling=5 * u.K, reference_temperature=263.15 * u.K)
    for defect in (
        TelegraphPixels(amplitude=2 * ELECTRON_PER_SECOND, **TELEGRAPH),
        DepletionEdgePixels(charge=1000 * u.electron),
    ):
        camera = sensor(rate=0.5 * ELECTRON_PER_SECOND, temperature=-10 * u.deg_C, temperature_model=model,
                        defects=[defect])  # fmt: skip
        for temperature in (-10, -5):
            options = {"exposure": 100 * u.s, "temperature": temperature * u.deg_C}
            frame = simulate_dark(camera, rng=1, dtype="float64", **options).data
            truth = camera.true_rate(**options).data
            assert frame.mean() == pytest.approx(100 * truth.mean(), rel=0.005)
        empty = [camera.true_rate(temperature=temperature * u.deg_C).data for temperature in (-10, -5)]
        np.testing.assert_allclose(empty[1], 2 * empty[0])


def test_read_noise_of_each_pixel():
    camera = sensor(rate=0 * ELECTRON_PER_SECOND, read_noise=3 * u.electron, read_noise_spread=0.3, seed=1)
    frames = np.array([simulate_dark(camera, exposure=0 * u.s, rng=seed, dtype="float32").data for seed in range(30)])
    variance = frames.var(axis=0, ddof=1)
    assert variance.mean() == pytest.approx(9, rel=0.01)
    # Variance of a scaled chi-square of 29 degrees, and of the pixels' own lognormal variances.
    own = np.exp(4 * 0.3**2) - 1
    assert np.var(variance / 9) == pytest.approx(own + 2 / 29 * (own + 1), rel=0.05)
    normal = frames / camera.pixels.noise
    assert stats.kstest(normal[0].ravel(), "norm").pvalue > 1e-3


def test_columns_are_in_every_frame_and_in_the_bias():
    camera = sensor(rate=0 * ELECTRON_PER_SECOND, bias=100 * u.adu, column_pattern=2 * u.adu, seed=1)
    dark, bias = (simulate_dark(camera, exposure=seconds * u.s, dtype="float64").data for seconds in (10, 0))
    np.testing.assert_array_equal(dark, bias)
    assert np.ptp(dark, axis=0).max() == 0
    assert dark[0].std() == pytest.approx(2, rel=0.15)


def test_frames_of_a_sensor_measure_as_its_truth():
    camera = sensor(seed=1, rate=1 * ELECTRON_PER_SECOND, dsnu=0.2 * ELECTRON_PER_SECOND, read_noise=4 * u.electron,
                    gain=1.5 * u.electron / u.adu, bias=300 * u.adu, defects=[HOT])  # fmt: skip
    darks = [simulate_dark(camera, exposure=50 * u.s, rng=seed) for seed in range(4)]
    rate = dark_rate(darks, bias=300 * u.adu)
    error = (rate.data - camera.true_rate().data) / rate.uncertainty.array
    assert error.std() == pytest.approx(1, abs=0.01)
    # Not of the ratio: uncertainties of pixels that came out high are larger.
    away = rate.data - camera.true_rate().data
    assert abs(away.mean()) < 5 * away.std() / np.sqrt(away.size)


def test_truth_is_written_and_read_back(tmp_path):
    camera = sensor(defects=[HOT, OffsetPixels(offset=30 * u.electron, fraction=0.1)])
    for name, image in {
        "rate": camera.true_rate(),
        "mean": camera.true_rate(exposure=30 * u.s),
        "flags": camera.true_flags(),
    }.items():
        image.write(tmp_path / f"{name}.fits")
        back = CCDData.read(tmp_path / f"{name}.fits")
        np.testing.assert_array_equal(back.data, image.data)
        assert back.unit == image.unit
        if image.mask is not None:
            np.testing.assert_array_equal(back.mask, image.mask)


def test_nothing_that_was_given_is_shared():
    """Neither a Quantity nor a model that changes later changes the sensor."""
    model = DoublingDarkCurrent(amplitude=1 * ELECTRON_PER_SECOND, doubling=5 * u.K, reference_temperature=263.15 * u.K)
    noise, charge = 1 * u.electron, [100, 200] * u.electron
    edge = DepletionEdgePixels(charge=charge)
    camera = sensor(read_noise=noise, temperature=-10 * u.deg_C, temperature_model=model, defects=[edge])
    noise *= 100
    charge[:] = 1e6 * u.electron
    model.doubling = 1 * u.K
    assert camera.read_noise == 1 * u.electron
    assert camera.rate_factor(-5 * u.deg_C) == pytest.approx(2)
    assert edge.charge.max() == 200 * u.electron


@pytest.mark.parametrize("temperature", [263.15 * u.K, 14 * u.imperial.deg_F, np.float32(-10) * u.deg_C])
def test_the_sensors_own_temperature_in_other_words(temperature):
    assert sensor(temperature=-10 * u.deg_C).rate_factor(temperature) == 1


def test_a_temperature_model_without_units():
    camera = sensor(temperature=0 * u.deg_C, temperature_model=DoublingDarkCurrent())
    assert camera.rate_factor(6 * u.deg_C) == pytest.approx(2)


def test_flags_at_another_temperature():
    model = DoublingDarkCurrent(amplitude=1 * ELECTRON_PER_SECOND, doubling=5 * u.K, reference_temperature=263.15 * u.K)
    camera = sensor(rate=0.1 * ELECTRON_PER_SECOND, temperature=-10 * u.deg_C, temperature_model=model)
    limit = 0.5 * ELECTRON_PER_SECOND
    assert not camera.true_flags(threshold=limit).data.any()
    warm = camera.true_flags(threshold=limit, temperature=10 * u.deg_C)
    assert (warm.data == DARK_FLAGS.HOT).all()
    assert warm.meta["CCD-TEMP"] == 10


@pytest.mark.parametrize(("full", "seconds"), [(100, 100), (100, 80), (30, 100), (0.5, 1), (2000, 2000)])
def test_mean_rate_near_a_full_well(full, seconds):
    """A Poisson number that is clipped has less than its mean, long before the mean is full."""
    rate = 1 * ELECTRON_PER_SECOND
    for camera in (
        sensor(rate=rate, defects=[LowFullWellPixels(full_well=full * u.electron)]),
        sensor(rate=rate, full_well=full * u.electron),
    ):
        truth = camera.true_rate(exposure=seconds * u.s).data[0, 0] * seconds
        charges = np.arange(6 * seconds + 50)
        exact = np.sum(np.minimum(charges, full) * stats.poisson.pmf(charges, seconds))
        assert truth == pytest.approx(exact, rel=1e-9)
        frame = simulate_dark(camera, exposure=seconds * u.s, rng=1, dtype="float64").data
        assert frame.mean() == pytest.approx(truth, abs=5 * np.sqrt(seconds / frame.size))


def test_one_rate_is_exact():
    assert (sensor(rate=0.1 * ELECTRON_PER_SECOND).true_rate().data == 0.1).all()


@pytest.mark.parametrize("name", ["rate", "bias"])
def test_images_of_another_library(name):
    image = CCDData(np.full((3, 4), 7.0), unit={"rate": ELECTRON_PER_SECOND, "bias": u.adu}[name])
    expected = simulate_dark(Sensor(**{name: image}), exposure=10 * u.s, rng=1)
    with pytest.warns(
        AstropyUserWarning, match=rf"^{name}: an array of the type .*Convertible is converted to a numpy"
    ):
        camera = Sensor(**{name: holding(image, Convertible)})
    np.testing.assert_array_equal(simulate_dark(camera, exposure=10 * u.s, rng=1).data, expected.data)
    with pytest.raises(TypeError, match=rf"^{name}\.data must be a numpy array or one that .* got .*Device: Implicit"):
        Sensor(**{name: holding(image, Device)})
