"""Step of the digits, and full scale of 12 or 14 bits in 16; truth from cameras simulated without the package."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import HeaderWarning, dark_rate, hot_pixel_mask, master_bias
from ccdproc_darks.frames.evidence.digits import Digits, digits_finding

from ...helpers import dark
from .cameras import Camera, group_of

TWELVE = Camera(gain=1.0, factor=16)
FOURTEEN = Camera(gain=2.5, read_noise=12.0, bias=250.0, top=16383, factor=4, rate=0.3, hottest=3000.0, seed=7)
SHIFTED = pytest.mark.parametrize(
    ("camera", "step", "bits", "top"), [(TWELVE, 16, 12, 65520.0), (FOURTEEN, 4, 14, 65532.0)]
)
GAIN = u.electron / u.adu


def biases(camera):
    return camera.frames(0, 10, seed=9, EXPTIME=0.0)


class TestStep:
    @pytest.mark.parametrize("dtype", ["uint16", "int32", "float32", "float64"])
    @SHIFTED
    def test_shifted(self, camera, step, bits, top, dtype):
        frames = [CCDData(frame.data.astype(dtype), unit="adu", meta=frame.meta) for frame in camera.frames(60, 3)]
        digits = Digits.of(group_of(frames))
        assert (digits.step, digits.bits) == (step, bits)
        assert digits.top == (top if dtype == "uint16" else None)

    def test_offset_of_the_digits(self):
        """A camera that adds 7 to its shifted values."""
        frames = [dark(frame.data + np.uint16(7)) for frame in Camera(factor=16, top=3000).frames(60, 1)]
        digits = Digits.of(group_of(frames))
        assert (digits.step, digits.top) == (16, 65527.0)

    @pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
    def test_of_one(self, dtype):
        group = group_of(Camera(dtype=dtype).frames(60, 2))
        assert Digits.of(group).step == 1
        assert digits_finding(Digits.of(group), group).verdict == "ok"

    @pytest.mark.parametrize(
        "image", [np.full((20, 30), 100.0), np.arange(600.0).reshape(20, 30) / 7, np.full((20, 30), np.nan)]
    )
    def test_without_one(self, image):
        group = group_of([dark(image)])
        assert Digits.of(group).step is None
        assert digits_finding(Digits.of(group), group).verdict == "ok"

    def test_few_different_values_tell_none(self):
        image = np.zeros((20, 30), np.uint16)
        image[3, 4] = 200
        assert Digits.of(group_of([dark(image)])) == Digits(None, 65535.0)


class TestGain:
    @SHIFTED
    def test_per_step_of_the_adc(self, camera, step, bits, top):
        group = group_of(camera.frames(60, 5), camera.frames(600, 5), gain=(camera.gain, "EGAIN"))
        finding = digits_finding(Digits.of(group), group)
        assert finding.verdict == "doubtful"
        assert f"{bits} bits in steps of {step}" in finding.sentence
        assert f"full scale is {top:g} adu" in finding.sentence
        assert (
            f"EGAIN of {camera.gain:g} electron / adu seems to be per step of the ADC, {step} times" in finding.sentence
        )
        assert u.Quantity(finding.told) == camera.gain * GAIN

    @SHIFTED
    def test_per_unit_of_the_file(self, camera, step, bits, top):
        group = group_of(camera.frames(60, 5), camera.frames(600, 5), gain=(camera.gain / step, "EGAIN"))
        finding = digits_finding(Digits.of(group), group)
        assert finding.verdict == "ok"
        assert "EGAIN is per adu of the file" in finding.sentence

    def test_that_frames_cannot_tell(self):
        group = group_of(TWELVE.frames(60, 1), gain=(1.0, "EGAIN"))
        finding = digits_finding(Digits.of(group), group)
        assert finding.verdict == "doubtful"
        assert "may be per step of the ADC" in finding.sentence

    @pytest.mark.parametrize("with_biases", [True, False])
    @SHIFTED
    def test_that_a_read_noise_tells(self, camera, step, bits, top, with_biases):
        """Darks without hot pixels, of any dark current: the read noise is given in electrons."""
        cold = replace(camera, hot=0, rate=0.5 * with_biases)
        frames = {"biases": cold.frames(0, 4, EXPTIME=0.0)} if with_biases else {}
        wrong = f"{'seems to' if with_biases else 'may'} be per step of the ADC"
        for factor, verdict, words in ((step, "ok", "is per adu of the file"), (1, "doubtful", wrong)):
            told = {"gain": (cold.gain / factor, "EGAIN"), "read_noise": (cold.read_noise, "RDNOISE")}
            group = group_of(cold.frames(60, 2), **frames, **told)
            finding = digits_finding(Digits.of(group), group)
            assert finding.verdict == verdict
            assert words in finding.sentence

    def test_that_the_user_gave_is_believed_here(self):
        group = group_of(TWELVE.frames(60, 1), gain=(0.0625, "argument"))
        assert digits_finding(Digits.of(group), group).verdict == "ok"


class TestDarkRate:
    @SHIFTED
    def test_says_so(self, camera, step, bits, top):
        told = rf"gain by EGAIN is .* digits have steps of {step}: .* Pass gain={camera.gain / step:.4g} "
        with pytest.raises(ValueError, match=told):
            dark_rate(camera.frames(600, 5), bias=camera.bias * step * u.adu)

    @SHIFTED
    def test_a_single_frame_says_so(self, camera, step, bits, top):
        with pytest.warns(HeaderWarning, match=f"{bits} bits in steps of {step}.* EGAIN"):
            dark_rate(camera.frames(600, 1), bias=camera.bias * step * u.adu)

    @SHIFTED
    def test_saturated_pixels(self, camera, step, bits, top):
        gain = camera.gain / step * GAIN
        frames = {seconds: camera.frames(seconds, 5) for seconds in (60, 600)}
        bias = master_bias(biases(camera), gain=gain)
        rates = [dark_rate(same, bias=bias, gain=gain) for same in frames.values()]
        assert [rate.meta["DKSATUR"] for rate in rates] == [top, top]
        assert [rate.meta["DKSATSRC"] for rate in rates] == ["ADC", "ADC"]
        truth = np.all([frame.data == camera.top * step for frame in frames[600]], axis=0)
        np.testing.assert_array_equal(rates[1].mask, truth)
        assert hot_pixel_mask(*rates).meta["NSATUR"] == truth.sum() > 100
        assert np.median(rates[1].data[~truth]) == pytest.approx(camera.rate, rel=0.05)


def test_masked_values_do_not_count():
    frames = Camera(factor=16).frames(60, 3)
    for frame in frames:
        frame.mask = np.zeros(frame.shape, dtype=bool)
        frame.mask[:, :7] = True
        frame.data[:, :7] = 1
    assert Digits.of(group_of(frames)).step == 16
