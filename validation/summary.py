# Licensed under a 3-clause BSD style license - see LICENSE
"""What came of it, as small tables that the documentation includes."""

import numpy as np
from astropy.table import Table

__all__ = ["write_summary"]

_BARS = {"1e-03": (0.9, 1.1), "1e-04": (0.9, 1.1), "1e-05": (0.8, 1.25), "1e-06": (0.7, 1.4)}
_SEVERAL_BARS = dict.fromkeys(("1e-03", "1e-04", "1e-05"), (0.7, 1.4))


def write_summary(folder):
    """Write the ``.csv`` tables of a folder's studies; return all of them as text."""
    text = []
    for name, summary in _SUMMARIES.items():
        path = folder / f"{name}.ecsv"
        if path.exists():
            table = summary(Table.read(path))
            table.write(folder / f"{name}.csv", format="ascii.csv", overwrite=True)
            text += [name, *table.pformat(max_lines=-1, max_width=-1), ""]
    return "\n".join(text)


def _two_rates(table):
    rows = []
    for noise in sorted(set(table["read_noise"])):
        cells = table[table["read_noise"] == noise]
        for level, bar in _BARS.items():
            ours = np.concatenate([cells[f"ours_{side}_{level}"] for side in ("high", "low")])
            theirs = np.concatenate([cells[f"propagated_{side}_{level}"] for side in ("high", "low")])
            rows.append(
                {
                    "read noise": f"{noise:g}",
                    "nominal": f"{float(level):g}",
                    "this package": f"{ours.min():.2f} to {ours.max():.2f}",
                    "asked": f"{bar[0]:g} to {bar[1]:g}",
                    "outside": int(((ours < bar[0]) | (ours > bar[1])).sum()),
                    "of": ours.size,
                    "propagated uncertainties": f"{theirs.min():.2g} to {theirs.max():.3g}",
                }
            )
    return Table(rows=rows)


def _drawn(table, others=()):
    rows = []
    for noise in sorted(set(table["read_noise"])):
        cells = table[table["read_noise"] == noise]
        for level, (low, high) in _SEVERAL_BARS.items():
            ratio, error = cells[f"ours_{level}"], cells[f"ours_error_{level}"]
            row = {
                "read noise": f"{noise:g}",
                "nominal": f"{float(level):g}",
                "cells": len(cells),
                "this package": f"{ratio.min():.2f} to {ratio.max():.2f}",
                "mean": f"{ratio.mean():.3f}",
                "statistical error of a cell": f"{np.median(error):.2f}",
                "outside 0.7 to 1.4 by 2 errors": int(((ratio + 2 * error < low) | (ratio - 2 * error > high)).sum()),
            }
            for name, title in others:
                other = cells[f"{name}_{level}"]
                row[title] = f"{other.min():.2g} to {other.max():.3g}"
            rows.append(row)
    return Table(rows=rows)


def _rates(table):
    rows = []
    for noise in sorted(set(table["read_noise"])):
        cells = table[table["read_noise"] == noise]
        rows.append(
            {
                "read noise": f"{noise:g}",
                "cells": len(cells),
                "mean": f"{cells['mean'].min():+.4f} to {cells['mean'].max():+.4f}",
                "width": f"{cells['width'].min():.4f} to {cells['width'].max():.4f}",
                "least efficiency": f"{cells['efficiency'].min():.4f}",
            }
        )
    return Table(rows=rows)


def _rounded(table):
    table = table.copy()
    for name in table.colnames:
        if table[name].dtype.kind == "f" and name not in ("rate", "read_noise"):
            table[name] = [f"{value:.3f}" for value in table[name]]
    return table


def _four(table):
    table = table.copy()
    for name in table.colnames[3:]:
        table[name] = [f"{value:.4f}" for value in table[name]]
    return table


_SUMMARIES = {
    "two_rates": _two_rates,
    "several_rates": lambda table: _drawn(table, [("free_line", "chi-square of a free line")]),
    "free_offset": _drawn,
    "rates": _rates,
    "power": _rounded,
    "frames": _rounded,
    "presets": _four,
}
