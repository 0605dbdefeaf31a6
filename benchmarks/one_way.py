# Licensed under a 3-clause BSD style license - see LICENSE
"""One way measured once, in this process: ``python -m benchmarks.one_way TASK WAY DATA SIZE`` prints a line of JSON."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
from astropy import log
from astropy.nddata import CCDData

from .pairs import measured

__all__ = ["WARM_UP", "size_of"]

#: Rows and columns of the frames that a way is tried on before it is measured.
WARM_UP = 64


def size_of(results):
    """Memory (MiB) of the arrays that a way returns."""
    if isinstance(results, CCDData):
        deviation = None if results.uncertainty is None else results.uncertainty.array
        return size_of((results.data, results.mask, deviation))
    if isinstance(results, list | tuple):
        return sum(size_of(each) for each in results)
    return results.nbytes / 2**20 if isinstance(results, np.ndarray) else 0.0


def main():
    """Warm up, measure, print."""
    name, way, data, size = sys.argv[1:]
    task = importlib.import_module(f"benchmarks.{name}").TASK
    way, data, size = task.ways[way], Path(data), int(size)
    log.setLevel("WARNING")
    way.call(way.ready(data, WARM_UP))
    ready = way.ready(data, size)
    row, results = measured(lambda: way.call(ready))
    print(json.dumps({**row, "outputs": size_of(results), "numbers": task.numbers(results)}))


if __name__ == "__main__":
    main()
