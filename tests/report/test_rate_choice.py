"""Which rates of two nights are compared."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from ccdproc_darks.report.rate_choice import choose_rates


def night(*exposures, noise=10.0, typical=0.01):
    headers = {
        f"rate_{seconds:g}s.fits": {"DKEXPMIN": seconds, "NCOMBINE": frames, "DKRDNOI": noise}
        for frames, seconds in exposures
    }
    return SimpleNamespace(folder=Path("night"), exposures=headers, typical=typical)


def test_common_exposure_time_of_the_least_noise():
    choice = choose_rates(night((10, 90.0), (20, 1000.0)), night((20, 1000.0), (10, 90.0)))
    assert choice.files == ("rate_1000s.fits", "rate_1000s.fits")
    assert choice.seconds == (1000.0, 1000.0)
    assert choice.frames == (20, 20)
    assert choice.remark == ""
    assert str(choice) == "20 x 1000 s"
    assert str(choose_rates(night((10, 90.0)), night((5, 90.0)))) == "10 x 90 s, 5 x 90 s"
    # Where electrons are many, read noise does not count, and the total exposure tells.
    bright = {"typical": 100.0}
    choice = choose_rates(night((90, 10.0), (1, 100.0), **bright), night((90, 10.0), (1, 100.0), **bright))
    assert choice.seconds == (10.0, 10.0)


def test_the_longest_is_no_use_where_one_night_lacks_it():
    assert choose_rates(night((9, 90.0), (9, 600.0)), night((9, 90.0), (9, 1000.0))).seconds == (90.0, 90.0)


def test_times_written_with_few_digits_are_equal():
    choice = choose_rates(night((9, 90.0), (9, 600.0)), night((9, 90.0), (9, 600.01)))
    assert choice.seconds == (600.0, 600.01)
    assert choice.remark == ""


def test_a_single_frame_is_taken_where_there_is_nothing_else():
    pair = night((10, 30.0), (1, 300.0)), night((1, 300.0), (10, 30.0))
    assert choose_rates(*pair).seconds == (30.0, 30.0)
    choice = choose_rates(night((10, 30.0), (1, 300.0)), night((1, 300.0)))
    assert choice.seconds == (300.0, 300.0)
    assert "a single frame of that exposure time: a cosmic ray" in choice.remark


def test_without_a_common_exposure_time_the_nearest_are_taken():
    choice = choose_rates(night((9, 30.0), (9, 300.0)), night((9, 400.0), (9, 5.0)))
    assert choice.seconds == (300.0, 400.0)
    assert "no exposure time in common: a pixel that is not proportional" in choice.remark
    assert str(choice) == "9 x 300 s, 9 x 400 s"


def test_rates_without_a_bias():
    for pair in ((night(), night((9, 30.0))), (night((9, 30.0)), night())):
        with pytest.raises(ValueError, match="night has no rates of single exposure times, as its darks have no bias"):
            choose_rates(*pair)
