# Licensed under a 3-clause BSD style license - see LICENSE
"""Rates into the reduction of other frames: a dark of any exposure time, and its scale."""
