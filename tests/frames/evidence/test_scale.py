"""Values that are no counts: within 0 and 1, wrapped round, or without their BZERO."""

import re

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import ClippingWarning, dark_rate, master_bias
from ccdproc_darks.frames.evidence.scale import scale_finding

from .cameras import Camera, group_of


def changed(frames, change):
    return [CCDData(change(frame.data), unit=frame.unit, meta=frame.meta) for frame in frames]


def wrapped(camera, seconds, number, top=65535):
    """Frames whose negative values became large ones."""
    rng = np.random.default_rng((camera.seed, int(seconds)))
    dtype = np.uint16 if top == 65535 else np.uint32
    images = [np.rint(camera.values(seconds, rng)).astype(np.int64).astype(dtype) for _ in range(number)]
    meta = {"EXPTIME": float(seconds), "EGAIN": camera.gain, "RDNOISE": camera.read_noise}
    return [CCDData(image, unit="adu", meta=dict(meta)) for image in images]


class TestWithinZeroAndOne:
    @pytest.mark.parametrize("scale", [65535, 16383.0, 1e6])
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_is_wrong(self, scale, dtype):
        camera = Camera(top=16383, gain=1.5, dtype=dtype)
        frames = changed(camera.frames(60, 3), lambda data: data / np.asarray(scale, dtype))
        finding = scale_finding(group_of(frames))
        assert finding.verdict == "wrong"
        assert "not in adu: all their values are between 0 and 1" in finding.sentence
        with pytest.warns(ClippingWarning, match="between 0 and 1"):
            dark_rate(frames, bias=0 * u.adu)
        biases = changed(camera.frames(0, 3, EXPTIME=0.0), lambda data: data / np.asarray(scale, dtype))
        with pytest.warns(ClippingWarning, match="bias frames are not in adu"):
            master_bias(biases)

    def test_electrons_of_combined_frames_are_right(self):
        rng = np.random.default_rng(2)
        frame = CCDData(rng.uniform(0.019, 0.021, (20, 30)), unit="electron", meta={"EXPTIME": 10.0})
        assert scale_finding(group_of([frame])).verdict == "ok"

    def test_bias_subtracted_frames_are_right(self):
        rng = np.random.default_rng(1)
        frames = changed(Camera().frames(60, 3), lambda data: rng.normal(0, 0.3, data.shape))
        assert scale_finding(group_of(frames)).verdict == "ok"


class TestWrapped:
    @pytest.mark.parametrize(("bias", "noise", "seconds"), [(2.0, 8.0, 60), (10.0, 8.0, 60), (0.0, 30.0, 300)])
    def test_is_wrong(self, bias, noise, seconds):
        camera = Camera(bias=bias, read_noise=noise, gain=1.5)
        frames = wrapped(camera, seconds, 3)
        finding = scale_finding(group_of(frames))
        assert finding.verdict == "wrong"
        share = np.mean(frames[0].data > 32768)
        assert "wrapped round" in finding.sentence
        assert float(re.search(r"(\S+) % of the values", finding.sentence)[1]) == pytest.approx(100 * share, rel=0.05)
        with pytest.warns(ClippingWarning, match="wrapped round"):
            dark_rate(frames, bias=0 * u.adu)

    def test_bias_frames(self):
        camera = Camera(bias=3.0)
        darks = Camera(bias=300.0).frames(60, 2)
        finding = scale_finding(group_of(darks, biases=wrapped(camera, 0, 3)))
        assert finding.verdict == "wrong"
        assert finding.sentence.startswith("bias frames have wrapped round")

    def test_saturated_pixels_beside_a_low_level_are_right(self):
        camera = Camera(bias=20.0, top=65535, gain=0.5)
        frames = camera.frames(300, 3)
        assert np.count_nonzero(frames[0].data == 65535) > 50
        assert scale_finding(group_of(frames)).verdict == "ok"

    def test_a_soft_full_well_is_right(self):
        camera = Camera(bias=20.0, top=65535, gain=0.5, full_well=32_000, soft=0.01, hottest=5000.0)
        assert scale_finding(group_of(camera.frames(300, 3))).verdict == "ok"


@pytest.mark.parametrize("bias", [100.0, 1000.0])
def test_lost_bzero(bias):
    frames = Camera(bias=bias, top=65535).frames(60, 2)
    lost = changed(frames, lambda data: (data.astype(np.int32) - 32768).astype(np.int16))
    finding = scale_finding(group_of(lost))
    assert finding.verdict == "wrong"
    assert "BZERO of 32768 was lost" in finding.sentence
    assert scale_finding(group_of(frames)).verdict == "ok"


@pytest.mark.parametrize("bias", [100.0, 1000.0])
def test_unsigned_read_as_signed(bias):
    """Values above 32767 become negative."""
    frames = Camera(bias=bias, top=65535, gain=0.5, hottest=100.0).frames(300, 2)
    signed = changed(frames, lambda data: data.astype(np.int16))
    number = np.count_nonzero(frames[0].data > 32767)
    finding = scale_finding(group_of(signed))
    assert finding.verdict == "wrong"
    assert f"have {number} values far below zero" in finding.sentence
    with pytest.warns(ClippingWarning, match="read as signed"):
        dark_rate(signed, bias=bias * u.adu)


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_negative_values_are_right(dtype):
    frames = changed(Camera(dtype=dtype).frames(60, 2), lambda data: data - data.dtype.type(100))
    assert scale_finding(group_of(frames)).verdict == "ok"


def test_masked_values_do_not_count():
    frames = Camera(top=16383, dtype="int16", bias=1000).frames(60, 3)
    for frame in frames:
        frame.mask = np.zeros(frame.shape, dtype=bool)
        frame.mask[:, 5] = True
        frame.data[:, 5] = -32768
    assert scale_finding(group_of(frames)).verdict == "ok"
    for frame in frames:
        frame.mask = None
    assert scale_finding(group_of(frames)).verdict == "wrong"
