# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames, from CCDData or FITS files: read by rows; what their headers tell, and what their pixels show."""
