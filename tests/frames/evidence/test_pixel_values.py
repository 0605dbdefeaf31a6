"""All that pixel values show, together."""

import warnings

from ccdproc_darks.frames.evidence.pixel_values import PixelValues

from .cameras import Camera, group_of

CHECKS = ["digits", "scale", "saturation", "clipping"]


def test_one_finding_of_each_check():
    camera = Camera(top=65535)
    findings = PixelValues.of(
        group_of(camera.frames(60, 3), camera.frames(300, 2), biases=camera.frames(0, 3))
    ).findings
    assert [finding.check for finding in findings] == CHECKS
    assert [finding.verdict for finding in findings] == ["ok"] * 4
    assert not any(finding.sentence.endswith(".") for finding in findings)


def test_no_word_about_healthy_frames():
    values = PixelValues.of(group_of(Camera(top=65535).frames(60, 3), gain=(1.0, "EGAIN")))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert values.warn(check_headers=True) is values.saturation
