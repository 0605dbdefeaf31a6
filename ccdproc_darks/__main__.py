# Licensed under a 3-clause BSD style license - see LICENSE
"""``python -m ccdproc_darks``: the command ``ccdproc-darks``, also where its script is not on the path."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main(prog="python -m ccdproc_darks"))
