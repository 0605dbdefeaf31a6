# Licensed under a 3-clause BSD style license - see LICENSE
"""Figures of the tables."""

import matplotlib as mpl
import numpy as np
from astropy.table import Table

__all__ = ["draw"]

_BARS = {"1e-03": (0.9, 1.1), "1e-04": (0.9, 1.1), "1e-05": (0.8, 1.25), "1e-06": (0.7, 1.4)}
_NOISE_BARS = {"1e-03": (0.8, 1.25), "1e-04": (0.8, 1.25), "1e-05": (0.6, 1.5)}
_OURS, _THEIRS = "#1b6ca8", "#c44e52"


def draw(folder):
    """Draw what there are tables of in ``folder``."""
    mpl.use("agg")
    for name, drawing in (("two_rates", _two_rates), ("several_rates", _several_rates), ("noise_maps", _noise_maps)):
        if (folder / f"{name}.ecsv").exists():
            figure = drawing(Table.read(folder / f"{name}.ecsv"))
            figure.savefig(folder / f"{name}.png", dpi=110)


def _two_rates(table):
    from matplotlib.figure import Figure

    figure = Figure((9, 4.6), layout="constrained")
    axes = figure.subplots(1, 4, sharey=True)
    noises = sorted(set(table["read_noise"]))
    for panel, (level, bar) in zip(axes, _BARS.items(), strict=True):
        panel.axhspan(*bar, color="0.9", zorder=0)
        for name, colour, shift in (("propagated", _THEIRS, 0.15), ("ours", _OURS, -0.15)):
            for index, noise in enumerate(noises):
                cells = table[table["read_noise"] == noise]
                values = np.concatenate([cells[f"{name}_{side}_{level}"] for side in ("high", "low")])
                spread = np.linspace(-0.12, 0.12, values.size)
                label = {"ours": "this package", "propagated": "propagated uncertainties"}[name] if not index else None
                panel.plot(index + shift + spread, np.clip(values, 1e-3, 1e4), ".", ms=3, color=colour, label=label)
        panel.set(yscale="log", ylim=(8e-4, 2e4), title=f"nominal {float(level):g}", xlabel="read noise (electron)")
        panel.set_xticks(range(len(noises)), [f"{noise:g}" for noise in noises])
    axes[0].set_ylabel("false positives: actual / nominal")
    axes[0].legend(loc="upper left", fontsize="small", markerscale=3)
    return figure


def _several_rates(table):
    from matplotlib.figure import Figure

    figure = Figure((9, 4.2), layout="constrained")
    axes = figure.subplots(1, 3, sharey=True)
    order = np.argsort(table["read_noise"], kind="stable")
    for panel, level in zip(axes, ("1e-03", "1e-04", "1e-05"), strict=True):
        panel.axhspan(0.7, 1.4, color="0.9", zorder=0)
        for name, colour, label in (
            ("free_line", _THEIRS, "chi-square of a free line"),
            ("ours", _OURS, "this package"),
        ):
            values, errors = table[f"{name}_{level}"][order], table[f"{name}_error_{level}"][order]
            shown = np.clip(values, 1e-2, 1e4)
            panel.errorbar(np.arange(len(table)), shown, errors, fmt=".", ms=4, lw=0.6, color=colour, label=label)
        panel.set(yscale="log", ylim=(5e-2, 3e4), title=f"nominal {float(level):g}", xlabel="cell, by read noise")
    axes[0].set_ylabel("false positives: actual / nominal")
    axes[0].legend(fontsize="small")
    return figure


def _noise_maps(table):
    from matplotlib.figure import Figure

    figure = Figure((9, 6.4), layout="constrained")
    grid = figure.subplots(2, 3, sharey=True)
    methods = (
        ("one", _THEIRS, "one read noise"),
        ("exact", "#8c8c8c", "noise map taken as exact"),
        ("map", _OURS, "this package, read noise map"),
    )
    order = np.lexsort((table["biases"], table["occupancy"], table["telegraph"], table["spread"]))
    table = table[order]
    for row, what in zip(grid, ("difference of rates", "scatter of equal frames"), strict=True):
        for panel, (level, bar) in zip(row, _NOISE_BARS.items(), strict=True):
            panel.axhspan(*bar, color="0.9", zorder=0)
            for name, colour, label in methods:
                sides = ("upper", "lower") if what.startswith("difference") else ("scatter",)
                for side in sides:
                    values = np.clip(table[f"{name}_{side}_{level}"], 3e-2, 1e4)
                    panel.plot(values, ".", ms=4, color=colour, label=label if side == sides[0] else None)
            panel.set(yscale="log", ylim=(2e-2, 2e4), title=f"{what},\nnominal {float(level):g}")
        row[0].set_ylabel("false positives: actual / nominal")
    for panel in grid[1]:
        panel.set_xlabel("cell, by spread")
    grid[0, 0].legend(fontsize="small", markerscale=2)
    return figure
