# Licensed under a 3-clause BSD style license - see LICENSE
"""From a folder of frames to a folder of results, whole or not at all."""

import re
import shutil
import tempfile
from pathlib import Path

from astropy import units as u
from tqdm import tqdm

from ..version import __version__
from .folder import find_groups
from .measure import measure_group, steps
from .page import page
from .summary import summary_table
from .truth import against_truth

__all__ = ["NothingMeasuredError", "make_report"]

_SUMMARY, _PAGE = "summary.ecsv", "report.html"


class NothingMeasuredError(ValueError):
    """Nothing in the folder could be measured."""


def make_report(folder, out, options, *, overwrite=False, title=None, command="", intro=""):
    """
    Measure all frames of a folder.

    Parameters
    ----------
    folder : path-like
        Where the frames are.
    out : path-like
        Folder to write; it must not be there yet.
    options : `ccdproc_darks.report.measure.Options`
        What the user told.
    overwrite : bool
        Replace an ``out`` that is an earlier report.
    title : str, optional
        Heading of the page.
    command : str
        How it was called, for the page.
    intro : str
        What to look at, for the page.

    Returns
    -------
    results : list of (str, Measured)
        What was measured, with the sub-folder of each.
    failures : list of (str, str)
        Groups that could not be, and why.
    unusable : list of Unusable
        Files not used.

    Raises
    ------
    NothingMeasuredError
        If there is no result at all; nothing is written then.
    OSError
        If a folder is missing, or ``out`` is there.
    """
    folder, out = Path(folder), Path(out)
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder}: {'a file, not a folder' if folder.exists() else 'no such folder'}")
    _check_out(out, overwrite)
    groups, unusable = find_groups(folder, lambda paths: _bar(paths, desc="reading headers", unit="file"))
    if not groups:
        raise NothingMeasuredError(_nothing(folder, unusable))
    results, failures = _measure(groups, options)
    if not results:
        raise NothingMeasuredError("; ".join(f"{title}: {reason}" for title, reason in failures))
    for _, measured in results:
        unusable += measured.unusable
        measured.truth = against_truth(folder, measured)
    _write(out, results, failures, unusable, title or f"Dark frames in {folder.name or folder}", command, intro)
    return results, failures, unusable


def _measure(groups, options):
    """Results and failures, in the order of the groups."""
    results, failures, noises = {}, {}, {}
    # The groups of most bias frames first: they tell the read noise of the camera to those that have none.
    order = sorted(range(len(groups)), key=lambda index: -len(groups[index].biases))
    with _bar(total=sum(steps(group) for group in groups), unit="step") as bar:
        for index in order:
            group = groups[index]

            def step(text, title=group.title):
                bar.set_description(f"{title}: {text}")
                bar.update()

            camera = (group.camera, group.shape, group.binning, str(group.settings))
            try:
                measured = measure_group(group, options, step, noises.get(camera))
            except (ValueError, OSError, u.UnitsError) as error:
                failures[index] = (group.title, str(error))
                continue
            results[index] = measured
            if measured.bias_noise is not None:
                noises.setdefault(camera, measured.bias_noise * u.electron)
    names = _folder_names(groups)
    return [(names[index], results[index]) for index in sorted(results)], [
        failures[index] for index in sorted(failures)
    ]


def _write(out, results, failures, unusable, title, command, intro):
    """Write everything beside ``out``, then put it in its place."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        whole = Path(scratch) / "whole"
        whole.mkdir()
        for name, measured in results:
            _write_group(whole / name, measured)
        summary_table(results, failures, unusable).write(whole / _SUMMARY, format="ascii.ecsv")
        text = page(title, results, failures, unusable, __version__, command, intro)
        (whole / _PAGE).write_text(text, encoding="utf-8")
        if out.exists():
            out.rename(Path(scratch) / "former")
        shutil.move(whole, out)


def _write_group(folder, measured):
    folder.mkdir()
    images = {"rate_all": measured.rate, "mask": measured.mask}
    if measured.has_bias:
        images["master_bias"] = measured.bias
        images.update({f"rate_{seconds:g}s": rate for seconds, rate in measured.rates.items()})
    if measured.significance is not None:
        images["significance"] = measured.significance
    for name, image in images.items():
        image.write(folder / f"{name}.fits")


def _check_out(out, overwrite):
    for parent in out.parents:
        if parent.is_file():
            raise NotADirectoryError(f"{out} cannot be made: {parent} is a file")
    if not out.exists():
        return
    if out.is_dir() and not any(out.iterdir()):
        return
    if not overwrite:
        raise FileExistsError(f"{out} is there already; choose another folder, or --overwrite an earlier report")
    known = {_SUMMARY, _PAGE}
    names = {path.name for path in out.iterdir() if path.is_file()} if out.is_dir() else set()
    if names != known:
        raise FileExistsError(
            f"{out} is not an earlier report (it would hold just {_SUMMARY}, {_PAGE} and folders): not overwritten"
        )


def _folder_names(groups):
    """A folder name for each group, all different."""
    names = []
    for group in groups:
        name = re.sub(r"[^A-Za-z0-9+-]+", "_", group.title.replace(" x ", "x").replace(" pixels", "")).strip("_")
        number = names.count(name)
        names.append(name if number == 0 else f"{name}_{number + 1}")
        while names[-1] in names[:-1]:
            names[-1] += "_"
    return names


def _nothing(folder, unusable):
    if not unusable:
        inner = any(path.is_dir() for path in folder.iterdir())
        hint = "; its sub-folders are not looked into" if inner else ""
        return f"{folder}: no FITS files (.fit, .fits, .fts, also compressed){hint}"
    first = unusable[0]
    more = f" (and {len(unusable) - 1} more)" if len(unusable) > 1 else ""
    return f"{folder}: no usable dark frames; {first.name}: {first.reason}{more}"


def _bar(*args, **kwargs):
    # disable=None: only on a terminal.
    return tqdm(*args, disable=None, leave=False, **kwargs)
