# Licensed under a 3-clause BSD style license - see LICENSE
"""From two or more finished reports to a folder that tells what has changed between them."""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from .._interface.arguments import checked_number
from .._interface.disk.manifest import write_manifest
from .._interface.disk.new_folder import PAGE, SUMMARY, named_errors, new_folder
from .._interface.disk.signals import uninterrupted
from .._interface.progress import current_progress, in_turn
from ..comparison.false_positives import FalsePositiveControl
from ..masks.defects.write_defects import write_defects
from .agreement import agreement_of
from .comparison_page import comparison_page
from .comparison_pictures import draw_series
from .comparison_table import comparison_table
from .finished_report import read_reports
from .many import report_names
from .matched_groups import matched_groups
from .night_change import night_change
from .pictures import write_pictures
from .run import folder_names

__all__ = ["ComparedSeries", "Comparison", "compare_reports"]

# What takes how long beside each other, of one night: for the progress that is told.
_READING, _CHANGES, _AGREEMENT, _PAGE = 0.1, 1.0, 0.3, 0.5


@dataclass
class ComparedSeries:
    """One sensor through the nights."""

    title: str
    name: str  # of its folder
    nights: list  # of `Night`
    changes: list = field(default_factory=list)  # `NightChange` of successive nights, and of the first and the last
    agreement: object = None  # `Agreement`


@dataclass
class Comparison:
    """What has changed between several reports."""

    reports: list  # of `FinishedReport`, in the order of the nights
    labels: list  # their names, all different
    series: list  # of `ComparedSeries`
    alone: list  # of `Night`: groups that are in one report only
    notes: list  # sentences for people

    def date_text(self, night):
        """Date of a `Night` for people; with the time of day, where two reports are of one day."""
        date = night.group.date
        if date is None:
            return ""
        days = [each.date.strftime("%Y-%m-%d") for each in self.reports if each.date is not None]
        return date.strftime("%Y-%m-%d" if len(set(days)) == len(days) else "%Y-%m-%d %H:%M")


def compare_reports(folders, out, *, overwrite=False, command="", **limits):
    """Compare finished reports, and write a page, tables and masks into the new folder ``out``.

    ``out`` must not exist, or with ``overwrite`` be an earlier report or comparison, which is replaced. ``limits`` are
    ``false_positives``, ``fdr`` and ``tolerance`` of `~ccdproc_darks.changed_pixels`. Returns the `Comparison`.

    Raises
    ------
    ValueError
        If fewer than two reports are given, one of them twice, or reports that have no sensor in common.
    OSError
        If a report is missing or not whole, or ``out`` exists.
    """
    control = FalsePositiveControl(limits.get("false_positives", 1.0), limits.get("fdr"))
    checked_number("tolerance", limits.get("tolerance", 0.1), maximum=1e6)
    folders = [Path(folder) for folder in folders]
    for folder in folders:
        if folder.resolve().is_relative_to(Path(out).resolve()):
            raise FileExistsError(f"{out} is one of the reports, or holds it: choose another folder to write")
        if (folder / SUMMARY).exists() and Path(out).resolve().is_relative_to(folder.resolve()):
            raise FileExistsError(f"{out} is in the report {folder}: choose another folder to write")
    progress = current_progress()
    with new_folder(out, overwrite=overwrite, folders=folders) as new:
        progress.begin("reading reports", _READING * len(folders), after=(_CHANGES + _PAGE) * len(folders))
        reports, notes = _in_order(read_reports(folders))
        found, alone = matched_groups(reports)
        if not found:
            raise ValueError(f"the reports have no sensor in common: {_sensors(reports)}")
        notes += [note for series in found for note in _same_time(series)]
        labels = report_names([report.folder for report in reports])
        names = folder_names(series.title for series in found)
        compared = Comparison(reports, labels, [], alone, notes)
        costs = {name: _cost(series) for series, name in zip(found, names, strict=True)}
        pages = sum(costs.values()) * _PAGE / _CHANGES
        pairs = list(zip(found, names, strict=True))
        for series, name in in_turn(pairs, lambda pair: pair[0].title, lambda pair: costs[pair[1]], pages):
            with progress.within():
                compared.series.append(_compared(series, name, new, out, control, limits))
        progress.begin("page", pages)
        with named_errors(out):
            comparison_table(compared).write(new / SUMMARY, format="ascii.ecsv")
            pictures = {one.name: write_pictures(new / one.name, draw_series(one)) for one in compared.series}
            text = comparison_page(compared, pictures, Path(out), command)
            (new / PAGE).write_text(text, encoding="utf-8", errors="backslashreplace")
            write_manifest(new)
    return compared


def _compared(series, name, new, out, control, limits):
    """`ComparedSeries` of a `Series`; its files are written."""
    control.check(math.prod(series.nights[0].group.shape))
    result = ComparedSeries(series.title, name, series.nights)
    pairs, progress = _pairs(series.nights), current_progress()
    progress.begin("what all nights agree on", _AGREEMENT * len(series.nights), after=len(pairs))
    result.agreement = agreement_of([night.group for night in series.nights])
    with named_errors(out):
        (new / name).mkdir()
        for file, image in result.agreement.images().items():
            with uninterrupted():
                image.write(new / name / f"{file}.fits")
    for before, after, is_successive in in_turn(pairs, lambda pair: f"nights {pair[0].number} and {pair[1].number}"):
        change = night_change(before, after, is_successive=is_successive, **limits)
        result.changes.append(change)
        if change.table is not None:
            with named_errors(out):
                change.table.write(new / name / change.file, format="ascii.ecsv")
                if change.region_file is not None:
                    write_defects(change.pixels, new / name / change.region_file)
    return result


def _cost(series):
    return math.prod(series.nights[0].group.shape) * len(series.nights) + 1e4


def _same_time(series):
    """Sentences on successive nights that begin at the same time."""
    for first, second in pairwise(night.group for night in series.nights):
        if first.date is not None and first.date == second.date:
            yield (
                f"{first.folder} and {second.folder} begin at the same time, {first.date.isot}: if they are of the "
                "same frames, their noise is the same, and nothing can have changed."
            )


def _pairs(nights):
    """Pairs of successive nights (True), and of the first and the last (False)."""
    pairs = [(*pair, True) for pair in pairwise(nights)]
    return pairs + ([(nights[0], nights[-1], False)] if len(nights) > 2 else [])


def _in_order(reports):
    """Reports in the order of their dates, and sentences on it; errors where they cannot be compared."""
    if len(reports) < 2:
        raise ValueError(f"two reports or more are needed, got {len(reports)}: {reports[0].folder}")
    known = {}
    for report in reports:
        for same in (report.folder.resolve(), report.checksum):
            if same in known:
                copy = known[same]
                raise ValueError(
                    f"{report.folder} is given twice" if copy == report.folder
                    else f"{report.folder} and {copy} are the same report"
                )  # fmt: skip
            known[same] = report.folder
    undated = [report for report in reports if report.date is None]
    if undated:
        listed = ", ".join(str(report.folder) for report in undated)
        return reports, [
            f"No DATE-OBS in the headers of {listed}: the nights are in the order in which they were given."
        ]
    ordered = sorted(reports, key=lambda report: report.date.mjd)
    notes = [] if ordered == reports else ["The reports were not given in the order of their dates: here they are."]
    return ordered, notes


def _sensors(reports):
    told = (f"{report.folder} has {'; '.join(group.title for group in report.groups)}" for report in reports)
    return ". ".join(told)
