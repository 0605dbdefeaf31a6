"""A bias of another level than the darks at zero exposure."""

import pytest

from ccdproc_darks.frames.evidence.bias_offset import bias_offset
from ccdproc_darks.frames.evidence.optical_black import OpticalBlack

from .level_frames import camera_frames, group_of

CMOS = {"gain": 0.25, "read_noise": 1.2, "rate": 0.02}
CCD = {"gain": 2.0, "read_noise": 14.0, "rate": 1.4}


def finding_of(plan, **camera):
    offset = bias_offset(group_of(*camera_frames(plan, **camera)), OpticalBlack())
    return offset, offset.finding()


@pytest.mark.parametrize(
    ("plan", "above", "camera", "verdict"),
    [
        ([(60, 5), (300, 5)], -5, {}, "doubtful"),
        ([(60, 5), (300, 5)], 5, {}, "doubtful"),
        ([(100, 3), (1000, 3)], -8, CMOS, "doubtful"),
        ([(30, 4), (90, 4), (270, 4)], -30, {}, "wrong"),
        ([(10, 1), (30, 1), (60, 1), (100, 1)], 60, CCD, "wrong"),
    ],
)
def test_offset_is_found(plan, above, camera, verdict):
    offset, finding = finding_of(plan, bias_above=above, **camera)
    assert finding.verdict == verdict
    assert abs(finding.found.value + above) < 0.4
    rate, gain = camera.get("rate", 0.05), camera.get("gain", 1.5)
    assert offset.slope * gain == pytest.approx(rate, rel=0.1)
    assert ("below" if above < 0 else "above") in finding.sentence
    assert "by the slope of counts over exposure time" in finding.sentence
    assert "offset='pixel'" in finding.sentence


@pytest.mark.parametrize("camera", [{}, CMOS, CCD, {"drift": 1.0}])
@pytest.mark.parametrize("seed", range(3))
def test_healthy(camera, seed):
    assert finding_of([(60, 5), (300, 5)], seed=seed, **camera)[1].verdict == "ok"


def test_an_offset_that_hardly_counts_is_not_told():
    assert finding_of([(60, 5), (300, 5)], bias_above=-5, rate=5.0)[1].verdict == "ok"


def test_one_exposure_time_tells_nothing():
    finding = finding_of([(60, 5)], bias_above=-50)[1]
    assert finding.verdict == "unknown"
    assert "darks of one exposure time, 60 s" in finding.sentence


def test_no_bias_and_few_pixels_tell_nothing():
    darks = camera_frames([(60, 3), (300, 3)], bias_above=-5)[1]
    assert bias_offset(group_of([], darks), OpticalBlack()).finding().verdict == "unknown"
    small = camera_frames([(60, 3), (300, 3)], shape=(10, 10), hot=0)
    assert bias_offset(group_of(*small), OpticalBlack()).finding().verdict == "unknown"


def test_without_a_gain_rates_are_in_the_frames_unit():
    group = group_of(*camera_frames([(60, 3), (300, 3)], bias_above=-20))
    del group.told["gain"]
    assert "adu/s at 60 s" in bias_offset(group, OpticalBlack()).finding().sentence


def test_levels_without_their_optical_black_say_nothing():
    group = group_of(*camera_frames([(60, 3), (300, 3)], bias_above=-20))
    black = OpticalBlack(rate=0.1, error=0.01, growth=0.0, is_subtracted=True)
    assert bias_offset(group, black).finding().verdict == "unknown"
