# Licensed under a 3-clause BSD style license - see LICENSE
"""Check of the arguments that tell the noise, which all planning functions share."""

import numpy as np
from astropy import units as u

from .._interface.arguments import checked_count, checked_quantity

__all__ = ["checked_noise"]


def checked_noise(read_noise, bias_frames, bias_error):
    """Read noise of a frame and standard deviation of the bias, as floats (electron); see `rate_uncertainty`."""
    noise = checked_quantity("read_noise", read_noise, u.electron, zero=True)
    if bias_frames is not None and bias_error is not None:
        raise ValueError("bias_frames and bias_error both tell the error of the bias: give one of them")
    if bias_frames is not None:
        return noise, noise / np.sqrt(checked_count("bias_frames", bias_frames))
    return noise, 0.0 if bias_error is None else checked_quantity("bias_error", bias_error, u.electron, zero=True)
