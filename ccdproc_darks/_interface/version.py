# Licensed under a 3-clause BSD style license - see LICENSE
"""The version of the installed package."""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["__version__"]

try:
    __version__ = version("ccdproc_darks")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"
