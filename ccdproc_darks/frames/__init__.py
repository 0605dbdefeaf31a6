# Licensed under a 3-clause BSD style license - see LICENSE
"""CCDData and FITS files as frames that are read by rows, and what their headers say."""
