"""The factor between a science frame's dark current and a dark's: right with its error, or refused."""

import re

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

from ccdproc_darks import (
    DARK_FLAGS,
    Amplifier,
    Sensor,
    dark_rate,
    dark_scale,
    hot_pixel_mask,
    master_dark,
    simulate_dark,
)
from ccdproc_darks.simulation import HotPixels
from ccdproc_darks.temperature import DoublingDarkCurrent, ThermalDarkCurrent

from ..helpers import ELECTRON_PER_SECOND, snapshot

SHAPE = (220, 240)
GAIN, NOISE = 1.5, 8.0
ADU, E, S = u.adu, u.electron, u.s


def rates_of(seed=0, hot=150, typical=0.05, spread=0.1):
    """Dark rates of a sensor (electron/s), and which of its pixels are hot."""
    rng = np.random.default_rng([seed, 1])
    rates = typical * np.exp(rng.normal(0, spread, SHAPE))
    places = rng.choice(rates.size, hot, replace=False)
    rates.ravel()[places] = 10 ** rng.uniform(0, 2, hot)
    return rates, places


def stars(rng, number, width):
    """Gaussian stars (electron), many faint ones and few that saturate; ``width`` is their sigma in pixels."""
    image, (rows, columns) = np.zeros(SHAPE), np.indices(SHAPE)
    for flux in 300 * rng.random(number) ** (-1 / 0.6):
        y, x = rng.uniform(0, SHAPE[0]), rng.uniform(0, SHAPE[1])
        near = np.s_[max(int(y) - 15, 0) : int(y) + 16, max(int(x) - 15, 0) : int(x) + 16]
        square = (rows[near] - y) ** 2 + (columns[near] - x) ** 2
        image[near] += min(flux, 1e7) * np.exp(-square / (2 * width**2)) / (2 * np.pi * width**2)
    return image


def science_of(
    rates, factor=1.0, seed=0, *, seconds=120.0, number=60, width=1.3, sky=150.0, rays=0, unit="adu", **keys
):
    rng = np.random.default_rng([seed, 2])
    light = sky * (1 + 0.3 * np.linspace(-1, 1, SHAPE[1])) + stars(rng, number, width)
    electrons = rng.poisson(light + factor * seconds * rates) + rng.normal(0, NOISE, SHAPE)
    hit = rng.choice(electrons.size, rays, replace=False)
    electrons.ravel()[hit] += rng.exponential(2000, rays)
    electrons = np.minimum(electrons, 60000 * GAIN)
    meta = {"EXPTIME": seconds, "EGAIN": GAIN, "IMAGETYP": "Light", **keys}
    if unit == "adu":
        return CCDData(np.rint(electrons / GAIN), unit="adu", meta=meta)
    return CCDData(electrons, unit="electron", meta=meta)


def master_of(rates, seed=0, *, seconds=300.0, frames=9, unit="adu", **keys):
    """A master dark, its bias subtracted."""
    rng = np.random.default_rng([seed, 3])
    electrons = rng.poisson(rates * seconds * frames) / frames + rng.normal(0, NOISE / np.sqrt(frames), SHAPE)
    error = np.sqrt((np.clip(electrons, 0, None) + NOISE**2) / frames)
    scale = GAIN if unit == "adu" else 1.0
    meta = {"EXPTIME": seconds, "EGAIN": GAIN, **keys}
    return CCDData(electrons / scale, unit=unit, uncertainty=StdDevUncertainty(error / scale), meta=meta)


def rate_of(rates, seed=0):
    master = master_of(rates, seed, unit="electron")
    return master.divide(300 * u.s)


def test_the_factor_is_found_with_its_error():
    """Over frames with few and many stars, wide and undersampled, with and without cosmic rays."""
    deviates = []
    kinds = [{"number": 0}, {"number": 40}, {"number": 400, "width": 0.5}, {"number": 400, "width": 1.3}, {"rays": 300}]
    for seed in range(30):
        factor = 2 ** np.random.default_rng(seed).uniform(-1, 1)
        rates, _ = rates_of(seed)
        science = science_of(rates, factor, seed, **kinds[seed % len(kinds)])
        found = dark_scale(science, master_of(rates, seed))
        assert found.pixels > 100
        assert found.chi_square == pytest.approx(1, abs=0.5)
        deviates.append((found.factor - factor) / found.error)
    assert np.mean(deviates) == pytest.approx(0, abs=0.6)
    assert np.sqrt(np.mean(np.square(deviates))) == pytest.approx(1, abs=0.3)
    assert np.abs(deviates).max() < 3.5


@pytest.mark.parametrize("unit", ["adu", "electron"])
@pytest.mark.parametrize("make", [rate_of, lambda rates: master_of(rates, frames=9)])
def test_units_and_exposure_times_do_not_matter(unit, make):
    rates, _ = rates_of()
    dark = make(rates)
    if dark.unit == u.adu and unit == "electron":
        dark = master_of(rates, unit="electron")
    found = dark_scale(science_of(rates, 1.5, unit=unit), dark)
    assert found.factor == pytest.approx(1.5, abs=4 * found.error)
    assert found.error < 0.02


def test_inputs_are_not_changed():
    rates, _ = rates_of()
    science, dark = science_of(rates), master_of(rates)
    before = snapshot(science), snapshot(dark)
    dark_scale(science, dark)
    assert (snapshot(science), snapshot(dark)) == before


def test_frames_of_a_sensor_that_warms_up():
    """From raw frames to the temperature: the hot pixels are the thermometer."""
    model = DoublingDarkCurrent(amplitude=1 * ELECTRON_PER_SECOND, doubling=6 * u.K, reference_temperature=263.15 * u.K)
    sensor = Sensor(shape=(200, 200), seed=1, rate=0.05 * ELECTRON_PER_SECOND, bias=500 * ADU, gain=GAIN * E / ADU,
                    defects=[HotPixels(fraction=0.01, above=1 * ELECTRON_PER_SECOND, maximum=50 * ELECTRON_PER_SECOND)],
                    read_noise=NOISE * E, temperature=-10 * u.deg_C, temperature_model=model)  # fmt: skip
    darks = [simulate_dark(sensor, exposure=300 * S, rng=seed) for seed in range(5)]
    warm = simulate_dark(sensor, exposure=100 * S, rng=9, temperature=-8 * u.deg_C)
    science = warm.subtract(500 * ADU, handle_meta="first_found")
    found = dark_scale(science, dark_rate(darks, bias=500 * ADU), model=model)
    assert found.factor == pytest.approx(2 ** (2 / 6), abs=4 * found.error)
    kelvin = found.temperature_error.to_value(u.K)
    assert found.temperature.to_value(u.deg_C) == pytest.approx(-8, abs=4 * kelvin)
    assert kelvin == pytest.approx(found.error / found.factor * 6 / np.log(2), rel=0.01)
    assert re.search(r"The sensor was at -[78]\.\d\d \+- 0\.\d+ deg C\.", str(found))


def test_the_temperature_by_another_model():
    model = ThermalDarkCurrent(depletion=1.0, diffusion=1.0, reference_temperature=263.15)
    rates, _ = rates_of()
    found = dark_scale(science_of(rates, 0.7), rate_of(rates), model=model, temperature=-10 * u.deg_C)
    kelvin = found.temperature.to(u.K, u.temperature())
    assert model(kelvin.value) / model(263.15) == pytest.approx(found.factor, rel=1e-6)
    assert kelvin.value < 263.15


def test_without_hot_pixels_it_is_refused():
    rates, _ = rates_of(hot=0)
    with pytest.raises(ValueError, match=r"0 unmasked pixels of dark stand out .* 10 are needed"):
        dark_scale(science_of(rates), master_of(rates))


def test_hot_pixels_that_are_not_in_the_science_frame_are_refused():
    rates, places = rates_of()
    cold = rates.copy()
    cold.ravel()[places] = 0.05
    with pytest.raises(ValueError, match="do not stand out in science"):
        dark_scale(science_of(cold), master_of(rates))


def test_a_frame_of_a_turned_sensor_is_refused():
    rates, _ = rates_of()
    with pytest.raises(ValueError, match="do not stand out in science"):
        dark_scale(science_of(rates[::-1]), master_of(rates))


def test_hot_pixels_without_a_common_factor_are_refused():
    rates, places = rates_of()
    other = rates.copy()
    other.ravel()[places] *= 10 ** np.random.default_rng(1).uniform(-0.6, 0.6, places.size)
    with pytest.raises(ValueError, match=r"do not follow one factor|are far off the factor"):
        dark_scale(science_of(other), master_of(rates))


def test_a_field_of_undersampled_stars_without_end_is_refused():
    rates, _ = rates_of()
    with pytest.raises(ValueError, match="too crowded with stars"):
        dark_scale(science_of(rates, number=8000, width=0.45, sky=20.0), master_of(rates))


def test_scatter_of_the_pixels_own_factors_is_found_and_in_the_error():
    deviates = []
    for seed in range(12):
        rates, places = rates_of(seed)
        own = np.random.default_rng([seed, 5]).normal(1, 0.1, places.size)
        other = rates.copy()
        other.ravel()[places] *= own
        found = dark_scale(science_of(other, 1.0, seed), master_of(rates, seed))
        assert found.scatter == pytest.approx(0.1, abs=0.04)
        assert found.chi_square > 1.25
        deviates.append((found.factor - 1) / found.error)
    assert np.sqrt(np.mean(np.square(deviates))) == pytest.approx(1, abs=0.5)


def test_saturated_hot_pixels_do_not_lower_it():
    rates, _ = rates_of(hot=300)
    science = science_of(4 * rates, 1.0, seconds=300.0)
    assert np.count_nonzero(science.data == 60000) > 10
    told, seen = (dark_scale(frame, master_of(rates)) for frame in
                  (CCDData(science, meta={**science.meta, "SATURATE": 60000}), science))  # fmt: skip
    for found in (told, seen):
        assert found.factor == pytest.approx(4, abs=4 * found.error)


def test_flags_of_a_mask_are_read():
    """HOT pixels are used, NONLINEAR ones are not, whatever the mask of the dark says."""
    rates, places = rates_of()
    flags = np.zeros(SHAPE, dtype=np.uint32)
    flags.ravel()[places] = DARK_FLAGS.HOT | DARK_FLAGS.DO_NOT_USE
    other = rates.copy()
    other.ravel()[places[:50]] *= 3
    flags.ravel()[places[:50]] |= np.uint32(DARK_FLAGS.NONLINEAR)
    dark = master_of(rates)
    dark.mask = flags > 0
    found = dark_scale(science_of(other), dark, mask=CCDData(flags, unit="", mask=flags > 0, meta={"NMASKED": 100}))
    assert found.pixels <= 100
    assert found.factor == pytest.approx(1, abs=4 * found.error)
    with pytest.raises(ValueError, match="the mask of dark contains its hot pixels"):
        dark_scale(science_of(other), dark)


def test_a_mask_of_bool():
    rates, places = rates_of()
    other = rates.copy()
    other.ravel()[places[:50]] *= 3
    bad = np.zeros(SHAPE, bool)
    bad.ravel()[places[:50]] = 1
    for mask in (bad, CCDData(bad, unit=""), bad.tolist()):
        assert dark_scale(science_of(other), master_of(rates), mask=mask).pixels <= 100


@pytest.mark.parametrize("kind", ["u1", "i4", "u8"])
def test_a_mask_of_zeros_and_ones_may_be_a_count(kind):
    rates, _ = rates_of()
    with pytest.raises(TypeError, match=f"got one of u?int{8 * int(kind[1])}: they may be counts.* as mask != 0"):
        dark_scale(science_of(rates), master_of(rates), mask=np.zeros(SHAPE, kind))


def test_an_image_of_one_value_is_refused():
    rates, _ = rates_of()
    science = science_of(rates)
    science.data[:] = 100
    with pytest.raises(ValueError, match="they do not stand out in science"):
        dark_scale(science, master_of(rates), saturation=60000 * u.adu)


def test_amplifiers_of_different_gains():
    """A rate (electron/s) has not one number of adu; a dark in adu has the gain of each amplifier in it."""
    rates, _ = rates_of()
    gains = np.where(np.arange(SHAPE[1]) < 100, 1.0, 3.0)
    frames = [master_of(rates, seed, frames=1, unit="electron") for seed in range(4)]
    frames = [CCDData(frame.data / gains, unit="adu", meta={"EXPTIME": 300.0, "RDNOISE": NOISE}) for frame in frames]
    gain = u.electron / u.adu
    halves = [Amplifier("[1:100, :]", gain=1 * gain), Amplifier(f"[101:{SHAPE[1]}, :]", gain=3 * gain)]
    rate = dark_rate(frames, amplifiers=halves)
    science = science_of(rates, 1.2, unit="electron")
    in_adu = CCDData(science.data / gains, unit="adu", meta=science.meta)
    with pytest.raises(ValueError, match=r"^dark is a rate of amplifiers with different gains \(DKGAINA"):
        dark_scale(in_adu, rate)
    dark = master_dark(rate, exposure=300 * S)
    for found in (dark_scale(science, rate), dark_scale(in_adu, dark)):
        assert found.factor == pytest.approx(1.2, abs=4 * found.error)


def test_a_temperature_that_is_no_number():
    rates, _ = rates_of()
    dark = master_of(rates)
    dark.meta["DKTEMP"] = "cold"
    with pytest.raises(ValueError, match=r"^dark: DKTEMP in the header must be a finite number, got 'cold'"):
        dark_scale(science_of(rates), dark, model=DoublingDarkCurrent())


def test_a_result_of_hot_pixel_mask_is_a_mask():
    rates, _ = rates_of()
    darks = [CCDData(master_of(rates, seed, frames=1, unit="electron", RDNOISE=NOISE), uncertainty=None)
             for seed in range(4)]  # fmt: skip
    rate = dark_rate(darks)
    found = dark_scale(science_of(rates, 1.2), rate, mask=hot_pixel_mask(rate))
    assert found.factor == pytest.approx(1.2, abs=4 * found.error)


def test_masked_hot_pixels_of_the_science_frame_are_told():
    rates, places = rates_of()
    science = science_of(rates)
    science.mask = np.zeros(SHAPE, dtype=bool)
    science.mask.ravel()[places] = True
    with pytest.raises(ValueError, match=r"0 of the \d+ hot pixels of dark can be used in science"):
        dark_scale(science, master_of(rates))


def test_a_dark_without_an_uncertainty():
    rates, _ = rates_of()
    dark = master_of(rates)
    dark.uncertainty = None
    found = dark_scale(science_of(rates, 0.8), dark)
    assert found.factor == pytest.approx(0.8, abs=4 * found.error)


def test_arguments_that_do_not_fit():
    rates, _ = rates_of()
    science, dark = science_of(rates), master_of(rates)
    model = DoublingDarkCurrent()
    for arguments, error, text in [
        ((science.data, dark), TypeError, "science must be CCDData, got ndarray"),
        ((science, CCDData(np.ones((3, 3)), unit="adu")), ValueError, r"dark has the shape \(3, 3\)"),
        ((science, master_of(rates, unit="electron")), u.UnitsError, "dark is in electron, science in adu"),
        ((CCDData(science, unit=u.s), dark), u.UnitsError, "science is in s"),
        ((CCDData(science, meta={**science.meta, "CALSTAT": "BD"}), dark), ValueError, "a dark is subtracted already"),
        ((CCDData(science, meta={**science.meta, "XBINNING": 2}), CCDData(dark, meta={**dark.meta, "XBINNING": 1})),
         ValueError, "binning"),
    ]:  # fmt: skip
        with pytest.raises(error, match=text):
            dark_scale(*arguments)
    for options, error, text in [
        ({"temperature": -10 * u.deg_C}, TypeError, "model must be given"),
        ({"model": 3}, TypeError, "model must be a model of astropy.modeling"),
        ({"model": model}, ValueError, "temperature: the meta of dark has neither DKTEMP nor CCD-TEMP"),
        ({"mask": np.ones(SHAPE)}, TypeError, "mask must be a result of hot_pixel_mask, or an array of bool"),
        ({"mask": np.ones((2, 2), bool)}, ValueError, r"mask has the shape \(2, 2\)"),
        ({"gain": 2.0}, TypeError, "gain must be a Quantity"),
        ({"exposure": 2 * u.m}, u.UnitsError, "exposure"),
    ]:
        with pytest.raises(error, match=text):
            dark_scale(science, dark, **options)


def test_gain_and_exposure_time_are_asked_for_where_headers_lack_them():
    rates, _ = rates_of()
    science, rate = science_of(rates, 1.3), rate_of(rates)
    bare = CCDData(science, meta={"EXPTIME": 120.0})
    with pytest.raises(ValueError, match="gain is needed for a science frame in adu"):
        dark_scale(bare, CCDData(rate, meta={}))
    timeless = CCDData(science, meta={"EGAIN": GAIN})
    with pytest.raises(ValueError, match="exposure: science has neither EXPTIME nor EXPOSURE"):
        dark_scale(timeless, rate)
    found = dark_scale(timeless, rate, exposure=120 * S, gain=GAIN * E / ADU)
    assert found.factor == pytest.approx(1.3, abs=4 * found.error)
    with pytest.raises(ValueError, match="its header tells no exposure time"):
        dark_scale(science, CCDData(master_of(rates), meta={"EGAIN": GAIN}))
