"""Rate of the typical pixel, and its error."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import dark_rate, hot_pixel_mask
from ccdproc_darks.rates.rate_meta import RateMeta
from ccdproc_darks.rates.typical_rate import common_error, disagreement, typical_rate

SHAPE, NOISE = (300, 300), 14.5


def rate_of(rng, truth, seconds, frames=1, drift=0.0):
    """Rate of darks whose levels drift by so many electrons."""
    darks = [
        CCDData(
            1000 + drift * rng.normal() + rng.poisson(truth * seconds) + rng.normal(0, NOISE, truth.shape),
            unit="electron", meta={"EXPTIME": seconds},
        )
        for _ in range(frames)
    ]  # fmt: skip
    return dark_rate(darks, bias=1000 * u.electron, read_noise=NOISE * u.electron, saturation=1e9 * u.electron)


@pytest.mark.statistics
@pytest.mark.parametrize("spread", [0.3, 0.5])
@pytest.mark.parametrize(("seconds", "frames"), [(10.0, 1), (10.0, 9), (130.0, 1)])
def test_noise_does_not_move_it(spread, seconds, frames):
    """The median of noisy rates is up to a tenth higher."""
    rng = np.random.default_rng(1)
    truth = 1.3 * np.exp(spread * rng.normal(size=SHAPE))
    rate = rate_of(rng, truth, seconds, frames)
    typical, error = typical_rate(rate)
    assert abs(typical - np.median(truth)) < 3.5 * error
    assert error < 0.05
    if seconds == 10:
        assert np.median(rate.data) > np.median(truth) * 1.02


def test_same_as_of_the_mask():
    rng = np.random.default_rng(2)
    rate = rate_of(rng, np.full(SHAPE, 1.3), 100.0, 3)
    meta = hot_pixel_mask(rate).meta
    assert typical_rate(rate) == pytest.approx((meta["DKTYPIC"], meta["DKTYPERR"]), rel=1e-9)


def test_unit_of_the_rate():
    rate = rate_of(np.random.default_rng(3), np.full((80, 80), 0.2), 100.0, 3)
    in_hours = rate.convert_unit_to(u.electron / u.hour)
    assert typical_rate(in_hours) == pytest.approx(typical_rate(rate), rel=1e-5)


def test_a_pixel_of_unknown_error_is_left_out():
    rate = rate_of(np.random.default_rng(4), np.full((80, 80), 0.2), 100.0, 3)
    rate.data[:20] = 40.0
    rate.uncertainty.array[:20] = np.nan
    typical, error = typical_rate(rate)
    assert abs(typical - 0.2) < 5 * error < 0.05


def test_levels_that_drift():
    """By 2 electron from frame to frame: that of the mean of four is uncertain by 1."""
    errors = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        rate = rate_of(rng, np.full(SHAPE, 1.3), 10.0, 4, drift=2.0)
        typical, error = typical_rate(rate)
        errors.append(rate.meta["DKLEVERR"])
        assert error > rate.meta["DKLEVERR"] / 10
        assert abs(typical - 1.3) < 5 * error
    assert np.mean(errors) == pytest.approx(1, abs=0.35)


def test_level_of_a_single_frame():
    """Nothing tells how its level drifts, unless the caller knows."""
    rate = rate_of(np.random.default_rng(3), np.full(SHAPE, 1.3), 10.0)
    assert "DKLEVERR" not in rate.meta
    (typical, error), (same, larger) = typical_rate(rate), typical_rate(rate, 2.0)
    assert typical == same
    assert larger == pytest.approx(np.hypot(error, 0.2))


def test_masked_pixels_and_no_uncertainty():
    rate = rate_of(np.random.default_rng(4), np.full(SHAPE, 1.3), 100.0)
    rate.data[:100] = 50.0
    rate.mask[:100] = True
    assert typical_rate(rate)[0] == pytest.approx(1.3, abs=0.02)
    rate.uncertainty = None
    assert typical_rate(rate) == (pytest.approx(np.median(rate.data[100:]), rel=1e-6), None)
    rate.mask[:] = True
    assert np.isnan(typical_rate(rate)).all()


def test_error_in_common():
    """Weights are those of read noise; what a rate does not tell is that of a frame of the worst of the others."""

    def info(seconds, frames, error):
        known = dict.fromkeys(("gain", "read_noise", "saturation", "temperature"))
        return RateMeta(
            seconds, seconds, 1, seconds * frames, frames, 0.0, "", noise_source="none", offset="none",
            level_error=error, **known,
        )  # fmt: skip

    assert common_error([info(10.0, 4, 2.0)]) == pytest.approx(0.2)
    weights = np.array([10.0**2 * 4, 100.0**2])
    for second, level in ((2.0, 2.0), (None, 4.0)):
        expected = np.hypot(*(weights / weights.sum() * [0.2, level / 100]))
        assert common_error([info(10.0, 4, 2.0), info(100.0, 1, second)]) == pytest.approx(expected)
    assert common_error([info(10.0, 4, None)]) == 0


@pytest.mark.filterwarnings("ignore::ccdproc_darks.FrameLevelWarning")
def test_slopes_scatter_by_their_error_where_levels_drift():
    """Levels of frames are off by one electron each: over 40 sets of darks, the error is the scatter of the slopes."""
    rng, found = np.random.default_rng(3), []
    for _ in range(40):
        frames = [
            CCDData(
                1000 + rng.normal() + rng.normal(0, 2, (40, 50)) + 0.5 * seconds, unit="adu",
                meta={"EXPTIME": seconds, "EGAIN": 1.0, "RDNOISE": 2.0},
            )
            for seconds in 3 * [100.0] + 3 * [400.0]
        ]  # fmt: skip
        found.append(typical_rate(dark_rate(frames, offset="pixel", check_headers=False)))
    rates, errors = np.transpose(found)
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(1 / np.sqrt(6 * 150.0**2), rel=0.25)
    assert np.std(rates) == pytest.approx(np.sqrt(np.mean(errors**2)), rel=0.3)


def test_levels_that_are_not_significant():
    """Shifts below five errors of a level are not taken off the frames, and are in the error all the same."""
    rate = rate_of(np.random.default_rng(5), np.full(SHAPE, 1.3), 10.0, 6, drift=0.05)
    assert 0.01 < rate.meta["DKLEVERR"] < 0.1


def test_rates_that_disagree():
    """All errors are too small by the root of the reduced chi-square; those that agree are not made smaller."""
    assert disagreement([(1.0, 0.1), (1.1, 0.1)]) == 1
    assert disagreement([(1.0, 0.1), (1.8, 0.1)]) == pytest.approx(np.sqrt(32))
    assert disagreement([(1.0, 0.1)]) == disagreement([]) == 1
    assert disagreement([(1.0, None), (3.0, 0.1), (np.nan, np.nan)]) == 1
