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
    lists,
    numbers,
    plans,
    rates_by_hand,
    reductions,
    sections,
    simulation,
)  # fmt: skip
    scales,
)

__all__ = ["GROUPS", "ROWS"]

_MODULES = (
    duplicates, files, detectors, headers, sections, numbers, rates_by_hand, changes, kinds, reductions, lists,
    simulation, plans, checks, command,
)  # fmt: skip
GROUPS = {title: rows for module in _MODULES for title, rows in module.GROUPS.items()}
from . import checks, command, detectors, duplicates, files, headers, lines, numbers, plans, sections, simulation


GROUPS = {
    title: rows
    for module in (duplicates, files, detectors, headers, sections, lines, numbers, simulation, plans, checks, command)
    for module in (
        duplicates,
        files,
        detectors,
        headers,
        sections,
        numbers,
        reductions,
        simulation,
        plans,
        checks,
        scales,
        command,
    )
    for title, rows in module.GROUPS.items()
}
ROWS = [row for rows in GROUPS.values() for row in rows]
