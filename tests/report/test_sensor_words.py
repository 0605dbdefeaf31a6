"""What a page says of a sensor, and what to do."""

from types import SimpleNamespace

import numpy as np
import pytest

from ccdproc_darks.frames.evidence.finding import DOUBTFUL, OK, UNKNOWN, WRONG, Finding
from ccdproc_darks.report.group import Unusable
from ccdproc_darks.report.measure import is_done
from ccdproc_darks.report.sensor_words import next_steps, problems, sensor_sentence, state


def measured(findings=(), settled=None, rate=0.0098, error=0.0003, times=((90, 5), (1000, 5)), biases=20, unusable=()):
    """What the sentences take of a `Measured`."""
    data = np.zeros((10, 20), dtype="u4")
    return SimpleNamespace(
        findings=[Finding("digits", OK, ""), *findings],
        settled=settled or {},
        unusable=list(unusable),
        typical_rates={"all": (rate, error)},
        mask=SimpleNamespace(data=data, meta={"NHOT": 3, "DKTHRESH": 0.024245}),
        group=SimpleNamespace(temperature=-25.02),
        exposures=[(seconds, [None] * number) for seconds, number in times],
        has_bias=biases is not None,
        bias=None if biases is None else SimpleNamespace(meta={"NCOMBINE": biases}),
    )


def test_a_sound_sensor():
    assert state(measured()) == "ok"
    assert problems(measured()) == []
    assert sensor_sentence(measured()) == (
        "A typical pixel of this sensor has a dark current of 0.0098 ± 0.0003 electron/s at -25 °C; 1.5 % of its "
        "pixels are hot (above 0.0242 electron/s). The frames are sound: use the results."
    )
    few = measured([Finding("gain", UNKNOWN, "needs two frames")])
    assert sensor_sentence(few).endswith("The frames are sound, as far as they can tell: use the results.")
    (step,) = next_steps(measured())
    assert step.startswith("Reduce your science frames")


def test_a_dark_current_that_is_lost_in_its_error():
    text = sensor_sentence(measured(rate=0.0003, error=0.0004))
    assert text.startswith(
        "A typical pixel has no dark current that these frames could measure at -25 °C: 0.0003 ± 0.0"
    )


def test_what_is_wrong_comes_first_and_with_what_to_do():
    found = measured(
        [
            Finding("temperature", DOUBTFUL, "the darks are of two temperatures"),
            Finding("clipping", WRONG, "values are cut off. Take frames with a higher bias level"),
        ]
    )
    assert state(found) == "wrong"
    first, second = problems(found)
    assert (first.about, first.what) == ("values cut off below", "Values are cut off.")
    assert first.advice == "Take frames with a higher bias level."
    # A sentence that tells nothing to do is followed by what helps.
    assert second.advice.startswith("Take bias frames and darks at one temperature")
    assert sensor_sentence(found).startswith("Do not use these results yet")
    assert next_steps(found) == ["Mend what is wrong above, and make this report again before you use its files."]


def test_what_was_put_right_is_no_reason_for_doubt():
    level = "a.FIT sits +3.9 adu from the other bias frames as a whole, as after a drift: it is left out"
    left_out = [Unusable("a.FIT", "level +3.9 adu from the other bias frames")]
    found = measured(
        [Finding("frames", DOUBTFUL, level), Finding("gain", WRONG, "Refuted. What the frames show is used")],
        settled={"gain": "Refuted", "frames": level},
        unusable=left_out,
    )
    assert state(found) == "ok"
    assert {one.verdict for one in problems(found)} == {"settled"}
    (one,) = (one for one in problems(found) if one.check == "frames")
    assert one.what == "Left out: a.FIT (level +3.9 adu from the other bias frames)."
    # Another doubt about the frames remains one.
    assert is_done(found.findings[1])
    assert not is_done(Finding("frames", DOUBTFUL, f"{level}. b.FIT is of another camera"))
    assert not is_done(Finding("frames", WRONG, level))


@pytest.mark.parametrize(
    ("changes", "begin"),
    [
        ({"biases": None}, "Take 20 bias frames along with the next darks"),
        ({"biases": 3}, "Take 20 bias frames or more: the noise of the mean of 3 bias frames is in"),
        ({"biases": 1}, "Take 20 bias frames or more: the noise of the mean of 1 bias frame is in"),
        ({"times": ((300, 5),)}, "Take darks of a second exposure time, a third of 300 s or less"),
        ({"times": ((30, 5), (300, 1))}, "Take 5 darks or more of each exposure time"),
    ],
)
def test_what_frames_are_lacking(changes, begin):
    first, last = next_steps(measured(**changes))
    assert first.startswith(begin)
    assert last.startswith("Reduce your science frames")
