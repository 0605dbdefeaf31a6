# Licensed under a 3-clause BSD style license - see LICENSE
"""The FITS header that a camera writes into a frame."""

import numpy as np
from astropy import units as u
from astropy.io import fits

__all__ = ["camera_header", "digitised_read_noise"]


def camera_header(sensor, seconds, dtype, *, celsius=None, start=None):
    """Header of a frame of ``seconds`` (0 for a bias frame) that began at the Time ``start``, at ``celsius`` deg C.

    Unsigned integers as ``dtype`` are digitised counts. RDNOISE is the read noise as measured on such frames, as
    `dark_rate` expects it, of a pixel that is neither noisy nor has telegraph read noise.
    """
    response = sensor.response
    noise = float(np.hypot(response.read_noise, np.hypot(sensor.row_noise.value, sensor.column_noise.value)))
    if dtype.kind == "u":
        noise = digitised_read_noise(noise, response.gain)
    trusted = response.trusted(dtype, noise, sensor.pixels.columns)
    header = fits.Header()
    header["IMAGETYP"] = ("Dark Frame" if seconds > 0 else "Bias Frame", "type of image")
    header["EXPTIME"] = (seconds, "[s] exposure time")
    header["EXPOSURE"] = (seconds, "[s] exposure time")
    if start is not None:
        header["DATE-OBS"] = (start.isot, "start of the exposure (UTC)")
        header["MJD-OBS"] = (round(start.mjd, 8), "[d] MJD of DATE-OBS")
    header["EGAIN"] = (response.gain, "[electron/adu] gain")
    header["RDNOISE"] = (noise, "[electron] read noise of a digitised frame")
    header["XBINNING"] = (1, "binning along columns")
    header["YBINNING"] = (1, "binning along rows")
    header["INSTRUME"] = (sensor.name, "camera")
    if sensor.pixel_size is not None:
        header["XPIXSZ"] = header["YPIXSZ"] = (sensor.pixel_size.to_value(u.um), "[um] size of a pixel")
    if trusted is not None:
        header["SATURATE"] = (trusted, "[adu] counts above are clipped or not linear")
    if celsius is not None:
        header["CCD-TEMP"] = (celsius, "[deg C] sensor temperature")
        header["SET-TEMP"] = (celsius, "[deg C] sensor temperature asked for")
    return header


def digitised_read_noise(read_noise, gain):
    """Read noise measured on digitised frames (electron): ``sqrt(R**2 + g**2 / 12)``.

    The second term is the variance of rounding to whole adu (EMVA 1288).
    """
    return float(np.sqrt(read_noise**2 + gain**2 / 12))
