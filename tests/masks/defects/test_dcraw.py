"""dcraw's lists of bad pixels."""

import time

import numpy as np
import pytest
from astropy.nddata import CCDData
from astropy.time import Time

from ccdproc_darks import read_defects, write_defects

from .images import CORNERS, SHAPE, everything, lines_of, one_pixel

# date -u -d 2026-01-31T20:00:00 +%s
SECONDS, DATE = 1769889600, "2026-01-31T20:00:00"


def with_mask(mask, **meta):
    return CCDData(np.zeros(mask.shape), unit="", mask=mask, meta=meta)


@pytest.mark.parametrize("corner", CORNERS)
def test_the_first_pixel_is_0_0_at_the_top_left(tmp_path, corner):
    path = tmp_path / ".badpixels"
    row, column = CORNERS[corner]
    write_defects(one_pixel(corner), path, date=DATE)
    assert lines_of(path) == [f"{column} {row} {SECONDS}"]
    assert (read_defects(path) == one_pixel(corner)).all()


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("how", [{"first_row": "bottom"}, {"ROWORDER": "BOTTOM-UP"}])
def test_where_the_first_row_is_at_the_bottom(tmp_path, corner, how):
    path = tmp_path / ".badpixels"
    row, column = CORNERS[corner]
    if "first_row" in how:
        write_defects(one_pixel(corner), path, **how)
    else:
        write_defects(with_mask(one_pixel(corner), **how), path)
    assert lines_of(path)[0].split()[:2] == [str(column), str(4 - row)]
    assert (read_defects(path) == one_pixel(corner)).all()
    assert (read_defects(path, first_row="top") == one_pixel(corner)[::-1]).all()


def test_the_argument_goes_before_the_header(tmp_path):
    path = tmp_path / ".badpixels"
    write_defects(with_mask(one_pixel("first"), ROWORDER="BOTTOM-UP"), path, first_row="top", date=DATE)
    assert lines_of(path) == [f"0 0 {SECONDS}"]


def test_as_dcraw_reads_it(tmp_path):
    """Lines of up to 127 characters, of which # begins a comment, and three numbers; newer ones than the frame not."""
    mask, path = everything(), tmp_path / "list.badpixels"
    write_defects(mask, path, date=DATE)
    filled = np.zeros_like(mask)
    for line in path.read_text().splitlines():
        assert len(line) < 127
        words = line.partition("#")[0].split()
        if len(words) == 3:
            column, row, seconds = map(int, words)
            assert seconds == SECONDS
            filled[row, column] = True
    assert (filled == mask).all()


def test_dates(tmp_path):
    path = tmp_path / ".badpixels"

    def seconds(mask, **options):
        write_defects(mask, path, overwrite=True, **options)
        return int(lines_of(path)[0].split()[2])

    mask = one_pixel("first")
    assert seconds(with_mask(mask, **{"DATE-OBS": DATE})) == SECONDS
    assert seconds(with_mask(mask, **{"DATE-OBS": DATE}), date="2026-01-31T20:00:01") == SECONDS + 1
    assert seconds(mask, date=Time(DATE, scale="utc")) == SECONDS
    for unknown in (mask, with_mask(mask, **{"DATE-OBS": "yesterday"})):
        assert abs(seconds(unknown) - time.time()) < 60


def test_no_date(tmp_path):
    with pytest.raises(ValueError, match=r"date must be a Time, .* got 'yesterday'"):
        write_defects(one_pixel("first"), tmp_path / ".badpixels", date="yesterday")
    assert list(tmp_path.iterdir()) == []


def test_lists_of_dcraw(tmp_path):
    (tmp_path / ".badpixels").write_text(" 7 4 1028350000 # died between August 1 and 4, 2002\n\n# none\n1 0 0\n")
    expected = np.zeros(SHAPE, bool)
    expected[4, 7] = expected[0, 1] = True
    assert (read_defects(tmp_path / ".badpixels", shape=SHAPE) == expected).all()
    assert (read_defects(tmp_path / ".badpixels", shape=SHAPE, first_row="bottom") == expected[::-1]).all()


def test_broken_lines(tmp_path):
    (tmp_path / ".badpixels").write_text("1 1\n")
    with pytest.raises(ValueError, match=r"line 1: expected three whole numbers \(x y time\), got '1 1'"):
        read_defects(tmp_path / ".badpixels", shape=SHAPE)
