# Licensed under a 3-clause BSD style license - see LICENSE
"""Work done block by block; knows nothing of darks."""
