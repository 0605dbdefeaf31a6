# Licensed under a 3-clause BSD style license - see LICENSE
"""Lists of bad pixels, in the formats of other programs."""
