"""The map of read noise: what it measures, what it tells of itself, and what it refuses."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

from ccdproc_darks import (
    Amplifier,
    DuplicateFrameWarning,
    FrameLevelWarning,
    MissingInformationWarning,
    NoiseWarning,
    NoUsablePixelWarning,
    compare_dark_rates,
    read_noise_map,
)
from ccdproc_darks._compute import blocks

from ..helpers import assert_same_image

SHAPE, GAIN, LEVEL = (60, 80), 0.5, 100.0
NOISE = 3.0 * np.exp(np.random.default_rng(1).normal(0, 0.2, SHAPE))
DIGITISED = np.sqrt(NOISE**2 + GAIN**2 / 12)


def frames(number, *, seconds=0.0, rate=0.0, noise=NOISE, levels=0.0, seed=2, gain=GAIN, **keys):
    rng, found = np.random.default_rng(seed), []
    for level in np.broadcast_to(levels, number):
        electrons = rng.normal(0, 1, np.shape(noise)) * noise + rng.poisson(rate * seconds, np.shape(noise))
        meta = {"EGAIN": gain, "EXPTIME": seconds, "IMAGETYP": "DARK" if seconds else "BIAS", **keys}
        found.append(CCDData(np.rint(electrons / gain + LEVEL + level).astype("u2"), unit=u.adu, meta=meta))
    return found


@pytest.fixture(scope="module")
def measured():
    return read_noise_map(frames(40))


def test_scatter_and_its_error(measured):
    samples = np.array([frame.data for frame in frames(40)], float) * GAIN
    # Levels of frames are taken off where they differ by chance, too; here none does.
    np.testing.assert_allclose(measured.data, samples.std(axis=0, ddof=1), rtol=1e-5)
    np.testing.assert_allclose(measured.uncertainty.array, measured.data / np.sqrt(2 * 39), rtol=1e-6)
    assert measured.unit == u.electron
    assert measured.data.dtype == np.float32
    assert not measured.mask.any()
    pull = (measured.data - DIGITISED) / (DIGITISED / np.sqrt(78))
    assert pull.std() == pytest.approx(1, abs=0.04)


def test_what_the_meta_tells(measured):
    meta = measured.meta
    assert (meta["DKSTAT"], meta["NCOMBINE"], meta["DKGAIN"], meta["DKLOST"]) == ("read noise", 40, GAIN, 0)
    assert meta["DKRDNOI"] == np.median(measured.data)
    assert meta["DKRNFREE"] == pytest.approx(39, abs=0.01)
    assert meta["DKRNSPR"] == pytest.approx(0.2, abs=0.02)
    assert meta["DKRNTEL"] < 0.02
    assert meta["DKRNMAP"].startswith("read_noise_map: biases=<40 CCDData>, gain=None, bias=None")


def test_fits_gives_it_back(measured, tmp_path):
    measured.write(tmp_path / "map.fits")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        back = CCDData.read(tmp_path / "map.fits")
    assert_same_image(measured, back)
    assert all(back.meta[key] == measured.meta[key] for key in measured.meta)


def test_telegraph_read_noise_is_told_from_a_spread():
    rng = np.random.default_rng(5)
    jumps = rng.random(SHAPE) < 0.3
    noise = np.full(SHAPE, 3.0)
    biases = frames(40, noise=noise)
    for frame in biases:
        frame.data = np.rint(frame.data + 24 / GAIN * jumps * rng.choice([-1, 0, 0, 1], SHAPE)).astype("u2")
    meta = read_noise_map(biases).meta
    assert meta["DKRNTEL"] == pytest.approx(0.3, abs=0.04)
    assert meta["DKRNSPR"] < 0.05


def test_a_drift_of_the_level_is_no_noise(measured):
    levels = np.zeros(40)
    levels[[3, 17]] = 20.0, -7.0
    with pytest.warns(FrameLevelWarning, match=r"^biases\[\d+\] sits "):
        drifted = read_noise_map(frames(40, levels=levels))
    np.testing.assert_allclose(drifted.data, measured.data, rtol=0.02)
    assert np.median(drifted.data / measured.data) == pytest.approx(1, abs=1e-3)


def test_gain_scales_all():
    biases = frames(20)
    once, twice = (read_noise_map(biases, gain=factor * GAIN * u.electron / u.adu) for factor in (1, 2))
    np.testing.assert_allclose(twice.data, 2 * once.data, rtol=1e-6)
    np.testing.assert_allclose(twice.uncertainty.array, 2 * once.uncertainty.array, rtol=1e-6)
    electrons = [CCDData(one.data * GAIN, unit=u.electron, meta=one.meta) for one in biases]
    np.testing.assert_allclose(read_noise_map(electrons).data, once.data, rtol=1e-5)


def test_cosmic_ray(measured):
    biases = frames(40)
    biases[7].data[5, 6] += 3000
    struck = read_noise_map(biases)
    others = np.delete([frame.data[5, 6] for frame in biases], 7).astype(float) * GAIN
    assert struck.data[5, 6] == pytest.approx(others.std(ddof=1), rel=1e-5)
    assert struck.uncertainty.array[5, 6] == pytest.approx(struck.data[5, 6] / np.sqrt(2 * 38), rel=1e-5)
    assert struck.meta["DKLOST"] == 1
    assert (struck.data != measured.data).sum() == 1
    assert read_noise_map(biases, clip=None).data[5, 6] > 100


def test_masked_samples_and_pixels(measured):
    biases = frames(40)
    for number, frame in enumerate(biases):
        frame.mask = np.zeros(SHAPE, bool)
        frame.mask[1, 1], frame.mask[2, 2], frame.mask[3, 3] = number < 5, number < 38, True
    found = read_noise_map(biases)
    assert found.data[1, 1] == pytest.approx(np.std([f.data[1, 1] * GAIN for f in biases[5:]], ddof=1), rel=1e-5)
    np.testing.assert_array_equal(np.argwhere(found.mask), [[2, 2], [3, 3]])
    assert np.isnan(found.data[found.mask]).all()
    assert np.isnan(found.uncertainty.array[found.mask]).all()
    assert (found.data != measured.data).sum() == 3


def test_the_same_whatever_the_blocks_and_workers(monkeypatch, tmp_path):
    biases = frames(20)
    biases[3].data[5, 6] += 3000
    biases[4].mask = np.zeros(SHAPE, bool)
    biases[4].mask[7:9, 3] = True
    once = read_noise_map(biases)
    paths = []
    for number, bias in enumerate(biases):
        paths.append(tmp_path / f"{number}.fits")
        bias.write(paths[-1])
    with ThreadPoolExecutor(3) as executor:
        monkeypatch.setattr(blocks, "_PIXELS_PER_BLOCK", 7 * SHAPE[1])
        for found in (read_noise_map(paths, executor=executor), read_noise_map(biases, mem_limit=2**24)):
            assert_same_image(once, found)


def test_equal_darks_without_their_poisson_noise():
    """The map of darks is that of bias frames, less well known where there is more dark current."""
    rate = np.full(SHAPE, 0.02)
    rate[:, 40:] = 0.09
    rate[10, 10] = 50.0
    found = read_noise_map(frames(100, seconds=100.0, rate=rate, seed=8), bias=LEVEL * u.adu, check_headers=False)
    assert np.argwhere(found.mask).tolist() == [[10, 10]]
    found.data[10, 10], found.uncertainty.array[10, 10] = DIGITISED[10, 10], 1.0
    cold, warm = np.s_[:, :40], np.s_[:, 40:]
    for part in (cold, warm):
        assert np.mean(found.data[part] ** 2 / DIGITISED[part] ** 2) == pytest.approx(1, abs=0.02)
        # The error is that of a pixel of typical read noise.
        typical = np.abs(DIGITISED[part] / np.median(DIGITISED) - 1) < 0.1
        relative = found.uncertainty.array[part] / found.data[part]
        pull = ((found.data[part] / DIGITISED[part]) ** 2 - 1) / (2 * relative)
        assert pull[typical].std() == pytest.approx(1, abs=0.06)
    relative = found.uncertainty.array / found.data
    assert np.median(relative[cold]) > 1 / np.sqrt(2 * 99)
    assert np.median(relative[warm]) > 1.4 * np.median(relative[cold])
    assert found.meta["DKRNSPR"] == pytest.approx(0.2, abs=0.05)


def test_dark_electrons_that_hide_the_read_noise():
    """The map says so; also where few or none of the pixels keep a value."""
    with pytest.warns(NoiseWarning, match="24 darks tell it no better than . bias frames would. Pass bias frames"):
        read_noise_map(frames(24, seconds=600.0, rate=0.03, seed=9), bias=LEVEL * u.adu)
    with pytest.warns(NoUsablePixelWarning, match="no pixel has 3 samples with more noise than that of their dark"):
        read_noise_map(frames(24, seconds=600.0, rate=0.2, seed=9), bias=LEVEL * u.adu)


def test_a_pattern_of_the_bias_is_an_error_of_the_dark_electrons():
    """Where darks have one bias level for all pixels: the errors of the map say how far it is off."""
    pattern = np.random.default_rng(6).normal(0, 6.0, SHAPE)
    darks = frames(40, seconds=60.0, rate=0.02)
    for frame in darks:
        frame.data = np.rint(frame.data + pattern).astype("u2")
    bias = CCDData(LEVEL + pattern, unit=u.adu, uncertainty=StdDevUncertainty(np.full(SHAPE, 0.3)))
    known, level = (read_noise_map(darks, bias=one) for one in (bias, LEVEL * u.adu))
    assert known.meta["DKRNFREE"] > 20
    assert level.meta["DKRNFREE"] == pytest.approx(2 * 81 / (2 * 10.2**2 / 39 + 9), rel=0.2)
    for found in (known, level):
        good = ~found.mask
        departure = (found.data**2 - DIGITISED**2)[good] / (2 * DIGITISED * found.uncertainty.array)[good]
        assert np.median(np.abs(departure)) / 0.6745 == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(("number", "seconds"), [(9, 0.0), (40, 6000.0)])
def test_no_telegraph_read_noise_is_claimed_where_the_shape_does_not_tell(number, seconds):
    with warnings.catch_warnings():
        for told in (MissingInformationWarning, NoiseWarning):
            warnings.simplefilter("ignore", told)
        bias = LEVEL * u.adu if seconds else None
        assert "DKRNTEL" not in read_noise_map(frames(number, seconds=seconds, rate=0.002), bias=bias).meta


def test_darks_tell_telegraph_read_noise_where_dark_electrons_are_few():
    """Jumps are no dark electrons, though they make the mean variance larger than that of the median pixel."""
    jumps = np.random.default_rng(7).choice([-24.0, 0, 0, 24.0], (20, *SHAPE)) / GAIN
    jumping = np.random.default_rng(8).random(SHAPE) < 0.1
    darks = frames(20, seconds=60.0, rate=0.001)
    for frame, jump in zip(darks, jumps, strict=True):
        frame.data = np.rint(frame.data + jump * jumping).astype("u2")
    found = read_noise_map(darks, bias=LEVEL * u.adu)
    assert found.meta["DKRNTEL"] == pytest.approx(0.1, abs=0.04)
    assert found.meta["DKRNSPR"] == pytest.approx(0.2, abs=0.03)


def test_amplifiers():
    amplifiers = [Amplifier("[1:40, :]"), Amplifier("[41:80, :]", gain=2 * GAIN * u.electron / u.adu)]
    biases = frames(20)
    found, plain = read_noise_map(biases, amplifiers=amplifiers), read_noise_map(biases)
    np.testing.assert_allclose(found.data[:, :40], plain.data[:, :40], rtol=1e-5)
    np.testing.assert_allclose(found.data[:, 40:], 2 * plain.data[:, 40:], rtol=1e-5)
    assert {"DKRND00A", "DKRND00B", "DKGAINA", "DKRDNA", "DKAMPS"} <= set(found.meta)
    assert "DKRND00" not in found.meta


def test_overscan_and_trim():
    biases = frames(20)
    found = read_noise_map(biases, overscan="[71:80, :]", trim="[1:70, :]")
    assert found.shape == (60, 70)
    # The mean of ten columns adds a tenth of their variance.
    expected = np.sqrt(DIGITISED[:, :70] ** 2 + np.mean(DIGITISED[:, 70:] ** 2, axis=1)[:, None] / 10)
    assert np.mean(found.data**2 / expected**2) == pytest.approx(1, abs=0.02)


def test_few_frames():
    with pytest.raises(
        ValueError, match=r"^biases must be 3 frames or more \(20 or more are better\), got 2: fewer do"
    ):
        read_noise_map(frames(2))
    with pytest.warns(MissingInformationWarning, match=r"^10 frames tell the read noise of a pixel to 24 % only, and"):
        found = read_noise_map(frames(10))
    assert found.meta["DKRNFREE"] == pytest.approx(9, abs=0.01)


def test_given_twice():
    with (
        pytest.warns(DuplicateFrameWarning, match="frames given more than once"),
        pytest.raises(ValueError, match=r"^biases must be 3 frames or more .*, got 2"),
    ):
        read_noise_map(frames(2) * 3)


def test_combined_frames():
    with pytest.raises(
        ValueError, match=r"^biases must be single frames, and NCOMBINE in the header of biases\[0\] is 9"
    ):
        read_noise_map(frames(3, NCOMBINE=9))


def test_darks_need_a_bias():
    darks = frames(20, seconds=100.0)
    with pytest.raises(ValueError, match=r"^biases: biases\[0\] is a dark frame, .* Of equal darks, pass bias too$"):
        read_noise_map(darks)
    with pytest.raises(ValueError, match=r"^exposure is of darks: pass bias too .*, or leave out exposure$"):
        read_noise_map(frames(20), exposure=3 * u.s)
    mixed = darks[:10] + frames(10, seconds=30.0, seed=9)
    with pytest.raises(ValueError, match=r"^darks must be of one exposure time, got 30, 100 s"):
        read_noise_map(mixed, bias=LEVEL * u.adu)


@pytest.mark.parametrize("clip", [5, 9.99])
def test_clip_that_hides_telegraph_read_noise(clip):
    with pytest.raises(
        ValueError, match=rf"^clip must be 10 or more, or None to keep all samples, got {clip}: a lower"
    ):
        read_noise_map(frames(3), clip=clip)


@pytest.mark.filterwarnings("ignore:.*frames tell the read noise:ccdproc_darks.MissingInformationWarning")
def test_pixels_without_scatter():
    """Digitised ones are as noisy as rounding at most; of other numbers nothing is known."""
    biases = frames(6, noise=np.full((20, 20), 3.0))
    for bias in biases:
        bias.data[4, 4] = 77
    found = read_noise_map(biases)
    assert found.data[4, 4] == pytest.approx(GAIN / np.sqrt(12))
    electrons = [CCDData(one.data * GAIN, unit=u.electron, meta=one.meta) for one in biases]
    found = read_noise_map(electrons)
    assert np.argwhere(found.mask).tolist() == [[4, 4]]
    with pytest.warns(NoUsablePixelWarning, match="no pixel has 3 samples that can be used"):
        found = read_noise_map(
            [CCDData(np.full((9, 9), np.nan), unit=u.electron, meta={"EXPTIME": 0.0})] * 1
            + [CCDData(np.full((9, 9), np.nan), unit=u.electron, meta={"EXPTIME": 0.0, "N": n}) for n in (1, 2)]
        )
    assert found.mask.all()
    assert "DKRDNOI" not in found.meta


def test_tiny_frames():
    with pytest.warns(MissingInformationWarning, match="^5 frames tell"):
        found = read_noise_map(frames(5, noise=np.full((1, 2), 3.0)))
    assert np.isfinite(found.data).all()


def test_a_map_is_no_rate(measured):
    with pytest.raises(ValueError, match=r"^rates\[0\] is not a result of dark_rate: .* a map of read noise"):
        compare_dark_rates(measured, measured)
