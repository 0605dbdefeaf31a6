"""Cells and lines of an image, of known values with hot pixels, masked pixels and bad lines."""

import numpy as np
import pytest

from ccdproc_darks.plotting.cells import Cells, clipped_means, usual_values


def noisy(shape, *, rate=1.0, sigma=0.05, hot=0.01, seed=0):
    """An image (float32) of noise about a rate, or an array of rates, with some pixels fifty times as high."""
    rng = np.random.default_rng(seed)
    image = np.broadcast_to(rate, shape) + rng.normal(0, sigma, shape)
    image[rng.random(shape) < hot] *= 50
    return image.astype(np.float32)


class TestClippedMeans:
    def test_hot_pixels_and_nan_are_left_out(self):
        values = noisy((40, 400), hot=0.03)
        values[:, ::10] = np.nan
        means, errors, usable, outliers = clipped_means(values)
        assert (usable == 360).all()
        assert 0.02 < outliers.mean() / 360 < 0.04
        # Errors are those of a mean; the median of 64 pixels makes them uncertain by a tenth.
        np.testing.assert_allclose(errors, 0.05 / np.sqrt(350), rtol=0.5)
        assert np.abs(means - 1).max() < 5 * 0.05 / np.sqrt(350)

    def test_poisson_noise_is_not_clipped(self):
        counts = np.random.default_rng(1).poisson(3, (20, 4000)).astype(np.float32)
        means, *_ = clipped_means(counts)
        assert abs(means.mean() - 3) < 0.03

    def test_equal_values(self):
        means, errors, _, outliers = clipped_means(np.array([[2, 2, 2, 9]], np.float32))
        assert (means[0], errors[0], outliers[0]) == (2, 0, 1)

    def test_the_floor_is_sigma_of_few_values(self):
        values = np.array([[1.0, 1.0, 1.0, 1.1, 1.3]], np.float32)
        assert clipped_means(values)[3] == 2
        assert clipped_means(values, floor=0.1)[3] == 0

    def test_no_usable_value(self):
        means, _, usable, outliers = clipped_means(np.full((1, 3), np.nan, np.float32))
        assert np.isnan(means[0])
        assert (usable[0], outliers[0]) == (0, 0)


class TestUsualValues:
    @pytest.mark.parametrize("number", [21, 22, 60])
    def test_of_a_gradient(self, number):
        lines = np.stack([np.arange(number), 5.0 - 2 * np.arange(number)], axis=1)
        np.testing.assert_allclose(usual_values(lines), lines, atol=1e-12)

    def test_a_line_does_not_count_for_itself(self):
        lines = np.arange(30.0)
        lines[[0, 12]] = 1000
        found = usual_values(lines)
        assert found[0] == pytest.approx(0)
        assert found[12] == pytest.approx(12)

    def test_beside_masked_lines(self):
        lines = np.full(40, 3.0)
        lines[10:25] = np.nan
        assert np.isfinite(usual_values(lines)[[9, 25]]).all()

    def test_few_lines(self):
        np.testing.assert_array_equal(usual_values(np.arange(5.0)), 2)
        assert usual_values(np.ones((5, 8))).shape == (5, 8)


class TestCells:
    def test_means_and_shape(self):
        cells = Cells.of(noisy((150, 260), rate=np.linspace(1, 1.5, 260)))
        assert cells.side == 3
        assert cells.means.shape == (50, 87)
        # Those at the right edge have two columns of pixels.
        np.testing.assert_allclose(cells.means.mean(axis=0), np.linspace(1, 1.5, 260)[1::3], atol=0.02)

    def test_a_small_image_is_pixel_for_pixel(self):
        image = noisy((64, 30))
        cells = Cells.of(image)
        assert cells.side == 1
        np.testing.assert_array_equal(cells.means, image)

    def test_cells_grow_until_a_gradient_is_seen(self):
        gradient = np.linspace(0.97, 1.03, 200)
        fine, coarse = (Cells.of(noisy((200, 200), rate=gradient, sigma=sigma)) for sigma in (0.01, 0.2))
        assert fine.side == 2
        assert coarse.side >= 4 * fine.side
        columns = coarse.means.mean(axis=0)
        assert columns[-1] - columns[0] == pytest.approx(0.06, abs=0.02)

    def test_colours_do_not_show_noise(self):
        low, high = Cells.of(noisy((200, 200), sigma=0.2)).limits
        assert high - low >= 7 * 0.2 / 16

    def test_colours_leave_out_the_extremes(self):
        image = noisy((200, 200), rate=np.linspace(1, 2, 200), sigma=0.01)
        image[:4, :4] = 100  # two cells a side
        low, high = Cells.of(image).limits
        assert low == pytest.approx(1, abs=0.03)
        assert high == pytest.approx(2, abs=0.03)

    def test_masked_where_more_than_half_is(self):
        image = noisy((100, 102), rate=np.linspace(1, 2, 102))
        image[:, :1] = image[0, 50:52] = np.nan
        image[20:24, 60:64] = np.nan
        cells = Cells.of(image)
        assert cells.side == 2
        assert np.isnan(cells.means).sum() == 4
        assert np.isnan(cells.means[10:12, 30:32]).all()

    def test_nothing_usable(self):
        cells = Cells.of(np.full((100, 120), np.nan, np.float32))
        assert np.isnan(cells.means).all()
        assert cells.limits == (0, 1)
        assert cells.columns.found.size == cells.rows.found.size == 0

    @pytest.mark.parametrize("shape", [(1, 1), (1, 90), (90, 1), (3, 200), (10, 10)])
    def test_few_pixels(self, shape):
        cells = Cells.of(noisy(shape, hot=0))
        assert np.isfinite(cells.means).all()
        assert cells.columns.means.shape == shape[1:]
        assert cells.rows.means.shape == shape[:1]


class TestLines:
    def test_profiles_and_their_errors(self):
        cells = Cells.of(noisy((160, 200), rate=np.linspace(1, 1.5, 200)))
        residuals = (cells.columns.means - np.linspace(1, 1.5, 200)) / cells.columns.errors
        assert residuals.std() == pytest.approx(1, abs=0.25)
        assert np.abs(cells.rows.means - 1.25).max() < 0.1

    def test_healthy_lines_do_not_stand_out(self):
        found = [Cells.of(noisy((150, 150), seed=seed)) for seed in range(5)]
        assert sum(cells.columns.found.size + cells.rows.found.size for cells in found) == 0

    def test_a_high_column(self):
        image = noisy((160, 200))
        image[:, 123] *= 1.1
        cells = Cells.of(image)
        assert cells.columns.found.tolist() == [123]
        assert cells.rows.found.size == 0
        # All cells of its column have its own mean; those beside have not.
        np.testing.assert_allclose(cells.means[:, 123 // cells.side], 1.1, atol=0.05)
        assert cells.means[:, 123 // cells.side + 1].mean() == pytest.approx(1, abs=0.01)

    def test_a_row_that_is_high_from_its_middle_on(self):
        image = noisy((160, 160))
        image[40, 80:] += 0.2
        cells = Cells.of(image)
        assert cells.rows.found.tolist() == [40]
        strip = cells.means[40 // cells.side]
        np.testing.assert_allclose(strip[: len(strip) // 2], 1, atol=0.1)
        np.testing.assert_allclose(strip[len(strip) // 2 :], 1.2, atol=0.1)

    def test_the_first_column(self):
        image = noisy((160, 160))
        image[:, 0] += 0.5
        assert Cells.of(image).columns.found.tolist() == [0]

    def test_a_column_of_many_outliers(self):
        image = noisy((400, 100))
        image[::12, 70] -= 1.5
        cells = Cells.of(image)
        assert cells.columns.found.tolist() == [70]
        assert cells.columns.means[70] == pytest.approx(1, abs=0.02)

    def test_the_worst_is_the_first(self):
        image = noisy((160, 200))
        image[:, 20] += 0.1
        image[:, 150] -= 0.2
        assert Cells.of(image).columns.found.tolist() == [150, 20]

    def test_a_gradient_is_no_bad_line(self):
        y, x = np.mgrid[:150, :200]
        cells = Cells.of(noisy((150, 200), rate=1 + 0.002 * x + 0.003 * y))
        assert cells.columns.found.size == cells.rows.found.size == 0
