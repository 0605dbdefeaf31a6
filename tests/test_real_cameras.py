"""Frames as real cameras write them, by the report: right numbers, or the sentence. The cases: tests/real_cameras."""

import re

import numpy as np
import pytest

from ccdproc_darks import DARK_FLAGS
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import measure_folder
from ccdproc_darks.report.terminal import sentences

from .real_cameras.cases import CASES
from .real_cameras.right import assert_right, assert_saturated

pytestmark = pytest.mark.statistics


def test_names_are_different():
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_report(case, tmp_path):
    case.write(tmp_path)
    results, text = reported(tmp_path, Options(**dict(case.options)))
    if case.report:
        assert re.search(case.report, text, re.IGNORECASE), text
    if case.number:
        assert results, text
        measured = results[0][1]
        assert_right(measured.rate, case.camera, text, measured.camera.gain_error)
        if case.top:
            assert_saturated(measured, case, text)
        masked = np.count_nonzero(measured.mask.data & DARK_FLAGS["DO_NOT_USE"]) / mask_size(measured)
        assert masked < case.camera.hot / mask_size(measured) + 0.005, text


def reported(folder, options):
    """Results of a report, and all that it tells; no results after an error."""
    try:
        found = measure_folder(folder, options)
    except (ValueError, OSError) as error:
        return [], str(error)
    return found[0], "\n".join(sentences(*found))


def mask_size(measured):
    return measured.mask.data.size
