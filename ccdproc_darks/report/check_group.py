# Licensed under a 3-clause BSD style license - see LICENSE
"""The checks of one group of frames of a folder."""

import os
from dataclasses import replace

from .frame_checks import FrameChecks

__all__ = ["check_group", "without_folder"]


def check_group(group, settings, results=None):
    """One `Finding` a check of a `Group`; ``results`` as of `FrameChecks`. Files are named without their folder."""
    darks, biases = ([frame.file for frame in frames] for frames in (group.darks, group.biases))
    checks = FrameChecks(darks, settings, biases, results=results)
    return [replace(one, sentence=without_folder(one.sentence, group)) for one in checks.run()]


def without_folder(text, group):
    """A text that names files of a group without their folder."""
    return text.replace(os.path.join(group.darks[0].file.path.parent, ""), "")
