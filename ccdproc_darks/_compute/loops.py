# Licensed under a 3-clause BSD style license - see LICENSE
"""Loops over pixels in Cython, where they were built: results are the same without them, to the bit, but take longer.

numpy makes some thirty passes over a block for the test of two rates alone; one loop makes one (see *Benchmarks* in the
documentation). Where there was no compiler, or the environment has CCDPROC_DARKS_NO_C, there is None in their place.
"""

import os
from contextlib import suppress

__all__ = ["MOST_EXPOSURES", "counts", "file_sums", "fit", "pair", "rate", "sums"]

# Of `fit`.
MOST_EXPOSURES = 16

counts = file_sums = fit = pair = rate = sums = None
if not os.environ.get("CCDPROC_DARKS_NO_C"):
    with suppress(ImportError):
        from ._loops import counts, file_sums, fit, pair, rate, sums
    if os.name != "posix":
        # There it can read nothing.
        file_sums = None
