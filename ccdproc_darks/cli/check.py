# Licensed under a 3-clause BSD style license - see LICENSE
"""The command ``check``."""

import os
import re
import shutil
import sys
import textwrap
from pathlib import Path

from .._interface.progress import current_progress, in_turn
from .._interface.shown import shown
from .options import add_frame_options, frame_options
from .printed import add_quiet, print_lines, tell_error
from .settings import add_settings, settings_of

__all__ = ["add_check"]

# Colours of the verdicts, by the numbers that terminals know (ECMA-48, select graphic rendition).
_COLOURS = {"ok": "32", "doubtful": "33", "wrong": "1;31", "unknown": "2"}
# Columns before a verdict, a check and a sentence; fewest that a sentence gets.
_INDENT, _VERDICT, _CHECK, _LEAST = 2, 10, 15, 30


def add_check(commands):
    """Add the command ``check``."""
    check = commands.add_parser(
        "check",
        help="say whether the frames in a folder can be trusted",
        description="Check whether the bias and dark frames in a folder are what their headers tell, and fit together: "
        "a line for each check, with what to do. The exit status is 1 where something is wrong, 3 where frames could "
        "not be checked, else 0.",
    )
    check.add_argument(
        "folders", type=Path, nargs="+", metavar="FOLDER",
        help="folder with the frames, or several",
    )  # fmt: skip
    add_quiet(check)
    add_settings(check)
    add_frame_options(check)
    check.set_defaults(run=_check)


def _check(given, command):
    from ..report.check_folder import check_folder
    from ..report.costs import cost_of_folder
    from ..report.options import Options

    options = Options(**settings_of(given), frames=frame_options(given))
    checked = []
    costs = {folder: cost_of_folder(folder, options.frames) for folder in given.folders}
    for folder in in_turn(given.folders, lambda folder: folder.name if len(given.folders) > 1 else "", costs.get):
        with current_progress().within():
            found = check_folder(folder, options)
        if found.reason and len(given.folders) == 1:
            raise ValueError(f"{folder}: {found.reason}")
        checked.append(found)
        print_lines(list(_lines(found, len(given.folders) > 1)), _painted if _has_colours() else str)
    if all(found.reason for found in checked):
        tell_error("nothing could be checked")
        return 1
    if any(one.verdict == "wrong" for found in checked for group in found.groups for one in group.findings):
        return 1
    return 3 if any(found.reason or found.failures for found in checked) else 0


def _lines(found, several):
    width = max(shutil.get_terminal_size().columns, _INDENT + _VERDICT + _CHECK + _LEAST)
    if found.reason:
        yield from _wrapped(f"not checked: {found.folder}: {found.reason}", width)
        return
    if several:
        yield f"{found.folder}:"
    for group in found.groups:
        yield from _wrapped(group.title, width)
        yield from _wrapped(group.group.origin, width)
        yield from _wrapped(group.verdict, width)
        for finding in group.findings:
            yield from _finding_lines(finding, width)
        for note in group.notes:
            yield from _wrapped(f"  note: {note}", width, indent="    ")
        yield ""
    for title, reason in found.failures:
        yield from _wrapped(f"not checked: {title}: {reason}", width)
    for item in found.unusable:
        yield from _wrapped(f"not used: {item.name}: {item.reason}", width)


def _finding_lines(finding, width):
    """A finding; of gain and read noise, the numbers that were found and told too, a line each."""
    from ..report.check_table import as_text

    before = " " * _INDENT + f"{finding.verdict:{_VERDICT}}{finding.check:{_CHECK}}"
    first, *others = _wrapped(finding.sentence, width - len(before), indent="") or [""]
    if finding.check in ("gain", "read noise"):
        numbers = {"found": finding.found, "told": finding.told}
        others += [f"{name} {as_text(value)}" for name, value in numbers.items() if value is not None]
    yield f"{before}{first}".rstrip()
    yield from (" " * len(before) + line for line in others)


def _wrapped(text, width, indent="  "):
    return textwrap.wrap(shown(text), width, subsequent_indent=indent, break_on_hyphens=False)


def _painted(line):
    """A line whose verdict has its colour."""
    return re.sub(
        rf"^ {{{_INDENT}}}({'|'.join(_COLOURS)})(?= )",
        lambda found: f"  \x1b[{_COLOURS[found[1]]}m{found[1]}\x1b[0m",
        line,
    )


def _has_colours():
    """Whether this is a terminal that wants them (https://no-color.org)."""
    try:
        is_terminal = sys.stdout.isatty()
    except (AttributeError, ValueError):  # it is closed
        return False
    return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
