# Licensed under a 3-clause BSD style license - see LICENSE
"""The report as one self-contained HTML page: what its template, report.html, is filled with."""

import base64
from dataclasses import dataclass, field

from .._interface.disk.new_folder import SUMMARY
from .._interface.number_text import plain_number
from .check_table import as_text
from .group_origin import date_of
from .html import rendered, verbatim
from .measured import BRIGHT, Measured
from .numbers_on_page import facts, flag_rows, rate_table, threshold_text, untested_text
from .picture_words import uneven
from .reduction_lines import reduction_lines
from .result_finding import NOT_BELIEVED
from .sensor_words import BADGES, CHECK_WORDS, next_steps, problems, sensor_sentence, sentence, state, unknown
from .verdict import untold

__all__ = ["GroupOnPage", "page"]

# Fewest pixels whose median ratio is shown.
_LEAST_PIXELS = 30
# Factor of all errors from which on it is told.
_TOLD_FACTOR = 1.1


@dataclass
class GroupOnPage:
    """A group of frames, its files and pictures."""

    folder: str  # of its files, beside the page
    measured: Measured
    files: list = field(default_factory=list)  # pairs of a `ResultFile` and its size, for people
    pictures: list = field(default_factory=list)  # pairs of a `Picture` and its PNG (bytes)


def page(title, groups, failures, unusable, *, cameras=(), command="", intro=""):
    """HTML of a report on one folder, with the heading ``title`` and the text ``intro`` below.

    ``groups`` is a list of `GroupOnPage`, and ``cameras`` one of `ComparedCamera` that have several of them;
    ``failures`` and ``unusable`` are those of `ccdproc_darks.report.run.make_report`; ``command`` made the report.
    """
    shown = [_group(number, group) for number, group in enumerate(groups, 1)]
    return rendered(
        "report.html",
        title=title,
        intro=intro,
        command=command,
        groups=shown,
        summary=SUMMARY,
        cameras=[_camera(camera, shown) for camera in cameras],
        failures=failures,
        unusable=[(verbatim(item.name), item.reason) for item in unusable],
    )


def _camera(camera, groups):
    """What the template shows of a `ComparedCamera`."""
    shown = {group["folder"]: group for group in groups}
    rows = []
    for name, measured in camera.groups:
        title, *cells = camera.row(measured)
        rows.append(((title, f"#{shown[name]['id']}"), shown[name]["badge"], *cells))
    return {
        "sensor": camera.sensor,
        "rows": rows,
        "sentence": camera.sentence,
        "pictures": _embedded(camera.pictures),
    }


def _embedded(pictures):
    """Pairs of a `Picture` and its PNG, as base64 text."""
    return [(picture, base64.b64encode(png).decode("ascii")) for picture, png in pictures]


def _told(value):
    """What a check found or was told, with its unit as the page writes it."""
    return as_text(value).replace(" / ", "/").replace("deg_C", "°C")


def _group(number, group):
    """What the template shows of a `GroupOnPage`."""
    measured = group.measured
    flags = flag_rows(measured.mask)
    return {
        "id": f"group-{number}",
        "title": measured.group.title,
        "folder": group.folder,
        "state": state(measured),
        "badge": BADGES[state(measured)],
        "sentence": sensor_sentence(measured),
        "problems": problems(measured),
        "unknown": ", ".join(unknown(measured)),
        "notes": [*uneven(measured), *map(sentence, untold(measured.notes, measured.findings))],
        "steps": next_steps(measured),
        "checks": [
            (CHECK_WORDS.get(one.check, one.check), one.verdict, *map(_told, (one.found, one.told)), one.sentence)
            for one in measured.findings
        ],
        "origin": measured.group.origin,
        "dates": _dates(measured),
        "frames": _frames(measured),
        "left_out": [(verbatim(item.name), item.reason) for item in measured.unusable],
        "files": _jobs(group.files),
        "lines": reduction_lines(group.folder, measured),
        "pictures": _embedded(group.pictures),
        "facts": facts(measured),
        "rates": rate_table(measured),
        "threshold": threshold_text(measured.mask),
        "flags": [row for row in flags if row["pixels"] is not None],
        "not_tested": ", ".join(row["words"].partition(" (")[0] for row in flags if row["pixels"] is None),
        "untested": untested_text(measured.mask),
        "is_tested": measured.significance is not None,
        "has_errors": any(error is not None for _, error in measured.typical_rates.values()),
        "has_bias_file": measured.bias is not None,
        "error_factor": plain_number(measured.error_factor) if measured.error_factor >= _TOLD_FACTOR else "",
        "has_lower_limits": measured.has_bias and "DKLEVERR" not in measured.rate.meta,
        "not_believed": f"{NOT_BELIEVED}." if measured.needs_map else "",
        "limit": "" if measured.limit is None else str(measured.limit).replace("electron / s", "electron/s"),
        "bright": BRIGHT,
        "pairs": [_pair(pair) for pair in measured.pairs],
        "truth": _truth(measured.truth),
    }


def _jobs(files):
    """What each file is for; files for the same are in one row."""
    jobs = {}
    for file, size in files:
        jobs.setdefault(file.use, []).append((file, size))
    return [
        {
            "use": use,
            "names": [file.name for file, _ in same],
            "what": same[0][0].what,
            "size": f"{same[0][1]} each" if len(same) > 1 else same[0][1],
        }
        for use, same in jobs.items()
    ]


def _frames(measured):
    """Rows about each frame that was used."""
    out = {item.name for item in measured.unusable}
    biases = [measured.group.master] if measured.group.master else measured.group.biases
    frames = [frame for _, frames in measured.exposures for frame in frames] + biases
    return [
        (
            verbatim(frame.name),
            ("master bias" if frame.is_master else "bias frame") if frame.kind == "bias" else frame.kind,
            f"{frame.seconds:g} s",
            "" if frame.temperature is None else f"{frame.temperature:.1f} °C",
            _date_text(date_of(frame.file.header)),
        )
        for frame in frames
        if frame.name not in out
    ]


def _dates(measured):
    """First and last date of the frames used, or an empty text where headers do not tell."""
    frames = [frame for _, frames in measured.exposures for frame in frames] + measured.group.biases
    dates = sorted(date for date in (date_of(frame.file.header) for frame in frames) if date is not None)
    return " to ".join(dict.fromkeys(f"{date:%Y-%m-%d}" for date in dates[:: max(len(dates) - 1, 1)]))


def _date_text(date):
    return "" if date is None else f"{date:%Y-%m-%d %H:%M}"


def _pair(pair):
    return (
        f"{pair.short:g} s : {pair.long:g} s",
        f"{pair.offset:+.2f}",
        "" if pair.width is None else f"{pair.width:.3f}",
        "too few pixels" if pair.ratio_pixels < _LEAST_PIXELS else f"{pair.ratio:.4f}",
        str(pair.ratio_pixels),
    )


def _truth(truth):
    if truth is None:
        return None
    first, *_ = truth.sentences()
    rows = [
        (
            score.name,
            str(score.planted),
            str(score.found),
            f"{score.precision:.4f}" if score.found else "",
            f"{score.recall:.4f}" if score.planted else "",
            str(score.clear),
            f"{score.clear_recall:.4f}" if score.clear else "",
        )
        for score in truth.scores
    ]
    return first, rows
