"""Siril's lists of deviant pixels."""

import numpy as np
import pytest

from ccdproc_darks import read_defects, write_defects

from .images import CORNERS, SHAPE, everything, lines_of, one_pixel


@pytest.mark.parametrize("corner", CORNERS)
def test_rows_count_from_the_last_one(tmp_path, corner):
    path = tmp_path / "bad.lst"
    write_defects(one_pixel(corner), path)
    row, column = CORNERS[corner]
    assert lines_of(path) == [f"P {column} {5 - 1 - row} H"]
    assert (read_defects(path) == one_pixel(corner)).all()


def test_as_siril_reads_it(tmp_path):
    mask, path = everything(), tmp_path / "bad.lst"
    write_defects(mask, path)
    filled = np.zeros_like(mask)
    for line in lines_of(path):
        kind, x, y, state = line.split()
        assert (kind, state) == ("P", "H")
        filled[len(mask) - int(y) - 1, int(x)] = True
    assert (filled == mask).all()


def test_lists_of_siril(tmp_path):
    (tmp_path / "bad.lst").write_text("# comment\nP 1 0 C\nP 7 4\nL 1 0 H\nC 3 0 H\n")
    expected = np.zeros(SHAPE, bool)
    expected[4, 1] = expected[0, 7] = expected[3] = expected[:, 3] = True
    assert (read_defects(tmp_path / "bad.lst", shape=SHAPE) == expected).all()


@pytest.mark.parametrize("line", ["Q 1 2 H", "P 1 H", "P 1.5 2 H", "1 2", "L", "P"])
def test_broken_lines(tmp_path, line):
    (tmp_path / "bad.lst").write_text(f"P 1 1 H\n{line}\n")
    with pytest.raises(ValueError, match=r"bad\.lst, line 2: expected .*, got"):
        read_defects(tmp_path / "bad.lst", shape=SHAPE)
