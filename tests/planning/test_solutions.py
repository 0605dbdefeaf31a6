"""What a plan says where no number of frames is enough."""

import re

import pytest
from astropy import units as u

from ccdproc_darks.planning import frames_needed, frames_to_test

from ..helpers import ELECTRON_PER_SECOND


def test_a_bias_that_no_frames_of_one_set_make_good():
    """What the message says would help does, and only just."""
    camera = {"read_noise": 10 * u.electron, "precision": 0.1}
    rate = 0.02 * ELECTRON_PER_SECOND
    with pytest.raises(
        ValueError,
        match=r"^no number of frames of 90 s is enough: the error of the bias, 2\.236 electron, is 12\.42 times "
        r"what that allows\. Frames of more than [\d.]+ s are needed, or a bias error below [\d.]+ electron "
        r"\(more than \d+ bias frames\)$",
    ) as caught:
        frames_needed(rate, exposure=90 * u.s, bias_frames=20, **camera)
    time, error, number = re.search(
        r"more than ([\d.]+) s .* below ([\d.]+) electron \(more than (\d+) bias", str(caught.value)
    ).groups()
    for share, enough in ((0.999, False), (1.001, True)):
        for options in (
            {"exposure": float(time) * share * u.s, "bias_frames": 20},
            {"exposure": 90 * u.s, "bias_error": float(error) / share * u.electron},
            {"exposure": 90 * u.s, "bias_frames": int(number) + enough},
        ):
            if enough:
                assert frames_needed(rate, **options, **camera) > 1
            else:
                with pytest.raises(ValueError, match=r"^no number of frames"):
                    frames_needed(rate, **options, **camera)


def test_a_bias_that_no_frames_of_two_sets_make_good():
    """What the message says would help does, and only just."""
    aim = {"rate": 1 * ELECTRON_PER_SECOND, "read_noise": 10 * u.electron, "pixels": 4096**2, "tolerance": 0.01}
    exposures = [90, 1000] * u.s
    with pytest.raises(ValueError, match=r"^no number of frames of 90 s and 1000 s is enough") as caught:
        frames_to_test(exposures=exposures, bias_frames=20, **aim)
    times = float(re.search(r"is ([\d.]+) times what", str(caught.value))[1])
    short, long, error, number = re.search(
        r"more than ([\d.]+) s and ([\d.]+) s .* below ([\d.]+) electron \(more than (\d+) bias", str(caught.value)
    ).groups()
    assert (float(short) / 90, float(long) / 1000) == pytest.approx((times, times), rel=1e-3)
    for share, enough in ((0.999, False), (1.001, True)):
        for options in (
            {"exposures": [float(short), float(long)] * u.s * share, "bias_frames": 20},
            {"exposures": exposures, "bias_error": float(error) / share * u.electron},
            {"exposures": exposures, "bias_frames": int(number) + enough},
        ):
            if enough:
                assert frames_to_test(**options, **aim) > 1
            else:
                with pytest.raises(ValueError, match=r"^no number of frames"):
                    frames_to_test(**options, **aim)


def test_the_worst_of_an_array_is_named():
    with pytest.raises(ValueError, match=r"^no number of frames of 20 s .*, is 10 times .* more than 200 s are"):
        frames_needed(
            [4, 1] * ELECTRON_PER_SECOND, exposure=[[30], [20]] * u.s, read_noise=5 * u.electron,
            bias_error=20 * u.electron,
        )  # fmt: skip


def test_no_read_noise_needs_no_bias_frames():
    with pytest.raises(ValueError, match=r"or a bias error below 1 electron$"):
        frames_needed(1 * ELECTRON_PER_SECOND, exposure=10 * u.s, read_noise=0 * u.electron,
                      bias_error=2 * u.electron)  # fmt: skip


def test_more_frames_than_anybody_takes():
    with pytest.raises(ValueError, match=r"^1e\+22 frames would be needed: longer exposures need fewer$"):
        frames_needed(1e-9 * ELECTRON_PER_SECOND, exposure=1 * u.s, read_noise=10 * u.electron)
