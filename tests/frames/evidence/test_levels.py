"""The three findings together."""

import pytest

from ccdproc_darks.frames.evidence.levels import level_findings

from .level_frames import camera_frames, group_of


@pytest.mark.parametrize(
    ("camera", "verdicts"),
    [
        ({}, ["ok", "ok", "ok"]),
        ({"bias_above": -90}, ["wrong", "ok", "ok"]),
        ({"black": 0.5, "bias_above": -30}, ["unknown", "wrong", "ok"]),
    ],
)
def test_one_of_each(camera, verdicts):
    findings = level_findings(group_of(*camera_frames([(60, 4), (600, 4)], rate=0.5, **camera)))
    assert [finding.check for finding in findings] == ["bias", "optical black", "combined"]
    assert [finding.verdict for finding in findings] == verdicts
    assert not any(finding.sentence.endswith(".") for finding in findings)
