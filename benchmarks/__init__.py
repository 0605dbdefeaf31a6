# Licensed under a 3-clause BSD style license - see LICENSE
"""How fast and how small: tasks measured beside the ccdproc way, for tables and figures of the documentation.

``python -m benchmarks --help`` lists them.
"""
