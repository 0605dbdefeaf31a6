# Licensed under a 3-clause BSD style license - see LICENSE
"""Figures of the measurements."""

import statistics

import matplotlib as mpl
from matplotlib.figure import Figure

from .pairs import ratios
from .scaling import SERIES, point_name, rows_of

__all__ = ["draw"]

_OURS, _RESULTS, _BAR = "#1b6ca8", "0.6", "#c44e52"

# The way of this package in each task that has one of ccdproc or numpy.
_AGAINST = {
    "two_darks": "ccdproc_darks",
    "twenty_files": "ccdproc_darks",
    "folder": "ccdproc_darks",
    "fit": "dark_rate, files",
}
_LABELS = {
    "two_darks": "two combined darks\nto a mask",
    "twenty_files": "twenty raw darks\nto a rate",
    "folder": "folder of fifty frames\nto a mask",
    "fit": "fit of four\nexposure times",
}


def draw(tasks, measurements, folder):
    """Draw what there are measurements of."""
    mpl.use("agg")
    if any(name in measurements for name in _AGAINST):
        _ratios(tasks, measurements).savefig(folder / "ratios.png", dpi=110)
    if "scaling" in measurements:
        _scaling(*measurements["scaling"], measurements.get("huge")).savefig(folder / "scaling.png", dpi=110)


def _ratios(tasks, measurements):
    names = [name for name in _AGAINST if name in measurements][::-1]
    figure = Figure((9, 1.1 + 0.65 * len(names)), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for panel, key, kind in zip(axes, ("wall", "memory"), ("faster", "smaller"), strict=True):
        for height, name in enumerate(names):
            found, _ = measurements[name]
            values = ratios(found, key, next(iter(found)), _AGAINST[name])
            panel.plot(values, [height] * len(values), "o", ms=4, alpha=0.6, color=_OURS)
            panel.text(statistics.median(values), height + 0.33, f"{statistics.median(values):.3g}", ha="center")
            for bar in tasks[name].bars:
                if bar.kind == kind:
                    panel.plot([bar.least] * 2, [height - 0.3, height + 0.3], color=_BAR, lw=2)
        panel.axvline(1, color="0.8", zorder=0)
        panel.set(xscale="log", ylim=(-0.6, len(names)))
        panel.margins(x=0.15)
    axes[0].plot([], [], "o", ms=4, alpha=0.6, color=_OURS, label="one pair")
    axes[0].plot([], [], color=_BAR, lw=2, label="asked for")
    figure.legend(fontsize="small", loc="outside upper center", ncols=2, frameon=False)
    axes[0].set_xlabel("times faster (wall time)")
    axes[1].set_xlabel("times less growth of memory")
    axes[0].set_yticks(range(len(names)), [_LABELS[name] for name in names])
    return figure


def _scaling(found, size, huge):
    figure = Figure((10, 5.6), layout="constrained")
    axes = figure.subplots(2, 3, sharex="col", sharey="row")
    for column, (series, points) in zip(axes.T, SERIES.items(), strict=True):
        for point in points:
            scale, frames, workers = point
            pixels = rows_of(scale, size) ** 2
            place = {"pixels": pixels / 1e6, "frames": frames, "workers": workers}[series]
            _point(column, place, found[point_name(*point)], pixels * frames, "o")
    if huge is not None:
        rows, huge_size = huge
        _point(axes[:, 0], huge_size**2 / 1e6, rows["dark_rate"], 6 * huge_size**2, "D")
    axes[0, 0].plot([], [], "o", color=_OURS, ms=5, label="20 frames")
    if huge is not None:
        axes[0, 0].plot([], [], "D", color=_OURS, ms=5, label="6 frames")
    axes[0, 0].legend(fontsize="small")
    axes[1, 0].plot([], [], "o", color=_OURS, ms=5, label="growth of the peak")
    axes[1, 0].plot([], [], "_", color=_RESULTS, ms=14, mew=2, label="of it results")
    axes[1, 0].legend(fontsize="small")
    axes[0, 0].set(ylabel="wall time per sample (ns)", xscale="log", ylim=(0, None))
    axes[1, 0].set(ylabel="memory (MiB)", yscale="log", xlabel="pixels (millions)")
    axes[1, 1].set(xlabel=f"frames ({size} x {size} pixels)", xlim=(0, None))
    axes[1, 2].set(xlabel=f"threads (20 frames, {size} x {size})", xticks=[1, 2], xlim=(0.5, 2.5))
    return figure


def _point(column, place, rows, samples, marker):
    """Time per sample and memory of one point, into the two panels of a column."""
    times, growths = [row["wall"] / samples * 1e9 for row in rows], [row["memory"] for row in rows]
    for panel, values in zip(column, (times, growths), strict=True):
        value = statistics.median(values)
        errors = [[value - min(values)], [max(values) - value]]
        panel.errorbar(place, value, errors, fmt=marker, ms=5, capsize=3, color=_OURS)
    column[1].plot(place, statistics.median(row["outputs"] for row in rows), "_", ms=14, mew=2, color=_RESULTS)
