"""All bad inputs that are tried: groups of rows by their title."""

from . import (
    checks,
    command,
    detectors,
    duplicates,
    files,
    headers,
    numbers,
    plans,
    rates_by_hand,
    sections,
    simulation,
)
from . import checks, command, detectors, duplicates, files, headers, kinds, numbers, plans, sections, simulation
from . import checks, command, detectors, duplicates, files, headers, lists, numbers, plans, sections, simulation

__all__ = ["GROUPS", "ROWS"]

GROUPS = {
    title: rows
    for module in (
        duplicates,
        files,
        detectors,
        headers,
        sections,
        numbers,
        rates_by_hand,
        simulation,
        plans,
        checks,
        command,
    )
    for module in (duplicates, files, detectors, headers, sections, numbers, kinds, simulation, plans, checks, command)
        lists,
    for title, rows in module.GROUPS.items()
}
ROWS = [row for rows in GROUPS.values() for row in rows]
