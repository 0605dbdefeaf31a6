"""Sentences in words of the command."""

import re

import pytest

from ccdproc_darks.report.check_folder import check_folder
from ccdproc_darks.report.frame_options import FrameOptions
from ccdproc_darks.report.option_words import with_options
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import measure_folder
from ccdproc_darks.report.terminal import sentences

from ..real_cameras.cases import CASES

# What only functions have.
ARGUMENTS = re.compile(
    r"check_headers|n_combined|Quantity|Keyword|\b(gain|read_noise|exposure|offset|null|optical_black)=|\bu\."
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "; or n_combined, if the frames are averages of about 3.1 times as many exposures as is told",
            "; or, if the frames are averages of about 3.1 times as many exposures as is told, correct NCOMBINE in "
            "their headers",
        ),
        (
            "pass exposure (a Quantity in s, exposure='EXPTIME' or exposure='EXPOSURE')",
            "tell by --exposure-key EXPTIME or --exposure-key EXPOSURE",
        ),
        (
            "pass exposure (a Quantity, or exposure=ccdproc.Keyword('EXP', unit=u.ms), or u.us)",
            "tell it by --exposure or --exposure-key",
        ),
        ("pass exposure as a Quantity", "tell it by --exposure or --exposure-key"),
        ("leave it out, or pass check_headers=False if", "leave it out, or give --no-check-headers if"),
        ("pass gain, 0.09375 or 1.5 electron/adu", "tell it by --gain 0.09375 or --gain 1.5"),
        (
            "pass read_noise=read_noise_map(biases) of twenty bias frames or more",
            "add bias frames, twenty or more: ccdproc-darks report makes a map of them, without --read-noise",
        ),
        (
            "pass read_noise=read_noise_map(biases)",
            "run ccdproc-darks report, which makes a map of the bias frames, without --read-noise",
        ),
        ("no stars in the frames", "no stars in the frames"),
    ],
)
def test_words(text, expected):
    assert with_options(text) == expected


@pytest.mark.statistics
@pytest.mark.parametrize(
    "name",
    [
        "12 bits times 16, EGAIN per step", "optical black subtracted", "bias 5 adu too low", "RDNOISE 2 for 8",
        "two gains that no header tells", "EXPTIME ten times EXPOSURE", "GAIN 0 and 200 in one call",
    ],
)  # fmt: skip
def test_command_tells_no_arguments_of_functions(name, tmp_path):
    case = next(case for case in CASES if case.name == name)
    case.write(tmp_path)
    for options in (Options(), Options(frames=FrameOptions(check_headers=False))):
        found = check_folder(tmp_path, options)
        texts = [one.sentence for group in found.groups for one in group.findings]
        texts += [found.reason, *(reason for _, reason in found.failures)]
        try:
            texts += list(sentences(*measure_folder(tmp_path, options)))
        except ValueError as error:
            texts.append(str(error))
        assert [text for text in texts if ARGUMENTS.search(text)] == []
        assert [text for text in texts if f"{tmp_path}/d" in text] == []
