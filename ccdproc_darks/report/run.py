# Licensed under a 3-clause BSD style license - see LICENSE
"""From a folder of frames to a folder of results, which is written completely or not at all."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from astropy import units as u

from .._interface.disk.manifest import MANIFEST, write_manifest
from .._interface.disk.new_folder import PAGE, SUMMARY, named_errors, new_folder
from .._interface.disk.signals import uninterrupted
from .._interface.progress import current_progress, in_turn
from .._interface.shown import file_name
from .check_group import without_folder
from .costs import (
    Steps,
    cost_of_checksums,
    cost_of_files,
    cost_of_measuring,
    cost_of_pictures,
    cost_of_table,
    cost_of_truth,
    cost_of_writing,
)
from .folder import find_groups
from .frame_files import has_folders
from .frame_options import AS_FOUND
from .groups_compared import compared_cameras
from .measure import measure_group
from .page import GroupOnPage, page
from .pictures import FIGURES, draw_all, write_pictures
from .result_files import result_files, size_of_file
from .summary import summary_table
from .truth import against_truth

__all__ = [
    "NothingMeasuredError",
    "different_names",
    "folder_names",
    "groups_of_folder",
    "make_report",
    "measure_folder",
    "report_title",
    "write_report",
]

# Images that are written at a time.
_WRITTEN = 2


class NothingMeasuredError(ValueError):
    """Nothing in the folder could be measured."""


def make_report(folder, out, options, *, overwrite=False, title=None, command="", intro=""):
    """Measure all frames of a folder and write a report into the folder ``out``.

    ``out`` must not exist, or with ``overwrite`` be an earlier report, which is replaced. ``title`` (None: that of
    `report_title`), ``command`` and ``intro`` (a text below the heading) are for the page.

    Returns
    -------
    results : list of (str, Measured)
        For each group of frames, the sub-folder of its files and its results.
    failures : list of (str, str)
        Groups that could not be measured, and why.
    unusable : list of Unusable
        Files that were not used.

    Raises
    ------
    NothingMeasuredError
        If there is no result at all. Nothing is written then.
    OSError
        If ``folder`` is missing, or ``out`` exists.
    """
    read = [folder] if options.frames.bias is None else [folder, options.frames.bias]
    with new_folder(out, overwrite=overwrite, folders=read) as new:
        found = measure_folder(folder, options)
        with named_errors(out):
            write_report(new, *found, title=title or report_title(folder), command=command, intro=intro)
    return found


def measure_folder(folder, options):
    """Measure all frames of a folder and write nothing; arguments, results and errors are those of `make_report`."""
    groups, unusable = groups_of_folder(folder, options.frames)
    left = sum(cost_of_truth(group) + _cost_of_report(group) for group in groups)
    results, failures = _measure(groups, options, left)
    if not results:
        raise NothingMeasuredError("; ".join(f"{title}: {reason}" for title, reason in failures))
    truths = {name: cost_of_truth(measured.group) for name, measured in results}
    left = sum(_cost_of_report(measured.group) for _, measured in results)
    for _, measured in in_turn(results, _told("against the truth"), lambda result: truths[result[0]], left):
        unusable += measured.unusable
        measured.truth = against_truth(folder, measured)
    return results, failures, unusable


def _cost_of_files(group):
    return cost_of_writing(group) + cost_of_pictures(group)


def _cost_of_report(group):
    return _cost_of_files(group) + cost_of_table(group) + cost_of_checksums(group)


def _told(what):
    return lambda result: f"{result[1].group.title}: {what}"


def groups_of_folder(folder, options=AS_FOUND, left=cost_of_files):
    """Groups of the frames of a folder, and `Unusable` files; an error where there are no darks, or no folder.

    ``left`` tells what is done with them afterwards, as for `ccdproc_darks.report.folder.find_groups`.
    """
    folder = Path(folder)
    if not folder.is_dir():
        is_file = f"a file, not a folder: give its folder, {folder.parent}"
        raise NotADirectoryError(f"{folder}: {is_file if folder.exists() else 'no such folder'}")
    # Absolute paths: workers may run in another folder.
    groups, unusable = find_groups(folder.absolute(), options, left)
    if not groups:
        raise NothingMeasuredError(_nothing(folder, unusable, options.recursive))
    return groups, unusable


def report_title(folder):
    """Default heading of the page about a folder."""
    return f"Dark frames in {Path(folder).name or folder}"


def _measure(groups, options, left):
    """Results and failures of the groups of frames, in their order."""
    results, failures, noises = {}, {}, {}
    # Groups with the most bias frames first: from them groups of the same camera without any take its read noise.
    order = sorted(range(len(groups)), key=lambda index: -len(groups[index].biases))
    costs = [cost_of_measuring(group) for group in groups]
    for index in in_turn(order, lambda index: groups[index].title, costs.__getitem__, left):
        group = groups[index]
        camera = (group.camera, group.shape, group.binning, str(group.settings))
        try:
            with current_progress().within():
                measured = measure_group(group, options, Steps(group), noises.get(camera))
        except (ValueError, OSError, u.UnitsError) as error:
            failures[index] = (group.title, without_folder(str(error), group))
            continue
        results[index] = measured
        if measured.bias_noise is not None:
            noises.setdefault(camera, measured.bias_noise * u.electron)
    names = folder_names(group.title for group in groups)
    return [(names[index], results[index]) for index in sorted(results)], [
        failures[index] for index in sorted(failures)
    ]


def write_report(folder, results, failures, unusable, *, title, command="", intro=""):
    """Write a report into an empty folder (a Path) and return its table; the other arguments as in `make_report`."""
    groups, progress = [measured.group for _, measured in results], current_progress()
    tables, checksums = sum(map(cost_of_table, groups)), sum(map(cost_of_checksums, groups))
    costs, shown = {name: _cost_of_files(measured.group) for name, measured in results}, []
    told = in_turn(results, lambda result: result[1].group.title, lambda result: costs[result[0]], tables + checksums)
    for name, measured in told:
        with progress.within():
            shown.append(_write_group(folder, name, measured))
    progress.begin("table and page", tables, checksums)
    table = summary_table(results, failures, unusable)
    table.write(folder / SUMMARY, format="ascii.ecsv")
    cameras = compared_cameras(results)
    for number, camera in enumerate(cameras, 1):
        camera.pictures = write_pictures(folder, camera.draw(number))
    text = page(title, shown, failures, unusable, cameras=cameras, command=command, intro=intro)
    (folder / PAGE).write_text(text, encoding="utf-8", errors="backslashreplace")
    progress.begin("checksums")
    write_manifest(folder)
    return table


def _write_group(parent, name, measured):
    """Write the images and figures of a group into a folder of that name; returns the `GroupOnPage`."""
    folder = parent / name
    folder.mkdir()
    files, progress = result_files(measured), current_progress()
    progress.begin("writing images", cost_of_writing(measured.group), cost_of_pictures(measured.group))
    # astropy makes a temporary file, which it would leave behind.
    with uninterrupted(), ThreadPoolExecutor(_WRITTEN) as pool:
        for number, _ in enumerate(pool.map(lambda file: file.image.write(folder / file.name), files), 1):
            progress.tell(number / len(files))
    sizes = [size_of_file(folder / file.name) for file in files]
    progress.begin("", cost_of_pictures(measured.group))
    return GroupOnPage(name, measured, list(zip(files, sizes, strict=True)), write_pictures(folder, draw_all(measured)))


def folder_names(titles):
    """Folder name for each title of a group of frames; all are different."""
    titles = [title.replace(" x ", "x").replace(" pixels", "") for title in titles]
    return different_names(re.sub(r"[^A-Za-z0-9+-]+", "_", title).strip("_") for title in titles)


def different_names(texts):
    """Folder name for each text, of bounded length; all different also when upper and lower case count as equal."""
    names, taken = [], {PAGE, SUMMARY, MANIFEST, FIGURES}
    for text in texts:
        stem = name = file_name(text)
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _nothing(folder, unusable, recursive):
    left = has_folders(folder) and not recursive
    hint = "; its sub-folders are not looked into without --recursive" if left else ""
    if not unusable:
        return f"{folder}: no FITS files (.fit, .fits, .fts, also compressed){hint}"
    first = unusable[0]
    more = f" (and {len(unusable) - 1} more)" if len(unusable) > 1 else ""
    return f"{folder}: no usable dark frames; {first.name}: {first.reason}{more}{hint}"
