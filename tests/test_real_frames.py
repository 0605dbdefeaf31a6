"""Real dark frames of two cameras: see the README of the data. They are not part of the package."""

import os
import warnings
from pathlib import Path

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

from ccdproc_darks import (
    NONLINEAR_KINDS,
    BiasWarning,
    FrameLevelWarning,
    MissingInformationWarning,
    changed_pixels,
    compare_dark_rates,
    dark_rate,
    dark_rate_change,
    dark_scatter,
    hot_pixel_mask,
    nonlinear_kind,
    read_noise_map,
    repeatability,
)

from .helpers import STRUCTURAL, assert_same_image

FOLDER = Path(os.environ.get("CCDPROC_DARKS_DATA") or Path(__file__).parents[2] / "shared" / "data")

READ_NOISE = 14.5 * u.electron
SATURATION = 60000 * u.adu


def files(pattern):
    found = sorted(FOLDER.glob(pattern))
    if not found:
        reason = f"no real frames {pattern} in {FOLDER} (CCDPROC_DARKS_DATA names the folder)"
        if os.environ.get("CCDPROC_DARKS_REQUIRE_DATA"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def read(path):
    """In memory; astropy remarks that a camera writes no MJD-OBS."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return CCDData.read(path, unit="adu")


@pytest.fixture(scope="module")
def master():
    """Without the first, which sits 4 adu high."""
    frames = [read(path) for path in files("stl1001_2019_0C/bias_series_0c*")[1:]]
    combined = ccdproc.combine(frames, method="average", sigma_clip=True, sigma_clip_low_thresh=5,
                               sigma_clip_high_thresh=5, sigma_clip_func=np.ma.median)  # fmt: skip
    combined.meta["NCOMBINE"] = len(frames)
    return combined


@pytest.fixture(scope="module")
def measure(master):
    """Rates of frames, measured once."""
    done = {}

    def rate(*patterns):
        if patterns not in done:
            paths = [path for pattern in patterns for path in files(f"stl1001_2019_0C/{pattern}")]
            done[patterns] = dark_rate(paths, read_noise=READ_NOISE, bias=master, saturation=SATURATION)
        return done[patterns]

    return rate


SHORT, LONG, ALL = "dark_10series_0c_0m30s*", "dark_series_0c_5m*", ("dark_10series_0c*", "dark_series_0c*")


def test_all_exposure_times(measure):
    rate = measure(*ALL)
    assert rate.meta["DKNEXP"] == 11
    assert rate.meta["NCOMBINE"] == 20
    assert rate.meta["DKTEMP"] == pytest.approx(0, abs=0.5)
    assert np.median(rate.data) == pytest.approx(1.44, abs=0.02)


def test_ten_degrees_more():
    """With the bias of +10 C, which is 28 adu above that of 0 C."""
    folder = "stl1001_2019_0C"
    (bias,) = files(f"{folder}/bias_1series_10c*")
    rate = dark_rate(files(f"{folder}/dark_1series_10c*"), bias=bias, read_noise=READ_NOISE, saturation=SATURATION)
    assert np.median(rate.data) == pytest.approx(6.5, abs=0.2)
    assert rate.meta["DKBIASER"] == pytest.approx(14.5)


def test_saturated_pixels(measure):
    rate = measure(LONG)
    assert rate.mask.sum() == 58
    # Their lower limit: (60 000 - 1000) adu of 2.06 electron in 300 s.
    assert np.median(rate.data[rate.mask]) == pytest.approx(59000 * 2.06 / 300, abs=3)


def test_error_of_the_bias(measure):
    assert measure(LONG).meta["DKBIASER"] == pytest.approx(14.5 / 3, rel=0.06)


def test_estimated_read_noise(master):
    rate = dark_rate(files(f"stl1001_2019_0C/{SHORT}"), bias=master, saturation=SATURATION)
    assert rate.meta["DKNOISE"] == "estimated"
    assert 14.5 <= rate.meta["DKRDNOI"] <= 15.1


def test_bad_column(measure):
    """Column 198 has 34 NONLINEAR pixels where others have two, every 15 rows; and no other line is bad."""
    mask = hot_pixel_mask(measure(SHORT), measure(LONG))
    assert mask.meta["DKCOLS"].startswith("198 (from ")
    assert (mask.meta["NCOLUMN"], mask.meta["NROW"]) == (1, 0)
    assert mask.mask[515:, 198].all()


def test_short_against_long(measure):
    short, long = measure(SHORT), measure(LONG)
    significance = compare_dark_rates(short, long, statistic="significance")
    assert significance.meta["DKWIDTH"] == pytest.approx(1, abs=0.15)
    ratio = compare_dark_rates(short, long, statistic="ratio")
    chosen = (long.data > 8) & (long.data < 64) & ~ratio.mask
    assert chosen.sum() > 100
    assert np.median(ratio.data[chosen]) == pytest.approx(1, abs=0.01)


def test_positive_intercepts_are_bends_and_negative_ones_cosmic_rays(measure):
    """See 'Why a pixel is not proportional' in the documentation."""
    paths = files("stl1001_2019_0C/dark_series_0c*")
    rates = [measure(SHORT), *(measure(path.name) for path in paths)]
    mask = hot_pixel_mask(*rates)
    kinds = nonlinear_kind(*rates, mask=mask)
    offset = compare_dark_rates(*rates, statistic="offset")
    deviate = np.where(kinds.data > 0, offset.data / offset.uncertainty.array, 0)
    assert mask.meta["NNONLIN"] == pytest.approx(2640, abs=30)
    positive, negative = deviate > 5, deviate < -5
    assert positive.sum() == pytest.approx(1430, abs=30)
    assert np.median(offset.data[positive]) == pytest.approx(74, abs=2)
    assert negative.sum() == pytest.approx(270, abs=30)
    assert np.mean(kinds.data[positive] == NONLINEAR_KINDS.BENDS) > 0.6
    assert np.mean(kinds.data[positive] == NONLINEAR_KINDS.OFFSET) < 0.05
    assert np.mean(kinds.data[negative] == NONLINEAR_KINDS.HIGH_FRAME) > 0.65


def test_halves_of_a_series(master):
    paths = files(f"stl1001_2019_0C/{SHORT}")
    rates = [dark_rate(half, read_noise=READ_NOISE, bias=master, saturation=SATURATION, dtype="float64")
             for half in (paths[::2], paths[1::2])]  # fmt: skip
    sigma = np.hypot(*[np.sqrt(rate.uncertainty.array**2 - (rate.meta["DKBIASER"] / 30) ** 2) for rate in rates])
    pull = (rates[0].data - rates[1].data) / sigma
    low, high = np.nanpercentile(pull, [15.865525, 84.134475])
    assert (high - low) / 2 == pytest.approx(1, abs=0.03)


def test_two_halves_agree(master):
    """What differs are telegraph pixels and cosmic rays: pixels whose frames scatter."""
    paths = files(f"stl1001_2019_0C/{SHORT}")
    options = {"read_noise": READ_NOISE, "bias": master, "saturation": SATURATION}
    halves = repeatability(paths, **options)
    assert halves.meta["DKWIDTH"] == pytest.approx(1, abs=0.02)
    differ = np.abs(halves.data) > halves.meta["DKSIGMA"]
    scatter = dark_scatter(paths, clip=None, **options)
    assert scatter.meta["DKWIDTH"] == pytest.approx(1, abs=0.01)
    unsteady = scatter.data > halves.meta["DKSIGMA"]
    assert 300 < unsteady.sum() < 460
    assert (differ & ~unsteady).sum() <= 3
    untreated = repeatability(paths, clip=None, **options)
    assert 190 < (np.abs(untreated.data) > 5).sum() < 280
    # Without what one cosmic ray in a pixel does.
    steadier = dark_scatter(paths, **options)
    assert 50 < (steadier.data > halves.meta["DKSIGMA"]).sum() < 150


def test_telegraph_pixels_are_masked(measure, master):
    scatter = dark_scatter(files(f"stl1001_2019_0C/{SHORT}"), read_noise=READ_NOISE, bias=master, saturation=SATURATION)
    rates = [measure(SHORT), measure(LONG)]
    with_scatter, without = hot_pixel_mask(*rates, scatter=scatter), hot_pixel_mask(*rates)
    assert 50 < with_scatter.meta["NTELEGR"] < 150
    assert (with_scatter.mask >= without.mask).all()
    assert with_scatter.meta["NMASKED"] > without.meta["NMASKED"]


def test_mask(measure):
    flags = hot_pixel_mask(measure(SHORT), measure(LONG), threshold=20 * u.electron / u.s)
    assert flags.meta["NSATUR"] == 58
    assert 100 < flags.meta["NHOT"] < 20000
    assert flags.meta["NMASKED"] < 0.01 * flags.size


def test_paths_and_memory_agree(measure, master):
    frames = [read(path) for path in files(f"stl1001_2019_0C/{LONG}")]
    assert_same_image(dark_rate(frames, read_noise=READ_NOISE, bias=master, saturation=SATURATION), measure(LONG))


def test_without_a_bias_frame():
    paths = files("st402_2017_m15C/*.FIT")
    with pytest.warns(BiasWarning, match="^no bias given, and .*FIT holds unsigned integers as a raw frame does"):
        dark_rate(paths[:5], read_noise=17 * u.electron)
    with (
        pytest.warns(BiasWarning, match="^no bias given"),
        pytest.warns(BiasWarning, match="is the bias still in them"),
        pytest.warns(MissingInformationWarning, match="the result has no uncertainty"),
    ):
        assert dark_rate(paths[:5]).uncertainty is None


def test_slopes_without_a_bias_frame():
    """1200 s against 240 s: about what the frames' own medians say (two of 1200 s sit 15 to 20 adu high)."""
    paths = files("st402_2017_m15C/*.FIT")
    with pytest.warns(FrameLevelWarning, match=r"DARK\.FIT sits \+[0-9.]+ adu from the other frames") as caught:
        rate = dark_rate(paths, offset="pixel")
    drifted = {str(warning.message).split(" sits ")[0].rsplit("/", 1)[1] for warning in caught}
    assert {"L2-dark-neon-1200.00000000.DARK.FIT", "L2-dark-neon-1200.00000003.DARK.FIT"} <= drifted
    assert rate.meta["DKNEXP"] == 3
    assert rate.meta["DKNOISE"] == "estimated"
    assert 5 < rate.meta["DKRDNOI"] < 30
    medians = {
        seconds: np.mean([np.median(read(path).data) for path in paths if str(seconds) in path.name.split(".")[0]])
        for seconds in (240, 1200)
    }
    expected = (medians[1200] - medians[240]) * 1.49 / 960
    assert np.nanmedian(rate.data) == pytest.approx(expected, abs=0.01)
    assert rate.mask.sum() < 10

    # One exposure time without its bias cannot tell its read noise: the slopes have.
    paths = [path for path in paths if path.name not in drifted]
    noise = rate.meta["DKRDNOI"] * u.electron
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FrameLevelWarning)
        singles = [
            dark_rate([path for path in paths if f"-{seconds}." in path.name], bias=0 * u.adu, read_noise=noise)
            for seconds in (240, 360, 1200)
        ]
    curvature = compare_dark_rates(*singles, statistic="significance", offset="pixel")
    assert curvature.meta["DKWIDTH"] == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("name", ["rate", "difference", "significance", "mask"])
def test_round_trip(name, measure, tmp_path):
    short, long = measure(SHORT), measure(LONG)
    result = {
        "rate": lambda: long,
        "difference": lambda: compare_dark_rates(short, long),
        "significance": lambda: compare_dark_rates(short, long, statistic="significance"),
        "mask": lambda: hot_pixel_mask(short, long),
    }[name]()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result.write(tmp_path / "x.fits")
        back = CCDData.read(tmp_path / "x.fits")
    assert [str(warning.message) for warning in caught] == []
    assert_same_image(result, back)
    for key in result.meta:
        assert back.meta[key] == result.meta[key]
    assert set(back.meta) - set(result.meta) <= STRUCTURAL


def test_frames_that_sit_high_do_not_condemn_all_pixels():
    """Two of the 1200 s frames, by 14 and 20 adu: a common offset, which is found and removed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FrameLevelWarning)
        rates = [
            dark_rate(files(f"st402_2017_m15C/*-{seconds}.*"), bias=1000 * u.adu, read_noise=17 * u.electron)
            for seconds in (240, 360, 1200)
        ]
    mask = hot_pixel_mask(*rates, offset="pixel")
    assert mask.meta["DKWIDTH"] == pytest.approx(1, abs=0.03)
    assert mask.meta["NNONLIN"] < 60


@pytest.mark.parametrize(
    ("overscan", "trim"), [("[1:32, :]", "[33:1024, 1:1000]"), ("[:, 1011:1024]", "[1000:9, 1:1000]")]
)
def test_invented_sections(overscan, trim):
    """A real camera's files, read by rows: the numbers of ccdproc."""
    paths = files("stl1001_2019_0C/dark_10series_0c_0m30s*")[:3]
    images = [
        ccdproc.trim_image(
            ccdproc.subtract_overscan(read(path), fits_section=overscan, overscan_axis=None), fits_section=trim
        )
        for path in paths
    ]
    options = {"exposure": 30 * u.s, "read_noise": READ_NOISE, "bias": 0 * u.adu, "check_headers": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = dark_rate(paths, overscan=overscan, trim=trim, dtype="float64", **options)
        expected = dark_rate(images, dtype="float64", **options)
    good = ~found.mask
    assert good.sum() > 0.99 * good.size
    np.testing.assert_allclose(found.data[good], expected.data[good], rtol=1e-9, atol=1e-9)


@pytest.fixture(scope="module")
def cmos_frames():
    """Equal frames of an sCMOS sensor, 400 of 14 x 31 pixels, without the rows of a spot of light; 0.24 electron/adu.

    Their level is 91 adu.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cube = np.concatenate([fits.getdata(path) for path in files("cosmos_scmos_cubes/CMS_NIR_*.fits")])
    rows = np.r_[0:7, 24:31]
    return [CCDData(frame[rows], unit="adu", meta={"EXPTIME": 0.1, "EGAIN": 0.24}) for frame in cube]


@pytest.mark.filterwarnings("ignore::ccdproc_darks.NoiseWarning")  # that one read noise will not do
@pytest.mark.filterwarnings("ignore::ccdproc_darks.FrameLevelWarning")  # levels differ by an adu
@pytest.mark.parametrize("frames_of_map", [20, 100, 200])
def test_pixels_of_a_cmos_sensor_that_are_noisy_to_read_do_not_switch(cmos_frames, frames_of_map):
    """As many pixels switch as asked for, one of 434, from few frames and from many; with one read noise 35 of 200."""
    noise = read_noise_map(cmos_frames[:frames_of_map], check_headers=False)
    assert 0.05 < noise.meta["DKRNSPR"] < 0.2
    one = 3.0  # deviate that 0.6 of 434 good pixels exceed
    numbers = {}
    for number in (5, 20, 50, 100, 200):
        darks = cmos_frames[200 : 200 + number]
        with_map, without = (
            dark_scatter(darks, bias=91 * u.adu, read_noise=value, check_headers=False) for value in (noise, None)
        )
        numbers[number] = (with_map.data > one).sum(), (without.data > one).sum()
        assert with_map.meta["DKWIDTH"] == pytest.approx(0.94, abs=0.04)
    assert all(with_map <= 3 for with_map, _ in numbers.values())
    assert numbers[200][1] > 20


def test_two_halves_of_equal_frames_have_not_changed(master):
    """But for some switching pixels of the column near x = 198."""
    paths = files("stl1001_2019_0C/dark_10series_0c*")
    halves = [dark_rate(paths[start::2], read_noise=READ_NOISE, bias=master) for start in (0, 1)]
    change = dark_rate_change(*halves)
    assert change.meta["DKSCALE"] == pytest.approx(1, abs=4 * change.meta["DKSCLERR"])
    assert change.meta["DKWIDTH"] == pytest.approx(1, abs=0.02)
    for probability, edge in ((1e-3, 3.0902), (1e-4, 3.719)):
        for sign in (1, -1):
            assert np.mean(sign * change.data > edge) == pytest.approx(probability, rel=0.25)
    table = changed_pixels(*halves)
    assert len(table) < 25
    assert np.count_nonzero(np.abs(table["x"] - 198) <= 1) >= len(table) / 2


def test_ten_degrees_warmer(measure, master):
    """Hot pixels rise by less than typical ones, and each by a factor of its own."""
    cold = measure("dark_series_0c_5m*")
    warm = dark_rate(files("stl1001_2019_0C/dark_1series_10c_5m*"), read_noise=READ_NOISE, bias=master,
                     saturation=SATURATION, check_headers=False)  # fmt: skip
    there, back = changed_pixels(cold, warm), changed_pixels(warm, cold)
    assert there.meta["DKSCALE"] == pytest.approx(2.42, abs=0.05)
    assert there.meta["DKSCALE"] * back.meta["DKSCALE"] == pytest.approx(1, abs=1e-3)
    assert there.meta["DKSCLSPR"] == pytest.approx(0.09, abs=0.02)
    assert len(there) < 1000
    opposite = {"higher": "lower", "lower": "higher", "born": "healed", "healed": "born"}
    assert (there.meta["NBORN"], there.meta["NHEALED"]) == tuple(
        back.meta[f"N{opposite[kind].upper()}"] for kind in ("born", "healed")
    )
