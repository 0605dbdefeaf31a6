# Licensed under a 3-clause BSD style license - see LICENSE
"""Laws, fits and tails, on plain arrays."""
