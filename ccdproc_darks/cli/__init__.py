# Licensed under a 3-clause BSD style license - see LICENSE
"""The command ``ccdproc-darks``."""

from .command import main

__all__ = ["main"]
