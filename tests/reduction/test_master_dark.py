"""The dark of any exposure time: its numbers, its mask, its meta, and ccdproc with it."""

import contextlib
import re
import warnings

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import (
    DARK_FLAGS,
    Amplifier,
    DarkSequence,
    MissingInformationWarning,
    NoUsablePixelWarning,
    Sensor,
    dark_rate,
    hot_pixel_mask,
    master_dark,
    simulate_dark,
)
from ccdproc_darks.simulation import DepletionEdgePixels, HotPixels, OffsetPixels

from ..helpers import ELECTRON_PER_SECOND, STRUCTURAL, assert_same_image, mean_dark, rate_image, snapshot

S, GAIN = u.s, 1.5 * u.electron / u.adu
SHAPE = (60, 80)


def measured(seed, seconds, rates=2.0, *, number=10, read_noise=5.0, shape=SHAPE, **options):
    """What dark_rate makes of frames of Poisson and normal noise; the gain is 1.5 electron/adu."""
    frame = mean_dark(np.random.default_rng(seed), rates, seconds, number, read_noise, shape)
    return dark_rate(frame, bias=0 * u.electron, gain=GAIN, dtype="float64", **options)


def beyond(at, longest, tolerance=0.1):
    """What is told of an exposure time beyond the longest of the rates, and of no other."""
    if at <= longest * (1 + max(tolerance, 1e-3)):
        return contextlib.nullcontext()
    message = (
        rf"^exposure is {at:g} s, {at / longest:.3g} times the longest one of the rates, {longest:g} s: which pixels"
    )
    return pytest.warns(MissingInformationWarning, match=message)


@pytest.fixture(scope="module")
def rates():
    return [measured(seed, seconds) for seed, seconds in enumerate((60.0, 300.0, 900.0))]


@pytest.mark.parametrize(
    ("at", "times"), [(150.0, (60.0, 600.0)), (150.0, (60.0, 300.0, 900.0)), (2000.0, (60.0, 600.0))]
)
def test_errors_are_right(at, times):
    """Between the exposures and beyond them, against the truth."""
    rates = [measured(seed, seconds, shape=(200, 200)) for seed, seconds in enumerate(times)]
    with beyond(at, max(times)):
        dark = master_dark(*rates, exposure=at * S, unit="electron")
    deviates = (dark.data - 2 * at) / dark.uncertainty.array
    # The common offset has an error, which all pixels share.
    assert (deviates - np.median(deviates)).std() == pytest.approx(1, abs=0.02)
    assert not dark.mask.any()
    assert dark.meta["NBYRATE"] > 0.999 * dark.size


def test_units(rates):
    electrons, counts = (master_dark(*rates, exposure=200 * S, unit=unit) for unit in ("electron", "adu"))
    assert (electrons.unit, counts.unit) == (u.electron, u.adu)
    np.testing.assert_allclose(electrons.data, 1.5 * counts.data)
    np.testing.assert_allclose(electrons.uncertainty.array, 1.5 * counts.uncertainty.array)
    other = master_dark(*rates, exposure=200 * S, gain=3 * u.electron / u.adu)
    np.testing.assert_allclose(2 * other.data, counts.data)
    assert (other.meta["DKGAIN"], counts.meta["DKGAIN"]) == (3.0, 1.5)


def test_gain_is_needed_for_adu():
    rates = [rate_image([[1.0, 2.0]], seconds) for seconds in (10, 100)]
    for rate in rates:
        rate.meta.pop("DKGAIN", None)
    with pytest.raises(ValueError, match=r"^gain is needed for a dark in adu, as no rate tells it \(DKGAIN"):
        master_dark(*rates, exposure=50 * S)
    assert master_dark(*rates, exposure=50 * S, unit="electron").unit == u.electron
    for rate, gain in zip(rates, (1.5, 2.0), strict=True):
        rate.meta["DKGAIN"] = gain
    with pytest.raises(ValueError, match=r"^rates were measured with different gains \(DKGAIN: 1.5, 2 electron/adu\)"):
        master_dark(*rates, exposure=50 * S)


def test_meta(rates):
    dark = master_dark(*rates, exposure=200 * S)
    wanted = {
        "EXPTIME": 200.0, "EXPOSURE": 200.0, "NCOMBINE": 30, "DKEXPMIN": 60.0, "DKEXPMAX": 900.0, "DKNEXP": 3,
        "DKTOTAL": 12600.0, "DKSTAT": "dark", "DKOFFSET": "common", "DKTOLER": 0.1, "NMASKED": 0,
    }  # fmt: skip
    assert {key: dark.meta[key] for key in wanted} == wanted
    assert dark.meta["NBYRATE"] + dark.meta["NBYOWN"] == dark.size
    assert dark.meta["DKMASTER"].startswith("master_dark: rates=<3 CCDData>, exposure=200.0 s, unit=adu")
    assert "DKMASTER" not in master_dark(*rates, exposure=200 * S, add_keyword=None).meta


def test_is_no_rate(rates):
    dark = master_dark(*rates, exposure=200 * S)
    dark = CCDData(dark.data, unit=ELECTRON_PER_SECOND, meta=dark.meta)
    with pytest.raises(ValueError, match="DKSTAT in its meta is 'dark'"):
        hot_pixel_mask(dark)


def test_round_trip(rates, tmp_path):
    dark = master_dark(*rates, exposure=200 * S)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dark.write(tmp_path / "x.fits")
        back = CCDData.read(tmp_path / "x.fits")
    assert not caught
    assert_same_image(dark, back)
    assert {key: back.meta[key] for key in dark.meta} == dict(dark.meta)
    assert set(back.meta) - set(dark.meta) <= STRUCTURAL


def test_inputs_are_not_changed(rates):
    mask = hot_pixel_mask(*rates)
    before = [snapshot(image) for image in (*rates, mask)]
    master_dark(*rates, exposure=200 * S, mask=mask)
    assert [snapshot(image) for image in (*rates, mask)] == before


class TestNotProportional:
    """Noiseless pixels of several rates, whose counts are known."""

    @staticmethod
    def dark(times, counts, at, **options):
        """A sensor of pixels of 1 electron/s, of which the first has these counts (electron)."""
        rates = []
        for seconds, count in zip(times, counts, strict=True):
            values = np.full((20, 20), 1.0)
            values[0, 0] = count / seconds
            rates.append(rate_image(values, seconds, number=1000, read_noise=1.0))
        return master_dark(*rates, exposure=at * S, unit="electron", **options)

    def test_offset(self):
        """Its counts are on a straight line."""
        dark = self.dark((100, 200, 400, 800), (1100, 1200, 1400, 1800), 300)
        assert dark.data[0, 0] == pytest.approx(1300, abs=3)
        assert dark.meta["NBYOWN"] == 1
        assert dark.data[5, 5] == pytest.approx(300, abs=0.01)

    def test_full(self):
        dark = self.dark((100, 200, 400, 800), (10000, 20000, 30000, 30000), 600)
        assert dark.data[0, 0] == pytest.approx(30000, rel=1e-3)

    def test_full_between_two_exposures(self):
        """It is full at 300 s to the electron: a bend would not have been proportional up to 200 s."""
        dark = self.dark((100, 200, 400, 800), (10000, 20000, 30000, 30000), 300)
        assert dark.data[0, 0] == pytest.approx(30000, abs=2 * dark.uncertainty.array[0, 0])
        assert dark.uncertainty.array[0, 0] < 500

    def test_like_no_known_curve(self):
        """Its counts stand still and grow again: anything between the exposures about it may be."""
        dark = self.dark((100, 200, 400, 800), (10000, 20000, 20500, 40000), 300)
        assert 20000 < dark.data[0, 0] < 20500
        assert dark.uncertainty.array[0, 0] == pytest.approx(125, rel=0.05)

    def test_its_own_counts_at_a_measured_exposure(self):
        dark = self.dark((100, 200, 400, 800), (10000, 20000, 25000, 26000), 400)
        assert dark.data[0, 0] == pytest.approx(25000, rel=1e-4)
        assert dark.uncertainty.array[0, 0] == pytest.approx(np.sqrt(25001 / 1000), rel=0.05)

    def test_one_high_exposure(self):
        """A cosmic ray at 400 s: the others are proportional."""
        dark = self.dark((100, 200, 400, 800, 1000), (1000, 2000, 9000, 8000, 10000), 400)
        assert dark.data[0, 0] == pytest.approx(4000, rel=5e-3)
        assert dark.meta["NBYOWN"] == 0

    @pytest.mark.parametrize("at", [50, 10])
    def test_before_the_shortest(self, at):
        """It may have an offset, which stays, or bend at once, in less time than the shortest exposure."""
        dark = self.dark((100, 200, 400), (1100, 1200, 1400), at)
        with_offset, bent = 1000 + at, 1000 * (1 - np.exp(-at / 20)) + at
        for possible in (with_offset, bent):
            assert dark.data[0, 0] == pytest.approx(possible, abs=5 * dark.uncertainty.array[0, 0])
        assert bent < dark.data[0, 0] < with_offset
        # Far more than the noise of the counts.
        assert dark.uncertainty.array[0, 0] > 30

    @pytest.mark.parametrize(
        ("at", "tolerance", "masked"), [(430, 0.1, 0), (450, 0.1, 1), (450, 0.2, 0), (400.1, 0, 0), (402, 0, 1)]
    )
    def test_beyond_the_longest(self, at, tolerance, masked):
        with beyond(at, 400, tolerance):
            dark = self.dark((100, 200, 400), (1100, 1200, 1400), at, tolerance=tolerance)
        assert dark.mask.sum() == dark.meta["NMASKED"] == masked
        assert dark.mask[0, 0] == masked
        # A number stays.
        assert dark.data[0, 0] == pytest.approx(1000 + at, rel=0.05)


class TestMask:
    def test_saturated(self):
        """From an exposure at which it was full on, and where its counts reach that level."""
        values = np.full((10, 10), 1.0)
        values[0, 0] = 300.0
        rates = [rate_image(values, seconds, saturation=50000 * u.electron) for seconds in (50, 100, 400)]
        for at, masked in ((120, 0), (160, 0), (170, 1), (400, 1), (1000, 1)):
            with beyond(at, 400):
                dark = master_dark(*rates, exposure=at * S, unit="electron")
            assert dark.mask[0, 0] == masked
            assert dark.mask.sum() == masked
            assert dark.data[0, 0] == pytest.approx(min(300 * at, 50000), rel=0.01)

    def test_the_level_has_no_bias_in_it(self):
        """Full at 50000 adu, of which 5000 adu are bias: a pixel that never was full, at 47000 electron."""
        values = np.full((10, 10), 1.0)
        values[0, 0], values[5, 5] = 300.0, 100.0
        rates = [
            dark_rate(
                CCDData(values * seconds + 5000, unit=u.adu, meta={"EXPTIME": seconds}), bias=5000 * u.adu,
                gain=1 * u.electron / u.adu, read_noise=5 * u.electron, saturation=50000 * u.adu,
            )
            for seconds in (50.0, 100.0, 400.0)
        ]  # fmt: skip
        for at, masked in ((440, False), (470, True)):
            with beyond(at, 400):
                dark = master_dark(*rates, exposure=at * S)
            assert dark.mask[5, 5] == masked
            assert dark.mask[0, 0]
            assert dark.mask.sum() == 1 + masked

    def test_no_data(self):
        rates = [measured(seed, seconds) for seed, seconds in enumerate((60.0, 600.0))]
        for rate in rates:
            rate.mask[3, 4] = True
        dark = master_dark(*rates, exposure=200 * S)
        assert dark.mask[3, 4]
        assert dark.mask.sum() == 1

        assert np.isnan(dark.data[3, 4])

    @pytest.mark.parametrize(("at", "masked"), [(60.0, False), (200.0, True)])
    def test_a_single_usable_exposure(self, at, masked):
        """It is only right at its own exposure time."""
        rates = [measured(seed, seconds) for seed, seconds in enumerate((60.0, 600.0))]
        rates[1].mask[3, 4] = True
        dark = master_dark(*rates, exposure=at * S, unit="electron")
        assert dark.mask[3, 4] == masked
        assert dark.data[3, 4] == pytest.approx(rates[0].data[3, 4] * at, rel=0.05, abs=3)

    def test_flags(self, rates):
        mask = hot_pixel_mask(*rates)
        mask.data[...] = 0
        bad = DARK_FLAGS.DO_NOT_USE
        flags = [
            DARK_FLAGS.NONLINEAR | bad, DARK_FLAGS.TELEGRAPH | bad, bad, DARK_FLAGS.SATURATED | bad, DARK_FLAGS.HOT,
            DARK_FLAGS.HOT | bad, DARK_FLAGS.NONLINEAR | DARK_FLAGS.TELEGRAPH | bad,
        ]  # fmt: skip
        mask.data[0, : len(flags)] = flags
        plain, told = (master_dark(*rates, exposure=200 * S, mask=given) for given in (None, mask))
        assert told.mask[0, :7].tolist() == [False, True, True, False, False, True, True]
        assert not plain.mask.any()
        assert told.mask.sum() == told.meta["NMASKED"] == 4
        # By its own counts, which are noisier.
        assert told.uncertainty.array[0, 0] > 1.2 * plain.uncertainty.array[0, 0]
        assert told.data[0, 1] == pytest.approx(plain.data[0, 1], rel=1e-3)

    def test_bool(self, rates):
        mask = np.zeros(SHAPE, bool)
        mask[5, 6] = True
        dark = master_dark(*rates, exposure=200 * S, mask=mask)
        assert dark.mask[5, 6]
        assert dark.mask.sum() == dark.meta["NMASKED"] == 1

    def test_all_masked_is_told(self, rates):
        with pytest.warns(NoUsablePixelWarning, match="^no pixel has a dark at 200 s, all are masked: 4800 of 4800"):
            master_dark(*rates, exposure=200 * S, mask=np.ones(SHAPE, bool))


class TestSingleRate:
    @pytest.fixture(scope="module")
    def rate(self):
        rates = np.full((100, 100), 0.5)
        rates[10, 10] = 50.0
        return measured(3, 300.0, rates, shape=(100, 100))

    def test_at_its_own_exposure(self, rate):
        """Its own counts, the hot ones too."""
        dark = master_dark(rate, exposure=300.1 * S, unit="electron")
        assert not dark.mask.any()
        np.testing.assert_allclose(dark.data, rate.data * 300.1)
        np.testing.assert_allclose(dark.uncertainty.array, rate.uncertainty.array * 300.1)

    def test_at_another_one_hot_pixels_are_masked(self, rate):
        with beyond(600, 300):
            dark = master_dark(rate, exposure=600 * S, unit="electron")
        assert dark.mask[10, 10]
        assert (dark.mask == hot_pixel_mask(rate).mask).all()
        assert dark.data[10, 10] == pytest.approx(30000, rel=0.02)

    def test_a_mask_tells_which_are_proportional(self, rate):
        """As where another rate, which is not at hand, showed it."""
        assert not master_dark(rate, exposure=200 * S, mask=np.zeros((100, 100), bool)).mask.any()
        assert master_dark(rate, exposure=200 * S, mask=hot_pixel_mask(rate)).mask[10, 10]

    def test_a_mask_tells_which_are_not(self, rate):
        """A single rate has no other counts of a NONLINEAR pixel than those at its own exposure time."""
        mask = hot_pixel_mask(rate)
        mask.data[...] = 0
        mask.data[3, 4] = DARK_FLAGS.NONLINEAR | DARK_FLAGS.DO_NOT_USE
        assert not master_dark(rate, exposure=300 * S, mask=mask).mask.any()
        dark = master_dark(rate, exposure=200 * S, mask=mask)
        assert dark.mask[3, 4]
        assert dark.mask.sum() == 1

    @pytest.mark.parametrize(("at", "nonlinear_masked"), [(300.0, False), (600.0, True)])
    def test_only_what_the_mask_masks(self, at, nonlinear_masked):
        """A mask from several rates shows which hot pixels are proportional."""
        values = np.full((40, 40), 0.5)
        values[5], values[6, 6] = 50.0, 40.0
        longest = measured(4, 300.0, values, shape=(40, 40))
        values[6, 6] = 55.0
        mask = hot_pixel_mask(measured(5, 60.0, values, shape=(40, 40)), longest)
        assert (mask.data[5] & int(DARK_FLAGS.HOT) > 0).all()
        assert mask.data[6, 6] & int(DARK_FLAGS.NONLINEAR)
        with beyond(at, 300):
            dark = master_dark(longest, exposure=at * S, mask=mask)
        wanted = mask.mask.copy() if nonlinear_masked else np.zeros((40, 40), bool)
        np.testing.assert_array_equal(dark.mask, wanted)

    @pytest.mark.parametrize("unit", ["adu", "electron"])
    def test_full(self, unit):
        """The saturation level is in the unit of the frames."""
        frames = [mean_dark(np.random.default_rng(seed), 2.0, 100.0, 1, 5.0, SHAPE) for seed in range(3)]
        for frame in frames:
            frame.data[5, 6] = 50000.0
            frame.meta["EGAIN"] = 1.5
        if unit == "adu":
            frames = [CCDData(frame.data / 1.5, unit="adu", meta=frame.meta) for frame in frames]
        rate = dark_rate(frames, bias=0 * u.Unit(unit), saturation=60000 * u.electron)
        with beyond(150, 100):
            dark = master_dark(rate, exposure=150 * S, unit="electron", mask=np.zeros(SHAPE, bool))
        assert dark.mask[5, 6]
        assert dark.mask.sum() == 1
        assert dark.data[5, 6] == pytest.approx(60000)

    @pytest.mark.parametrize("at", [100, 300, 900])
    def test_one_rate_of_several_exposures(self, at):
        """The mask of rates of one exposure each tells which pixels a rate of all frames has the right dark of."""
        sensor = Sensor(
            shape=SHAPE, rate=0.2 * u.electron / S, read_noise=5 * u.electron, gain=GAIN, bias=500 * u.adu, seed=3,
            defects=[
                HotPixels(fraction=0.02, above=8 * u.electron / S, maximum=40 * u.electron / S),
                OffsetPixels(fraction=0.01, offset=1500 * u.electron),
            ],
        )  # fmt: skip
        frames = list(DarkSequence(sensor, [(5, seconds * S) for seconds in (60, 300, 900)], rng=1))
        rates = [dark_rate(frames[first : first + 5], bias=500 * u.adu) for first in (0, 5, 10)]
        together = dark_rate(frames, bias=500 * u.adu)
        assert together.meta["DKNEXP"] == 3
        mask = hot_pixel_mask(*rates)
        told, plain = (master_dark(together, exposure=at * S, unit="electron", mask=given) for given in (mask, None))
        truth = sensor.true_flags()
        nonlinear = truth.data & DARK_FLAGS.NONLINEAR > 0
        assert nonlinear.sum() > 40
        assert told.mask[nonlinear & (mask.data & DARK_FLAGS.NONLINEAR > 0)].all()
        # Hot pixels that the mask finds proportional have a dark, without a mask none has.
        hot = (truth.data & DARK_FLAGS.HOT > 0) & ~nonlinear
        assert plain.mask[hot & (sensor.true_rate().data > 6)].all()
        assert (~told.mask[hot]).mean() > 0.9
        deviates = (told.data - sensor.true_rate().data * at) / told.uncertainty.array
        assert np.abs(deviates[~told.mask]).max() < 6

    @pytest.mark.parametrize(("at", "longest", "several"), [(900, 900, True), (900, 300, False)])
    def test_pixels_that_were_full_are_told_by_the_mask(self, at, longest, several):
        """The saturation level has the bias in it: counts just below it, of which the rate knows nothing, are full."""
        hot = HotPixels(fraction=0.05, above=60 * u.electron / S, maximum=120 * u.electron / S, slope=0)
        sensor = Sensor(
            shape=(100, 100), rate=0.2 * u.electron / S, read_noise=5 * u.electron, gain=GAIN, bias=3000 * u.adu,
            seed=3, defects=[hot],
        )  # fmt: skip
        frames = list(DarkSequence(sensor, [(5, seconds * S) for seconds in (60, 300, 900)], rng=1))
        rates = [dark_rate(frames[first : first + 5], bias=3000 * u.adu) for first in (0, 5, 10)]
        mask = hot_pixel_mask(*rates)
        rate = dark_rate(frames, bias=3000 * u.adu) if several else rates[1]
        full = mask.data & DARK_FLAGS.SATURATED > 0
        assert full.sum() > 30
        with beyond(at, longest):
            assert master_dark(rate, exposure=at * S, mask=mask).mask[full].all()
        below = master_dark(rate, exposure=300 * S, mask=mask)
        assert not below.mask[full].any()

    def test_without_an_uncertainty(self, rate):
        rate = rate.copy()
        rate.uncertainty = None
        assert master_dark(rate, exposure=300 * S).uncertainty is None


class TestTemperature:
    @staticmethod
    def rates(*celsius):
        found = [measured(seed, seconds) for seed, seconds in enumerate((60.0, 600.0))]
        for rate, degrees in zip(found, celsius, strict=True):
            if degrees is not None:
                rate.meta["DKTEMP"] = degrees
        return found

    def test_the_same(self):
        plain = master_dark(*self.rates(-20.0, -20.5), exposure=200 * S)
        for temperature in (-20 * u.deg_C, 253.15 * u.K, -21.5 * u.deg_C):
            told = master_dark(*self.rates(-20.0, -20.5), exposure=200 * S, temperature=temperature)
            assert_same_image(plain, told)

    def test_another_one(self):
        with pytest.raises(ValueError, match=r"^temperature: a dark at -10.0 deg C needs .* all 2 are of -20.0 deg C"):
            master_dark(*self.rates(-20.0, -20.0), exposure=200 * S, temperature=-10 * u.deg_C)
        with pytest.raises(ValueError, match="no rate tells its own"):
            master_dark(*self.rates(None, None), exposure=200 * S, temperature=-10 * u.deg_C)

    @pytest.mark.parametrize("unit", ["adu", "electron"])
    def test_between(self, unit):
        """Rates at two temperatures, of which the warmer has twice the dark current: the dark at a third."""
        cold, warm = ([measured(10 * rate + n, t, rate, shape=(150, 150)) for n, t in enumerate((60.0, 600.0))]
                      for rate in (2, 4))  # fmt: skip
        for rates, degrees in ((cold, -20.0), (warm, -14.0)):
            for rate in rates:
                rate.meta["DKTEMP"] = degrees
        warm[0].mask[3, 3] = warm[1].mask[3, 3] = cold[0].mask[3, 3] = cold[1].mask[3, 3] = True
        dark = master_dark(warm[0], *cold, warm[1], exposure=200 * S, temperature=-17 * u.deg_C, unit=unit)
        factor = 1.5 if unit == "adu" else 1.0
        assert np.nanmedian(dark.data) * factor == pytest.approx(400 * np.sqrt(2), rel=0.02)
        assert np.isnan(dark.data[3, 3])
        deviates = (dark.data - np.nanmedian(dark.data)) / dark.uncertainty.array
        # All pixels share the error of not knowing the law: it is in each one's.
        assert 0.7 < deviates[~dark.mask].std() < 1.05
        assert dark.meta["DKTEMP"] == pytest.approx(-17)
        assert (dark.meta["NCOMBINE"], dark.meta["NMASKED"], dark.meta["EXPTIME"]) == (40, 1, 200.0)
        assert dark.mask.sum() == dark.mask[3, 3] == 1
        assert "NBYRATE" not in dark.meta
        with pytest.raises(ValueError, match=r"^temperature is 10.0 deg C, more than 10 K outside"):
            master_dark(*cold, *warm, exposure=200 * S, temperature=10 * u.deg_C)

    def test_full(self):
        """A pixel that the colder rates know, and that is full at the temperature asked for."""
        rates = np.full((60, 80), 5.0)
        rates[7, 8] = 80.0
        cold, warm = measured(1, 600.0, rates), measured(2, 600.0, 2 * rates)
        for rate, degrees in ((cold, -20.0), (warm, -14.0)):
            rate.meta.update({"DKTEMP": degrees, "DKSATUR": 60000 / 1.5, "DKSATSRC": "argument"})
        warm.mask[7, 8] = True
        for unit, level in (("adu", 40000), ("electron", 60000)):
            dark = master_dark(cold, warm, exposure=600 * S, temperature=-15 * u.deg_C, unit=unit)
            assert dark.mask[7, 8]
            assert dark.data[7, 8] == level
            assert dark.mask.sum() == dark.meta["NMASKED"] == 1

    def test_meta_of_several(self):
        """Those of all rates together; widths and offsets of one temperature are none of the dark's."""
        rates = [measured(1, 60.0), measured(2, 600.0), measured(3, 100.0, 4.0), measured(4, 600.0, 4.0)]
        for rate, degrees in zip(rates, (-20.0, -20.0, -14.0, -14.0), strict=True):
            rate.meta["DKTEMP"] = degrees
        meta = master_dark(*rates, exposure=200 * S, temperature=-15 * u.deg_C).meta
        assert (meta["DKEXPMIN"], meta["DKEXPMAX"], meta["DKNEXP"]) == (60.0, 600.0, 2)
        assert meta["DKTOTAL"] == sum(rate.meta["DKTOTAL"] for rate in rates)
        assert not {"DKWIDTH", "DKOFF1", "DKOFF2", "NBYRATE"} & set(meta)

    def test_of_different_gains(self):
        rates = self.rates(-20.0, -10.0)
        rates[1].meta["DKGAIN"] = 3.0
        with pytest.raises(ValueError, match=r"^rates were measured with different gains \(DKGAIN: 1.5, 3 "):
            master_dark(*rates, exposure=200 * S, temperature=-15 * u.deg_C)

    def test_messages_name_the_users_rate(self):
        rates = [measured(seed, seconds) for seed, seconds in enumerate((60.0, 600.0, 60.0))]
        for rate, degrees in zip(rates, (-20.0, -20.0, -10.0), strict=True):
            rate.meta["DKTEMP"] = degrees
        rates[2].unit = "adu"
        with pytest.raises(u.UnitsError, match=r"rates\[2\]"):
            master_dark(*rates, exposure=200 * S, temperature=-15 * u.deg_C)

    def test_is_needed(self):
        with pytest.raises(ValueError, match=r"^rates are of several temperatures \(DKTEMP: -20.0, -10.0 deg C\)"):
            master_dark(*self.rates(-20.0, -10.0), exposure=200 * S)


@pytest.mark.parametrize(("change", "error", "message"), [
    ({"exposure": 200}, TypeError, "exposure must be a Quantity in s"),
    ({"exposure": 0 * S}, ValueError, "exposure must be positive"),
    ({"unit": "DN"}, ValueError, "unit must be one of 'adu', 'electron'"),
    ({"gain": 2}, TypeError, "gain must be a Quantity in electron / adu"),
    ({"temperature": 5}, TypeError, "temperature must be a Quantity in K"),
    ({"tolerance": -1}, ValueError, "tolerance must be"),
    ({"offset": "mean"}, ValueError, "offset must be one of"),
    ({"mask": [1]}, TypeError, "mask must be a result of hot_pixel_mask"),
    ({"mask": np.zeros((3, 3), bool)}, ValueError, "mask must have the shape of the rates, (60, 80), got (3, 3)"),
    ({"mask": np.zeros(SHAPE)}, TypeError, "mask must be a result of hot_pixel_mask, or an array of bool, got one of"),
    ({"mem_limit": 10}, ValueError, "mem_limit must be at least"),
    ({"executor": 3}, TypeError, "executor must be"),
    ({"add_keyword": 3}, TypeError, "add_keyword must be"),
])  # fmt: skip
def test_wrong_arguments(rates, change, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        master_dark(*rates, **{"exposure": 200 * S} | change)


def test_no_rates():
    with pytest.raises(ValueError, match="at least one rate is needed"):
        master_dark(exposure=200 * S)
    with pytest.raises(TypeError, match=r"^rates\[0\] must be CCDData"):
        master_dark("rate.fits", exposure=200 * S)


def test_amplifiers():
    """Each has its own gain; the result is that of the sections by themselves."""
    camera = dict(gain=GAIN, read_noise=5 * u.electron, bias=500 * u.adu)
    own = dict(read_noise=5 * u.electron)
    both = [
        Amplifier("[1:40, :]", gain=GAIN, **own),
        Amplifier("[41:80, :]", gain=2 * GAIN, read_noise=10 * u.electron),
    ]
    rates, left = [], []
    for seconds in (60, 600):
        darks = [simulate_dark(SHAPE, exposure=seconds * S, rng=[seconds, n], **camera) for n in range(5)]
        rates.append(dark_rate(darks, bias=500 * u.adu, amplifiers=both))
        halves = [ccdproc.trim_image(one[:, :40]) for one in darks]
        left.append(dark_rate(halves, bias=500 * u.adu, gain=GAIN, **own))
    dark, alone = (master_dark(*given, exposure=200 * S) for given in (rates, left))
    np.testing.assert_array_equal(dark.data[:, :40], alone.data)
    np.testing.assert_array_equal(dark.uncertainty.array[:, :40], alone.uncertainty.array)
    assert dark.meta["NMASKED"] == 0
    assert dark.meta["NBYRATE"] + dark.meta["NBYOWN"] == dark.size
    assert (dark.meta["DKAMPS"], dark.meta["EXPTIME"]) == (2, 200.0)
    mask = np.zeros(SHAPE, bool)
    mask[4, 50] = True
    assert master_dark(*rates, exposure=200 * S, mask=mask).mask.sum() == 1


class TestCcdproc:
    """As it is, into ccdproc: the residual is that of the noise."""

    @pytest.fixture(scope="module")
    def night(self):
        rate = ELECTRON_PER_SECOND
        sensor = Sensor(
            shape=(150, 150), seed=5, rate=0.2 * rate, read_noise=6 * u.electron, gain=GAIN, bias=500 * u.adu,
            defects=(
                HotPixels(fraction=0.02, above=1 * rate, maximum=60 * rate),
                DepletionEdgePixels(charge=3000 * u.electron, share=0.5, fraction=0.2, above=2 * rate),
                OffsetPixels(offset=400 * u.electron, fraction=0.2, above=2 * rate),
            ),
        )  # fmt: skip
        frames = list(DarkSequence(sensor, [*((5, time * S) for time in (50, 100, 200, 400)), (1, 150 * S)], rng=6))
        rates = [
            dark_rate(frames[start : start + 5], bias=500 * u.adu, read_noise=6 * u.electron)
            for start in (0, 5, 10, 15)
        ]
        return rates, frames[-1]

    @staticmethod
    def check(residual, dark, per_electron):
        """Width of the residual over its noise, of all pixels that are not masked."""
        electrons = np.maximum(dark.data / per_electron, 0) + 36 + GAIN.value**2 / 12
        noise = np.sqrt(electrons * per_electron**2 + dark.uncertainty.array**2)
        deviates = (residual.data / noise)[~dark.mask]
        assert deviates.std() == pytest.approx(1, abs=0.02)
        assert (residual.mask == dark.mask).all()
        assert not dark.mask.any()

    @pytest.mark.parametrize("unit", ["adu", "electron"])
    @pytest.mark.parametrize("way", ["keyword", "key", "quantities", "scaled"])
    def test_subtract_dark(self, night, unit, way):
        rates, raw = night
        dark, per_electron = master_dark(*rates, exposure=150 * S, unit=unit), 1 / 1.5 if unit == "adu" else 1.0
        science = ccdproc.subtract_bias(raw, CCDData(np.full(raw.shape, 500.0), unit="adu"))
        if unit == "electron":
            science = ccdproc.gain_correct(science, GAIN)
        options = {
            "keyword": {"exposure_time": ccdproc.Keyword("EXPTIME", unit=S)},
            "key": {"exposure_time": "EXPTIME", "exposure_unit": S},
            "quantities": {"data_exposure": 150 * S, "dark_exposure": 150 * S},
            "scaled": {"exposure_time": ccdproc.Keyword("EXPTIME", unit=S), "scale": True},
        }[way]
        self.check(ccdproc.subtract_dark(science, dark, **options), dark, per_electron)

    @pytest.mark.parametrize("corrected", [True, False])
    def test_ccd_process(self, night, corrected):
        rates, raw = night
        """Frames are in electron at once, or at the end."""
        unit, gain = ("electron", GAIN.value) if corrected else ("adu", 1.0)
        dark = master_dark(*rates, exposure=150 * S, unit=unit)
        reduced = ccdproc.ccd_process(
            raw, master_bias=CCDData(np.full(raw.shape, 500.0 * gain), unit=unit), gain=GAIN, gain_corrected=corrected,
            dark_frame=dark, exposure_key=ccdproc.Keyword("EXPTIME", unit=S),
        )  # fmt: skip
        assert reduced.unit == u.electron
        reduced.data = reduced.data / (1.0 if corrected else GAIN.value)
        self.check(reduced, dark, 1.0 if corrected else 1 / 1.5)


def test_without_a_bias():
    """With free offsets the dark has each pixel's own offset in it."""
    rng, level = np.random.default_rng(8), np.random.default_rng(9).normal(300, 50, SHAPE)
    rates = []
    for seconds in (60.0, 200.0, 600.0):
        frame = mean_dark(rng, 2.0, seconds, 10, 5.0, SHAPE)
        frame.data = frame.data + level
        rates.append(dark_rate(frame, bias=0 * u.electron, dtype="float64"))
    dark = master_dark(*rates, exposure=400 * S, unit="electron", offset="pixel")
    deviates = (dark.data - level - 800) / dark.uncertainty.array
    assert (deviates - np.median(deviates)).std() == pytest.approx(1, abs=0.03)
