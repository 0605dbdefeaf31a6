"""Gain and read noise of a camera from its darks."""

import math

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import (
    DuplicateFrameWarning,
    HeaderWarning,
    MissingInformationWarning,
    NoiseWarning,
    dark_rate,
    dark_scatter,
    master_bias,
    measure_gain,
)

from ..frames.evidence.test_photon_transfer import sequence
from ..report.conftest import real_frames

__all__ = ["real_frames"]  # a fixture

PER_ADU = u.electron / u.adu
LEVEL = 1000 * u.adu


def without_headers(frames):
    for frame in frames:
        for key in ("EGAIN", "RDNOISE"):
            frame.meta.pop(key, None)
    return frames


@pytest.fixture(scope="module")
def darks():
    return without_headers(sequence([(8, 600), (3, 60)]))


@pytest.fixture(scope="module")
def biases():
    return without_headers(sequence([(8, 0)], seed=3))


class TestResult:
    def test_against_the_truth(self, darks, biases):
        for bias in (biases, master_bias(biases, gain=1.5 * PER_ADU), LEVEL, None):
            found = measure_gain(darks, bias=bias)
            assert abs(found.gain - 1.5 * PER_ADU) < 3 * found.gain_error < 0.4 * PER_ADU
            assert abs(found.read_noise - 8 * u.electron) < 3 * found.read_noise_error < 2 * u.electron
            assert found.noise >= 0.99 * found.read_noise
            assert found.frames == 11

    def test_sentence(self, darks, biases):
        text = str(measure_gain(darks, bias=biases))
        assert text.startswith("The gain is 1.")
        assert "electron / adu, from" in text
        assert "warm pixels in 11 darks. The read noise is " in text

    def test_without_a_level(self, darks):
        found = measure_gain(darks[:8])
        assert math.isnan(found.read_noise.value)
        assert 8 < found.noise.value < 12
        assert "electron at most, the noise of a typical pixel; bias frames tell" in str(found)

    def test_another_camera(self):
        found = measure_gain(sequence([(6, 300)], gain=0.25, read_noise=1.5, rate=0.01), bias=LEVEL)
        assert found.gain.value == pytest.approx(0.25, rel=0.15)
        assert found.read_noise.value == pytest.approx(1.5, rel=0.15)

    def test_headers_do_not_matter(self, darks):
        wrong = [frame.copy() for frame in darks]
        for frame in wrong:
            frame.meta["EGAIN"], frame.meta["RDNOISE"] = 77.0, 300.0
        assert measure_gain(wrong).gain == measure_gain(darks).gain

    def test_copies_count_once(self, darks):
        with pytest.warns(DuplicateFrameWarning, match="^frames given more than once"):
            found = measure_gain([*darks, *darks], bias=LEVEL)
        assert found.gain == measure_gain(darks, bias=LEVEL).gain


class TestErrors:
    def test_single_frames(self, darks):
        with pytest.raises(ValueError, match=r"cannot tell the gain: that needs two frames or more of one exposure"):
            measure_gain([darks[0], darks[-1]])

    def test_no_dark_electrons(self):
        with pytest.raises(ValueError, match="too few pixels with enough dark electrons; longer exposures"):
            measure_gain(sequence([(5, 1)], hot=0))

    def test_two_gains(self):
        both = sequence([(4, 600)]) + sequence([(4, 600)], gain=0.3, seed=9)
        with pytest.raises(ValueError, match=r"^darks: in darks\[4\], .* hot pixels are 5.* they have two gains"):
            measure_gain(both)

    def test_gain_settings(self):
        """A setting in steps, as cameras have that do not write EGAIN."""
        both = without_headers(sequence([(4, 600)]) + sequence([(4, 600)], gain=0.3, seed=9))
        for index, frame in enumerate(both):
            frame.meta["GAIN"] = 200 * (index >= 4)
        for function, options in ((measure_gain, {}), (dark_rate, {"gain": 1.5 * PER_ADU, "bias": LEVEL})):
            with pytest.raises(ValueError, match=r"GAIN is 0 in darks\[0\], 200 in darks\[4\]"):
                function(both, **options)

    def test_frames_in_electron(self, darks):
        frames = [frame.multiply(1.5 * PER_ADU, handle_meta="first_found") for frame in darks[:2]]
        with pytest.raises(u.UnitsError, match="darks must be in adu"):
            measure_gain(frames)

    def test_bias_of_another_shape(self, darks):
        with pytest.raises(ValueError, match=r"the shape \(100, 100\), the darks have \(200, 200\)"):
            measure_gain(darks, bias=sequence([(2, 0)], shape=(100, 100)))


class TestRefutedHeaders:
    """What `dark_rate` does with headers and arguments that the frames refute."""

    @pytest.fixture
    def labelled(self, darks):
        frames = [frame.copy() for frame in darks]
        for frame in frames:
            frame.meta["EGAIN"], frame.meta["RDNOISE"] = 1.5, 8.0
        return frames

    def test_right_ones(self, labelled):
        assert np.nanmedian(dark_rate(labelled, bias=LEVEL).data) == pytest.approx(0.05, abs=0.002)

    @pytest.mark.parametrize("key", ["EGAIN", "RDNOISE"])
    @pytest.mark.parametrize("factor", [10, 0.25])
    def test_wrong_ones(self, labelled, key, factor):
        name, unit = {"EGAIN": ("gain", PER_ADU), "RDNOISE": ("read_noise", u.electron)}[key]
        right = labelled[0].meta[key]
        for frame in labelled:
            frame.meta[key] = right * factor
        if key == "EGAIN" and factor > 1:
            # The right read noise of the header depends on it.
            options = {"read_noise": 8 * u.electron}
        else:
            options = {}
        message = rf"by {key} is {right * factor:g} electron.*Pass {name}=.*check_headers=False takes it as it is"
        for function in (dark_rate, dark_scatter):
            some = labelled if function is dark_rate else labelled[:8]
            with pytest.raises(ValueError, match=message):
                function(some, bias=LEVEL, **options)
        overridden = dark_rate(labelled, bias=LEVEL, **{name: right * unit})
        assert np.nanmedian(overridden.data) == pytest.approx(0.05, abs=0.002)
        with pytest.warns(NoiseWarning, match=f"is given as {right * factor:g} electron"):
            dark_rate(labelled, bias=LEVEL, **{name: right * factor * unit})
        # Without a word.
        dark_rate(labelled, bias=LEVEL, check_headers=False)

    def test_doubtful_ones(self, labelled):
        for frame in labelled:
            frame.meta["RDNOISE"] = 6.0
        with pytest.warns(HeaderWarning, match=r"the read noise by RDNOISE is 6 electron, but equal frames show 8"):
            dark_rate(labelled, bias=LEVEL)

    def test_two_gains(self):
        both = sequence([(4, 600)]) + sequence([(4, 600)], gain=0.3, seed=9)
        with pytest.raises(ValueError, match=r"two gains. Measure each kind alone"):
            dark_rate(both, gain=1.5 * PER_ADU, read_noise=8 * u.electron, bias=LEVEL)
        with pytest.warns(NoiseWarning, match=r"two gains. Measure each kind alone"):
            dark_rate(both, gain=1.5 * PER_ADU, read_noise=8 * u.electron, bias=LEVEL, check_headers=False)


class TestRealFrames:
    @pytest.mark.parametrize("form", ["frames", "master", "nothing"])
    def test_stl1001(self, real_frames, form):
        folder = real_frames / "stl1001_2019_0C"
        darks, biases = sorted(folder.glob("dark_10series_0c*")), sorted(folder.glob("bias_series_0c*"))[1:]
        bias = {"frames": biases, "master": master_bias(biases), "nothing": None}[form]
        found = measure_gain(darks, bias=bias)
        assert found.gain.value == pytest.approx(2.06, rel=0.15)
        if form != "nothing":
            assert found.read_noise.value == pytest.approx(14.5, rel=0.05)

    def test_st402(self, real_frames):
        found = measure_gain(sorted((real_frames / "st402_2017_m15C").glob("*.FIT")))
        assert found.gain.value == pytest.approx(1.49, rel=0.15)
        assert found.read_noise.value == pytest.approx(16, rel=0.1)

    def test_arcsat(self, real_frames):
        folder = real_frames / "arcsat_2025_m25C"
        found = measure_gain(sorted(folder.glob("Dark*")), bias=sorted(folder.glob("Bias*")))
        assert 1.3 < found.gain.value < 1.9
        assert 16 < found.read_noise.value < 23


def means_of_four(darks, dtype="float32", **keys):
    means = []
    for start in (0, 4):
        mean = darks[start].copy()
        mean.data = np.mean([frame.data for frame in darks[start : start + 4]], axis=0).astype(dtype)
        mean.meta.update(keys)
        means.append(mean)
    return means


@pytest.mark.parametrize(("keys", "text"), [({}, "has values between whole numbers"), ({"combined": True}, "is comb")])
def test_averages_of_an_unknown_number(darks, keys, text):
    means = means_of_four(darks, **keys)
    with pytest.warns(MissingInformationWarning, match=rf"darks\[0\] {text}.* pass n_combined"):
        found = measure_gain(means, bias=LEVEL)
    known = measure_gain(means, bias=LEVEL, n_combined=4)
    assert (found.gain / known.gain).value == pytest.approx(4, rel=0.2)
    assert abs(known.gain - 1.5 * PER_ADU) < 3 * known.gain_error
    assert abs(known.read_noise - 8 * u.electron) < 3 * known.read_noise_error


def test_bias_subtracted_frames_are_no_averages(darks, recwarn):
    frames = [frame.copy() for frame in darks]
    for frame in frames:
        frame.data = (frame.data - (1000 + np.arange(200) / 7)).astype("float32")
    assert measure_gain(frames).gain > 0 * PER_ADU
    assert not recwarn.list


def test_bias_frames_in_electron(darks, biases):
    with pytest.raises(u.UnitsError, match=r"bias must be in adu, as the darks are: bias\[0\] is in electron"):
        measure_gain(darks, bias=[CCDData(frame.data * 1.5, unit="electron", meta=frame.meta) for frame in biases])


def test_combined_bias_frames(darks, biases):
    with pytest.raises(ValueError, match=r"bias\[0\] is the mean of 8 exposures \(NCOMBINE in its header\)"):
        measure_gain(darks, bias=[master_bias(biases, gain=1.5 * PER_ADU)] * 2)
