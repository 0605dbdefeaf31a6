"""Map of a mask: densities, markers, lines and numbers of flags that were set by hand."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.nddata import CCDData
from matplotlib.figure import Figure

from ccdproc_darks import DARK_FLAGS
from ccdproc_darks.plotting import plot_mask
from ccdproc_darks.plotting.style import FLAG_STYLES

SHAPE = (120, 192)
FEW = {"NONLINEAR": [(5, 7), (100, 60)], "SATURATED": [(180, 110)]}


def flagged(*, hot=0.03, column=None, few=FEW):
    """A mask (CCDData) of HOT pixels by chance, some pixels of other flags, and a bad column (number, first row)."""
    flags = np.where(np.random.default_rng(2).random(SHAPE) < hot, np.uint32(DARK_FLAGS.HOT), np.uint32(0))
    for name, pixels in few.items():
        for x, y in pixels:
            flags[y, x] |= getattr(DARK_FLAGS, name) | DARK_FLAGS.DO_NOT_USE
    if column:
        number, first = column
        flags[first:, number] |= DARK_FLAGS.OTHER_BAD_PIXEL | DARK_FLAGS.DO_NOT_USE
    bad = (flags & DARK_FLAGS.DO_NOT_USE) > 0
    return CCDData(flags, unit="", mask=bad, meta={"NMASKED": int(bad.sum())})


@pytest.fixture
def axes():
    """Axes of a figure that pyplot does not know."""
    return Figure(figsize=(6, 7), layout="constrained").subplots()


def labels(ax):
    return [text.get_text() for text in ax.get_legend().texts]


def markers(ax):
    """Pixels (x, y) that are marked, by marker and colour."""
    found = {}
    for line in ax.lines:
        if line.get_linestyle() == "None":
            pixels = zip(*(values.tolist() for values in line.get_data()), strict=True)
            found[line.get_marker(), line.get_color()] = sorted(pixels)
    return found


class TestDensity:
    def test_per_cent_of_each_cell(self, axes):
        mask = np.random.default_rng(3).random(SHAPE) < 0.05
        image = plot_mask(mask, ax=axes).images[0]
        side = 3
        expected = 100 * mask.reshape(40, side, 64, side).mean(axis=(1, 3))
        np.testing.assert_allclose(image.get_array().filled(0), expected)
        assert image.get_clim() == (1, 100)

    def test_cells_at_the_edges_have_fewer_pixels(self, axes):
        image = plot_mask(np.ones((100, 130), bool), ax=axes).images[0]
        assert (image.get_array() == 100).all()
        assert image.get_array().shape == (34, 44)

    def test_without_flags_it_is_that_of_masked_pixels(self, axes):
        mask = flagged()
        ax = plot_mask(mask, ax=axes)
        assert ax.images[0].get_array().count() == mask.mask.sum() == 3

    def test_of_chosen_flags(self, axes):
        mask = flagged()
        ax = plot_mask(mask, flags="HOT", ax=axes)
        hot = np.count_nonzero(mask.data & DARK_FLAGS.HOT)
        assert ax.images[0].get_array().filled(0).sum() * 9 / 100 == pytest.approx(hot)
        assert labels(ax) == [f"hot (HOT): {hot} pixels (grey)"]
        ax = plot_mask(mask, flags=["NONLINEAR", "SATURATED"], ax=Figure().subplots())
        assert ax.images[0].get_array().count() == 3

    def test_pixel_for_pixel_in_a_zoom(self, axes):
        mask = np.random.default_rng(3).random(SHAPE) < 0.05
        ax = plot_mask(mask, ax=axes)
        ax.set(xlim=(50, 80), ylim=(20, 40))
        image = ax.images[0]
        left, right, low, high = (int(edge + 0.5) for edge in image.get_extent())
        np.testing.assert_array_equal(image.get_array().filled(0) > 0, mask[low:high, left:right])

    def test_a_small_image_is_pixel_for_pixel(self, axes):
        mask = np.eye(10, dtype=bool)
        ax = plot_mask(mask, ax=axes)
        np.testing.assert_array_equal(ax.images[0].get_array().filled(0), 100 * mask)


class TestFlags:
    def test_few_pixels_have_the_marker_and_colour_of_their_flag(self, axes):
        ax = plot_mask(flagged(hot=0), ax=axes)
        styles = {name: FLAG_STYLES[getattr(DARK_FLAGS, name)] for name in FEW}
        assert markers(ax) == {(style["marker"], style["color"]): FEW[name] for name, style in styles.items()}
        assert len(FLAG_STYLES) == len({style["marker"] for style in FLAG_STYLES.values()})

    def test_the_legend_counts(self, axes):
        mask = flagged()
        hot = np.count_nonzero(mask.data & DARK_FLAGS.HOT)
        assert labels(plot_mask(mask, ax=axes)) == [
            "masked: 3 pixels", "saturated (SATURATED): 1 pixel", f"hot (HOT): {hot} pixels (too many to mark)",
            "not proportional (NONLINEAR): 2 pixels",
        ]  # fmt: skip

    def test_chosen_flags_alone(self, axes):
        ax = plot_mask(flagged(), flags=("SATURATED", "TELEGRAPH"), ax=axes)
        assert labels(ax) == ["saturated (SATURATED): 1 pixel", "jumping (TELEGRAPH): 0 pixels"]
        assert list(markers(ax)) == [("^", "#000000")]

    def test_a_bad_column_is_a_line(self, axes):
        ax = plot_mask(flagged(column=(77, 40)), ax=axes)
        assert labels(ax)[-1] == "in a bad line (OTHER_BAD_PIXEL): 80 pixels, 1 line"
        (line,) = [line for line in ax.lines if line.get_linestyle() != "None"]
        assert [values.tolist() for values in map(np.asarray, line.get_data())] == [[77, 77], [40, 119]]
        # Its pixels are no markers.
        assert ("s", "#0072b2") not in markers(ax)

    def test_neighbours_of_a_cluster_are_no_line(self, axes):
        ax = plot_mask(flagged(few={"OTHER_BAD_PIXEL": [(10, 10), (11, 10)]}), ax=axes)
        assert labels(ax)[-1] == "in a bad line (OTHER_BAD_PIXEL): 2 pixels"
        assert markers(ax)["s", "#0072b2"] == [(10, 10), (11, 10)]


class TestProfiles:
    def test_steps_are_cells(self, axes):
        mask = np.random.default_rng(3).random(SHAPE) < 0.05
        columns, rows, *_ = plot_mask(mask, ax=axes).child_axes
        x, y = columns.lines[0].get_data()
        assert (x[0], x[-1]) == (-0.5, 191.5)
        np.testing.assert_allclose(y[::6], 100 * mask.mean(axis=0).reshape(-1, 3).mean(axis=1))
        values, numbers = rows.lines[0].get_data()
        assert numbers[-1] == 119.5
        assert values.mean() == pytest.approx(100 * mask.mean())

    def test_a_bad_column_is_marked(self, axes):
        mask = np.random.default_rng(3).random(SHAPE) < 0.02
        mask[60:, 31] = True
        columns, rows, *_ = plot_mask(mask, ax=axes).child_axes
        assert [text.get_text() for text in columns.texts] == ["31"]
        assert not rows.texts

    def test_none(self, axes):
        ax = plot_mask(flagged(), profiles=False, ax=axes)
        assert ax.get_xlabel() == "column (x)"
        assert [one.get_xlabel() for one in ax.child_axes if one.get_xlabel()] == ["flagged pixels of 3 x 3 (per cent)"]


def test_no_pixel_is_flagged(axes):
    ax = plot_mask(np.zeros((30, 200), bool), ax=axes)
    assert ax.texts[0].get_text() == "no pixel is flagged"
    assert labels(ax) == ["masked: 0 pixels"]


@pytest.mark.parametrize(("shape", "value"), [((1, 1), False), ((10, 10), True), ((85, 255), False), ((300, 40), True)])
def test_shapes(shape, value, axes):
    ax = plot_mask(np.full(shape, value), ax=axes)
    ax.figure.draw_without_rendering()
    assert (ax.get_xlim(), ax.get_ylim()) == ((-0.5, shape[1] - 0.5), (-0.5, shape[0] - 0.5))
    assert labels(ax) == [f"masked: {value * shape[0] * shape[1]} pixel{'s' * (not value or shape != (1, 1))}"]


def test_pyplot_only_where_no_axes_are_given(axes):
    plt.close("all")
    plot_mask(flagged(), ax=axes)
    assert plt.get_fignums() == []
    ax = plot_mask(flagged())
    assert plt.get_fignums() == [ax.figure.number]
    plt.close("all")
