"""All bad inputs that are tried: groups of rows by their title."""

from . import changes, checks, command, detectors, duplicates, files, headers, numbers, plans, sections, simulation

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
        simulation,
        plans,
        changes,
        checks,
        command,
    )
    for title, rows in module.GROUPS.items()
}
ROWS = [row for rows in GROUPS.values() for row in rows]
