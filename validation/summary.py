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
    tables = {name: (name, summary) for name, summary in _SUMMARIES.items()} | _MORE
    for name, (study, summary) in tables.items():
        path = folder / f"{study}.ecsv"
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


_METHODS = {"map": "this package, read noise map", "one": "one read noise", "exact": "noise map taken as exact"}
_NOISE_BARS = {"1e-03": (0.8, 1.25), "1e-04": (0.8, 1.25), "1e-05": (0.6, 1.5)}


def _groups(table, *names):
    """Rows that agree in some columns."""
    for key in dict.fromkeys(zip(*(table[name].tolist() for name in names), strict=True)):
        same = np.all([table[name] == value for name, value in zip(names, key, strict=True)], axis=0)
        yield dict(zip(names, key, strict=True)), table[same]


def _range(values):
    """The least and the largest of some numbers, as text."""
    values = np.asarray(values, dtype=float)
    return (
        f"{values.min():.2f} to {values.max():.2f}"
        if values.max() < 10
        else f"{values.min():.2g} to {values.max():.2g}"
    )


def _noise_maps(table):
    rows = []
    for key, cells in _groups(table, "spread", "telegraph", "occupancy"):
        if not key["telegraph"] and key["occupancy"] != 0.5:
            continue
        for level in _NOISE_BARS:
            row = {
                "spread": f"{key['spread']:.0%}",
                "telegraph read noise": f"{key['telegraph']:.0%}",
                "occupancy": f"{key['occupancy']:g}" if key["telegraph"] else "",
                "cells": len(cells),
                "nominal": f"{float(level):g}",
                "error by chance": f"{1 / np.sqrt(float(level) * cells['pixels'].min()):.2f}",
            }
            for name, title in _METHODS.items():
                sides = np.concatenate([cells[f"{name}_{side}_{level}"] for side in ("upper", "lower")])
                row[f"difference, {title}"] = _range(sides)
                row[f"scatter, {title}"] = _range(cells[f"{name}_scatter_{level}"])
            rows.append(row)
    return Table(rows=rows)


def _noise_flags(table):
    """Pixels flagged in a sensor, where one is asked for."""
    rows = []
    for cell in table:
        row = {
            "read noise": f"{cell['read_noise']:g}",
            "spread": f"{cell['spread']:.0%}",
            "telegraph read noise": f"{cell['telegraph']:.0%}",
            "occupancy": f"{cell['occupancy']:g}",
            "bias frames": cell["biases"],
            "exposure times": cell["exposures"],
            "sensors": cell["sensors"],
        }
        for name, title in _METHODS.items():
            row[f"NONLINEAR, {title}"] = f"{cell[f'{name}_nonlinear']:.3g}"
            row[f"TELEGRAPH, {title}"] = f"{cell[f'{name}_telegraph']:.3g}"
        rows.append(row)
    return Table(rows=rows)


def _noise_power(table):
    rows = []
    for cell in table:
        for kind in ("nonlinear", "telegraph"):
            row = {"bias frames": cell["biases"], "occupancy": f"{cell['occupancy']:g}", "planted": kind.upper()}
            row["number"] = cell[f"{kind}_planted"]
            row["known law, none rejected"] = f"{cell[f'{kind}_ideal']:.3f}"
            row["known noise"] = f"{cell[f'{kind}_truth']:.3f}"
            for name, title in _METHODS.items():
                row[title] = f"{cell[f'{kind}_{name}']:.3f}"
            row["this package over known noise"] = f"{cell[f'{kind}_map'] / cell[f'{kind}_truth']:.3f}"
            rows.append(row)
    return Table(rows=rows)


def _hot(table):
    table = table[
        "rate", "dsnu", "spread", "telegraph", "exposures", "sensors", "threshold", "false", "planted", "clear",
        "found",
    ]  # fmt: skip
    table["dsnu"] = [f"{value:.0%}" for value in table["dsnu"]]
    table["spread"] = [f"{value:.0%}" for value in table["spread"]]
    table["telegraph"] = [f"{value:.0%}" for value in table["telegraph"]]
    table["threshold"] = [f"{value:.2f}" for value in table["threshold"]]
    return table


def _nonlinear_kinds(table):
    """For each kind: pixels planted that are NONLINEAR, those told and those told rightly; pixels told to be of it."""
    rows = []
    names = ("BENDS", "OFFSET", "CLIPS", "HIGH_FRAME", "SWITCHES")
    for key, cells in _groups(table, "plan", "read_noise"):
        row = {"exposure times": key["plan"], "read noise": f"{key['read_noise']:g}"}
        for name in names:
            planted = cells[cells["planted"] == name][0]
            number = sum(planted[kind] for kind in (*names, "UNEXPLAINED", "UNTOLD"))
            told = int(cells[name].sum())
            row[name] = f"{planted[name]} of {number}"
            if name != "SWITCHES":
                row[f"right where {name} is told"] = f"{planted[name] / told:.1%} of {told}" if told else "none told"
        rows.append(row)
    return Table(rows=rows)


def _lines(table):
    table = table.copy()
    table["start_error"] = [f"{value:.0f}" for value in table["start_error"]]
    for name in ("start_error", "false_pixels"):
        table.rename_column(name, name.replace("_", " "))
    return table


def _master_darks(table):
    """One row for each kind of pixels of a sensor at each exposure time left out."""
    table["held"] = [f"{seconds:g}" for seconds in table["held"]]
    for name in ("width", "deviation", "in 68 %", "in 95 %"):
        table[name] = [f"{value:.3f}" for value in table[name]]
    return table


def _scales(table):
    table = table.copy()
    for name, digits in (("mean", 2), ("width", 2), ("worst", 1), ("chi_square", 2), ("pixels", 0)):
        table[name] = ["" if np.isnan(value) else f"{value:.{digits}f}" for value in table[name]]
    table["error"] = ["" if np.isnan(value) else f"{value:.2%}" for value in table["error"]]
    return table


def _changes(table):
    """False positives and power, by exposures and read noise."""
    rows = []
    for cell in table:
        row = {
            "read noise": f"{cell['read_noise']:g}",
            "signal over noise": f"{cell['signal']:g}",
            "exposures": f"{cell['exposures'].replace(' ', ', ')} s",
            "factor": f"{cell['factor']:g}",
            "measured": f"{cell['measured']:.4f}",
        }
        for level in ("1e-03", "1e-04"):
            row[f"{float(level):g}, higher | lower"] = f"{cell[f'higher_{level}']:.2f} | {cell[f'lower_{level}']:.2f}"
        for name in ("born", "healed"):
            powers = [cell[f"{name}_{kind}"] for kind in ("found", "attainable", "ideal")]
            row[f"{name}: found | attainable | known rate"] = " | ".join(f"{power:.3f}" for power in powers)
        rows.append(row)
    return Table(rows=rows)


_SUMMARIES = {
    "two_rates": _two_rates,
    "several_rates": lambda table: _drawn(table, [("free_line", "chi-square of a free line")]),
    "free_offset": _drawn,
    "rates": _rates,
    "power": _rounded,
    "frames": _rounded,
    "presets": _four,
    "noise_maps": _noise_maps,
    "noise_power": _noise_power,
    "hot_pixels": _hot,
    "nonlinear_kinds": _nonlinear_kinds,
    "bad_lines": _lines,
    "master_darks": _master_darks,
    "dark_scales": _scales,
    "changes": _changes,
    "change_lists": Table.copy,
}
# Second tables of some studies, by the name of the file.
_MORE = {"noise_flags": ("noise_maps", _noise_flags)}
