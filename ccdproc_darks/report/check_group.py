# Licensed under a 3-clause BSD style license - see LICENSE
"""The checks of one group of frames of a folder."""

import os
from dataclasses import replace

from ..frames.evidence.finding import DOUBTFUL, WRONG, Finding
from .frame_checks import FrameChecks
from .option_words import with_options
from .result_finding import result_findings
from .verdict import joined

__all__ = ["check_group", "with_results", "without_folder"]


def check_group(group, settings, has_results=False):
    """One `Finding` a check of a `Group`; files are named without their folder.

    With ``has_results`` the last one, on the result as a whole, is left to `with_results`.
    """
    # In the order in which they are measured, so that sentences name the same frame.
    darks, biases = [frame.file for _, same in group.exposures for frame in same], [bias.file for bias in group.biases]
    master = None if group.master is None else group.master.file
    level = 0.0 if settings.without_bias and not (biases or master) else None
    checks = FrameChecks(darks, settings, biases, master, level, looks_at_result=not has_results)
    checks.findings += [Finding("frames", DOUBTFUL, text) for text in group.doubts]
    return [replace(one, sentence=without_folder(one.sentence, group)) for one in checks.run()]


def with_results(findings, rates, mask, has_bias, doubts=()):
    """Findings of a group whose last one, on the result as a whole, is that of its rates and mask, and of ``doubts``.

    Of values that are no counts nothing is said.
    """
    if any(one.check == "scale" and one.verdict == WRONG for one in findings):
        return findings
    return [*findings[:-1], joined("result", [*result_findings(rates, mask, has_bias=has_bias), *doubts])]


def without_folder(text, group):
    """A text that names files of a group without their folder, and options of the command."""
    return with_options(text.replace(os.path.join(group.darks[0].file.path.parent, ""), ""))
