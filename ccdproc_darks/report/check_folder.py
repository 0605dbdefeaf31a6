# Licensed under a 3-clause BSD style license - see LICENSE
"""The checks of each group of frames in a folder."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from astropy import units as u

from .._interface.progress import in_turn
from .check_group import check_group, without_folder
from .costs import cost_of_checks, cost_of_measuring
from .group import Group
from .options import Options
from .run import groups_of_folder
from .settings import Settings
from .trimmed_group import trimmed_group
from .verdict import counted, verdict_sentence

__all__ = ["CheckedFolder", "CheckedGroup", "check_folder"]


@dataclass
class CheckedGroup:
    """A group of frames, and what was found out about them."""

    group: Group
    findings: list  # one `Finding` a check
    notes: list = field(default_factory=list)  # sentences on the choice of the frames, and on what is cut off

    @property
    def title(self):
        """Name of the group for people, with its frames."""
        counts = ((self.group.darks, "dark"), (self.group.biases, "bias frame"))
        return f"{self.group.title}: {', '.join(counted(len(frames), noun) for frames, noun in counts)}"

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


def check_folder(folder, options=None):
    """`CheckedFolder` of a folder of frames; the `Options` are what the user tells of them."""
    options = options or Options()
    found = CheckedFolder(Path(folder))
    try:
        groups, found.unusable = groups_of_folder(folder, options.frames, cost_of_checks)
    except (OSError, ValueError) as error:
        return replace(found, reason=str(error).removeprefix(f"{folder}: "))
    for group in in_turn(groups, lambda group: f"{group.title}: checks", cost_of_measuring):
        try:
            cut = trimmed_group(group, options.overscan, options.trim)
            notes = [*cut.group.notes, *cut.notes]
            found.groups.append(CheckedGroup(cut.group, check_group(cut.group, Settings.of(options)), notes))
        except (OSError, ValueError, u.UnitsError) as error:
            found.failures.append((group.title, without_folder(str(error), group)))
    return found
