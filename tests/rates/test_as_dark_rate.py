"""A rate made by hand: equal to that of dark_rate from the same frames, and as good in every later step."""

import warnings

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, StdDevUncertainty, VarianceUncertainty

from ccdproc_darks import (
    MissingInformationWarning,
    NoiseWarning,
    NoUsablePixelWarning,
    as_dark_rate,
    compare_dark_rates,
    dark_rate,
    hot_pixel_mask,
    simulate_dark,
)
from ccdproc_darks.rates.rate_meta import RateMeta

from ..helpers import ELECTRON_PER_SECOND, assert_same_image, mean_dark, snapshot

SHAPE, READ_NOISE, GAIN = (60, 70), 10.0, 1.5
CAMERA = {
    "gain": GAIN * u.electron / u.adu, "read_noise": READ_NOISE * u.electron, "bias": 1000 * u.adu,
    "hot_fraction": 0.01,
}  # fmt: skip
# Of a digitised frame.
MEASURED = np.hypot(READ_NOISE, GAIN / np.sqrt(12)) * u.electron


def frames(seconds, number, seed=0):
    return [simulate_dark(SHAPE, exposure=seconds * u.s, rng=seed + index, **CAMERA) for index in range(number)]


def combined(darks, **options):
    return ccdproc.combine(darks, **{"method": "average", "dtype": float, **options})


def by_hand(darks, bias, seconds, **options):
    """As the notebook does it: arithmetic on CCDData drops the meta."""
    return combined(darks, **options).subtract(bias).multiply(CAMERA["gain"]).divide(seconds * u.s)


def flat_rate(values, deviation=None, unit=ELECTRON_PER_SECOND, **options):
    """A rate (electron/s) of 100 s and 4 frames."""
    uncertainty = None if deviation is None else StdDevUncertainty(np.full(np.shape(values), deviation))
    return CCDData(np.array(values, float), unit=unit, uncertainty=uncertainty, **options)


def made(ccd, **options):
    return as_dark_rate(ccd, **{"exposure": 100 * u.s, "frames": 4, "read_noise": 6 * u.electron, **options})


class TestEqualToDarkRate:
    """The same frames, by hand and by `dark_rate` without a rejection of cosmic rays."""

    def test_level_as_bias(self):
        darks = frames(1000, 8)
        rate = dark_rate(darks, bias=1000 * u.adu, clip=None, dtype="float64", read_noise=MEASURED)
        hand = as_dark_rate(
            by_hand(darks, 1000 * u.adu, 1000), exposure=1000 * u.s, frames=8, read_noise=MEASURED,
            gain=CAMERA["gain"],
        )  # fmt: skip
        assert_same_image(hand, rate, rtol=1e-9)
        lost = {"DKSATUR", "DKSATSRC", "DKLEVERR", "DKLOST"}
        wanted = {key: value for key, value in rate.meta.items() if key.startswith(("DK", "NCOM", "EXP"))}
        assert {key: hand.meta[key] for key in wanted if key not in lost | {"DKRATE"}} == {
            key: value for key, value in wanted.items() if key not in lost | {"DKRATE"}
        }

    def test_master_bias(self, tmp_path):
        """The error of the master bias, and its checksum, by which rates share it."""
        darks, biases = frames(300, 5), frames(1e-3, 20, seed=100)
        master = combined(biases)
        master.meta["NCOMBINE"] = 20
        rate = dark_rate(darks, bias=master, clip=None, dtype="float64", read_noise=MEASURED, check_headers=False)
        plain = CCDData(master.data, unit="adu")
        hand = by_hand(darks, plain, 300)
        options = {"exposure": 300 * u.s, "frames": 5, "read_noise": MEASURED, "gain": CAMERA["gain"]}
        found = as_dark_rate(hand, bias=master, **options)
        assert_same_image(found, rate, rtol=1e-9)
        assert (found.meta["DKBIASID"], found.meta["DKBIASER"]) == (rate.meta["DKBIASID"], rate.meta["DKBIASER"])
        master.write(tmp_path / "bias.fits")
        assert_same_image(as_dark_rate(hand, bias=tmp_path / "bias.fits", **options), found, rtol=1e-12)
        # The error alone, in adu.
        error = rate.meta["DKBIASER"] / GAIN * u.adu
        assert_same_image(as_dark_rate(hand, bias_error=error, **options), rate, rtol=1e-9)

    def test_later_steps(self):
        """The same significance and flags as from dark_rate."""
        sets = {90: frames(90, 10), 1000: frames(1000, 10, seed=50)}
        rates, hands = [], []
        for seconds, darks in sets.items():
            rates.append(dark_rate(darks, bias=1000 * u.adu, clip=None, dtype="float64", read_noise=MEASURED))
            hand = by_hand(darks, 1000 * u.adu, seconds)
            options = {"frames": 10, "read_noise": MEASURED, "saturation": 64535 * u.adu, "gain": CAMERA["gain"]}
            hands.append(as_dark_rate(hand, exposure=seconds * u.s, **options))
        assert_same_image(compare_dark_rates(*hands), compare_dark_rates(*rates), rtol=1e-6)
        hot, by_frames = hot_pixel_mask(*hands), hot_pixel_mask(*rates)
        assert by_frames.meta["NHOT"] > 30
        np.testing.assert_array_equal(hot.data, by_frames.data)

    def test_rate_in_adu(self):
        darks = frames(1000, 4)
        in_adu = combined(darks).subtract(1000 * u.adu).divide(1000 * u.s)
        options = {"exposure": 1000 * u.s, "frames": 4, "read_noise": MEASURED}
        expected = as_dark_rate(by_hand(darks, 1000 * u.adu, 1000), **options)
        assert_same_image(as_dark_rate(in_adu, gain=CAMERA["gain"], **options), expected, rtol=1e-12)
        with pytest.raises(ValueError, match="gain is needed for a rate in adu / s"):
            as_dark_rate(in_adu, **options)

    def test_other_unit_of_time(self):
        rate = flat_rate([[60.0, 120.0]], unit=u.electron / u.min)
        assert_same_image(made(rate), made(flat_rate([[1.0, 2.0]])), rtol=1e-12)


class TestUncertainty:
    def test_formula(self):
        rate = made(flat_rate([[2.0, -1.0]]), bias_error=3 * u.electron)
        expected = np.sqrt([(200 + 36) / 4 + 9, 36 / 4 + 9]) / 100
        np.testing.assert_allclose(rate.uncertainty.array, [expected], rtol=1e-12)

    def test_that_of_combine_is_replaced(self):
        """Significances of good pixels are normal with the model's uncertainty, and not with that of three frames."""
        hands = [by_hand(frames(900, 3, seed=seed), 1000 * u.adu, 900) for seed in (0, 10)]
        models = [as_dark_rate(hand, exposure=900 * u.s, frames=3, read_noise=MEASURED) for hand in hands]
        for rates, tail in ((hands, (0.01, 1)), (models, (0, 0.001))):
            difference = rates[0].data - rates[1].data
            sigma = np.hypot(*(rate.uncertainty.array for rate in rates))
            assert tail[0] <= np.mean(np.abs(difference) > 5 * sigma) <= tail[1]

    def test_median(self):
        """The scatter of a median of many frames is that of its uncertainty."""
        values = np.median(np.random.default_rng(1).normal(50, 12, (25, *SHAPE)), axis=0)
        rate = made(flat_rate(values / 100), frames=25, read_noise=np.sqrt(144 - 50) * u.electron, method="median")
        width = np.std((rate.data - 0.5) / rate.uncertainty.array)
        assert 0.95 < width < 1.02
        single = made(flat_rate([[0.5]]), frames=1, method="median")
        assert single.uncertainty.array == made(flat_rate([[0.5]]), frames=1).uncertainty.array

    @pytest.mark.parametrize("number", [3, 10])
    def test_read_noise_from_the_scatter(self, number):
        """From the uncertainty of ccdproc.combine, corrected for its degrees of freedom."""
        hand = by_hand(frames(1000, number), 1000 * u.adu, 1000)
        rate = as_dark_rate(hand, exposure=1000 * u.s, frames=number)
        assert rate.meta["DKNOISE"] == "estimated"
        assert rate.meta["DKRDNOI"] == pytest.approx(MEASURED.value, rel=0.02)

    def test_read_noise_of_the_header(self):
        rate = made(flat_rate([[1.0]], meta={"RDNOISE": 6.0}), read_noise=None)
        assert (rate.meta["DKRDNOI"], rate.meta["DKNOISE"]) == (6.0, "header")
        assert rate.uncertainty.array == made(flat_rate([[1.0]])).uncertainty.array

    def test_none(self):
        with pytest.warns(MissingInformationWarning, match="no read noise .* pass read_noise"):
            rate = made(flat_rate([[1.0]]), read_noise=None)
        assert rate.uncertainty is None
        assert rate.meta["DKNOISE"] == "none"
        with pytest.warns(MissingInformationWarning, match="no read noise"):
            assert made(flat_rate([[1.0]], 0.1), read_noise=None, frames=2).uncertainty is None

    def test_of_zero(self):
        """An uncertainty of 0 in all pixels tells no noise."""
        with pytest.warns(MissingInformationWarning, match="no read noise"):
            assert made(flat_rate([[1.0]], 0.0), read_noise=None, frames=10).uncertainty is None
        with pytest.raises(ValueError, match="uncertainty='own', but that of ccd is 0: pass read_noise"):
            made(flat_rate([[1.0]], 0.0), read_noise=None, frames=10, uncertainty="own")

    def test_own(self):
        given = flat_rate([[1.0, 2.0]])
        given.uncertainty = VarianceUncertainty([[0.04, 0.09]])
        rate = made(given, read_noise=None, uncertainty="own")
        np.testing.assert_allclose(rate.uncertainty.array, [[0.2, 0.3]], rtol=1e-12)
        assert (rate.meta["DKNOISE"], "DKRDNOI" in rate.meta) == ("uncertainty", False)
        # And it goes on.
        other = made(flat_rate([[1.0, 2.0]], 0.1), exposure=10 * u.s, read_noise=None, uncertainty="own")
        found = compare_dark_rates(rate, other, statistic="difference")
        np.testing.assert_allclose(found.data, 0, atol=1e-12)

    def test_own_that_is_not_there(self):
        with pytest.raises(ValueError, match="uncertainty='own', but ccd has no uncertainty"):
            made(flat_rate([[1.0]]), read_noise=None, uncertainty="own")
        with pytest.raises(ValueError, match="read_noise is not used with uncertainty='own'"):
            made(flat_rate([[1.0]], 0.1), uncertainty="own")


class TestMasks:
    def test_masked_and_not_finite(self):
        rate = made(flat_rate([[1.0, np.nan, 3.0, np.inf]], mask=[[False, False, True, False]]))
        np.testing.assert_array_equal(rate.mask, [[False, True, True, True]])
        np.testing.assert_array_equal(np.isnan(rate.data), rate.mask)
        np.testing.assert_array_equal(np.isnan(rate.uncertainty.array), rate.mask)

    def test_saturated(self):
        """A lower limit, as of dark_rate: the value stays, the uncertainty is NaN."""
        rate = made(flat_rate([[1.0, 500.0, 600.0]]), saturation=50000 * u.electron)
        np.testing.assert_array_equal(rate.mask, [[False, True, True]])
        np.testing.assert_array_equal(rate.data, [[1.0, 500.0, 600.0]])
        np.testing.assert_array_equal(np.isnan(rate.uncertainty.array), rate.mask)

    def test_nothing_left(self):
        with pytest.warns(NoUsablePixelWarning, match="all pixels of the result are masked"):
            made(flat_rate([[np.nan, 1.0]], mask=[[False, True]]))


class TestNumberOfFrames:
    def test_of_the_meta(self):
        rate = made(flat_rate([[1.0]], meta={"NCOMBINE": 9}), frames=None)
        assert (rate.meta["NCOMBINE"], rate.meta["DKTOTAL"]) == (9, 900.0)

    def test_unknown(self):
        with pytest.warns(MissingInformationWarning, match="the number of frames of ccd is unknown"):
            rate = made(flat_rate([[1.0]]), frames=None)
        assert rate.meta["NCOMBINE"] == 1

    def test_too_few_are_seen(self):
        """Pixels differ by less than the noise of a single frame: no warning with the right number."""
        values = mean_dark(np.random.default_rng(2), 0.1, 100.0, 9, 6.0, (50, 50)).data / 100
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            made(flat_rate(values), frames=9)
        with pytest.warns(NoiseWarning, match="less than their noise of .* by 1 frames of a read noise of 6 electron"):
            made(flat_rate(values), frames=1)
        with pytest.warns(NoiseWarning, match="less than their noise of 0.5 by the uncertainty of ccd"):
            made(flat_rate(values, 0.5), read_noise=None, uncertainty="own")

    @pytest.mark.parametrize(("rate", "read_noise", "number"), [(0.001, 0.3, 1), (0.005, 0.3, 5), (0.0001, 1.5, 20)])
    def test_few_electrons_are_no_reason(self, rate, read_noise, number):
        values = mean_dark(np.random.default_rng(3), rate, 100.0, number, read_noise, (60, 60)).data / 100
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            made(flat_rate(values), frames=number, read_noise=read_noise * u.electron)


def test_meta_is_complete_and_kept(tmp_path):
    """What the user's meta tells stays; all keys of a rate are there; written and read back it is the same."""
    given = flat_rate([[1.0]], meta=fits.Header({"INSTRUME": "camera A", "CCD-TEMP": -10.0, "EXPTIME": 100.0}))
    before = snapshot(given)
    rate = made(given, exposure=None)
    assert snapshot(given) == before
    meta = RateMeta.of(rate, "rates[0]")
    assert (meta.shortest, meta.longest, meta.exposures, meta.total, meta.frames) == (100.0, 100.0, 1, 400.0, 4)
    assert (meta.temperature, meta.noise_source, rate.meta["INSTRUME"]) == (-10.0, "argument", "camera A")
    assert rate.meta["DKASRATE"].startswith("as_dark_rate: ccd=<CCDData>, exposure=None, frames=4")
    rate.write(tmp_path / "rate.fits")
    assert_same_image(CCDData.read(tmp_path / "rate.fits"), rate)


@pytest.mark.parametrize(("kind", "expected"), [("f4", "f4"), (">f4", "f4"), ("f8", "f8"), ("i2", "f4"), ("i4", "f8")])
def test_type(kind, expected):
    rate = made(CCDData(np.array([[1, 2]], kind), unit=ELECTRON_PER_SECOND))
    assert (rate.data.dtype, rate.uncertainty.array.dtype) == (expected, expected)


@pytest.mark.parametrize(("unit", "words"), [
    ("adu", "ccd is in adu, .* give the combined dark to dark_rate, with n_combined"),
    ("electron", "ccd is in electron, .* dark_rate"),
    ("", "ccd is in no unit, expected a rate"),
    ("m", "ccd is in m, expected a rate"),
    ("1/s", "ccd is in 1 / s, expected a rate"),
])  # fmt: skip
def test_units(unit, words):
    with pytest.raises(u.UnitsError, match=words):
        made(flat_rate([[1.0]], unit=unit))


def test_what_is_no_rate():
    with pytest.raises(TypeError, match=r"ccd must be CCDData.* got str; read it with CCDData.read"):
        made("rate.fits")
    with pytest.raises(ValueError, match="2-D image"):
        made(flat_rate([1.0, 2.0]))
    with pytest.raises(ValueError, match="ccd is a result of ccdproc_darks already, by DKEXPMIN"):
        made(made(flat_rate([[1.0]])))


def test_bias_that_is_none():
    rate = flat_rate([[1.0]])
    with pytest.raises(TypeError, match=r"bias must be the master bias .* pass bias_error"):
        made(rate, bias=1000 * u.adu)
    with pytest.raises(ValueError, match=r"bias has the shape \(2, 2\), ccd has \(1, 1\)"):
        made(rate, bias=CCDData(np.ones((2, 2)), unit="adu"))
    with pytest.raises(ValueError, match="gain is needed for a bias in adu"):
        made(rate, bias=CCDData([[1.0]], unit="adu"))
    with pytest.raises(u.UnitsError, match="bias_error must be a Quantity in electron"):
        made(rate, bias_error=1 * u.adu)


def test_exposure_that_is_not_told():
    with pytest.raises(ValueError, match="exposure: ccd has neither EXPTIME nor EXPOSURE"):
        made(flat_rate([[1.0]]), exposure=None)
