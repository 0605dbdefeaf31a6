# Licensed under a 3-clause BSD style license - see LICENSE
"""Statistics on plain arrays: noise model, fits of rates, probabilities of large departures."""
