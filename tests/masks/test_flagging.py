"""Flags of a block of rows whose rates are given: each of them by hand, and the fast pass against the exact way."""

from unittest import mock

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import DARK_FLAGS
from ccdproc_darks._compute.blocks import Deferred
from ccdproc_darks.comparison.comparer import RateComparer
from ccdproc_darks.comparison.dark_scatter import ScatterImages
from ccdproc_darks.comparison.false_positives import FalsePositiveControl
from ccdproc_darks.masks import fast_flags
from ccdproc_darks.masks.flagging import COUNTED, UNTESTED, FlagJob, masked_flags
from ccdproc_darks.masks.hot_pixels import HotPixelTest
from ccdproc_darks.masks.pixel_rates import pixel_rates
from ccdproc_darks.rates.rate_images import RateImages

from ..helpers import rate_image

# As long in all at either exposure time: the noise of a difference is then hardly skew.
SECONDS, FRAMES, READ_NOISE = np.array([100.0, 1000.0]), np.array([100, 10]), 5.0
HOT, WARM, TELEGRAPH, NONLINEAR = (2**bit for bit in (11, 12, 15, 16))
OTHER = 2**30
SATURATED, UNRELIABLE, UNUSED = 2, 2**23, 1
EVERYTHING = slice(None)


def job_of(*rates, threshold=100.0, background=None, scatter=None, **options):
    """A job on rows of the same rates at 100 s and at 1000 s, or on one row of each of ``rates`` (electron/s)."""
    rates = [np.atleast_2d(np.asarray(rate, float)) for rate in rates]
    images = RateImages([
        rate_image(rate, seconds, read_noise=READ_NOISE, number=number, saturation=9e5 * u.electron)
        for rate, seconds, number in zip(rates, SECONDS, FRAMES, strict=False)
    ])  # fmt: skip
    if scatter is not None:
        scatter = CCDData(np.atleast_2d(scatter), unit="", meta={"DKSTAT": "scatter"})
    settings = {"critical": 3.0, "planned": 3.0, "critical_scatter": 5.0, "tolerance": 0.1, "rate_limit": np.inf}
    if background is not None:
        background = np.atleast_2d(background)
    return FlagJob(
        images, RateComparer(images, None, "theoretical") if len(rates) > 1 else None,
        HotPixelTest(threshold, background, ()), ScatterImages(scatter, images.shape), **{**settings, **options},
    )  # fmt: skip


def exact_flags(job, pixels=None):
    """Flags by the exact way, flat, after a check that mask and numbers are theirs."""
    block = job._flags_of(EVERYTHING, pixels)
    flags, mask = (image.ravel() for image in block.images)
    assert (flags.dtype, mask.dtype) == (np.uint32, bool)
    np.testing.assert_array_equal(mask, flags & 1 == 1)
    assert block.count[:-1].tolist() == [np.count_nonzero(flags & getattr(DARK_FLAGS, name)) for name in COUNTED]
    return flags.tolist()


def untested(job):
    """Number of pixels that are not HOT and too noisy to be tested, by the exact way."""
    return job._flags_of(EVERYTHING).count[-1]


def deviation(rate):
    """Standard deviation (electron/s) of the difference of two rates without a bias, by the noise model."""
    return np.sqrt(np.sum((rate * SECONDS + READ_NOISE**2) / FRAMES / SECONDS**2))


def test_flags_that_are_counted():
    """By the names that the header of a mask has."""
    names = "HOT", "WARM", "NONLINEAR", "TELEGRAPH", "SATURATED", "UNRELIABLE_DARK", "UNRELIABLE_ERROR", "DO_NOT_USE"
    assert (*names, "untested") == (*COUNTED, UNTESTED)


class TestChosenFlags:
    """Flags that make the mask, as the user names them."""

    @pytest.mark.parametrize(("names", "several", "bits"), [
        (None, True, NONLINEAR | TELEGRAPH | SATURATED | OTHER), (None, False, HOT | TELEGRAPH | OTHER),
        ("HOT", True, HOT),
        (("HOT", "WARM", "HOT"), True, HOT | WARM), ([], True, 0), ({"UNRELIABLE_DARK", "UNRELIABLE_ERROR"}, False,
                                                                    UNRELIABLE | 256),
    ])  # fmt: skip
    def test_bits(self, names, several, bits):
        assert masked_flags(names, several) == bits

    @pytest.mark.parametrize("name", ["DO_NOT_USE", "hot", "_cache", "COLD", ""])
    def test_no_such_flag(self, name):
        with pytest.raises(ValueError, match=rf"mask must name flags among SATURATED, .*, got '{name}'"):
            masked_flags(["HOT", name], True)

    @pytest.mark.parametrize("names", [3, np.zeros(3, bool), [2048], {"HOT": True}])
    def test_no_names(self, names):
        with pytest.raises(TypeError, match="mask must be the name of a flag"):
            masked_flags(names, True)

    def test_of_one_rate(self):
        job = job_of([1.0, 101.0, np.nan, 1.0], scatter=[0.0, 0.0, 0.0, 5.1], masked=TELEGRAPH)
        assert exact_flags(job) == [0, HOT, UNUSED, TELEGRAPH | UNUSED]
        assert exact_flags(job_of([101.0, 1.0], background=[50.0, 0.0], masked=WARM)) == [WARM | UNUSED, 0]

    def test_of_several(self):
        """The same flags, and another mask."""
        rates = [50.0, 150.0, 50.0, 0.002, 1e5]
        first = [80.0, 150.0, 50.0, 0.002, 1e5]
        options = {"scatter": [0.0, 0.0, 6.0, 0.0, 0.0], "threshold": 100.0}
        plain = [NONLINEAR, HOT, TELEGRAPH, 0, HOT | UNRELIABLE | SATURATED]
        for masked in (0, HOT, NONLINEAR, TELEGRAPH, SATURATED, UNRELIABLE, HOT | TELEGRAPH):
            found = exact_flags(job_of(first, rates, masked=masked, **options))
            # The last one has no usable sample at all.
            unused = [flags & masked > 0 for flags in plain[:-1]] + [True]
            assert found == [flags | UNUSED * bad for flags, bad in zip(plain, unused, strict=True)]

    def test_saturated_in_one_of_two(self):
        """It has a sample: masked as SATURATED, or not at all; a pixel without a sample in one of them always is."""
        for masked, bad in ((SATURATED, True), (HOT, False), (NONLINEAR, False)):
            job = job_of([50.0, 50.0], [1e5, np.nan], masked=masked)
            assert exact_flags(job) == [SATURATED | UNUSED * bad, UNUSED]

    def test_fast_pass(self):
        """It says what the exact way does."""
        rng = np.random.default_rng(1)
        rates = np.exp(rng.uniform(np.log(0.01), np.log(1000), (2, 50, 60)))
        rates[1] = np.where(rng.random(rates[0].shape) < 0.02, 1.5, 1.0) * rates[0]
        for masked in (HOT, NONLINEAR, UNRELIABLE, HOT | TELEGRAPH, 0):
            job = job_of(*rates, scatter=rng.normal(0, 3, rates[0].shape), masked=masked)
            fast, exact = job.block(EVERYTHING), job._flags_of(EVERYTHING)
            assert fast.deferred is not None
            sure = np.setdiff1d(np.arange(rates[0].size), fast.deferred.pixels)
            assert sure.size > 2000
            for one, other in zip(fast.images, exact.images, strict=True):
                np.testing.assert_array_equal(one.ravel()[sure], other.ravel()[sure])


class TestOneRate:
    """Hot pixels, telegraph pixels and those without a rate: all of them must not be used."""

    def test_flags(self):
        job = job_of([1.0, 101.0, np.nan, 1.0, 101.0], scatter=[0.0, 4.9, 0.0, 5.1, 9.0])
        assert exact_flags(job) == [0, HOT | UNUSED, UNUSED, TELEGRAPH | UNUSED, HOT | TELEGRAPH | UNUSED]

    def test_warm_pixels_may_be_used(self):
        assert exact_flags(job_of([101.0, 1.0, 150.0], background=[50.0, 0.0, 10.0])) == [WARM, 0, HOT | UNUSED]

    def test_saturated(self):
        """More than 9000 electron/s: hot, as the threshold is below that."""
        assert exact_flags(job_of([1e5, 1.0])) == [HOT | UNUSED, 0]
        assert exact_flags(job_of([1e5, 1.0], threshold=9001.0)) == [UNUSED, 0]

    def test_rows_sent_elsewhere(self):
        part = job_of([[1.0], [101.0], [2.0]]).for_rows(slice(1, 3))
        assert part._flags_of(slice(1, 3)).images[0].ravel().tolist() == [HOT | UNUSED, 0]

    def test_no_fast_pass(self):
        job = job_of([1.0, 101.0])
        assert job.memory() == 500
        block = job.block(EVERYTHING)
        assert block.deferred is None
        assert block.images[0].ravel().tolist() == [0, HOT | UNUSED]


class TestSeveralRates:
    """Hot pixels may be used where they are proportional."""

    def test_flags(self):
        rates = [50.0, 150.0, 0.001, 50.0, 50.0, 50.0, 1e5]
        first = [50.0, 150.0, 0.001, 80.0, 20.0, 50.0, 1e5]
        job = job_of(first, rates, scatter=[0.0] * 5 + [6.0, 0.0])
        assert exact_flags(job) == [
            0, HOT, 0, NONLINEAR | UNUSED, NONLINEAR | UNUSED, TELEGRAPH | UNUSED,
            HOT | UNRELIABLE | SATURATED | UNUSED,
        ]  # fmt: skip
        assert untested(job) == 1

    def test_hot_pixels_that_could_not_be_tested(self):
        """Flagged, and not masked: what the test cannot see is at most a few times the noise of the darks."""
        job = job_of([0.002, 0.0001, 0.002], [0.002, 0.0001, 0.002], threshold=0.001, scatter=[0.0, 0.0, 9.0])
        assert exact_flags(job) == [HOT | UNRELIABLE, 0, HOT | UNRELIABLE | TELEGRAPH | UNUSED]
        assert untested(job) == 1

    def test_one_exposure_time_left(self):
        """Saturated at 1000 s: not to be compared, nor to be used; and if it is hot, for that reason alone too."""
        job = job_of([2000.0, np.nan, 50.0], [2000.0, 50.0, 50.0])
        assert exact_flags(job) == [HOT | UNRELIABLE | SATURATED | UNUSED, UNUSED, 0]
        assert untested(job) == 1

    def test_limit(self):
        """Above it all pixels are NONLINEAR, and none is UNRELIABLE_DARK for want of sensitivity."""
        job = job_of([10.0, 20.0, 0.001], [10.0, 20.0, 0.001], rate_limit=15.0)
        assert exact_flags(job) == [0, NONLINEAR | UNUSED, 0]
        assert untested(job) == 1
        job = job_of([0.002, 0.001], [0.002, 0.001], rate_limit=0.0015, threshold=0.0005)
        assert exact_flags(job) == [HOT | NONLINEAR | UNUSED, HOT | UNRELIABLE]
        assert untested(job) == 0

    def test_warm(self):
        job = job_of([110.0, 50.0, 149.0], [110.0, 50.0, 149.0], background=[50.0] * 3)
        assert exact_flags(job) == [WARM, 0, WARM]
        assert exact_flags(job_of([160.0], [160.0], background=[50.0])) == [HOT]

    def test_some_pixels(self):
        job = job_of([50.0, 150.0, 0.001], [50.0, 150.0, 0.001], scatter=[0.0, 0.0, 7.0])
        assert exact_flags(job, np.array([2, 1])) == [TELEGRAPH | UNUSED, HOT]
        found = job.exact(Deferred(np.array([2, 1])))
        assert found.images[0].ravel().tolist() == [TELEGRAPH | UNUSED, HOT]
        assert found.count[-1] == 1

    def test_some_pixels_of_a_glow(self):
        rates = [110.0, 50.0, 149.0]
        job = job_of(rates, rates, background=[50.0, 0.0, 0.0])
        assert exact_flags(job, np.array([2, 0])) == [HOT, WARM]

    def test_rows_sent_elsewhere(self):
        """They keep their numbers, and the whole job is left as it is."""
        rates = np.array([[50.0], [150.0], [0.001], [160.0]])
        job = job_of(rates, rates, scatter=[[0.0], [6.0], [0.0], [0.0]], background=[[0.0], [0.0], [0.0], [90.0]])
        part = job.for_rows(slice(1, 4))
        for rows in (slice(1, 2), slice(2, 4), slice(3, 4)):
            np.testing.assert_array_equal(part._flags_of(rows).images[0], job._flags_of(rows).images[0])
        assert part._flags_of(slice(1, 4)).images[0].ravel().tolist() == [HOT | TELEGRAPH | UNUSED, 0, WARM]
        np.testing.assert_array_equal(job._flags_of(EVERYTHING).images[0].ravel()[:1], [0])


class TestFastPass:
    """What it says without a closer look is what the exact way says, and where it cannot tell it says so."""

    def check(self, job, least=0):
        """Compare; returns which pixels were deferred."""
        expected = np.array(exact_flags(job))
        out = np.zeros((1, expected.size), np.uint32), np.zeros((1, expected.size), bool)
        for place in (out, (None, None)):
            block = job.block(EVERYTHING, place)
            flags, mask = block.images
            assert (flags.dtype, mask.dtype) == (np.uint32, bool)
            assert np.shares_memory(flags, out[0]) == (place is out)
            pixels = block.deferred.pixels
            good = np.delete(np.arange(expected.size), pixels)
            np.testing.assert_array_equal(flags[good], expected[good])
            np.testing.assert_array_equal(mask[good], expected[good] & 1 == 1)
            assert (flags[pixels] == 0).all()
            assert block.count[:-1].tolist() == [
                np.count_nonzero(flags & getattr(DARK_FLAGS, name)) for name in COUNTED
            ]
            assert block.count[-1] + (job.exact(block.deferred).count[-1] if pixels.size else 0) == untested(job)
        assert len(good) >= least
        return pixels.tolist()

    def test_flags_of_all_kinds(self):
        first = [50.0, 150.0, 0.001, 0.001, 50.0, 20.0 + 3.5 * deviation(20.0), 300.0, 150.0]
        rates = [50.0, 150.0, 0.001, 0.001, 50.0, 20.0, 300.0, 150.0]
        job = job_of(first, rates, scatter=[0.0, 0.0, 0.0, 6.0, 6.0, 0.0, 0.0, 6.0], rate_limit=200.0, tolerance=0.01)
        assert job.memory() == 100
        assert self.check(job, 7) == []
        assert exact_flags(job) == [
            0, HOT, 0, TELEGRAPH | UNUSED, TELEGRAPH | UNUSED, NONLINEAR | UNUSED,
            HOT | NONLINEAR | UNUSED, HOT | TELEGRAPH | UNUSED,
        ]  # fmt: skip

    @pytest.mark.parametrize("name", ["threshold", "rate_limit"])
    def test_near_an_edge(self, name):
        """Within a ten-thousandth of it single precision might say otherwise."""
        factors = np.array([1 - 1.1e-4, 1 - 0.9e-4, 1 + 0.9e-4, 1 + 1.1e-4])
        rates = np.r_[50 * factors, 10.0, 90.0]
        job = job_of(rates, rates, **{name: 50.0})
        assert self.check(job) == [1, 2]

    def test_hot_pixels_too_faint_for_a_comparison(self):
        job = job_of([0.001, 0.0001], [0.001, 0.0001], threshold=0.0005)
        assert self.check(job) == []
        assert exact_flags(job) == [HOT | UNRELIABLE, 0]
        assert untested(job) == 1

    def test_threshold_by_noise(self):
        """The edge is that of a pixel that lost no frame."""
        rates = np.r_[np.random.default_rng(11).normal(1, 0.002, 40), 1.0, 3.0]
        job = job_of(rates, rates)
        hot = HotPixelTest(None, None, [(EVERYTHING, pixel_rates(job.images, job.comparer, EVERYTHING))])
        hot.set_threshold(FalsePositiveControl(1.0), 42)
        job = FlagJob(job.images, job.comparer, hot, job.telegraph, 3.0, 3.0, 5.0, 0.1, np.inf)
        sigma = np.sqrt(sum(SECONDS * FRAMES + READ_NOISE**2 * FRAMES)) / sum(SECONDS * FRAMES)
        assert 1 + 1.5 * sigma < job._fast.edges["hot"] == pytest.approx(hot.entries()["DKTHRESH"][0], rel=1e-9)
        assert job._fast.edges["hot"] < 1.5
        self.check(job)
        assert [flag & HOT for flag in exact_flags(job)] == [0] * 41 + [HOT]

    def test_near_where_a_departure_becomes_detectable(self):
        """As of hot pixels, which are UNRELIABLE_DARK below that."""
        edge = job_of([1.0], [1.0])._fast.edges["testable"]
        # Half of the departures of a tenth are beyond 3 sigma where they are as large as that, in the better exposure.
        assert edge / 10 / deviation(edge) == pytest.approx(3, rel=1e-6)
        rates = edge * np.array([0.5, 1 - 1.1e-4, 1 - 0.9e-4, 1 + 0.9e-4, 1 + 1.1e-4, 2.0])
        job = job_of(rates, rates)
        assert self.check(job) == [2, 3]
        assert exact_flags(job) == [0] * 6
        assert untested(job) == 3
        job = job_of(rates, rates, threshold=edge / 4)
        assert self.check(job) == [2, 3]
        assert exact_flags(job) == [HOT | UNRELIABLE] * 3 + [HOT] * 3

    @pytest.mark.parametrize("sign", [1, -1])
    def test_near_the_critical_deviate(self, sign):
        """Departures of 3 sigmas and a ten-thousandth more or less."""
        factors = np.array([0.9, 1 - 1.2e-4, 1 - 0.8e-4, 1 + 0.8e-4, 1 + 1.2e-4, 1.1])
        rates = np.full(factors.size, 50.0)
        # The noise is that at the mean rate.
        first = rates + sign * 3 * factors * deviation(50.0)
        for _ in range(20):
            mean = job_of(first, rates).comparer.fast_block(EVERYTHING).rate
            first = rates + sign * 3 * factors * np.array([deviation(rate) for rate in mean])
        job = job_of(first, rates, tolerance=1e-3)
        assert self.check(job) == [2, 3]
        assert exact_flags(job) == [0] * 3 + [NONLINEAR | UNUSED] * 3
        assert untested(job) == 3

    @pytest.mark.parametrize("sign", [1, -1])
    def test_near_the_tolerance(self, sign):
        """Departures of 3.5 sigmas, worth a flag from that size on."""
        rates = np.full(6, 50.0)
        first = rates + sign * 3.5 * deviation(50.0) * np.ones(6)
        quick = job_of(first, rates).comparer.fast_block(EVERYTHING)
        share = (np.abs(quick.difference) / quick.rate)[0]
        expected = {0.9: False, 1 - 1.1e-4: False, 1 - 0.9e-4: True, 1 + 0.9e-4: True, 1 + 1.1e-4: False, 1.1: False}
        for factor, close in expected.items():
            job = job_of(first, rates, tolerance=share * factor)
            assert (self.check(job) == list(range(6))) == close
            assert exact_flags(job) == [NONLINEAR | UNUSED if factor < 1 else 0] * 6

    def test_near_a_critical_deviate_below_one(self):
        """As of many false positives."""
        rates = np.full(3, 50.0)
        first = rates + 0.5 * deviation(50.0) * np.array([0.9, 1, 1.1])
        size = np.abs(job_of(first, rates).comparer.fast_block(EVERYTHING).deviate)[1]
        assert self.check(job_of(first, rates, critical=size, tolerance=1e-4)) == [1]

    def test_pixels_that_do_not_depart(self):
        """No difference at all is not one close to a critical deviate of nothing."""
        rates = np.full(5, 50.0)
        assert self.check(job_of(rates, rates, critical=0.0)) == []

    def test_a_critical_deviate_beyond_what_is_normal(self):
        """Of some pixels: those that may be NONLINEAR are deferred, and it is the exact way that flags them."""
        first, rates = [50.0, 50 + 4.5 * deviation(50.0), 300.0], [50.0, 50.0, 300.0]
        job = job_of(first, rates, critical=4.2, tolerance=1e-3, rate_limit=200.0)
        assert self.check(job) == [1]
        assert exact_flags(job) == [0, NONLINEAR | UNUSED, HOT | NONLINEAR | UNUSED]

    def test_pixels_without_a_rate(self):
        """Deferred, as nothing but the exact way knows what they are."""
        first, rates = [50.0, np.nan, 50.0, 2000.0], [50.0, 50.0, np.nan, 2000.0]
        assert self.check(job_of(first, rates)) == [1, 2, 3]

    @pytest.mark.parametrize(
        "options",
        [{"threshold": 0.0}, {"threshold": -1.0}, {"rate_limit": 0.0}, {"background": [0.0]}, {"tolerance": 1e9}],
        ids=str,
    )
    def test_where_there_is_none(self, options):
        job = job_of([50.0], [50.0], **options)
        none = "tolerance" not in options
        assert job.memory() == (1000 if none else 100)
        assert (job.block(EVERYTHING).deferred is None) == none

    def test_nor_where_all_are_detectable(self):
        with mock.patch.object(
            fast_flags, "detectable", lambda comparison, *_: np.ones((1, comparison.fit.rate.size), bool)
        ):
            assert job_of([50.0], [50.0])._fast is None

    def test_where_nothing_is_detectable(self):
        """As without a limit: an edge at infinity is above all rates."""
        job = job_of([50.0, 1e-6], [50.0, 1e-6], planned=np.inf)
        assert job._fast.edges == {"hot": 100.0, "testable": np.inf, "limit": np.inf}
        assert self.check(job) == []
        assert exact_flags(job) == [0] * 2
        assert untested(job) == 2
