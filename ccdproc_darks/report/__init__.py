# Licensed under a 3-clause BSD style license - see LICENSE
"""From a folder of frames to a report: find and group them, measure, draw, write."""
