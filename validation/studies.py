# Licensed under a 3-clause BSD style license - see LICENSE
"""The studies, each of which makes one table."""

import functools
from concurrent.futures import ProcessPoolExecutor

from astropy.table import Table

from .bad_lines import bad_lines, line_cells
from .cells import PROBABILITIES, rate_distribution_of, several_cells, two_rate_cells
from .changes import change_cells, changes, list_cells, lists
from .dark_scales import dark_scales, scale_cells
from .end_to_end import frame_cells, from_frames
from .hot_pixels import hot_cells, hot_pixels
from .master_darks import dark_cells, master_darks
from .methods import free_line, propagated, this_package
from .noise_cells import described, noise_cells
from .noise_maps import false_positives as noise_false_positives
from .noise_power import power_noise_cells, recalls
from .nonlinear_kinds import kind_cells, nonlinear_kinds
from .power import power, power_cells
from .presets import SHAPES, preset_areas
from .rates import rate_cells, rate_errors
from .several_rates import drawn_false_positives
from .two_rates import false_positives

__all__ = ["STUDIES", "run"]


# Few and small sensors, to see that it runs.
_QUICK = {"sensors": 1, "shape": (300, 300)}


def _described(cell):
    return {
        "read_noise": cell.read_noise,
        "rate": cell.rate,
        "exposures": " ".join(f"{seconds:g}" for seconds in cell.seconds),
        "frames": " ".join(map(str, cell.frames)) if len(set(cell.frames)) > 1 else str(cell.frames[0]),
        "bias": cell.bias,
    }


def _two_rates(cell):
    row = _described(cell)
    ours = false_positives(cell, functools.partial(this_package, cell, rate_distribution=rate_distribution_of(cell)))
    theirs = false_positives(cell, functools.partial(propagated, cell))
    for name, result in (("ours", ours), ("propagated", theirs)):
        for probability in PROBABILITIES:
            for side, value in zip(("high", "low"), result[probability], strict=True):
                row[f"{name}_{side}_{probability:.0e}"] = float(f"{value:.4g}")
    return row


def _several_rates(cell, draws=1_500_000):
    row = _described(cell)
    ours = functools.partial(this_package, cell, rate_distribution=rate_distribution_of(cell))
    for name, method, number in (("ours", ours, draws), ("free_line", functools.partial(free_line, cell), draws // 5)):
        for probability, (ratio, error) in drawn_false_positives(cell, method, draws=number).items():
            row[f"{name}_{probability:.0e}"], row[f"{name}_error_{probability:.0e}"] = ratio, error
    return row


def _free_offset(cell):
    row = _described(cell)
    method = functools.partial(
        this_package, cell, rate_distribution=rate_distribution_of(cell, free_offset=True), free_offset=True
    )
    for probability, (ratio, error) in drawn_false_positives(cell, method, draws=1_000_000).items():
        row[f"ours_{probability:.0e}"], row[f"ours_error_{probability:.0e}"] = ratio, error
    return row


def _rates(cell):
    mean, width = rate_errors(cell)
    return {**_described(cell), "mean": mean, "width": width, "efficiency": width**-2}


def _power(cell):
    row = _described(cell)
    for side, values in power(cell).items():
        row |= dict(
            zip((f"{side}_departure", f"{side}_ideal", f"{side}_ours", f"{side}_propagated"), values, strict=True)
        )
    return row


def _frames(arguments):
    noise, rate, clip = arguments
    ratios, width = from_frames(noise, rate, clip)
    row = {"read_noise": noise, "rate": rate, "clip": "none" if clip is None else f"{clip:g}", "width": width}
    for probability, (high, low) in ratios.items():
        row[f"high_{probability:.0e}"], row[f"low_{probability:.0e}"] = high, low
    return row


def _noise_maps(cell, quick=False):
    return {**described(cell), **noise_false_positives(cell, **(_QUICK if quick else {}))}


def _noise_power(cell, quick=False):
    # Draws, and nodes of the grid of noises.
    return {**described(cell), **recalls(cell, **(_QUICK | {"draws": 250_000, "points": (3, 3)} if quick else {}))}


def _hot_pixels(cell, quick=False):
    return {**described(cell), **hot_pixels(cell, **(_QUICK if quick else {}))}


def _nonlinear_kinds(cell, quick=False):
    return nonlinear_kinds(cell, **(_QUICK if quick else {}))


def _bad_lines(cell, quick=False):
    return bad_lines(cell, **(_QUICK if quick else {}))


def _dark_scales(cell, quick=False):
    return {"field": cell.field, **dark_scales(cell, **({"frames": 5, "shape": (300, 300)} if quick else {}))}


def _presets(preset):
    return [
        {"preset": preset, "pixels": name, "number": number, **areas} for name, number, areas in preset_areas(preset)
    ]


def _free_offset_cells(quick):
    return [cell for cell in several_cells(quick) if len(cell.seconds) < 11]


#: Name of each study: its cells (by whether to be quick) and what makes a row, or rows, of each.
STUDIES = {
    "two_rates": (two_rate_cells, _two_rates),
    "several_rates": (several_cells, _several_rates),
    "free_offset": (_free_offset_cells, _free_offset),
    "rates": (rate_cells, _rates),
    "power": (power_cells, _power),
    "frames": (frame_cells, _frames),
    "presets": (lambda quick: ["low-noise-cmos"] if quick else list(SHAPES), _presets),
    "noise_maps": (noise_cells, _noise_maps),
    "noise_power": (power_noise_cells, _noise_power),
    "hot_pixels": (hot_cells, _hot_pixels),
    "nonlinear_kinds": (kind_cells, _nonlinear_kinds),
    "bad_lines": (line_cells, _bad_lines),
    "master_darks": (dark_cells, master_darks),
    "dark_scales": (scale_cells, _dark_scales),
    "changes": (change_cells, changes),
    "change_lists": (list_cells, lists),
}
# Studies whose sensors are smaller where it shall be quick.
_SMALLER = ("noise_maps", "noise_power", "hot_pixels", "nonlinear_kinds", "bad_lines", "dark_scales")


def run(name, quick=False, workers=None, progress=lambda rows, total: rows):
    """Table of a study; ``progress`` wraps the rows as they come."""
    cells, work = STUDIES[name]
    todo = list(cells(quick))
    if name in _SMALLER:
        work = functools.partial(work, quick=quick)
    with ProcessPoolExecutor(workers) as pool:
        rows = list(progress(pool.map(work, todo), len(todo)))
    flat = [row for each in rows for row in (each if isinstance(each, list) else [each])]
    return Table(rows=flat)
