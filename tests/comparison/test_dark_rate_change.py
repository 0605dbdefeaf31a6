"""Change of the dark rates between two epochs."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import (
    NoUsablePixelWarning,
    TemperatureWarning,
    compare_dark_rates,
    dark_rate,
    dark_rate_change,
    read_noise_map,
)

from ..epochs import SHAPE, epoch_of, hot_sensor
from ..helpers import ELECTRON_PER_SECOND, dark, rate_image

STATISTICS = ("significance", "difference", "ratio")


@pytest.mark.parametrize("seconds", [30.0, 100.0, 300.0])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_positive_where_the_later_rate_is_higher(statistic, seconds):
    rates = hot_sensor()
    later = rates.copy()
    later[0, 0], later[0, 1] = 30.0, 0.2
    rates[0, 0], rates[0, 1] = 0.2, 30.0
    rng = np.random.default_rng(2)
    change = dark_rate_change(epoch_of(rng, rates), epoch_of(rng, later, seconds=seconds), statistic=statistic).data
    none = 1.0 if statistic == "ratio" else 0.0
    assert change[0, 0] > none + 5
    assert change[0, 1] < none - (0.9 if statistic == "ratio" else 5)


def test_without_scale_it_is_the_comparison_of_rates():
    rng = np.random.default_rng(2)
    before, after = epoch_of(rng, hot_sensor()), epoch_of(rng, hot_sensor(), seconds=300.0)
    change = dark_rate_change(before, after, scale=None, offset=None)
    compared = compare_dark_rates(before, after, statistic="significance", offset=None)
    np.testing.assert_array_equal(change.data, -compared.data)
    swapped = dark_rate_change(after, before, scale=None, offset=None)
    np.testing.assert_array_equal(swapped.data, compared.data)


@pytest.mark.parametrize("noise", [0.5, 5.0])
@pytest.mark.parametrize(("factor", "seconds"), [(1.0, 100.0), (1.0, 300.0), (3.0, 100.0)])
def test_false_positives(noise, factor, seconds):
    rates = np.tile(hot_sensor() / 20, (2, 2))
    rng = np.random.default_rng(6)
    before = epoch_of(rng, rates, read_noise=noise)
    after = epoch_of(rng, factor * rates, read_noise=noise, seconds=seconds)
    deviates = dark_rate_change(before, after).data
    expected = 1e-3 * deviates.size
    for sign in (1, -1):
        assert abs(np.count_nonzero(sign * deviates > 3.0902) - expected) < 3.5 * np.sqrt(expected)


def test_difference_and_ratio_on_the_scale_of_the_earlier():
    rng, rates = np.random.default_rng(2), hot_sensor()
    before, after = epoch_of(rng, rates), epoch_of(rng, 3 * rates, shift=10.0)
    difference = dark_rate_change(before, after, statistic="difference")
    assert difference.unit == ELECTRON_PER_SECOND
    deviates = difference.data / difference.uncertainty.array
    assert np.std(deviates) == pytest.approx(1, abs=0.02)
    ratio = dark_rate_change(before, after, statistic="ratio")
    hot = rates > 5
    assert np.median(ratio.data[hot]) == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(ratio.mask, before.data <= 0)
    np.testing.assert_array_equal(np.isnan(ratio.data), ratio.mask)
    np.testing.assert_allclose(ratio.data[hot], 1 + difference.data[hot] / before.data[hot], rtol=1e-5)


def test_meta(tmp_path):
    rng, rates = np.random.default_rng(2), hot_sensor()
    before, after = epoch_of(rng, rates), epoch_of(rng, 2 * rates, seconds=300.0)
    change = dark_rate_change(before, after)
    expected = {"DKEXPMIN": 100.0, "DKEXPMAX": 300.0, "DKNEXP": 2, "DKTOTAL": 2000.0, "NCOMBINE": 10,
                "DKSTAT": "change significance", "DKSCLSRC": "hot pixels", "DKOFFSET": "common",
                "DKNULL": "theoretical", "DKNCOMP": rates.size, "DKOFF1": 0.0}  # fmt: skip
    assert {key: change.meta[key] for key in expected} == expected
    assert change.meta["DKSCALE"] == pytest.approx(2, abs=4 * change.meta["DKSCLERR"])
    assert change.meta["DKCHANGE"].startswith("dark_rate_change: before=<CCDData>")
    assert "EXPTIME" not in change.meta
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        change.write(tmp_path / "change.fits")
        back = CCDData.read(tmp_path / "change.fits")
    assert {key: back.meta[key] for key in change.meta if key.startswith("DK")} == {
        key: change.meta[key] for key in change.meta if key.startswith("DK")
    }
    with pytest.raises(ValueError, match="is not a result of dark_rate"):
        dark_rate_change(before, change)


def test_inputs_are_not_modified():
    rng, rates = np.random.default_rng(2), hot_sensor()
    pair = epoch_of(rng, rates), epoch_of(rng, 2 * rates)
    kept = [(one.data.copy(), one.mask.copy(), one.uncertainty.array.copy(), dict(one.meta)) for one in pair]
    dark_rate_change(*pair)
    for one, (data, mask, deviation, meta) in zip(pair, kept, strict=True):
        np.testing.assert_array_equal(one.data, data)
        np.testing.assert_array_equal(one.mask, mask)
        np.testing.assert_array_equal(one.uncertainty.array, deviation)
        assert dict(one.meta) == meta


def test_offset_of_the_later_frames():
    rng, rates = np.random.default_rng(2), hot_sensor()
    for seconds in (30.0, 300.0):
        change = dark_rate_change(epoch_of(rng, rates), epoch_of(rng, rates, seconds=seconds, shift=5.0))
        assert change.meta["DKOFF2"] == pytest.approx(5, abs=0.3)
    change = dark_rate_change(epoch_of(rng, rates), epoch_of(rng, 2 * rates + 0.5))
    assert change.meta["DKOFF2"] == pytest.approx(50, abs=0.5)
    assert change.meta["DKWIDTH"] == pytest.approx(1, abs=0.02)


def test_read_noise_of_each_pixel():
    """Rates that were measured with a map, and a map that is passed."""
    rng, rates = np.random.default_rng(3), hot_sensor()
    noise = rng.lognormal(np.log(5), 0.3, SHAPE)
    biases = [dark(rng.normal(0, noise), 0.0, "electron", read_noise=None) for _ in range(30)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measured = read_noise_map(biases)
        pair = []
        for factor in (1, 2):
            frames = [
                dark(rng.poisson(factor * rates * 100) + rng.normal(0, noise), 100.0, "electron", read_noise=None)
                for _ in range(5)
            ]
            pair.append(dark_rate(frames, read_noise=measured))
    for given in (None, measured):
        change = dark_rate_change(*pair, read_noise=given)
        assert change.meta["DKNOISE"] == "map"
        assert change.meta["DKSCALE"] == pytest.approx(2, abs=0.02)
        assert change.meta["DKWIDTH"] == pytest.approx(1, abs=0.03)
        assert np.mean(np.abs(change.data) > 3.29) < 2.5e-3


def test_amplifiers_have_factors_of_their_own():
    rng, rates = np.random.default_rng(3), hot_sensor()
    later = rates * np.where(np.arange(SHAPE[1]) < 125, 2.0, 3.0)
    sections = ["[1:125, :]", "[126:250, :]"]

    def measured(values):
        frames = [
            dark(rng.poisson(values * 100) + rng.normal(0, 5, SHAPE), 100.0, "electron", gain=1.0) for _ in range(5)
        ]
        return dark_rate(frames, amplifiers=sections)

    change = dark_rate_change(measured(rates), measured(later))
    assert change.meta["DKSCALEA"] == pytest.approx(2, abs=0.03)
    assert change.meta["DKSCALEB"] == pytest.approx(3, abs=0.04)
    assert np.std(change.data) == pytest.approx(1, abs=0.02)


def test_a_pixel_without_a_rate_in_one_epoch_is_masked():
    rng, rates = np.random.default_rng(2), hot_sensor()
    before, after = epoch_of(rng, rates), epoch_of(rng, rates)
    before.mask[3, 4], after.mask[5, 6] = True, True
    for statistic in STATISTICS:
        mask = dark_rate_change(before, after, statistic=statistic).mask
        assert mask[3, 4]
        assert mask[5, 6]


def test_a_dead_sensor_is_no_double():
    """All NaN at both epochs, as an amplifier may be: there is nothing to compare, and no wrong argument."""
    rng, rates = np.random.default_rng(2), hot_sensor()
    before, after = epoch_of(rng, rates), epoch_of(rng, rates)
    for rate in (before, after):
        rate.data[:], rate.uncertainty.array[:], rate.mask[:] = np.nan, np.nan, True
    with pytest.warns(NoUsablePixelWarning, match="^no pixel can be compared, all are masked"):
        assert dark_rate_change(before, after).mask.all()


def test_a_factor_takes_the_temperature_out():
    rng, rates = np.random.default_rng(2), hot_sensor()
    before = epoch_of(rng, rates, **{"CCD-TEMP": -10.0})
    after = epoch_of(rng, 2 * rates, **{"CCD-TEMP": -4.0})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dark_rate_change(before, after)
    with pytest.warns(TemperatureWarning, match="deg C"):
        dark_rate_change(before, after, scale=None)


def test_several_exposure_times_are_refused():
    rate = rate_image(np.ones((3, 4)), 100.0)
    both = dark_rate([dark(np.ones((3, 4)), seconds, "electron") for seconds in (10.0, 100.0)])
    with pytest.raises(ValueError, match="after is already one rate of 2 exposure times"):
        dark_rate_change(rate, both)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"statistic": "offset"}, "statistic must be"), ({"scale": "typical"}, "scale must be"),
     ({"offset": "pixel"}, "offset must be"), ({"null": "none"}, "null must be")],
)  # fmt: skip
def test_unknown_options(options, words):
    rate = rate_image(np.ones((3, 4)), 100.0)
    with pytest.raises(ValueError, match=words):
        dark_rate_change(rate, rate, **options)


def test_what_is_no_rate():
    rate = rate_image(np.ones((3, 4)), 100.0)
    with pytest.raises(TypeError, match="before must be CCDData"):
        dark_rate_change(rate.data, rate)
    with pytest.raises(u.UnitsError, match="after is in adu"):
        dark_rate_change(rate, CCDData(rate.data, unit="adu", meta=rate.meta))
    with pytest.raises(ValueError, match=r"before is \(3, 4\), after is \(4, 4\)"):
        dark_rate_change(rate, rate_image(np.ones((4, 4)), 100.0))


def test_blocks_do_not_matter():
    rng, rates = np.random.default_rng(2), hot_sensor()
    pair = epoch_of(rng, rates), epoch_of(rng, 2 * rates, seconds=300.0)
    whole, pieces = dark_rate_change(*pair), dark_rate_change(*pair, mem_limit=6e6)
    np.testing.assert_array_equal(whole.data, pieces.data)
