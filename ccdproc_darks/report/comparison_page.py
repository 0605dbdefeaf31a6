# Licensed under a 3-clause BSD style license - see LICENSE
"""The comparison of several reports as one self-contained HTML page."""

import os
from urllib.parse import quote

import numpy as np

from .._interface.disk.new_folder import PAGE, SUMMARY
from .._interface.flags import DARK_FLAGS
from .._interface.version import __version__
from ..masks.changed_pixels import KINDS
from .comparison_pictures import draw_changed_pixels, draw_nights
from .html import document, escape, table
from .pictures import as_png
from .verdict import counted

__all__ = ["comparison_page"]

# Changed pixels of two nights that are listed on the page.
_LISTED = 20
# Changed pixels from which on a map is drawn.
_DRAWN = 5
# Their flags that are told with them.
_TOLD = ("NONLINEAR", "TELEGRAPH", "SATURATED", "UNRELIABLE_ERROR")


def comparison_page(compared, out, command=""):
    """HTML of a `Comparison`; ``command`` made it, in the folder ``out``, from which the page links to the reports."""
    title = f"What has changed: {len(compared.labels)} reports on dark frames"
    parts = [f"<h1>{escape(title)}</h1>", f"<p class=dim>ccdproc_darks {escape(__version__)}. {escape(command)}</p>"]
    parts += [f"<p class=note>{escape(note)}</p>" for note in compared.notes]
    for night in compared.alone:
        report = compared.labels[night.number - 1]
        parts.append(f"<p class=note>In one report only ({escape(report)}): {escape(night.group.title)}.</p>")
    for series in compared.series:
        parts += _series(series, compared, out)
    return document(title, parts)


def _series(series, compared, out):
    yield f"<h2>{escape(series.title)}</h2>"
    for note in _notes(series):
        yield f"<p class=note>{escape(note)}</p>"
    changed = {change.after.number: change.number for change in series.changes if change.is_successive}
    rows = [_night_row(night, changed, compared, out) for night in series.nights]
    heads = (
        "night", "report", "date (UTC)", "°C", "hot", "not proportional", "masked", "changed",
        "typical rate (electron/s)", "read noise (electron)", "hot above (electron/s)", "darks",
    )  # fmt: skip
    yield table(heads, rows, left=2)
    yield (
        "<p class=dim>Changed are the pixels whose rate is another one than in the night before. The typical rate is "
        "the median of the pixels' true rates (noise is taken off), of all exposure times, with its standard error. "
        "The threshold above which a pixel is hot is each night's own: it follows the typical rate, and so the "
        f"temperature. The same numbers are in {SUMMARY}.</p>"
    )
    yield _picture(*draw_nights(series))
    yield from _changes(series)
    yield from _agreement(series)


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
        _number(group.typical, ".4g") + (f" ± {group.typical_error:.2g}" if np.isfinite(group.typical_error) else ""),
        _number(group.read_noise, ".4g"),
        _number(group.threshold, ".4g"),
        str(group.header["NCOMBINE"]),
    )


def _changes(series):
    if not series.changes:
        return
    yield "<h3>Pixels that have changed</h3>"
    rows = []
    for change in series.changes:
        row = [f"{change.before.number} to {change.after.number}", "" if change.choice is None else str(change.choice)]
        row += [_count(change.count(kind), "") for kind in KINDS]
        row += [_count(change.number, "not compared"), _count(change.unsteady, "")]
        row += ["" if change.factor is None else f"{change.factor:.4g}"]
        files = (None if change.table is None else change.file, change.region_file)
        rows.append((*row, *("" if file is None else (file, f"{quote(series.name)}/{quote(file)}") for file in files)))
    heads = ("nights", "darks compared", *KINDS, "all", "unsteady", "common factor", "list", "for ds9")
    yield table(heads, rows, left=0)
    for chance in dict.fromkeys(change.chance for change in series.changes if change.table is not None):
        yield f"<p>Of the changed pixels of two nights, {escape(chance.replace('of them ', ''))}.</p>"
    yield (
        "<p class=dim>Born are pixels that are hot in the later night only, healed those that were in the earlier one. "
        "Rates of one exposure time are compared, as the rate of a pixel that is not proportional depends on it. The "
        "common factor is that of all pixels' dark current, mostly the temperature's: rates of the later night are "
        "divided by it, here and in the lists. Unsteady are those of the changed pixels that one of the two nights "
        "flagged TELEGRAPH or NONLINEAR: their rates may differ each night.</p>"
    )
    for sentence in dict.fromkeys(f"{change.label}: {text}" for change in series.changes for text in change.remarks):
        yield f"<p class=note>{escape(sentence)}</p>"
    for change in series.changes:
        if change.number:
            changed = counted(change.number, "changed pixel")
            yield f"<details><summary>{escape(f'{change.label}: {changed}')}</summary>"
            if change.number > _LISTED:
                yield f"<p>The {_LISTED} most significant ones; {escape(change.file)} has all.</p>"
            yield table(
                ("x", "y", "before (electron/s)", "after (electron/s)", "significance", "change", "flags"),
                [_pixel_row(row) for row in change.table[:_LISTED]],
                left=0,
            )
            yield "</details>"
        if (change.number or 0) >= _DRAWN:
            yield _picture(*draw_changed_pixels(change))


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


def _agreement(series):
    agreement, nights = series.agreement, series.agreement.nights
    masked, hot = agreement.counts("masked"), agreement.counts("hot")
    yield "<h3>On which pixels the nights agree</h3>"
    yield (
        f"<p>{masked[-1]} pixels are masked in every one of the {nights} nights, {masked[1:].sum()} in at least one; "
        f"{hot[-1]} are hot in every night, {hot[1:].sum()} in at least one.</p>"
    )
    rows = [(f"{number} of {nights}", str(masked[number]), str(hot[number])) for number in range(nights, 0, -1)]
    yield table(("in nights", "masked", "hot"), rows)
    yield (
        "<pre><code>from astropy.nddata import CCDData\n"
        f'agreed = CCDData.read("{escape(series.name)}/mask.fits")\n'
        "agreed.mask  # masked in every night; agreed.data has the flags that a pixel has in every night\n"
        f'nights = CCDData.read("{escape(series.name)}/nights_masked.fits")\n'
        "nights.data > 0  # masked in at least one night</code></pre>"
    )


def _picture(caption, figure):
    text = escape(caption)
    image = f'<img alt="{text}" src="data:image/png;base64,{as_png(figure)}">'
    return f"<figure>{image}<figcaption>{text}</figcaption></figure>"


def _with_error(rate, error):
    """A rate with its error; that of a saturated pixel is a lower limit."""
    if not np.isfinite(error.value):
        return f"above {rate.value:.4g}"
    return f"{rate.value:.4g} ± {error.value:.2g}"


def _number(value, form):
    return format(value, form).replace("-0.0", "0.0") if np.isfinite(value) else ""


def _count(number, otherwise="not tested"):
    return otherwise if number is None else str(number)
