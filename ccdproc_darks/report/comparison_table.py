# Licensed under a 3-clause BSD style license - see LICENSE
"""Numbers of a comparison of reports, as a table."""

import numpy as np
from astropy import units as u
from astropy.table import MaskedColumn, QTable

from .._interface.arguments import ELECTRON_PER_SECOND
from .._interface.shown import shown

__all__ = ["comparison_table"]

_COUNTS = ("hot", "nonlinear", "telegraph", "saturated", "masked", "changed")
_UNITS = {
    "temperature": u.deg_C, "typical_rate": ELECTRON_PER_SECOND, "typical_error": ELECTRON_PER_SECOND,
    "read_noise": u.electron, "threshold": ELECTRON_PER_SECOND,
}  # fmt: skip


def comparison_table(compared):
    """Table of a `Comparison`, with a row for each night of each sensor.

    ``changed`` are the pixels that have changed since the night before. Numbers of pixels that nothing tells, and dates
    that are not known, are masked; other unknown numbers are NaN. The ``meta`` of the `~astropy.table.QTable` has the
    pairs of nights, and on how many pixels all nights agree.
    """
    rows = []
    for series in compared.series:
        changed = {change.after.number: change.number for change in series.changes if change.is_successive}
        for night in series.nights:
            group = night.group
            rows.append({
                "sensor": series.name,
                "night": night.number,
                "report": shown(compared.labels[night.number - 1]),
                "date": "" if group.date is None else group.date.isot,
                "temperature": group.temperature,
                "frames": int(group.header["NCOMBINE"]),
                "typical_rate": group.typical,
                "typical_error": group.typical_error,
                "read_noise": group.read_noise,
                "threshold": group.threshold,
                **{name: group.count(name) for name in _COUNTS[:-1]},
                "changed": changed.get(night.number),
            })  # fmt: skip
    table = QTable({name: [row[name] for row in rows] for name in rows[0] if name not in _COUNTS})
    for name, unit in _UNITS.items():
        table[name] = u.Quantity(np.array(table[name], dtype=float), unit)
    table["date"] = MaskedColumn(table["date"], mask=[not date for date in table["date"]])
    for name in _COUNTS:
        values = [row[name] for row in rows]
        table[name] = MaskedColumn(
            [value or 0 for value in values], mask=[value is None for value in values], dtype=np.int64
        )
    table.meta = {
        "series": {series.name: _series_meta(series) for series in compared.series},
        "reports": [
            {"report": shown(label), "path": shown(report.folder.absolute())}
            for label, report in zip(compared.labels, compared.reports, strict=True)
        ],
        "in_one_report_only": [
            {"report": shown(compared.labels[night.number - 1]), "group": shown(night.group.title)}
            for night in compared.alone
        ],
        "notes": [shown(note) for note in compared.notes],
    }
    return table


def _series_meta(series):
    agreement = series.agreement
    return {
        "title": shown(series.title),
        "nights": agreement.nights,
        "pixels": int(agreement.masked.size),
        "masked_in_nights": [int(number) for number in agreement.counts("masked")],
        "hot_in_nights": [int(number) for number in agreement.counts("hot")],
        "pairs": [change.numbers() for change in series.changes],
    }
