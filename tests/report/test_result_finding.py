"""Rates and mask as a whole."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import DARK_FLAGS
from ccdproc_darks.report.result_finding import result_findings

SHAPE = (40, 50)


def mask(share=0.0, flag="TELEGRAPH", threshold=0.5):
    data = np.zeros(SHAPE, np.uint32)
    data.flat[: int(share * data.size)] = DARK_FLAGS[flag] | DARK_FLAGS.DO_NOT_USE
    return CCDData(data, unit="", mask=data != 0, meta={"DKTHRESH": threshold})


def rate(value, seconds, noise=0.01, gain=2.0):
    data = np.random.default_rng(int(seconds)).normal(value, noise, SHAPE)
    meta = {"DKEXPMAX": seconds, "DKGAIN": gain}
    return CCDData(data, unit="electron / s", mask=np.zeros(SHAPE, bool), meta=meta)


def only(rates, mask, **options):
    (found,) = result_findings(rates, mask, **options)
    return found


@pytest.mark.parametrize(("share", "verdict"), [(0.0, "ok"), (0.09, "ok"), (0.11, "doubtful"), (0.6, "wrong")])
def test_share_of_pixels_masked(share, verdict):
    found = only([rate(0.05, 100)], mask(share))
    assert found.verdict == verdict
    assert found.found.to_value(u.percent) == pytest.approx(100 * share)
    assert ("most of them as TELEGRAPH" in found.sentence) == (verdict != "ok")


def test_threshold_below_zero():
    found = only([rate(0.05, 100)], mask(threshold=-0.01))
    assert (found.verdict, found.found) == ("wrong", -0.01 * u.electron / u.s)


@pytest.mark.parametrize(
    ("short", "long", "verdict"),
    [
        (0.05, 0.05, "ok"),
        # The bias drifted by 1 adu (2 electron) in one of them, or by as much in both, to different sides.
        (0.05 + 2 / 60, 0.05, "ok"),
        (0.05 + 2 / 60, 0.05 - 2 / 600, "ok"),
        (0.05 + 10 / 60, 0.05 + 10 / 600, "doubtful"),
        (0.05 - 10 / 60, 0.05 - 10 / 600, "doubtful"),
        # A rate that is not quite the same is no matter of the bias.
        (50.0, 52.0, "ok"),
    ],
)
def test_rates_of_the_times(short, long, verdict):
    rates = [rate(short, 60.0), rate(long, 600.0)]
    found = only(rates, mask())
    assert found.verdict == verdict
    if verdict == "doubtful":
        assert abs(found.found.to_value(u.adu)) == pytest.approx(5, rel=0.05)
        assert ("below the zero" if short > long else "above the zero") in found.sentence
    assert only(rates, mask(), has_bias=False).verdict == "ok"


def test_few_pixels_have_no_typical_rate():
    rates = [rate(1.0, 60.0)[:5], rate(9.0, 600.0)[:5]]
    assert only(rates, mask()).verdict == "ok"
