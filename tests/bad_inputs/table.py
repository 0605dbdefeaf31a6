"""All bad inputs that are tried: groups of rows by their title."""

from . import (
    changes,
    checks,
    command,
    detectors,
    duplicates,
    files,
    headers,
    kinds,
    lines,
    lists,
    maps,
    numbers,
    pictures,
    pictures_of_pixels,
    plans,
    rates_by_hand,
    reductions,
    scales,
    sections,
    simulation,
    summaries,
)  # fmt: skip

__all__ = ["GROUPS", "ROWS"]

_MODULES = (
    duplicates, files, detectors, headers, sections, numbers, rates_by_hand, changes, lines, kinds, reductions, scales,
    lists, maps, simulation, plans, checks, summaries, command, pictures, pictures_of_pixels,
)  # fmt: skip
GROUPS = {title: rows for module in _MODULES for title, rows in module.GROUPS.items()}
ROWS = [row for rows in GROUPS.values() for row in rows]
