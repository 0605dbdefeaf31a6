"""A camera that subtracts its own mean dark current."""

import numpy as np
import pytest

from ccdproc_darks import master_bias
from ccdproc_darks.frames.evidence.optical_black import optical_black
from ccdproc_darks.frames.inputs import as_frames

from .level_frames import camera_frames, group_of, mean_of

CMOS = {"gain": 0.3, "read_noise": 1.5, "rate": 0.02}
COLD = {"gain": 1.0, "read_noise": 3.0, "rate": 0.1}


def with_master(biases, darks):
    return group_of([], darks, master=as_frames(master_bias(biases))[0])


@pytest.mark.parametrize("make", [group_of, with_master])
@pytest.mark.parametrize(
    ("plan", "camera", "black"),
    [
        ([(600, 5)], CMOS, 0.02),
        ([(60, 5), (600, 5)], CMOS, 0.02),
        ([(60, 5), (600, 5)], CMOS, 0.035),
        ([(100, 4), (400, 4)], {"rate": 0.5}, 0.5),
        ([(300, 3)], COLD, 0.12),
        ([(100, 2), (900, 2)], COLD, 0.09),
    ],
)
def test_it_is_found_and_the_rate_is_right(make, plan, camera, black):
    found = optical_black(make(*camera_frames(plan, black=black, **camera)))
    assert found.is_subtracted
    assert abs(found.rate - camera["rate"]) < 4 * found.error
    assert found.error < 0.15 * found.rate
    finding = found.finding()
    assert finding.verdict == "wrong"
    assert finding.sentence.startswith("the camera subtracts its optical black")
    assert "optical_black=" in finding.sentence


@pytest.mark.parametrize("make", [group_of, with_master])
@pytest.mark.parametrize("camera", [CMOS, COLD, {"rate": 0.5}, {"rate": 0.5, "drift": 1.0}])
def test_healthy(make, camera):
    found = optical_black(make(*camera_frames([(100, 4), (600, 4)], **camera)))
    assert found.finding().verdict == "ok"
    assert found.growth == pytest.approx(camera["rate"], rel=0.1)


@pytest.mark.parametrize(
    ("plan", "options", "why"),
    [
        ([(60, 5)], {"rate": 0.001}, "too little dark current"),
        ([(60, 1)], {"biases": 1}, "needs two equal frames"),
        ([(60, 3)], {"shape": (10, 10), "hot": 0}, "too few typical pixels"),
    ],
)
def test_what_tells_nothing(plan, options, why):
    finding = optical_black(group_of(*camera_frames(plan, **options))).finding()
    assert finding.verdict == "unknown"
    assert why in finding.sentence


def test_a_gain_told_too_high_is_not_taken_for_it():
    """As where EGAIN is per step of an ADC whose digits are shifted: hot pixels show that the gain is wrong."""
    biases, darks = camera_frames([(60, 5), (600, 5)], rate=0.5, read_noise=3.0)
    for frame in [*biases, *darks]:
        frame.meta["EGAIN"] *= 16
    found = optical_black(group_of(biases, darks))
    assert not found.is_subtracted
    assert found.finding().verdict == "unknown"


def test_a_read_noise_told_too_low_is_not_taken_for_it():
    biases, darks = camera_frames([(300, 5)])
    for dark in darks:
        dark.meta["RDNOISE"] = 2.0
    assert not optical_black(with_master(biases, darks)).is_subtracted


def test_frames_in_electron():
    biases, darks = camera_frames([(60, 4), (600, 4)], black=0.02, **CMOS)
    for frame in [*biases, *darks]:
        frame.data, frame.unit = np.float32(0.3) * frame.data, "electron"
    assert optical_black(group_of(biases, darks)).rate == pytest.approx(0.02, rel=0.05)


def test_no_gain():
    group = group_of(*camera_frames([(60, 3)]))
    del group.told["gain"]
    assert "without a gain" in optical_black(group).finding().sentence


def test_a_read_noise_that_grows_a_little_is_not_taken_for_it():
    """By 5 per cent from the bias frames to the darks, more than the Poisson noise of 0.3 electron."""
    options = {"rate": 0.001, "gain": 0.5}
    biases, _ = camera_frames([(300, 5)], read_noise=3.0, **options)
    _, darks = camera_frames([(300, 5)], read_noise=3.15, **options)
    assert not optical_black(group_of(biases, darks)).is_subtracted


def test_masked_pixels_do_not_hide_it():
    biases, darks = camera_frames([(60, 10), (600, 10)], black=0.05)
    for frame in darks:
        frame.mask = np.zeros(frame.shape, dtype=bool)
        frame.mask[:, :90] = True
        frame.data[:, :90] = 1000 + 5 * frame.meta["EXPTIME"]
    assert optical_black(group_of(biases, darks)).is_subtracted


def test_frames_that_do_not_vary_tell_nothing(recwarn):
    biases, darks = camera_frames([(60, 3), (600, 3)])
    for frame in [*biases, *darks]:
        frame.data[:] = 1000
    assert optical_black(group_of(biases, darks)).finding().verdict == "unknown"
    assert not recwarn.list


def test_averages():
    """Hot pixels of averages tell whether the gain is right, too."""
    biases, darks = camera_frames([(60, 16), (600, 16)], black=CMOS["rate"], hot=400, **CMOS)
    means = [mean_of(darks[start : start + 4], NCOMBINE=4) for start in range(0, 32, 4)]
    black = optical_black(group_of(biases, means))
    assert black.is_subtracted
    assert black.rate == pytest.approx(CMOS["rate"], rel=0.1)
