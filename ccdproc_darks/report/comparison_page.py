# Licensed under a 3-clause BSD style license - see LICENSE
"""The comparison of several reports as one self-contained HTML page."""

import base64
import os
from urllib.parse import quote

import numpy as np

from .._interface.disk.new_folder import PAGE, SUMMARY
from .._interface.flags import DARK_FLAGS
from .._interface.number_text import plain_number, with_error
from ..masks.changed_pixels import KINDS
from .comparison_pictures import picture_name
from .html import rendered
from .pictures import FIGURES
from .verdict import counted

__all__ = ["comparison_page"]

# Changed pixels of two nights that are listed on the page.
_LISTED = 20
# Their flags that are told with them.
_TOLD = ("NONLINEAR", "TELEGRAPH", "SATURATED", "UNRELIABLE_ERROR")


def comparison_page(compared, pictures, out, command=""):
    """HTML of a `Comparison`; ``command`` made it, in the folder ``out``, from which the page links to the reports.

    ``pictures`` has pairs of a `Picture` and its PNG (bytes), of each series by its name.
    """
    alone = [
        f"In one report only ({compared.labels[night.number - 1]}): {night.group.title}." for night in compared.alone
    ]
    return rendered(
        "comparison.html",
        title=f"What has changed: {len(compared.labels)} reports on dark frames",
        command=command,
        notes=[*compared.notes, *alone],
        series=[_series(series, pictures[series.name], compared, out) for series in compared.series],
        summary=SUMMARY,
    )


def _series(series, pictures, compared, out):
    """What the template shows of a `ComparedSeries`."""
    shown = {picture.name: _shown(picture, png, series) for picture, png in pictures}
    changed = {change.after.number: change.number for change in series.changes if change.is_successive}
    agreement, nights = series.agreement, series.agreement.nights
    masked, hot = agreement.counts("masked"), agreement.counts("hot")
    chances = dict.fromkeys(change.chance for change in series.changes if change.table is not None)
    return {
        "name": series.name,
        "title": series.title,
        "notes": list(_notes(series)),
        "nights": [_night_row(night, changed, compared, out) for night in series.nights],
        "picture": shown["nights"],
        "heads": ("nights", "darks compared", *KINDS, "all", "unsteady", "common factor", "list", "for ds9"),
        "changes": [_change_row(change, series) for change in series.changes],
        "chances": [f"Of the changed pixels of two nights, {text.replace('of them ', '')}." for text in chances],
        "remarks": list(
            dict.fromkeys(f"{change.label}: {text}" for change in series.changes for text in change.remarks)
        ),
        "lists": [_list(change, shown) for change in series.changes if change.number],
        "agreement": f"{masked[-1]} pixels are masked in every one of the {nights} nights, {masked[1:].sum()} in at "
        f"least one; {hot[-1]} are hot in every night, {hot[1:].sum()} in at least one.",
        "agreements": [
            (f"{number} of {nights}", str(masked[number]), str(hot[number])) for number in range(nights, 0, -1)
        ],
    }


def _notes(series):
    untested = [str(night.number) for night in series.nights if not night.group.is_tested]
    if untested:
        what = "Night" if len(untested) == 1 else "Nights"
        yield (
            f"{what} {', '.join(untested)}: nothing tested whether pixels are proportional to exposure time, so that "
            "all hot pixels are masked. Numbers of masked pixels are not those of the other nights."
        )
    celsius = [night.group.temperature for night in series.nights if np.isfinite(night.group.temperature)]
    if celsius and max(celsius) - min(celsius) > 1.0:
        yield (
            f"The temperatures differ by {max(celsius) - min(celsius):.1f} °C. One factor for all pixels takes the "
            "common change of the dark current out. What is left may be a pixel whose dark current grows with "
            "temperature at another pace, and has not changed."
        )


def _night_row(night, changed, compared, out):
    group = night.group
    report = compared.labels[night.number - 1]
    path = compared.reports[night.number - 1].folder / PAGE
    return (
        str(night.number),
        (report, quote(os.path.relpath(path.resolve(), out.resolve()))),
        compared.date_text(night),
        _number(group.temperature, ".1f"),
        _count(group.count("hot")),
        _count(group.count("nonlinear")),
        _count(group.count("masked")),
        _count(changed[night.number], "not compared") if night.number in changed else "",
        with_error(group.typical, group.typical_error) if np.isfinite(group.typical) else "",
        _number(group.read_noise, ".4g"),
        _number(group.threshold, ".4g"),
        str(group.header["NCOMBINE"]),
    )


def _change_row(change, series):
    row = [f"{change.before.number} to {change.after.number}", "" if change.choice is None else str(change.choice)]
    row += [_count(change.count(kind), "") for kind in KINDS]
    row += [_count(change.number, "not compared"), _count(change.unsteady, "")]
    row += ["" if change.factor is None else f"{change.factor:.4g}"]
    files = (None if change.table is None else change.file, change.region_file)
    return (*row, *("" if file is None else (file, f"{quote(series.name)}/{quote(file)}") for file in files))


def _list(change, shown):
    """Changed pixels of two nights, and where there are enough of them a map."""
    more = f"The {_LISTED} most significant ones; {change.file} has all." if change.number > _LISTED else ""
    return {
        "title": f"{change.label}: {counted(change.number, 'changed pixel')}",
        "more": more,
        "rows": [_pixel_row(row) for row in change.table[:_LISTED]],
        "picture": shown.get(picture_name(change)),
    }


def _pixel_row(row):
    flags = int(row["flags_before"]) | int(row["flags_after"])
    names = [name for name in _TOLD if flags & DARK_FLAGS[name]]
    return (
        str(row["x"]),
        str(row["y"]),
        _with_error(row["before"], row["before_error"]),
        _with_error(row["after"], row["after_error"]),
        f"{row['significance']:.1f}",
        str(row["change"]),
        ", ".join(names),
    )


def _shown(picture, png, series):
    """What the template shows of a picture."""
    text = base64.b64encode(png).decode("ascii")
    return picture.title, picture.sentence, picture.alt, text, f"{series.name}/{FIGURES}/{picture.name}.png"


def _with_error(rate, error):
    """A rate with its error; that of a saturated pixel is a lower limit."""
    if not np.isfinite(error.value):
        return f"above {plain_number(rate.value)}"
    return with_error(rate.value, error.value)


def _number(value, form):
    return format(value, form).replace("-0.0", "0.0") if np.isfinite(value) else ""


def _count(number, otherwise="not tested"):
    return otherwise if number is None else str(number)
