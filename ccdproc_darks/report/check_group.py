# Licensed under a 3-clause BSD style license - see LICENSE
"""The checks of one group of frames of a folder."""

import os
import re
from dataclasses import replace

from ..evidence.finding import DOUBTFUL, Finding
from .frame_checks import FrameChecks
from .result_finding import result_findings
from .verdict import joined

__all__ = ["check_group", "for_the_command", "with_results", "without_folder"]

# What functions say of their arguments, and what the command has for it.
_OPTIONS = (
    (r"Pass gain=(\S+) \* u\.electron / u\.adu", r"Give --gain \1"),
    (r"Pass read_noise=(\S+) \* u\.electron", r"Give --read-noise \1"),
    (r"check_headers=False", "--no-check-headers"),
    (
        r"Pass it as gain, or another one \(--gain measured, --gain\)",
        "--gain measured takes it, --gain tells another one",
    ),
    (r"Pass gain \(--gain\)", "Give --gain"),
    (r", or give the typical rate as optical_black= \(0 adds nothing\)", ""),
    (r"pass saturation\b", "give --saturation"),
)


def check_group(group, settings, has_results=False):
    """One `Finding` a check of a `Group`; files are named without their folder.

    With ``has_results`` the last one, on the result as a whole, is left to `with_results`.
    """
    # In the order in which they are measured, so that sentences name the same frame.
    darks, biases = [frame.file for _, same in group.exposures for frame in same], [bias.file for bias in group.biases]
    master = None if group.master is None else group.master.file
    checks = FrameChecks(darks, settings, biases, master, looks_at_result=not has_results)
    checks.findings += [Finding("frames", DOUBTFUL, text) for text in group.doubts]
    return [replace(one, sentence=for_the_command(one.sentence, group)) for one in checks.run()]


def with_results(findings, rates, mask, has_bias):
    """Findings of a group whose last one, on the result as a whole, is that of its rates and mask."""
    return [*findings[:-1], joined("result", result_findings(rates, mask, has_bias=has_bias))]


def for_the_command(text, group):
    """A sentence that advises in options of the command, and names files without their folder."""
    text = without_folder(text, group)
    for pattern, option in _OPTIONS:
        text = re.sub(pattern, option, text)
    return text


def without_folder(text, group):
    """A text that names files of a group without their folder."""
    return text.replace(os.path.join(group.darks[0].file.path.parent, ""), "")
