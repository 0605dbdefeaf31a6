"""Values cut off below: where the bias level is too low for the noise."""

import re

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import ClippingWarning, dark_rate, master_bias
from ccdproc_darks.frames.evidence.lowest_values import clipping_finding

from .cameras import Camera, group_of

# Bias level and read noise (both adu), and the share of the bias frames' pixels at the lowest value.
CUT = pytest.mark.parametrize(("level", "noise", "share"), [(-0.8, 5.33, 0.6), (4.0, 8.0, 0.33), (-5.0, 10.0, 0.71)])


def camera_of(level, noise, gain=1.5, **options):
    return Camera(bias=level, read_noise=noise * gain, gain=gain, top=65535, rate=0.01, **options)


@CUT
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_bias_frames(level, noise, share, dtype):
    camera = camera_of(level, noise, dtype=dtype)
    biases = camera.frames(0, 5, EXPTIME=0.0)
    finding = clipping_finding(group_of(camera.frames(600, 2), biases=biases))
    assert finding.verdict == "wrong"
    assert u.Quantity(finding.found) == 0 * u.adu
    percent, true_level, true_noise = (
        float(re.search(text, finding.sentence)[1])
        for text in (r"^(\d+) % of the pixels of bias", r"true level is about (\S+),", r"the noise (\S+) adu")
    )
    assert percent == pytest.approx(100 * share, abs=3)
    assert true_level == pytest.approx(level, abs=0.1 * noise)
    assert true_noise == pytest.approx(noise, rel=0.1)


@CUT
def test_warnings(level, noise, share):
    camera = camera_of(level, noise)
    with pytest.warns(ClippingWarning, match="of the pixels of bias frames read 0 adu"):
        bias = master_bias(camera.frames(0, 5, EXPTIME=0.0))
    with pytest.warns(ClippingWarning, match="of the pixels of 60 s darks read 0 adu"):
        dark_rate(camera.frames(60, 3), bias=bias)


def test_subtracted_and_floored():
    """A program that subtracts the bias and puts zero for what is negative."""
    rng = np.random.default_rng(4)
    frames = [
        CCDData(np.maximum(rng.normal(1, 7, (100, 150)), 0).astype(np.float32), unit="electron", meta={"EXPTIME": 60.0})
        for _ in range(2)
    ]
    finding = clipping_finding(group_of(frames))
    assert finding.verdict == "wrong"
    assert re.search(r"4\d % of the pixels of 60 s darks read 0 electron", finding.sentence)


def test_few_pixels_are_doubtful():
    camera = camera_of(7.0, 4.0)
    finding = clipping_finding(group_of(camera.frames(60, 2)))
    assert finding.verdict == "doubtful"


class TestHealthy:
    @pytest.mark.parametrize("noise", [0.05, 0.3, 1.0, 5.0])
    @pytest.mark.parametrize("level", [100.0, 100.45])
    def test_any_noise_above_zero(self, noise, level):
        camera = camera_of(level, noise)
        finding = clipping_finding(group_of(camera.frames(60, 2), biases=camera.frames(0, 2, EXPTIME=0.0)))
        assert finding.verdict == "ok"

    def test_shifted_digits(self):
        assert clipping_finding(group_of(Camera(factor=16, read_noise=0.5).frames(60, 2))).verdict == "ok"

    def test_a_few_dead_pixels(self):
        frames = Camera().frames(60, 2)
        for frame in frames:
            frame.data[:1] = 0
        assert clipping_finding(group_of(frames)).verdict == "ok"

    def test_frames_of_one_value(self):
        frames = [CCDData(np.full((100, 150), 7, np.uint16), unit="adu", meta={"EXPTIME": 60.0})]
        assert clipping_finding(group_of(frames)).verdict == "ok"


@pytest.mark.parametrize("masked", [True, False])
def test_an_empty_border_is_not_cut_off(masked):
    """Edges without image are filled with zeros, far below the level of calibrated frames."""
    frames = camera_of(300.0, 5.0).frames(60, 3)
    for frame in frames:
        frame.data = frame.data * 1.25 + 0.1
        frame.data[:10] = 0
        if masked:
            frame.mask = frame.data == 0
    assert clipping_finding(group_of(frames)).verdict == "ok"
