"""Two halves of equal frames, which agree where nothing is wrong."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from scipy import stats

from ccdproc_darks import DuplicateFrameWarning, MissingInformationWarning, dark_rate, repeatability

from ..helpers import assert_same_image, dark, full_mask, master_bias, noisy_darks, snapshot

SHAPE = (200, 300)


def width(image):
    """Of deviates about zero."""
    return np.sqrt(np.mean(np.square(image.data, dtype=float)))


@pytest.fixture(scope="module")
def good():
    return noisy_darks(np.random.default_rng(1), 0.05, 100.0, 7, 4.0, SHAPE)


def test_good_pixels_agree(good):
    """Width 1, and as many stand out as asked for."""
    halves = repeatability(good, false_positives=100)
    z = halves.data.astype(float)
    assert width(halves) == pytest.approx(1, abs=0.01)
    assert halves.meta["DKWIDTH"] == pytest.approx(1, abs=0.015)
    assert abs(halves.meta["NBEYOND"] - 100) < 4 * 10
    assert halves.meta["NBEYOND"] == (np.abs(z) > halves.meta["DKSIGMA"]).sum()
    assert halves.meta["DKSIGMA"] == pytest.approx(stats.norm.isf(100 / z.size / 2))
    assert halves.meta["DKFALSE"] == 100


@pytest.mark.parametrize("rate", [0.001, 0.1, 10.0])
def test_tails_of_few_electrons(rate):
    """At 1e-3, on both sides together."""
    darks = noisy_darks(np.random.default_rng(2), rate, 100.0, 4, 1.0, (400, 500))
    z = repeatability(darks, offset=None).data
    assert np.mean(np.abs(z) > stats.norm.isf(0.5e-3)) / 1e-3 == pytest.approx(1, abs=4 / np.sqrt(200) + 0.05)


def test_pixels_that_changed():
    """Those whose rate is another in every other frame; positive where the first of them reads higher."""
    darks = noisy_darks(np.random.default_rng(3), 0.1, 100.0, 8, 3.0, (40, 50))
    for index, frame in enumerate(darks):
        frame.data[3, :25] += 200 * (index % 2 == 0)
        frame.data[3, 25:] += 200 * (index % 2 == 1)
    halves = repeatability(darks, false_positives=0.01)
    assert halves.meta["NBEYOND"] == 50
    assert (np.abs(halves.data[3]) > 10).all()
    assert (halves.data[3, :25] > 0).all()
    assert (halves.data[3, 25:] < 0).all()


def test_a_slow_drift_is_in_both_halves():
    """Of the bias level, and of a rate that rises steadily."""
    darks = noisy_darks(np.random.default_rng(4), 0.1, 100.0, 20, 3.0, (100, 100))
    for index, frame in enumerate(darks):
        frame.data[5] += index
    halves = repeatability(darks)
    # One electron, of an error of 1.9; the frames, one after the other, differ by 19.
    assert np.sqrt(np.mean(halves.data[5] ** 2)) < 1.5


def test_a_cosmic_ray_is_rejected_in_its_half():
    darks = noisy_darks(np.random.default_rng(5), 0.1, 100.0, 8, 3.0, (30, 30))
    darks[3].data[4] += 1000
    assert repeatability(darks).meta["NBEYOND"] == 0
    assert repeatability(darks, clip=None).meta["NBEYOND"] == 30


def test_a_bias_that_both_share_drops_out():
    """However noisy it is."""
    rng = np.random.default_rng(6)
    darks = noisy_darks(rng, 0.1, 100.0, 6, 3.0, SHAPE)
    bias = master_bias(rng, 3.0, 1, SHAPE)
    halves = repeatability(darks, bias=bias, offset=None)
    assert width(halves) == pytest.approx(1, abs=0.015)
    # Each pixel's difference is the same as without it.
    plain = repeatability(darks, offset=None)
    assert np.corrcoef(np.abs(halves.data).ravel(), np.abs(plain.data).ravel())[0, 1] > 0.98


def test_offset():
    """What all pixels of a half have in common is removed, or kept."""
    darks = noisy_darks(np.random.default_rng(7), 0.1, 100.0, 4, 3.0, SHAPE)
    for frame in darks[::2]:
        frame.data += 2.0
    removed = repeatability(darks)
    assert removed.meta["DKOFF1"] - removed.meta["DKOFF2"] == pytest.approx(2, abs=0.05)
    assert width(removed) == pytest.approx(1, abs=0.01)
    kept = repeatability(darks, offset=None)
    assert width(kept) > 1.04
    assert kept.meta["DKOFFSET"] == "none"


def test_options_are_those_of_dark_rate(good):
    counts = [dark(frame.data / 2, None, gain=None, read_noise=None) for frame in good]
    options = {"gain": 2 * u.electron / u.adu, "read_noise": 4 * u.electron, "exposure": 100 * u.s}
    np.testing.assert_allclose(
        np.abs(repeatability(counts, **options).data), np.abs(repeatability(good).data), rtol=1e-3, atol=1e-3
    )  # fmt: skip
    assert repeatability(good, dtype="float64").data.dtype == np.float64
    with pytest.raises(TypeError, match="nonsense"):
        repeatability(good, nonsense=1)


def test_combined_frames():
    """Each may be the mean of several."""
    rng = np.random.default_rng(8)
    darks = []
    for number in (4, 4):
        frame = dark(rng.poisson(10 * number, SHAPE) / number + rng.normal(0, 1, SHAPE), 100.0, "electron",
                     read_noise=2.0, NCOMBINE=number)  # fmt: skip
        darks.append(frame)
    halves = repeatability(darks)
    assert halves.meta["NCOMBINE"] == 8
    assert width(halves) == pytest.approx(1, abs=0.01)


def test_masks_only_grow(good):
    """A pixel without a sample in one half is masked, and no other."""
    darks = [frame.copy() for frame in good]
    for frame in darks[::2]:
        frame.mask = np.zeros(SHAPE, bool)
        frame.mask[7] = True
    darks[1].data[9] = np.nan
    before = [snapshot(frame) for frame in darks]
    halves = repeatability(darks)
    assert [snapshot(frame) for frame in darks] == before
    expected = np.zeros(SHAPE, bool)
    expected[7] = True
    np.testing.assert_array_equal(full_mask(halves), expected)
    np.testing.assert_array_equal(np.isnan(halves.data), expected)


def test_meta(good):
    meta = repeatability(good).meta
    expected = {"DKSTAT": "significance", "DKEXPMIN": 100.0, "DKEXPMAX": 100.0, "NCOMBINE": 7, "DKTOTAL": 700.0,
                "DKNCOMP": 60000, "DKFALSE": 1.0, "DKOFFSET": "common", "DKNULL": "theoretical"}  # fmt: skip
    assert {key: meta[key] for key in expected} == expected


def test_it_does_not_matter_where_frames_are(good, tmp_path):
    paths = []
    for number, frame in enumerate(good):
        paths.append(str(tmp_path / f"{number}.fits"))
        frame.write(paths[-1])
    assert_same_image(repeatability(paths), repeatability(good))
    assert_same_image(repeatability(frame for frame in good), repeatability(good))


def test_the_last_exposure_decides_nothing(good):
    """Exposure times that are equal to within the tolerance of dark_rate."""
    darks = [frame.copy() for frame in good]
    darks[1].meta["EXPTIME"] = 100.001
    assert np.isfinite(repeatability(darks).data).all()


def test_given_twice(good):
    """A copy in the other half would agree too well."""
    expected = repeatability(good)
    with pytest.warns(DuplicateFrameWarning, match=r"once: darks\[0\] and darks\[1\]") as caught:
        result = repeatability([good[0], *good])
    assert len(caught) == 1
    assert_same_image(result, expected)
    assert result.meta["DKWIDTH"] == expected.meta["DKWIDTH"]
    with (
        pytest.warns(DuplicateFrameWarning, match=r"once: darks\[0\], darks\[1\] and darks\[2\]"),
        pytest.raises(ValueError, match=r"^two equal frames or more are needed for two halves, got 1$"),
    ):
        repeatability([good[0]] * 3)


class TestRefused:
    def test_one_frame(self):
        with pytest.raises(ValueError, match=r"^two equal frames or more are needed for two halves, got 1$"):
            repeatability([dark(np.ones((3, 4)))])

    def test_several_exposure_times(self):
        frames = [dark(np.ones((3, 4)), seconds) for seconds in (10.0, 20.0, 10.0, 20.0)]
        with pytest.raises(ValueError, match=r"^darks must be of one exposure time, got 10, 20 s; call once for each"):
            repeatability(frames)

    @pytest.mark.parametrize("offset", ["pixel", "nonsense", 3])
    def test_offset(self, offset):
        with pytest.raises(ValueError, match=r"^offset must be one of 'common', None, got"):
            repeatability([dark(np.ones((3, 4))) for _ in range(2)], offset=offset)

    def test_no_uncertainty(self):
        frames = [dark(np.ones((3, 4)), read_noise=None) for _ in range(2)]
        with (
            pytest.warns(MissingInformationWarning, match="no read noise"),
            pytest.raises(ValueError, match=r"has no uncertainty: give dark_rate a read_noise"),
        ):
            repeatability(frames)

    def test_array(self):
        with pytest.raises(TypeError, match=r"^darks must be CCDData, FITS paths .* got ndarray"):
            repeatability(np.ones((4, 3, 4)))


def test_of_rates_it_says_the_same():
    """The halves, measured one by one and subtracted by hand."""
    darks = noisy_darks(np.random.default_rng(9), 2.0, 100.0, 10, 3.0, (20, 30))
    first, second = (dark_rate(darks[start::2], clip=None) for start in (0, 1))
    pooled = (first.data + second.data) / 2
    error = np.sqrt(2 * (pooled * 100 + 9) / 5) / 100
    expected = (first.data - second.data) / error
    halves = repeatability(darks, clip=None, offset=None)
    np.testing.assert_allclose(np.abs(halves.data), np.abs(expected), atol=0.05)
    assert isinstance(halves, CCDData)


def test_read_noise_of_each_pixel():
    """Halves are measured and compared by the same map."""
    rng = np.random.default_rng(6)
    noise = 4.0 * np.exp(0.5 * rng.normal(size=(100, 120)))
    counts = [rng.poisson(5.0, noise.shape) + noise * rng.normal(size=noise.shape) for _ in range(6)]
    darks = [dark(image, 100.0, "electron", read_noise=4.0) for image in counts]
    read_noise = CCDData(noise, unit="electron")
    halves = repeatability(darks, read_noise=read_noise, bias=0 * u.electron)
    assert halves.meta["DKNOISE"] == "map"
    assert halves.data.std() == pytest.approx(1, abs=0.03)
    assert halves.meta["NBEYOND"] < 6
