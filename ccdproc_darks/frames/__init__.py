# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames, from CCDData or FITS files: read by rows; gain, exposure time and the like from their headers; what they show."""
