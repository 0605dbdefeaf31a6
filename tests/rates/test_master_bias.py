"""The master bias."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import DuplicateFrameWarning, FrameLevelWarning, dark_rate, master_bias, simulate_dark
from ccdproc_darks.frames.inputs import as_frames
from ccdproc_darks.rates.frame_selection import select_biases

from ..helpers import assert_same_image

GAIN, NOISE = 1.5, 6.0


def bias_frames(count, *, levels=None, shape=(200, 200), hot=False):
    rate = np.zeros(shape)
    if hot:
        rate[::20, ::20] = 5000.0
    frames = []
    for number in range(count):
        frame = simulate_dark(
            exposure=0 * u.s if not hot else 1 * u.s,
            rate=rate * u.electron / u.s,
            bias=(800 + (0 if levels is None else levels[number])) * u.adu,
            gain=GAIN * u.electron / u.adu,
            read_noise=NOISE * u.electron,
            rng=number,
        )
        frames.append(frame)
    return frames


def test_mean_number_and_error():
    master = master_bias(bias_frames(9), read_noise=NOISE * u.electron)
    assert master.unit == u.adu
    assert master.meta["NCOMBINE"] == 9
    assert master.data.mean() == pytest.approx(800, abs=0.05)
    assert master.data.std() == pytest.approx(NOISE / GAIN / 3, rel=0.03)
    assert np.median(master.uncertainty.array) == pytest.approx(NOISE / GAIN / 3, rel=1e-3)


def test_frames_chosen_before():
    frames = bias_frames(6, levels=[4, 0, 0, 0.2, 0, 0])
    master = master_bias(select_biases(as_frames(frames), GAIN).chosen())
    assert master.meta["NCOMBINE"] == 5
    assert master.data.mean() == pytest.approx(800, abs=0.1)
    np.testing.assert_allclose(master.data, np.mean([frame.data for frame in frames[1:]], axis=0), rtol=1e-6)


def test_none_is_left_out_where_fewer_than_three_remain():
    chosen = select_biases(as_frames(bias_frames(3, levels=[4, 0, 0]), "biases"), GAIN).chosen()
    with pytest.warns(FrameLevelWarning, match=r"biases\[0\] sits \+4\.0 adu from the other bias frames"):
        assert master_bias(chosen).meta["NCOMBINE"] == 3


def test_cosmic_rays_are_not_in_it_and_hot_pixels_are():
    frames = bias_frames(10, hot=True)
    frames[3].data[55, 55] = 30000
    master = master_bias(frames, read_noise=NOISE * u.electron)
    assert master.data[55, 55] == pytest.approx(800, abs=8)
    # 5000 electrons, and all their Poisson scatter kept: no bias from a clip at the read noise.
    hot = master.data[::20, ::20] - 800
    error = np.sqrt((5000 + NOISE**2) / 10 / hot.size) / GAIN
    assert hot.mean() == pytest.approx(5000 / GAIN, abs=4 * error)


CAMERA = {"gain": GAIN * u.electron / u.adu, "read_noise": NOISE * u.electron, "bias": 800 * u.adu}


def raw_biases(count, shape=(60, 80)):
    return [simulate_dark(shape, exposure=0 * u.s, rng=number, **CAMERA) for number in range(count)]


class TestMasterBias:
    def test_mean_and_its_uncertainty(self):
        frames = raw_biases(7)
        master = master_bias(frames)
        np.testing.assert_allclose(master.data, np.mean([frame.data for frame in frames], axis=0), rtol=1e-6)
        assert master.unit == u.adu
        assert not master.mask.any()
        assert master.meta["NCOMBINE"] == 7
        noise = master.meta["DKRDNOI"]
        np.testing.assert_allclose(master.uncertainty.array, noise / GAIN / np.sqrt(7), rtol=1e-6)

    def test_read_noise_of_the_scatter(self):
        frames = raw_biases(7)
        for frame in frames:
            del frame.meta["RDNOISE"]
        digitised = np.hypot(NOISE, GAIN / np.sqrt(12))
        assert master_bias(frames).meta["DKRDNOI"] == pytest.approx(digitised, rel=0.02)

    def test_cosmic_ray(self):
        frames = raw_biases(7)
        clean = master_bias(frames)
        frames[3].data[5, 6] += 500
        struck = master_bias(frames)
        others = np.mean([frame.data[5, 6] for number, frame in enumerate(frames) if number != 3])
        assert struck.data[5, 6] == pytest.approx(others, rel=1e-6)
        ratio = struck.uncertainty.array[5, 6] / clean.uncertainty.array[5, 6]
        assert ratio == pytest.approx(np.sqrt(7 / 6), rel=1e-6)
        assert master_bias(frames, clip=None).data[5, 6] > clean.data[5, 6] + 60

    def test_for_dark_rate(self):
        """The error of the bias is that of its frames."""
        master = master_bias(raw_biases(9))
        rate = dark_rate(simulate_dark((60, 80), exposure=100 * u.s, rng=99, **CAMERA), bias=master)
        assert rate.meta["DKBIASER"] == pytest.approx(master.meta["DKRDNOI"] / 3, rel=1e-6)

    def test_drift(self):
        frames = raw_biases(7)
        frames[2] = frames[2].add(30 * u.adu, handle_meta="first_found")
        with pytest.warns(FrameLevelWarning, match=r"biases\[2\] sits \+30\.. adu from the other bias frames"):
            master_bias(frames)

    def test_given_twice(self):
        """Five times one frame tell nothing of the read noise."""
        frames = raw_biases(4)
        for frame in frames:
            del frame.meta["RDNOISE"]
        with pytest.warns(DuplicateFrameWarning, match=r"once: biases\[0\], .* and biases\[4\]"):
            single = master_bias([frames[0]] * 5)
        assert single.uncertainty is None
        assert single.meta["NCOMBINE"] == 1
        assert "DKRDNOI" not in single.meta
        with pytest.warns(DuplicateFrameWarning, match=r"once: biases\[0\] and biases\[4\]"):
            twice = master_bias(frames * 2, gain=np.full(8, GAIN) * u.electron / u.adu)
        assert_same_image(twice, master_bias(frames, gain=GAIN * u.electron / u.adu))
        assert twice.meta["NCOMBINE"] == 4

    def test_no_gain(self):
        frames = raw_biases(3)
        del frames[1].meta["EGAIN"]
        with pytest.raises(ValueError, match=r"^gain is needed for frames in adu"):
            master_bias(frames)
        assert master_bias(frames, gain=CAMERA["gain"]).unit == u.adu

    def test_inputs_are_untouched(self):
        frames = raw_biases(3)
        before = [frame.copy() for frame in frames]
        master_bias(frames)
        for frame, copy in zip(frames, before, strict=True):
            np.testing.assert_array_equal(frame.data, copy.data)
            assert frame.meta == copy.meta


@pytest.mark.parametrize(("number", "rays"), [(2, 1), (3, 1), (4, 2), (6, 2)])
def test_cosmic_rays_in_half_of_a_few_frames(number, rays):
    """The upper one of the two samples in the middle is no median: it may be the ray itself."""
    biases = bias_frames(number, shape=(50, 60))
    clean = np.mean([frame.data[5, 6] for frame in biases[rays:]])
    for frame, height in zip(biases[:rays], (500, 530), strict=False):
        frame.data[5, 6] += height
    bias = master_bias(biases, read_noise=NOISE * u.electron)
    assert bias.data[5, 6] == pytest.approx(clean)


def test_telegraph_read_noise_loses_no_jump():
    """Jumps up and down are as frequent: a pixel that lost the high ones alone would have too low a bias."""
    rng = np.random.default_rng(7)
    jumps = rng.integers(-1, 2, (40, 10, 50)) * 50.0
    frames = 1000 + rng.normal(0, 5, (40, 100, 50))
    frames[:, :10] += jumps
    biases = [CCDData(np.rint(frame).astype("uint16"), unit="adu", meta={"EXPTIME": 0.0}) for frame in frames]
    bias = master_bias(biases, gain=1 * u.electron / u.adu)
    error = np.std(jumps) / np.sqrt(40)
    assert abs(bias.data[:10].mean() - 1000) < 5 * error / np.sqrt(500)
    struck = [frame.copy() for frame in biases]
    struck[3].data[60, 7] += 500
    again = master_bias(struck, gain=1 * u.electron / u.adu)
    assert again.data[60, 7] == pytest.approx(np.mean([frame.data[60, 7] for frame in biases[:3] + biases[4:]]))
