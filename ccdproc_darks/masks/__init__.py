# Licensed under a 3-clause BSD style license - see LICENSE
"""From rates to flags and a mask."""
