# Licensed under a 3-clause BSD style license - see LICENSE
"""From frames to mean counts to rates."""
