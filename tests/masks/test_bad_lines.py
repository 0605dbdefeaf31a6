"""Bad columns and rows among good ones: from the flags and rates of an image."""

import numpy as np
import pytest

from ccdproc_darks import DARK_FLAGS
from ccdproc_darks.comparison.false_positives import FalsePositiveControl
from ccdproc_darks.masks.bad_lines import BadLine, bad_lines, text_of_lines

SHAPE = (512, 640)


@pytest.fixture
def sensor():
    """Flags and rates of a healthy sensor."""
    rng = np.random.default_rng(11)
    flags = np.zeros(SHAPE, np.uint32)
    hot = rng.random(SHAPE) < 0.01
    flags[hot] = DARK_FLAGS.HOT
    flags[rng.random(SHAPE) < 0.002] |= np.uint32(DARK_FLAGS.NONLINEAR)
    return flags, rng.normal(size=SHAPE) + 30 * hot


@pytest.mark.parametrize(
    "control", [FalsePositiveControl(), FalsePositiveControl(0.01), FalsePositiveControl(fdr=0.01)]
)
class TestFound:
    def test_none_in_a_healthy_sensor(self, sensor, control):
        assert bad_lines(*sensor, None, control) == []

    @pytest.mark.parametrize("flag", ["HOT", "NONLINEAR", "SATURATED", "TELEGRAPH"])
    def test_more_bad_pixels(self, sensor, control, flag):
        flags, rates = sensor
        rng = np.random.default_rng(12)
        flags[rng.choice(512, 40, replace=False), 100] |= np.uint32(DARK_FLAGS[flag])
        flags[200, 300 + rng.choice(340, 40, replace=False)] |= np.uint32(DARK_FLAGS[flag])
        rates[(flags & DARK_FLAGS.HOT) > 0] = 40
        column, row = bad_lines(flags, rates, None, control)
        assert column == BadLine("column", 100, 0, 512)
        assert (row.kind, row.number, row.stop, row.part) == ("row", 200, 640, "from")
        assert 260 < row.start < 330

    @pytest.mark.parametrize("level", [2.0, -2.0])
    def test_level(self, sensor, control, level):
        flags, rates = sensor
        rates[:, 100] += level
        rates[:, 102] += level
        rates[200, :300] += level
        first, second, row = bad_lines(flags, rates, None, control)
        assert (first, second) == (BadLine("column", 100, 0, 512), BadLine("column", 102, 0, 512))
        assert (row.kind, row.number, row.start, row.part) == ("row", 200, 0, "to")
        assert row.stop == pytest.approx(300, abs=6)


def test_parts_of_two_tests_are_put_together(sensor):
    """The level shows where it begins, and bad pixels only further up."""
    flags, rates = sensor
    rates[150:, 100] += 2
    flags[300::5, 100] |= np.uint32(DARK_FLAGS.NONLINEAR)
    (column,) = bad_lines(flags, rates, None, FalsePositiveControl())
    assert column.start == pytest.approx(150, abs=6)
    assert column.part == "from"


def test_hot_pixels_that_do_not_stand_out_of_their_column(sensor):
    """Where the threshold is low, many pixels of a column that is a little higher are above it."""
    flags, rates = sensor
    flags[::13, 100] |= np.uint32(DARK_FLAGS.HOT)
    rates[::13, 100] = 3
    assert bad_lines(flags, rates, None, FalsePositiveControl()) == []
    rates[::13, 100] = 6
    assert bad_lines(flags, rates, None, FalsePositiveControl()) == [BadLine("column", 100, 0, 512)]


def test_a_blob_is_no_line(sensor):
    flags, rates = sensor
    flags[100:130, 200:230] |= np.uint32(DARK_FLAGS.HOT)
    rates[100:130, 200:230] += 50
    assert bad_lines(flags, rates, None, FalsePositiveControl()) == []


def test_small_images_have_no_lines(sensor):
    flags, rates = (image[:63].copy() for image in sensor)
    flags[:, 100], rates[:, 100] = DARK_FLAGS.HOT, 50
    assert bad_lines(flags, rates, None, FalsePositiveControl()) == []


def test_nothing_is_changed(sensor):
    before = [image.copy() for image in sensor]
    bad_lines(*sensor, None, FalsePositiveControl())
    for image, old in zip(sensor, before, strict=True):
        np.testing.assert_array_equal(image, old)


def test_text():
    lines = [BadLine("column", number, 0, 512) for number in (203, 201, 202, 198, 205)]
    lines += [BadLine("column", 411, 300, 512, "from"), BadLine("column", 206, 0, 121, "to")]
    assert text_of_lines(lines) == "198, 201-203, 205, 206 (to 120), 411 (from 300)"
    assert text_of_lines([]) == ""
    many = text_of_lines([BadLine("row", number, 0, 512) for number in range(0, 100, 2)])
    assert many.endswith("78, 10 more")


def test_moved():
    line = BadLine("column", 7, 3, 9, "from").moved(100, 20, (109, 200))
    assert line == BadLine("column", 27, 103, 109, "from")
    assert BadLine("row", 7, 0, 9).moved(100, 20, (200, 200)) == BadLine("row", 107, 20, 29, "within")
    assert BadLine("row", 7, 0, 9).moved(100, 0, (200, 200)) == BadLine("row", 107, 0, 9, "to")
    assert BadLine("column", 7, 0, 9).moved(0, 20, (9, 200)) == BadLine("column", 27, 0, 9)
    assert text_of_lines([BadLine("row", 107, 20, 29, "within")]) == "107 (20 to 28)"
    assert np.zeros((200, 200))[line.slices].size == 6
