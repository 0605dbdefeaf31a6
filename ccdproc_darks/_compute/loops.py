# Licensed under a 3-clause BSD style license - see LICENSE
"""Compiled loops over pixels (Cython). Without them results are the same, to the bit, but take longer.

For the test of two rates alone, numpy makes some thirty passes over a block, and a loop one (see *Benchmarks* in the
documentation). Each is None where there was no compiler, or where the environment has CCDPROC_DARKS_NO_C.
"""

import os
from contextlib import suppress

__all__ = ["MOST_EXPOSURES", "counts", "file_sums", "fit", "moments", "pair", "rate", "several", "sums"]

# Most exposure times that `fit` and `several` take.
MOST_EXPOSURES = 16

counts = file_sums = fit = moments = pair = rate = several = sums = None
if not os.environ.get("CCDPROC_DARKS_NO_C"):
    with suppress(ImportError):
        from ._loops import counts, file_sums, fit, moments, pair, rate, several, sums
    if os.name != "posix":
        # It reads files in a way that only POSIX has.
        file_sums = None
