"""Levels of a group are settled before its rates are measured."""

import numpy as np
import pytest

from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import measure_folder

from ..frames.evidence.level_frames import camera_frames

CMOS = {"gain": 0.3, "read_noise": 1.5, "rate": 0.02}


def measured(folder, plan, bias_frames=True, **camera):
    biases, darks = camera_frames(plan, **camera)
    for number, frame in enumerate([*(biases if bias_frames else []), *darks]):
        frame.write(folder / f"frame{number:02d}.fits")
    results, failures, _ = measure_folder(folder, Options())
    assert not failures
    ((_, found),) = results
    return found


def rates_of(found):
    return [float(np.median(rate.data[~rate.mask])) for rate in [found.rate, *found.rates.values()]]


@pytest.mark.parametrize("above", [-5.0, 9.0])
def test_the_bias_is_moved(tmp_path, above):
    found = measured(tmp_path, [(60, 5), (300, 5)], bias_above=above)
    (note,) = (note for note in found.notes if "bias" in note)
    assert note.startswith("The bias lies ")
    added = float(note.split("Here ")[1].split(" adu is added to the bias")[0])
    assert added == pytest.approx(-above, abs=0.3)
    assert rates_of(found) == pytest.approx([0.05] * 3, rel=0.1)


@pytest.mark.parametrize(
    ("plan", "black", "bias_frames"),
    [([(600, 5)], 0.02, True), ([(60, 5), (600, 5)], 0.035, True), ([(60, 5), (600, 5)], 0.02, False)],
)
def test_optical_black_is_restored(tmp_path, plan, black, bias_frames):
    found = measured(tmp_path, plan, bias_frames, black=black, **CMOS)
    assert sum(note.startswith("The camera subtracts its optical black") for note in found.notes) == 1
    assert np.median(found.rate.data) == pytest.approx(0.02, rel=0.06)
    mask = found.mask.meta
    assert mask["NTELEGR"] <= 5
    assert 140 <= mask["NHOT"] <= 170  # as without the subtraction
    assert 0.02 < mask["DKTHRESH"] < 0.1


def test_healthy_frames_get_no_note(tmp_path):
    found = measured(tmp_path, [(60, 5), (300, 5)])
    assert found.notes == []
    assert "DKBLACK" not in found.rate.meta
