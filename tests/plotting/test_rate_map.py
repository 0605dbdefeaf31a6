"""Map of a rate: what is drawn of a sensor of known gradient, glow, columns and hot pixels."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty
from matplotlib.figure import Figure

from ccdproc_darks import sensor_preset
from ccdproc_darks.plotting import plot_rate_map
from ccdproc_darks.simulation import AmplifierGlow

HEIGHT, WIDTH = 120, 160
HOT = {(30, 70): 900.0, (100, 20): 700.0, (101, 21): 650.0, (150, 119): 500.0}


def noisy(rate=1.0, *, shape=(HEIGHT, WIDTH), hot=HOT, sigma=0.03, mask=None):
    """A rate (CCDData) of noise about a rate, with hot pixels."""
    data = (np.broadcast_to(rate, shape) + np.random.default_rng(4).normal(0, sigma, shape)).astype(np.float32)
    for (x, y), value in hot.items():
        data[y, x] = value
    return CCDData(data, unit="electron/s", mask=mask)


@pytest.fixture
def axes():
    """Axes of a figure that pyplot does not know."""
    return Figure(figsize=(6, 8), layout="constrained").subplots()


def parts(ax, number=3):
    """Axes beside the map: columns, rows, cutouts, legend's place, colour bar by what they are."""
    columns, rows, *others = ax.child_axes
    cutouts = [one for one in others if one.get_title()]
    (bar,) = [one for one in others if "dark current" in one.get_xlabel()]
    assert len(cutouts) == number
    return columns, rows, cutouts, bar


def image_of(ax):
    (image,) = ax.images
    return image


def labels(ax):
    return [text.get_text() for text in ax.get_legend().texts]


class TestMap:
    def test_a_gradient_of_five_per_cent_spans_the_colours(self, axes):
        ax = plot_rate_map(noisy(np.linspace(1, 1.05, WIDTH), sigma=0.01), ax=axes)
        assert ax is axes
        image = image_of(ax)
        low, high = image.get_clim()
        columns = image.get_array().mean(axis=0)
        assert columns[0] - low < 0.2 * (high - low)
        assert high - columns[-1] < 0.2 * (high - low)
        assert image.get_cmap().name == "cividis"

    def test_glow(self, axes):
        glow = AmplifierGlow(rate=0.05 * u.electron / u.s, scale=30, corner="upper right")
        ax = plot_rate_map(sensor_preset("low-noise-cmos", shape=(120, 160), glow=glow, seed=1).true_rate(), ax=axes)
        cells = np.asarray(image_of(ax).get_array())
        assert cells[-1, -1] > 0.05
        assert cells[-10:, -10:].mean() > 2 * cells[:40, :40].mean()
        columns, rows, *_ = parts(ax)
        for profile, along in ((columns, 1), (rows, 0)):
            values = profile.lines[0].get_data()[along]
            assert values[-20:].mean() > 1.2 * values[:20].mean()

    def test_labels(self, axes):
        ax = plot_rate_map(noisy(), ax=axes)
        columns, rows, _, bar = parts(ax)
        side = HEIGHT // image_of(ax).get_array().shape[0]
        assert f"mean of {side} x {side} pixels" in bar.get_xlabel()
        assert (ax.get_ylabel(), columns.get_xlabel()) == ("row (y)", "column (x)")
        assert columns.get_ylabel() == rows.get_xlabel() == "electron/s"

    def test_other_units_are_converted(self, axes):
        rate = noisy()
        rate = CCDData(rate.data * 3600, unit="electron/h")
        assert np.mean(image_of(plot_rate_map(rate, ax=axes)).get_clim()) == pytest.approx(1, abs=0.05)

    def test_masked_cells_are_hatched_and_told(self, axes):
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[20:60, 100:140] = True
        ax = plot_rate_map(noisy(mask=mask), ax=axes)
        cells = image_of(ax).get_array()
        side = WIDTH // cells.shape[1]
        assert np.ma.getmaskarray(cells)[20 // side : 60 // side, 100 // side : 140 // side].all()
        assert ax.patch.get_hatch()
        assert labels(ax)[-1] == "masked: 1600 pixels"

    def test_the_input_is_not_changed(self, axes):
        rate = noisy(mask=np.zeros((HEIGHT, WIDTH), bool))
        before = rate.data.copy()
        plot_rate_map(rate, ax=axes)
        np.testing.assert_array_equal(rate.data, before)


class TestZoom:
    def test_pixel_for_pixel_and_back(self, axes):
        rate = noisy()
        ax = plot_rate_map(rate, ax=axes)
        cells = image_of(ax).get_array().copy()
        ax.set(xlim=(20, 50.4), ylim=(60, 80.4))
        image = image_of(ax)
        left, right, low, high = (int(edge + 0.5) for edge in image.get_extent())
        assert left <= 20
        assert right >= 50
        np.testing.assert_array_equal(image.get_array(), rate.data[low:high, left:right])
        ax.set(xlim=(-0.5, WIDTH - 0.5), ylim=(-0.5, HEIGHT - 0.5))
        np.testing.assert_array_equal(image_of(ax).get_array(), cells)

    def test_by_the_profiles(self, axes):
        ax = plot_rate_map(noisy(), ax=axes)
        columns, rows, *_ = parts(ax)
        columns.set_xlim(20, 50)
        rows.set_ylim(60, 80)
        assert ax.get_xlim() == (20, 50)
        assert image_of(ax).get_array().shape[1] < 40

    def test_out_of_the_image(self, axes):
        ax = plot_rate_map(noisy(), ax=axes)
        ax.set(xlim=(-50, -20), ylim=(60, 80))
        ax.figure.draw_without_rendering()


class TestProfiles:
    def test_values_and_band(self, axes):
        ax = plot_rate_map(noisy(np.linspace(1, 1.5, WIDTH)), ax=axes)
        columns, rows, *_ = parts(ax)
        x, y = columns.lines[0].get_data()
        assert (x[0], x[-1]) == (-0.5, WIDTH - 0.5)
        np.testing.assert_allclose(y[::2], np.linspace(1, 1.5, WIDTH), atol=0.02)
        band = columns.collections[0].get_paths()[0].get_extents()
        # The median at the first column is that of the eight columns there are.
        assert (band.y0, band.y1) == (pytest.approx(1, abs=0.03), pytest.approx(1.5, abs=0.03))
        values, numbers = rows.lines[0].get_data()
        assert (numbers[0], numbers[-1]) == (-0.5, HEIGHT - 0.5)
        np.testing.assert_allclose(values, 1.25, atol=0.05)
        assert labels(ax) == ["noise of a column or row (3 sigma)"]

    def test_a_bad_column_is_marked(self, axes):
        rate = noisy()
        rate.data[:, 55] *= 1.1
        ax = plot_rate_map(rate, ax=axes)
        columns, rows, *_ = parts(ax)
        assert [text.get_text() for text in columns.texts] == ["55"]
        assert columns.texts[0].xy[0] == 55
        assert not rows.texts
        assert "column or row that stands out" in labels(ax)

    def test_at_most_three_are_marked(self, axes):
        rate = noisy()
        rate.data[[10, 30, 50, 70, 90]] += np.array([1, 2, 3, 4, 5])[:, np.newaxis]
        rows = parts(plot_rate_map(rate, ax=axes))[1]
        assert [text.get_text() for text in rows.texts] == ["90", "70", "50"]

    def test_none(self, axes):
        ax = plot_rate_map(noisy(), ax=axes, profiles=False)
        assert len(ax.child_axes) == 4  # cutouts and colour bar
        assert ax.get_xlabel() == "column (x)"
        assert ax.get_legend() is None


class TestCutouts:
    def test_the_hottest_pixels_one_of_each_place(self, axes):
        _, _, cutouts, _ = parts(plot_rate_map(noisy(), ax=axes))
        titles = [cutout.get_title().split("\n") for cutout in cutouts]
        assert titles == [[f"({x}, {y})", f"{HOT[x, y]:g}", "electron/s"] for x, y in ((30, 70), (100, 20), (150, 119))]
        cutout = cutouts[1]
        assert cutout.get_xlim() == (92.5, 107.5)
        assert cutout.images[0].get_array()[7, 7] == 700
        assert cutout.images[0].get_array()[8, 8] == 650

    def test_at_the_edge(self, axes):
        cutout = parts(plot_rate_map(noisy(), ax=axes))[2][2]
        assert cutout.get_ylim() == (111.5, 126.5)
        assert cutout.images[0].get_array().shape == (8, 15)
        assert cutout.patch.get_hatch()

    def test_a_saturated_pixel_has_at_least_its_rate(self, axes):
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[70, 30] = True
        cutouts = parts(plot_rate_map(noisy(mask=mask), ax=axes))[2]
        assert cutouts[0].get_title() == "(30, 70)\nat least 900\nelectron/s"

    def test_a_pixel_that_is_masked_for_another_reason_has_its_rate(self, axes):
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[[70, 20], [30, 100]] = True
        rate = noisy(mask=mask)
        rate.uncertainty = StdDevUncertainty(np.full(mask.shape, 0.03))
        rate.uncertainty.array[20, 100] = np.nan
        cutouts = parts(plot_rate_map(rate, ax=axes))[2]
        assert [cutout.get_title().split("\n")[1] for cutout in cutouts[:2]] == ["900", "at least 700"]

    @pytest.mark.parametrize("worst", [0, 1, 6])
    def test_number(self, worst, axes):
        parts(plot_rate_map(noisy(), ax=axes, worst=worst), worst)


@pytest.mark.parametrize(
    ("shape", "masked"), [((1, 1), False), ((10, 10), True), ((85, 255), False), ((300, 40), True), ((20, 400), False)]
)
def test_shapes(shape, masked, axes):
    """Each part is within the place of the Axes, and none covers another."""
    place = axes.get_position(original=True)
    axes.figure.set_layout_engine("none")
    ax = plot_rate_map(noisy(shape=shape, hot={}, mask=np.full(shape, masked)), ax=axes)
    ax.figure.draw_without_rendering()
    boxes = [one.get_position() for one in (ax, *ax.child_axes)]
    for box in boxes:
        assert place.x0 - 1e-9 <= box.x0 <= box.x1 <= place.x1 + 1e-9
        assert place.y0 - 1e-9 <= box.y0 <= box.y1 <= place.y1 + 1e-9
    for number, box in enumerate(boxes):
        for other in boxes[:number]:
            assert box.x1 <= other.x0 or other.x1 <= box.x0 or box.y1 <= other.y0 or other.y1 <= box.y0
    pixels = ax.get_window_extent()
    if max(shape) <= 5 * min(shape):
        assert pixels.width / pixels.height == pytest.approx(shape[1] / shape[0])


def test_profiles_follow_the_map_in_a_zoom(axes):
    ax = plot_rate_map(noisy(), ax=axes)
    ax.set(xlim=(20, 40), ylim=(20, 100))
    ax.figure.draw_without_rendering()
    columns, rows, *_ = (one.get_position() for one in ax.child_axes)
    box = ax.get_position()
    assert (columns.x0, columns.x1, rows.y0, rows.y1) == pytest.approx((box.x0, box.x1, box.y0, box.y1))


def test_pyplot_only_where_no_axes_are_given(axes):
    plt.close("all")
    plot_rate_map(noisy(), ax=axes)
    assert plt.get_fignums() == []
    ax = plot_rate_map(noisy())
    assert plt.get_fignums() == [ax.figure.number]
    plt.close("all")
