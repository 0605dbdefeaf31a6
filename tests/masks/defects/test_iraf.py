"""IRAF's lists of bad pixels."""

import numpy as np
import pytest

from ccdproc_darks import read_defects, write_defects

from .images import CORNERS, SHAPE, everything, lines_of, one_pixel


@pytest.mark.parametrize("corner", CORNERS)
def test_the_first_pixel_is_1_1(tmp_path, corner):
    path = tmp_path / "bad.dat"
    write_defects(one_pixel(corner), path, format="iraf")
    row, column = CORNERS[corner]
    assert lines_of(path) == [f"{column + 1} {row + 1}"]
    assert (read_defects(path, format="iraf") == one_pixel(corner)).all()


def test_columns_then_lines(tmp_path):
    mask = np.zeros(SHAPE, bool)
    mask[:, 2] = mask[4, 5:7] = True
    write_defects(mask, tmp_path / "bad.dat", format="iraf")
    assert lines_of(tmp_path / "bad.dat") == ["3 3 1 5", "6 7 5 5"]


def test_as_fixpix_reads_it(tmp_path):
    """Lines of two or four whole numbers; others, as comments, are skipped, and none says that it is untrimmed."""
    mask, path = everything(), tmp_path / "bad.dat"
    write_defects(mask, path, format="iraf")
    filled = np.zeros_like(mask)
    for line in path.read_text().splitlines():
        words = line.split()
        if not words[0].isdigit():
            assert line.startswith("#")
            continue
        c1, c2, l1, l2 = map(int, words if len(words) == 4 else [words[0], words[0], words[1], words[1]])
        filled[l1 - 1 : l2, c1 - 1 : c2] = True
    assert (filled == mask).all()
    assert "untrimmed" not in path.read_text()


def test_a_list_of_irafs_help(tmp_path):
    (tmp_path / "bad.dat").write_text("# RCA1 CCD untrimmed\n\t25 25 1 40\n\t1 61 7 7\n\t24 26 31 32\n10 10\n")
    expected = np.zeros((40, 61), bool)
    expected[:, 24] = expected[6] = expected[30:32, 23:26] = expected[9, 9] = True
    assert (read_defects(tmp_path / "bad.dat", format="iraf", shape=(40, 61)) == expected).all()


@pytest.mark.parametrize("line", ["1", "1 2 3", "1 2 3 4 5", "a b", "1.5 2", "", "\x00\xff"])
def test_broken_lines(tmp_path, line):
    (tmp_path / "bad.dat").write_text(f"1 1\n{line}\n")
    if not line:
        assert read_defects(tmp_path / "bad.dat", format="iraf", shape=SHAPE).sum() == 1
        return
    with pytest.raises(ValueError, match=r"bad\.dat, line 2: expected two whole numbers \(x y\) or four"):
        read_defects(tmp_path / "bad.dat", format="iraf", shape=SHAPE)


@pytest.mark.parametrize("line", ["0 1", "9 1", "1 6", "3 2 1 1"])
def test_outside(tmp_path, line):
    (tmp_path / "bad.dat").write_text(line)
    with pytest.raises(ValueError, match="1 of 1 entries lie outside an image of 5 rows and 8 columns"):
        read_defects(tmp_path / "bad.dat", format="iraf", shape=SHAPE)
