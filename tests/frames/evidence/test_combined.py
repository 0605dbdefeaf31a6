"""Averages of which nothing tells the number."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks.frames.evidence.combined import combined_finding
from ccdproc_darks.frames.evidence.finding import Told
from ccdproc_darks.frames.inputs import as_frames

from .level_frames import camera_frames, group_of, mean_of

CMOS = {"gain": 0.3, "read_noise": 1.5, "rate": 0.02}
# Longest frames first, so that the master bias is no dark.
PLAN = [(300, 20)]


def frames_and_master(number=20, **camera):
    biases, darks = camera_frames(PLAN, **camera)
    return darks[:number], as_frames(mean_of(biases, NCOMBINE=len(biases)), "bias")[0]


@pytest.mark.parametrize("camera", [{}, CMOS, {"rate": 2.0}])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("number", [7, 20])
def test_mean_of_whole_numbers(number, dtype, camera):
    darks, master = frames_and_master(number, **camera)
    finding = combined_finding(group_of([], [mean_of(darks, dtype)], master=master))
    assert (finding.verdict, finding.found) == ("doubtful", number)
    assert f"darks[0] seems to be the mean of {number} exposures, and no NCOMBINE" in finding.sentence
    assert f"whole multiples of 1/{number} adu" in finding.sentence
    assert finding.sentence.endswith(f"Tell by n_combined= {number}, or by NCOMBINE in its header")


def test_two_means_of_one_exposure_time():
    darks, master = frames_and_master()
    averages = [mean_of(darks[:10]), mean_of(darks[10:])]
    assert combined_finding(group_of([], averages, master=master)).found == 10


def test_without_a_read_noise_fractions_tell():
    darks, master = frames_and_master()
    average = mean_of(darks)
    del average.meta["RDNOISE"]
    assert combined_finding(group_of([], [average], master=master)).found == 20


def test_mean_in_electron():
    darks, _ = frames_and_master()
    average = mean_of(darks)
    average.data, average.unit = average.data * 1.5 - 1500, u.electron
    assert combined_finding(group_of([], [average], level=0.0)).found == 20


@pytest.mark.parametrize("function", [np.median, lambda frames, axis: np.mean(frames, axis) * 1.000123])
def test_where_fractions_tell_nothing_noise_gives_a_lower_limit(function):
    darks, master = frames_and_master()
    finding = combined_finding(group_of([], [mean_of(darks, function=function)], master=master))
    assert finding.verdict == "doubtful"
    assert 5 <= finding.found <= 20
    assert "exposures or more" in finding.sentence
    assert finding.sentence.endswith("Tell by n_combined= the number, or by NCOMBINE in its header")


def test_master_bias():
    biases, darks = camera_frames([(300, 3)])
    master = as_frames(mean_of(biases), "bias")[0]
    finding = combined_finding(group_of([], darks, master=master))
    assert (finding.verdict, finding.found) == ("doubtful", 15)
    assert finding.sentence.endswith("Tell by bias.meta['NCOMBINE'] = 15, or by NCOMBINE in its header")


def test_marked_as_combined():
    darks, master = frames_and_master()
    marked = mean_of(darks, combined=True)
    finding = combined_finding(group_of([], [marked], master=master))
    assert finding.sentence.startswith("darks[0] is combined, but nothing tells of how many frames")
    assert "taken as 1 (it seems to be the mean of 20 exposures: its values" in finding.sentence
    marked.data = marked.data.round().astype("uint16")
    assert combined_finding(group_of([], [marked], master=master)).verdict == "doubtful"


@pytest.mark.parametrize("camera", [{}, CMOS, {"rate": 2.0}, {"drift": 1.0}])
@pytest.mark.parametrize("number", [1, 4])
def test_single_exposures(number, camera):
    """As the camera wrote them, as floats, in electron, and without a bias that was subtracted before."""
    biases, darks = camera_frames(PLAN, **camera)
    average, darks = mean_of(biases), darks[:number]
    master = as_frames(mean_of(biases, NCOMBINE=15), "bias")[0]
    calibrated = [mean_of([dark]) for dark in darks]
    for frame in calibrated:
        frame.data -= average.data
    electrons = [frame.copy() for frame in calibrated]
    for frame in electrons:
        frame.data, frame.unit = frame.data * frame.meta["EGAIN"], u.electron
    overscan = [mean_of([dark]) for dark in darks]
    for frame in overscan:
        frame.data -= np.random.default_rng(1).integers(0, 32, (frame.shape[0], 1)) / 32
    for group in (
        group_of(biases, darks),
        group_of([], [mean_of([dark], "float32") for dark in darks], master=master),
        group_of([], overscan, master=master),
        group_of([], calibrated, level=0.0),
        group_of([], electrons, level=0.0),
        group_of([], calibrated),
    ):
        assert combined_finding(group).verdict == "ok"


def test_a_bias_that_nobody_gave_is_no_dark_current():
    darks, _ = frames_and_master(1)
    assert combined_finding(group_of([], [mean_of(darks)], level=0.0)).verdict == "ok"


def test_told():
    darks, master = frames_and_master()
    finding = combined_finding(group_of([], [mean_of(darks, NCOMBINE=20)], master=master))
    assert (finding.verdict, finding.told) == ("ok", 20)
    group = group_of([], [mean_of(darks)], master=master, told={"n_combined": Told(20, "argument")})
    finding = combined_finding(group)
    assert (finding.verdict, finding.told) == ("ok", 20)


def test_nothing_tells():
    darks, _ = frames_and_master(1)
    frame = mean_of(darks)
    del frame.meta["RDNOISE"]
    assert combined_finding(group_of([], [frame])).verdict == "unknown"


def test_one_number_in_all_pixels_is_no_average():
    darks, master = frames_and_master(1)
    darks[0].data = np.full(darks[0].shape, 1000.5)
    assert combined_finding(group_of([], darks, master=master)).verdict == "ok"
