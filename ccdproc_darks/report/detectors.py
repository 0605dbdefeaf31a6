# Licensed under a 3-clause BSD style license - see LICENSE
"""The detectors, or amplifiers, whose images are in one file: each is measured by itself, with its name."""

from dataclasses import replace

__all__ = ["DETECTOR", "detectors_of"]

# Key under which the name of a detector is among the settings that part groups.
DETECTOR = "EXTNAME"


def detectors_of(file, reading):
    """Pairs of a `Reading` and the name of the detector that it reads, for each in the file that was read as ``file``.

    The name is EXTNAME, or the number of the HDU where that is missing or not the only one; it is empty where there is
    one detector only, or the ``reading`` tells which one is wanted.
    """
    if reading.hdu is not None or not file.others:
        return [(reading, "")]
    found = [(file.number, file.name), *file.others]
    names = [name for _, name in found]
    return [
        (replace(reading, hdu=number), name if name and names.count(name) == 1 else f"HDU {number}")
        for number, name in found
    ]
