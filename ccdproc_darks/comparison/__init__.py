# Licensed under a 3-clause BSD style license - see LICENSE
"""Whether rates agree: between exposure times, halves and frames."""
