# Licensed under a 3-clause BSD style license - see LICENSE
"""Reports on several folders (nights, or detectors of a mosaic), with one page and one table of them all."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from astropy import units as u
from astropy.table import QTable, vstack

from .._interface.disk.manifest import write_manifest
from .._interface.disk.new_folder import PAGE, SUMMARY, named_errors, new_folder
from .._interface.number_text import share_text, with_error
from .._interface.progress import current_progress, in_turn
from .._interface.shown import shown
from .costs import cost_of_folder
from .html import rendered
from .run import NothingMeasuredError, different_names, measure_folder, report_title, write_report
from .sensor_words import BADGES, SETTLED, problems, state
from .summary import rate_rows
from .terminal import sentences

__all__ = ["FolderReport", "make_reports", "report_names"]

_HEADS = (
    "folder", "camera", "darks", "typical dark current (electron/s)", "hot", "not proportional", "masked",
    "verdict", "notes", "files not used",
)  # fmt: skip


@dataclass
class FolderReport:
    """Results of one folder, without images."""

    folder: Path  # of the frames, as the user gave it
    name: str  # of the report's folder
    reason: str = ""  # why nothing could be measured; else empty
    table: QTable | None = None  # of the report
    groups: list = field(default_factory=list)  # tuples of str: title and numbers of each group of frames, for the page
    failures: list = field(default_factory=list)  # pairs of str: groups that could not be measured, and why
    not_used: int = 0  # number of files
    sentences: list = field(default_factory=list)  # lines for the terminal


def make_reports(folders, out, options, *, overwrite=False, command=""):
    """Measure all frames of several folders, one folder after the other, and write a report on each and one on all.

    The new folder ``out`` gets a report on each folder, a page with a line and a link for each (report.html), and a
    table of all (summary.ecsv). Returns a list of `FolderReport`. Arguments and errors are those of
    `ccdproc_darks.report.run.make_report`; NothingMeasuredError is raised if no folder has a result, and ValueError if
    one is given twice.
    """
    folders, out = [Path(folder) for folder in folders], Path(out)
    _check_different(folders)
    if not any(folder.is_dir() for folder in folders) and all(folder.exists() for folder in folders):
        raise NotADirectoryError(f"{len(folders)} files, and not a folder: give their folder, {folders[0].parent}")
    read = folders if options.frames.bias is None else [*folders, options.frames.bias]
    with new_folder(out, overwrite=overwrite, folders=read) as new:
        reports = []
        pairs = list(zip(folders, report_names(folders), strict=True))
        costs = {folder: cost_of_folder(folder, options.frames) for folder in folders}
        for folder, name in in_turn(pairs, lambda pair: pair[1], lambda pair: costs[pair[0]]):
            with current_progress().within():
                reports.append(_report(folder, name, new, out, options, command))
        measured = [report for report in reports if not report.reason]
        if not measured:
            first, more = reports[0], len(reports) - 1
            raise NothingMeasuredError(f"nothing measured; {first.folder}: {first.reason} (and {more} more folders)")
        with named_errors(out):
            _summary(reports).write(new / SUMMARY, format="ascii.ecsv")
            (new / PAGE).write_text(_page(reports, command), encoding="utf-8", errors="backslashreplace")
            write_manifest(new)
    return reports


def _report(folder, name, parent, out, options, command):
    """Measure a folder and write its report into ``parent / name``."""
    try:
        results, failures, unusable = measure_folder(folder, options)
    except (ValueError, OSError, u.UnitsError) as error:
        return FolderReport(folder, name, str(error).removeprefix(f"{folder}: "))
    own = parent / name
    with named_errors(out):
        own.mkdir()
        written = write_report(own, results, failures, unusable, title=report_title(folder), command=command)
    groups = [_numbers(measured) for _, measured in results]
    told = list(sentences(results, failures, unusable))
    return FolderReport(folder, name, "", written, groups, failures, len(unusable), told)


def _numbers(measured):
    """Title and numbers of a group, for the page."""
    *_, (_, frames, typical, error, _) = rate_rows(measured)
    meta, pixels = measured.mask.meta, measured.mask.data.size
    return (
        measured.group.title,
        str(frames),
        with_error(typical, error),
        share_text(meta["NHOT"], pixels),
        "not tested" if measured.significance is None else share_text(meta["NNONLIN"], pixels),
        share_text(meta["NMASKED"], pixels),
        _verdict(measured),
        str(len(measured.notes)),
    )


def _verdict(measured):
    """Whether the results of a group can be used, and the checks that are wrong or doubtful."""
    checks = [f"{one.check} ({one.verdict})" for one in problems(measured) if one.verdict != SETTLED]
    return f"{BADGES[state(measured)]}{': ' if checks else ''}{', '.join(checks)}"


def _summary(reports):
    """One table with the rows of all reports."""
    tables = []
    for report in reports:
        if report.table is not None:
            rows = report.table.copy()
            rows.add_column([report.name] * len(rows), name="folder", index=0)
            tables.append(rows)
    combined = vstack(tables, metadata_conflicts="silent")
    combined.meta = {
        "folders": {
            report.name: {"path": shown(report.folder.absolute()), **report.table.meta}
            for report in reports
            if report.table is not None
        },
        "not_measured": [
            {"folder": shown(report.folder.absolute()), "reason": shown(report.reason)}
            for report in reports
            if report.reason
        ],
    }
    return combined


def _page(reports, command):
    not_measured, rows = [], []
    for report in reports:
        if report.reason:
            not_measured.append((str(report.folder), report.reason))
        not_measured += [(f"{report.name}: {group}", reason) for group, reason in report.failures]
        for number, numbers in enumerate(report.groups):
            link = (report.name, f"{quote(report.name)}/{PAGE}")
            rows.append((link, *numbers, str(report.not_used)) if number == 0 else ("", *numbers, ""))
    return rendered(
        "many.html",
        title=f"Dark frames in {len(reports)} folders",
        command=command,
        heads=_HEADS,
        rows=rows,
        not_measured=not_measured,
        summary=SUMMARY,
    )


def report_names(folders):
    """Name of the report on each folder: the folder's name, after the names of parent folders if needed to differ.

    The names are all different also when upper and lower case count as equal.

    Examples
    --------
    >>> from ccdproc_darks.report.many import report_names
    >>> report_names(["/data/monday/darks", "/data/tuesday/darks", "/data/ccd3"])
    ['monday_darks', 'tuesday_darks', 'ccd3']
    """
    paths = [Path(os.path.abspath(folder)).parts[1:] or ("folder",) for folder in folders]
    folded = [tuple(part.casefold() for part in path) for path in paths]
    names = []
    for path, own in zip(paths, folded, strict=True):
        depth = 1
        while depth < len(path) and sum(other[-depth:] == own[-depth:] for other in folded) > 1:
            depth += 1
        names.append("_".join(path[-depth:]))
    return different_names(names)


def _check_different(folders):
    known = set()
    for folder in folders:
        path = folder.resolve()
        if path in known:
            raise ValueError(f"{folder} is given twice")
        known.add(path)
