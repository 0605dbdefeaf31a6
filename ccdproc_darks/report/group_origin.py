# Licensed under a 3-clause BSD style license - see LICENSE
"""From which sub-folders the frames of a group are, and whether its darks are from dates that are far apart."""

from datetime import datetime, timedelta
from itertools import pairwise

from .._interface.shown import shown
from ..frames.cards import header_value
from .verdict import counted

__all__ = ["date_of", "dates_note", "origin_of"]

# Darks of a library are taken over some days: a pause between two of them from which on it is told.
_PAUSE = timedelta(days=7)
# Sub-folders, and runs of dates, that are listed one by one.
_MOST = 8


def origin_of(group, folder, recursive=False):
    """Sentences on the sub-folders of the frames of a `Group` of a folder (a Path); empty where there are none."""
    found = {}
    kinds = {"dark": group.darks, "bias frame": group.biases, "master bias": [group.master] if group.master else []}
    for kind, frames in kinds.items():
        for frame in frames:
            numbers = found.setdefault(frame.name.rpartition("/")[0], {})
            numbers[kind] = numbers.get(kind, 0) + 1
    if not any(found):
        return ""
    listed = [
        f"{place or 'the folder itself'} ({', '.join(counted(number, kind) for kind, number in numbers.items())})"
        for place, numbers in sorted(found.items())
    ]
    more = [f"{len(listed) - _MOST} more"] if len(listed) > _MOST else []
    text = f"Frames are from {', '.join(listed[:_MOST] + more)}."
    if any(len({frame.name.rpartition("/")[0] for frame in frames}) > 1 for _, frames in group.exposures):
        text += (
            " They are measured as one set: where these are different nights, give each folder by itself, and compare "
            "the reports by ccdproc-darks compare."
        )
    if recursive or any("/" not in frame.name for frame in group.darks):
        return text
    name = shown(folder.name)
    return f"The folder {name} has no FITS files itself: its sub-folders called dark or bias were read. {text}"


def dates_note(group):
    """A sentence on darks of a `Group` that were taken at dates far apart, by DATE-OBS; None where they were not."""
    known = (date_of(frame.file.header) for frame in group.darks)
    dates = sorted(date for date in known if date is not None)
    runs = [[date] for date in dates[:1]]
    for before, after in pairwise(dates):
        if after - before > _PAUSE:
            runs.append([])
        runs[-1].append(after)
    if len(runs) < 2:
        return None
    spans = [" to ".join(dict.fromkeys(f"{end:%Y-%m-%d}" for end in (run[0], run[-1]))) for run in runs]
    more = [f"{len(spans) - _MOST} more"] if len(spans) > _MOST else []
    return (
        f"The darks are of dates far apart, and are measured as one set: {', '.join(spans[:_MOST] + more)}. If these "
        "are different nights, put each into a folder of its own and give all of them; ccdproc-darks compare then "
        "tells what has changed."
    )


def date_of(header):
    """DATE-OBS, or None where it is not told or no date."""
    try:
        value = header_value(header, "DATE-OBS")
        return datetime.fromisoformat(value).replace(tzinfo=None) if isinstance(value, str) else None
    except ValueError:
        return None
