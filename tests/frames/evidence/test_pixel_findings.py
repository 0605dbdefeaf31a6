"""All checks of the pixels: one finding of each, and none of what cannot be told."""

import pytest
from astropy.nddata import CCDData

from ccdproc_darks.frames.evidence.pixel_findings import PixelFindings, pixel_findings

from .level_frames import camera_frames, group_of

CHECKS = {
    "digits", "scale", "saturation", "clipping", "gain", "read noise", "bias", "optical black", "combined",
}  # fmt: skip


def changed(frames, change):
    return [CCDData(change(frame.data.astype(float)), unit="adu", meta=frame.meta) for frame in frames]


def test_each_check_once():
    findings = pixel_findings(group_of(*camera_frames([(60, 4), (300, 4)])))
    assert len(findings) == len(CHECKS)
    assert {finding.check for finding in findings} == CHECKS
    assert not any(finding.is_doubt for finding in findings)


def test_nothing_is_told_of_what_is_no_counts():
    biases, darks = (changed(frames, lambda data: data / 65535) for frames in camera_frames([(60, 4), (300, 4)]))
    found = PixelFindings(group_of(biases, darks))
    assert [one.check for one in found.values.findings if one.is_doubt] == ["scale"]
    assert {one.verdict for one in found.transfer + found.levels} == {"unknown"}
    assert "scale" in found.levels[0].sentence


@pytest.mark.parametrize(("camera", "why"), [({"level": 3.0}, "clipping"), ({"black": 0.3, "rate": 0.3}, "optical bl")])
def test_no_header_is_refuted_where_another_fault_explains_it(camera, why):
    biases, darks = camera_frames([(60, 8), (600, 8)], **camera)
    group = group_of(biases, darks)
    group.told["read_noise"] = type(group.told["gain"])(40.0, "RDNOISE")
    noise = next(one for one in PixelFindings(group).transfer if one.check == "read noise")
    assert noise.verdict == "unknown"
    assert why in noise.sentence
