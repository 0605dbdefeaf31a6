"""Every way by which ccdproc takes a dark and a mask: the frame that is left is the sky, to its noise.

Darks and science frame are drawn with numpy alone, of one sensor whose rates are known. Sky over its uncertainty has
then the mean 0 and the width 1 in each kind of pixel: typical ones, and hot ones that are proportional.
"""

import warnings

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import DARK_FLAGS, as_dark_rate, dark_rate, hot_pixel_mask, master_dark

from ..helpers import assert_same_image, full_mask, snapshot

SHAPE, SKY, BIAS, READ_NOISE = (200, 250), 300.0, 500.0, 7.0
GAIN, SECONDS, LONG = 1.6 * u.electron / u.adu, 150.0, 300.0
# Of a digitised frame.
MEASURED = np.hypot(READ_NOISE, GAIN.value / np.sqrt(12)) * u.electron
PIXELS = SHAPE[0] * SHAPE[1]
# What ccdproc is told of exposure times.
EXPOSURES = {
    "str": {"exposure_time": "EXPTIME", "exposure_unit": u.s},
    "Keyword": {"exposure_time": ccdproc.Keyword("EXPTIME", unit=u.s), "exposure_unit": u.s},
    "Quantity": {"dark_exposure": None, "data_exposure": SECONDS * u.s},
}


class Night:
    """A sensor with hot pixels, of which some are not proportional; its darks, rates, mask and science frame."""

    def __init__(self):
        rng = np.random.default_rng(18)
        self.truth = np.full(SHAPE, 0.05)
        chosen = rng.permutation(PIXELS)
        self.hot, self.bent = (np.zeros(SHAPE, bool) for _ in range(2))
        self.hot.flat[chosen[:2500]] = True
        self.bent.flat[chosen[2500:2600]] = True
        self.truth[self.hot] = np.geomspace(1, 60, 2500)
        self.truth[self.bent] = np.geomspace(5, 60, 100)
        self.rates = [
            dark_rate([self.frame(rng, seconds) for _ in range(10)], bias=BIAS * u.adu) for seconds in (60.0, LONG)
        ]
        self.mask = hot_pixel_mask(*self.rates)
        self.raw = self.frame(rng, SECONDS, SKY)

    def frame(self, rng, seconds, sky=0.0):
        """One frame of a camera."""
        # Less than proportional from the middle of the exposures on.
        electrons = self.truth * np.where(self.bent, 100.0 * (1 - np.exp(-seconds / 100.0)), seconds) + sky
        counts = BIAS + (rng.poisson(electrons) + rng.normal(0, READ_NOISE, SHAPE)) / GAIN.value
        meta = {"EXPTIME": seconds, "EGAIN": GAIN.value, "RDNOISE": MEASURED.value, "FILTER": "V" if sky else "dark"}
        return CCDData(np.rint(counts).astype("u2"), unit="adu", meta=meta)

    def science(self, unit):
        """Bias-subtracted, with an uncertainty."""
        plain = self.raw.subtract(BIAS * u.adu, handle_meta="first_found")
        plain = ccdproc.create_deviation(plain, gain=GAIN, readnoise=MEASURED)
        return plain if unit == "adu" else ccdproc.gain_correct(plain, GAIN)

    def check(self, reduced, *, sky=SKY):
        """What is left in a frame is the sky; pixels that are bent are right where they are not masked."""
        if reduced.unit == u.adu:
            sky = sky / GAIN.value
        deviates = (reduced.data - sky) / reduced.uncertainty.array
        good = ~full_mask(reduced)
        assert good.mean() > 0.99
        assert not (self.bent & good & (np.abs(deviates) > 6)).any()
        for pixels, width in ((~self.hot & ~self.bent, 0.02), (self.hot, 0.06)):
            found = deviates[pixels & good]
            assert abs(found.mean()) < 5 / np.sqrt(found.size) + 0.05
            assert abs(found.std() - 1) < width, found.std()


@pytest.fixture(scope="module")
def night():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return Night()


def dark_of(night, unit, seconds=SECONDS, **options):
    return master_dark(*night.rates, exposure=seconds * u.s, unit=unit, mask=night.mask, **options)


def told(how, dark):
    """Options that tell ccdproc the exposure times."""
    options = dict(EXPOSURES[how])
    if "dark_exposure" in options:
        options["dark_exposure"] = dark.meta["EXPTIME"] * u.s
    return options


@pytest.mark.parametrize("unit", ["adu", "electron"])
@pytest.mark.parametrize("how", EXPOSURES)
class TestSubtractDark:
    def test_of_the_exposure_time(self, night, unit, how):
        science, dark = night.science(unit), dark_of(night, unit)
        before = [snapshot(image) for image in (science, dark)]
        reduced = ccdproc.subtract_dark(science, dark, **told(how, dark))
        assert [snapshot(image) for image in (science, dark)] == before
        assert reduced.unit == unit
        assert reduced.meta["FILTER"] == "V"
        np.testing.assert_array_equal(reduced.mask, dark.mask)
        night.check(reduced)

    def test_scaled(self, night, unit, how):
        """A dark of another exposure time; ccdproc scales its error, too. Right for proportional pixels alone."""
        dark = dark_of(night, unit, LONG)
        science = night.science(unit)
        science.mask = night.mask.mask
        night.check(ccdproc.subtract_dark(science, dark, scale=True, **told(how, dark)))

    def test_scaled_of_the_same_exposure_time(self, night, unit, how):
        """Nothing is scaled."""
        science, dark = night.science(unit), dark_of(night, unit)
        plain, scaled = (
            ccdproc.subtract_dark(science, dark, scale=scale, **told(how, dark)) for scale in (False, True)
        )
        assert_same_image(scaled, plain, rtol=1e-6)


class TestCcdProcess:
    """The raw frame, with bias, error and gain by ccdproc itself."""

    @pytest.mark.parametrize("how", ["key", "Quantity"])
    @pytest.mark.parametrize("scaled", [False, True])
    @pytest.mark.parametrize("gain_corrected", [False, True])
    def test_routes(self, night, gain_corrected, scaled, how):
        dark = dark_of(night, "electron" if gain_corrected else "adu", LONG if scaled else SECONDS)
        times = {"exposure_key": "EXPTIME", "exposure_unit": u.s}
        if how == "Quantity":
            times = {"dark_exposure": dark.meta["EXPTIME"] * u.s, "data_exposure": SECONDS * u.s}
        # As a float: ccdproc would put NaN where counts below zero have an error.
        raw = night.raw.subtract(BIAS * u.adu, handle_meta="first_found")
        reduced = ccdproc.ccd_process(
            raw, error=True, gain=GAIN, readnoise=MEASURED, dark_frame=dark, dark_scale=scaled,
            gain_corrected=gain_corrected, bad_pixel_mask=night.mask.mask, **times,
        )  # fmt: skip
        assert reduced.unit == u.electron
        night.check(reduced)

    @pytest.mark.parametrize("gain_corrected", [False, True])
    def test_with_bias_and_flat(self, night, gain_corrected):
        """All at once, without an error frame; the numbers are those of arithmetic by hand."""
        unit = "electron" if gain_corrected else "adu"
        scale = GAIN.value if gain_corrected else 1.0
        bias = CCDData(np.full(SHAPE, BIAS * scale), unit=unit)
        flat = CCDData(np.linspace(0.8, 1.2, PIXELS).reshape(SHAPE), unit=unit)
        dark = dark_of(night, unit)
        reduced = ccdproc.ccd_process(
            night.raw, gain=GAIN, master_bias=bias, dark_frame=dark, master_flat=flat, gain_corrected=gain_corrected,
            exposure_key="EXPTIME", exposure_unit=u.s,
        )  # fmt: skip
        expected = (night.raw.data * scale - bias.data - dark.data) / (flat.data / flat.data.mean())
        np.testing.assert_allclose(reduced.data[~dark.mask], (expected * GAIN.value / scale)[~dark.mask], rtol=1e-6)
        np.testing.assert_array_equal(reduced.mask, dark.mask)


class TestMask:
    def test_combiner(self, night):
        """A masked pixel of one frame is taken from the others: of three that are moved, hardly any is lost."""
        science, dark = night.science("electron"), dark_of(night, "electron")
        reduced = ccdproc.subtract_dark(science, dark, **EXPOSURES["Keyword"])
        reduced.mask |= night.mask.mask
        moved = []
        for columns in (0, 1, 2):
            parts = (np.roll(part, columns, axis=1) for part in (reduced.data, reduced.mask))
            moved.append(CCDData(next(parts), unit="electron", mask=next(parts)))
        combined = ccdproc.Combiner(moved).average_combine()
        masks = [image.mask for image in moved]
        np.testing.assert_array_equal(combined.mask, np.logical_and.reduce(masks))
        assert combined.mask.sum() < reduced.mask.sum() / 10
        expected = np.ma.mean([np.ma.array(image.data, mask=image.mask) for image in moved], axis=0)
        np.testing.assert_allclose(combined.data[~combined.mask], expected[~combined.mask], rtol=1e-6)

    def test_darks_in_a_combiner(self, night):
        """Master darks are images like others."""
        darks = [dark_of(night, "electron"), dark_of(night, "electron", LONG)]
        combined = ccdproc.Combiner(darks).average_combine()
        good = ~(darks[0].mask | darks[1].mask)
        np.testing.assert_allclose(combined.data[good], (darks[0].data + darks[1].data)[good] / 2, rtol=1e-6)

    def test_bit_field(self, night):
        """Of the mask, and of chosen flags, as the boolean mask of a frame."""
        to_mask = ccdproc.bitfield_to_boolean_mask
        assert (night.bent & night.mask.mask).sum() > 60
        np.testing.assert_array_equal(to_mask(night.mask, ignore_bits="~1"), night.mask.mask)
        np.testing.assert_array_equal(to_mask(night.mask), night.mask.data != 0)
        chosen = to_mask(night.mask, ignore_bits=f"~{DARK_FLAGS.HOT}")
        np.testing.assert_array_equal(chosen, hot_pixel_mask(*night.rates, mask="HOT").mask)

    def test_hot_pixels_that_are_masked(self, night):
        """The choice goes through the master dark into the reduced frame."""
        hot = hot_pixel_mask(*night.rates, mask=["HOT", "NONLINEAR"])
        dark = master_dark(*night.rates, exposure=SECONDS * u.s, unit="electron", mask=hot)
        reduced = ccdproc.subtract_dark(night.science("electron"), dark, **EXPOSURES["str"])
        assert (reduced.mask & night.hot).sum() > 0.99 * night.hot.sum()


class TestFiles:
    @pytest.mark.parametrize("unit", ["adu", "electron"])
    def test_dark_and_back(self, night, tmp_path, unit):
        """Dark and mask as files of their own, as another program writes and reads them: the same frame, no warning."""
        dark, science = dark_of(night, unit), night.science(unit)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            dark.write(tmp_path / "dark.fits")
            night.mask.write(tmp_path / "mask.fits")
            again, mask = (CCDData.read(tmp_path / name) for name in ("dark.fits", "mask.fits"))
        assert_same_image(again, dark)
        assert_same_image(mask, night.mask)
        reduced, same = (ccdproc.subtract_dark(science, one, **EXPOSURES["Keyword"]) for one in (dark, again))
        assert_same_image(same, reduced)
        np.testing.assert_array_equal(ccdproc.bitfield_to_boolean_mask(mask, ignore_bits="~1"), night.mask.mask)

    @pytest.mark.filterwarnings("ignore:Keyword name .* is greater than 8 characters")  # ccdproc's own log entries
    def test_reduced_frame_and_back(self, night, tmp_path):
        """The reduced frame can be written: the meta of science frame and dark are no obstacle."""
        dark = dark_of(night, "electron")
        reduced = ccdproc.subtract_dark(night.science("electron"), dark, **EXPOSURES["str"])
        reduced.write(tmp_path / "reduced.fits")
        assert_same_image(CCDData.read(tmp_path / "reduced.fits"), reduced)

    def test_rates_and_back(self, night, tmp_path):
        """From rates in files, as those of a report, the same dark."""
        for number, rate in enumerate(night.rates):
            rate.write(tmp_path / f"rate{number}.fits")
        rates = [CCDData.read(tmp_path / f"rate{number}.fits") for number in range(2)]
        night.mask.write(tmp_path / "mask.fits")
        mask = CCDData.read(tmp_path / "mask.fits")
        dark = master_dark(*rates, exposure=SECONDS * u.s, unit="electron", mask=mask)
        assert_same_image(dark, dark_of(night, "electron"))


class TestRates:
    """What a user tries first. Nothing here can mend it: the documentation says which function to call."""

    def test_a_rate_is_no_dark(self, night):
        science, rate = night.science("electron"), night.rates[1]
        with pytest.raises(u.UnitsError, match="does not match unit"):
            ccdproc.subtract_dark(science, rate, **EXPOSURES["str"])
        # A rate of several exposure times has none.
        both = dark_rate(
            [night.frame(np.random.default_rng(1), seconds) for seconds in (60.0, LONG)], bias=BIAS * u.adu
        )
        with pytest.raises(KeyError, match="EXPTIME"):
            ccdproc.subtract_dark(science, both, scale=True, **EXPOSURES["str"])
        with pytest.raises((u.UnitsError, KeyError)):
            ccdproc.ccd_process(science, dark_frame=rate, exposure_key="EXPTIME", exposure_unit=u.s, dark_scale=True)

    @pytest.mark.parametrize("function", [dark_rate, as_dark_rate])
    def test_the_documentation_says_what_to_call(self, function):
        assert "ccdproc.subtract_dark" in function.__doc__
        assert "master_dark" in function.__doc__

    def test_by_hand(self, night):
        """Rates made by arithmetic, and by `as_dark_rate` some of ours, give the same dark."""
        options = {"frames": 10, "read_noise": MEASURED, "gain": GAIN}
        ours = [
            as_dark_rate(CCDData(rate.data, unit=rate.unit), exposure=rate.meta["EXPTIME"] * u.s, **options)
            for rate in night.rates
        ]
        mask = hot_pixel_mask(*ours)
        np.testing.assert_array_equal(mask.data, night.mask.data)
        dark = master_dark(*ours, exposure=SECONDS * u.s, unit="adu", mask=mask)
        night.check(ccdproc.subtract_dark(night.science("adu"), dark, **told("Quantity", dark)))
