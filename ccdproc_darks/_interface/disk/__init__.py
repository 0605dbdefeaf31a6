# Licensed under a 3-clause BSD style license - see LICENSE
"""The edge to the disk: folders written whole or not at all, temporary files, signals."""
