"""The picture of values through a stack of frames: from memory and from files."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from ccdproc import ImageFileCollection
from matplotlib.figure import Figure

from ccdproc_darks import simulate_dark
from ccdproc_darks.frames.fits_image import FileReader
from ccdproc_darks.plotting import plot_frames

from ..helpers import whole

SHAPE, GAIN, RATE = (60, 80), 1.5 * u.electron / u.adu, 0.01 * u.electron / u.s


def simulated(number=20, **options):
    """The first notebook's frames: 0.01 electron/s for 100 s at 1.5 electron/adu."""
    camera = {"exposure": 100 * u.s, "rate": RATE, "gain": GAIN, "dtype": "float32"} | options
    return [simulate_dark(SHAPE, rng=seed, **camera) for seed in range(number)]


@pytest.fixture(scope="module")
def ideal():
    return simulated()


def drawn(*args, **options):
    before = plt.get_fignums()
    ax = Figure(layout="constrained").subplots()
    assert plot_frames(*args, ax=ax, **options) is ax
    assert plt.get_fignums() == before
    return ax


def lines(ax, *words):
    return [line for line in ax.lines if line.get_label().startswith(words)]


def test_the_first_notebooks_figure(ideal):
    ax = drawn(ideal, expected=RATE)
    thin, (average,), (expected,) = lines(ax, "each", "_pixel"), lines(ax, "average"), lines(ax, "expected")
    assert len(thin) == 20
    assert all(line.get_xdata().tolist() == list(range(1, 21)) for line in ax.lines)
    np.testing.assert_allclose(average.get_ydata(), np.mean([line.get_ydata() for line in thin], axis=0))
    assert average.get_linewidth() > 3 * thin[0].get_linewidth()
    assert expected.get_label() == "expected: 0.667 adu"
    assert expected.get_linestyle() == "--"
    np.testing.assert_allclose(expected.get_ydata(), 2 / 3)
    # Poisson electrons, divided by the gain: 400 of them in all.
    assert np.mean(average.get_ydata()) == pytest.approx(2 / 3, abs=4 / 20 / 1.5)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("image number", "counts (adu)", "linear")


def test_values_of_the_pixels_given(ideal):
    ax = drawn(ideal, [(7, 3), (70, 50)])
    (one,), (other,) = lines(ax, "(7, 3)"), lines(ax, "(70, 50)")
    np.testing.assert_allclose(one.get_ydata(), [frame.data[3, 7] for frame in ideal])
    np.testing.assert_allclose(other.get_ydata(), [frame.data[50, 70] for frame in ideal])
    assert (one.get_marker(), one.get_linestyle()) != (other.get_marker(), other.get_linestyle())
    assert not lines(ax, "average")


def test_average_of_the_pixels_given(ideal):
    """Beside what is expected, or where they are too many to be told apart."""
    (average,) = lines(drawn(ideal, [(7, 3), (70, 50)], expected=RATE), "average of 2 pixels")
    np.testing.assert_allclose(average.get_ydata(), [frame.data[[3, 50], [7, 70]].mean() for frame in ideal])
    assert not lines(drawn(ideal, [(7, 3)], expected=RATE), "average")
    assert lines(drawn(ideal, [(x, 3) for x in range(11)]), "average of 11 pixels")


def test_random_pixels_are_good_ones_and_always_the_same():
    frames = simulated(5, hot_fraction=0.3, hot_rate=50 * u.electron / u.s)
    for frame in frames:
        frame.mask = np.zeros(SHAPE, bool)
        frame.mask[:, ::2] = True
        frame.data[frame.mask] = 1.0
    first, again = drawn(frames), drawn(frames)
    values = np.array([line.get_ydata() for line in lines(first, "each", "_pixel")])
    assert values.shape == (20, 5)
    # Hot pixels have thousands of counts, and masked ones exactly one.
    assert values.max() < 20
    assert not (values == 1).any()
    np.testing.assert_array_equal(values, [line.get_ydata() for line in lines(again, "each", "_pixel")])


def test_a_few_pixels_are_all_there_is():
    frames = [CCDData(np.array([[1.0, 2.0], [3.0, 4.0]]) + seed, unit="adu") for seed in range(3)]
    assert lines(drawn(frames), "each of 4 pixels")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Raw files, and the frames in them."""
    folder = tmp_path_factory.mktemp("frames")
    frames = simulated(4, dtype="uint16", bias=1000 * u.adu, read_noise=5 * u.electron)
    for number, frame in enumerate(frames):
        frame.write(folder / f"dark{number}.fits")
    return folder, frames


def test_files_are_read_by_the_rows_of_the_pixels(folder, monkeypatch):
    path, frames = folder
    read = []
    original = FileReader.rows

    def rows(self, block, out=None):
        read.append(block)
        return original(self, block, out)

    monkeypatch.setattr(FileReader, "rows", rows)
    pixels = [(7, 3), (70, 50), (8, 3)]
    files = sorted(path.glob("*.fits"))
    for given in (files, [str(file) for file in files], ImageFileCollection(path)):
        read.clear()
        ax = drawn(given, pixels)
        for (x, y), line in zip(pixels, ax.lines, strict=False):
            np.testing.assert_array_equal(line.get_ydata(), [frame.data[y, x] for frame in frames])
        assert read == [[slice(3, 4), slice(50, 51)]] * 4


@pytest.mark.parametrize("kind", ["level", "image", "file"])
def test_the_bias_is_subtracted(folder, tmp_path, kind):
    path, frames = folder
    image = CCDData(np.arange(SHAPE[0] * SHAPE[1], dtype=float).reshape(SHAPE), unit="adu")
    image.mask = np.zeros(SHAPE, bool)
    image.mask[50, 70] = kind != "level"
    bias = {"level": 990 * u.adu, "image": image, "file": tmp_path / "bias.fits"}[kind]
    image.write(tmp_path / "bias.fits")
    ax = drawn(sorted(path.glob("*.fits")), [(7, 3), (70, 50)], bias=bias)
    level = 990 if kind == "level" else image.data[3, 7]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [frame.data[3, 7] - level for frame in frames])
    assert np.isnan(ax.lines[1].get_ydata()).all() == (kind != "level")
    assert ax.get_ylabel() == "counts due to dark current (adu)"


def test_masked_values_are_gaps():
    frames = simulated(4)
    frames[2].mask = np.zeros(SHAPE, bool)
    frames[2].mask[3, 7] = True
    frames[1].data[4, 7] = np.nan
    ax = drawn(frames, [(7, 3), (7, 4)], expected=RATE)
    assert np.isnan(ax.lines[0].get_ydata()).tolist() == [False, False, True, False]
    assert np.isnan(ax.lines[1].get_ydata()).tolist() == [False, True, False, False]
    np.testing.assert_allclose(lines(ax, "average")[0].get_ydata()[1], frames[1].data[3, 7])


def test_pixels_of_very_different_values_are_on_a_logarithmic_axis_without_an_average():
    frames = [CCDData(np.array([[1.0, 200.0]]) + seed, unit="electron") for seed in range(3)]
    ax = drawn(frames, [(0, 0), (1, 0)])
    assert ax.get_yscale() == "log"
    assert not lines(ax, "average")
    assert ax.get_ylabel() == "counts (electron)"


@pytest.mark.parametrize(
    ("expected", "unit", "height"),
    [
        (1 * u.adu, "adu", 1.0),
        (1.5 * u.electron, "adu", 1.0),
        (0.6 * u.electron / u.min, "adu", 2 / 3),
        (3 * u.adu, "electron", 4.5),
        (3 * u.electron, "electron", 3.0),
        (0.05 * u.electron / u.s, "electron", 5.0),
        (-2 * u.adu, "adu", -2.0),
    ],
)
def test_what_is_expected(expected, unit, height):
    meta = {"EXPTIME": 100.0, "EGAIN": 1.5}
    frames = [CCDData(np.ones((4, 4)), unit=unit, meta=meta) for _ in range(3)]
    (line,) = lines(drawn(frames, [(1, 1)], expected=expected), "expected")
    np.testing.assert_allclose(line.get_ydata(), height)


def test_each_frame_has_its_own_exposure_time():
    frames = [CCDData(np.ones((4, 4)), unit="electron", meta={"EXPTIME": t}) for t in (10.0, 20.0, 40.0)]
    (line,) = lines(drawn(frames, [(1, 1)], expected=2 * u.electron / u.s), "expected")
    assert line.get_ydata().tolist() == [20, 40, 80]


def test_a_new_figure(ideal):
    ax = plot_frames(ideal, expected=RATE)
    ax.figure.canvas.draw()
    assert ax.figure.get_tightbbox().x1 <= ax.figure.get_size_inches()[0] + 0.01
    plt.close(ax.figure)


def test_wrong_arguments(ideal):
    with pytest.raises(ValueError, match=whole("frames must be two or more, got 1")):
        plot_frames(ideal[:1])
    with pytest.raises(TypeError, match=r"^expected must be a Quantity"):
        plot_frames(ideal, expected=0.667)
    with pytest.raises(u.UnitsError, match=whole("expected must be in adu, electron or electron / s, got s")):
        plot_frames(ideal, expected=2 * u.s)
    with pytest.raises(u.UnitsError, match=whole("bias is in electron, and the frames are in adu: pass it in adu")):
        plot_frames(ideal, bias=100 * u.electron)
    frames = [CCDData(np.ones((4, 4)), unit="electron") for _ in range(3)]
    with pytest.raises(
        ValueError, match=whole("expected is in adu, and the frames are in electron: pass it in electron")
    ):
        plot_frames(frames, expected=2 * u.adu)
    with pytest.raises(ValueError, match=whole("no pixel of a sample has values in all frames: pass pixels")):
        plot_frames([CCDData(np.full((4, 4), np.nan), unit="adu") for _ in range(2)])
