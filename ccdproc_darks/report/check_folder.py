# Licensed under a 3-clause BSD style license - see LICENSE
"""The checks of each group of frames in a folder."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from astropy import units as u

from .folder import Group
from .frame_checks import FrameChecks, Settings
from .run import groups_of_folder
from .verdict import verdict_sentence

__all__ = ["CheckedFolder", "CheckedGroup", "check_folder", "check_group"]


@dataclass
class CheckedGroup:
    """A group of frames, and what was found out about them."""

    group: Group
    findings: list  # one `Finding` a check

    @property
    def title(self):
        """Name of the group for people, with its frames."""
        counts = [f"{len(self.group.darks)} darks", f"{len(self.group.biases)} bias frames"]
        return f"{self.group.title}: {', '.join(counts)}"

    @property
    def verdict(self):
        """One sentence on all checks."""
        return verdict_sentence(self.findings)


@dataclass
class CheckedFolder:
    """All groups of a folder."""

    folder: Path
    groups: list = field(default_factory=list)  # of `CheckedGroup`
    failures: list = field(default_factory=list)  # pairs of str: groups that could not be checked, and why
    unusable: list = field(default_factory=list)  # of `Unusable`: files that belong to no group
    reason: str = ""  # why there is nothing to check


def check_folder(folder, settings=None):
    """`CheckedFolder` of a folder of frames; ``settings`` (`Settings`) are what the user tells of them."""
    found = CheckedFolder(Path(folder))
    try:
        groups, found.unusable = groups_of_folder(folder)
    except (OSError, ValueError) as error:
        return replace(found, reason=str(error).removeprefix(f"{folder}: "))
    for group in groups:
        try:
            found.groups.append(CheckedGroup(group, check_group(group, settings or Settings())))
        except (OSError, ValueError, u.UnitsError) as error:
            found.failures.append((group.title, without_folder(str(error), group)))
    return found


def check_group(group, settings, results=None):
    """One `Finding` a check of a `Group`; ``results`` as of `FrameChecks`. Files are named without their folder."""
    darks, biases = ([frame.file for frame in frames] for frames in (group.darks, group.biases))
    checks = FrameChecks(darks, settings, biases, results=results)
    return [replace(one, sentence=without_folder(one.sentence, group)) for one in checks.run()]


def without_folder(text, group):
    """A text that names files of a group without their folder."""
    return text.replace(os.path.join(group.darks[0].file.path.parent, ""), "")
