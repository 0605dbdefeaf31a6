# Licensed under a 3-clause BSD style license - see LICENSE
"""The public edge: checks of arguments, results with their headers, warnings."""
