# Licensed under a 3-clause BSD style license - see LICENSE
"""What frames show of themselves: digits, clipping, gain, read noise and levels, whatever headers tell."""
