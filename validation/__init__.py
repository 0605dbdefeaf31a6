# Licensed under a 3-clause BSD style license - see LICENSE
"""Whether the statistics are right: studies that anyone can run, and whose tables and figures the documentation shows.

``python -m validation --help`` lists them.
"""
