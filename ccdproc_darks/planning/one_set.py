# Licensed under a 3-clause BSD style license - see LICENSE
"""How well darks of one exposure time measure a dark rate."""

from __future__ import annotations

import numpy as np
from astropy import units as u

from .._interface.arguments import ELECTRON_PER_SECOND, checked_count, checked_number, checked_quantity
from ..statistics.noise import frame_variance
from .arguments import checked_noise
from .solutions import positive_root, smallest_number

__all__ = ["exposure_needed", "frames_needed", "rate_uncertainty", "smallest_rate"]


def rate_uncertainty(
    rate: u.Quantity, *, exposure: u.Quantity, frames: int, read_noise: u.Quantity, bias_frames: int | None = None,
    bias_error: u.Quantity | None = None,
) -> u.Quantity:  # fmt: skip
    """Uncertainty of the dark rate of a pixel, from the mean of darks of one exposure time.

    Parameters
    ----------
    rate : `~astropy.units.Quantity`
        Dark rate (electron/s), one or an array; zero gives the uncertainty by read noise and bias alone.
    exposure : `~astropy.units.Quantity`
        Exposure time of each dark, one or an array that broadcasts with ``rate``.
    frames : int
        Number of darks.
    read_noise : `~astropy.units.Quantity`
        Read noise of one frame (electron), as measured on digitised frames.
    bias_frames, bias_error : int, `~astropy.units.Quantity`, optional
        Number of frames in the master bias, or the :term:`bias error` (electron). With neither, the bias has no error.

    Returns
    -------
    `~astropy.units.Quantity`
        Standard deviation (electron/s), of the shape of ``rate`` and ``exposure`` together.

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        If an argument lacks its unit, has a wrong one or is out of range.

    See Also
    --------
    ccdproc_darks.dark_rate : Measures rates, with this uncertainty.

    Notes
    -----
    ``Var(d) = ((d t + R**2) / N + s_b**2) / t**2``, with ``s_b**2 = R**2 / N_b`` for a master bias of N_b frames (EMVA
    Standard 1288, release 4.0, section 2; Howell, Handbook of CCD Astronomy, section 4.4). The rest of this module
    solves it for d, N or t.

    Examples
    --------
    Read noise alone in ten darks of 90 s:

    >>> from astropy import units as u
    >>> from ccdproc_darks.planning import rate_uncertainty
    >>> noise = rate_uncertainty(0 * u.electron / u.s, exposure=90 * u.s, frames=10, read_noise=10 * u.electron)
    >>> print(f"{noise:.3f}")
    0.035 electron / s
    """
    d = checked_quantity("rate", rate, ELECTRON_PER_SECOND, zero=True, scalar=False)
    t = checked_quantity("exposure", exposure, u.s, scalar=False)
    number = checked_count("frames", frames)
    read_noise, bias_error = checked_noise(read_noise, bias_frames, bias_error)
    return np.sqrt(frame_variance(d * t, read_noise) / number + bias_error**2) / t * ELECTRON_PER_SECOND


def smallest_rate(
    *, exposure: u.Quantity, frames: int, read_noise: u.Quantity, bias_frames: int | None = None,
    bias_error: u.Quantity | None = None, signal_to_noise: float = 3.0,
) -> u.Quantity:  # fmt: skip
    """Smallest dark rate that darks of one exposure time measure with a given signal to noise.

    Parameters
    ----------
    exposure, frames, read_noise, bias_frames, bias_error
        See `rate_uncertainty`, which raises the same errors.
    signal_to_noise : float
        Ratio of the rate to its own uncertainty.

    Returns
    -------
    `~astropy.units.Quantity`
        Rate (electron/s), of the shape of ``exposure``.

    Notes
    -----
    The rate d with ``d = k sigma(d)``, where k is the signal to noise: it is measured to ``1 / k`` of itself. This is
    the determination limit L_Q of Currie (1968, Analytical Chemistry 40, 586). It is not his critical level L_C (the
    lower ``k sigma(0)``, above which a measured rate is no longer taken for noise), nor his detection limit L_D.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks.planning import smallest_rate
    >>> rate = smallest_rate(exposure=[90, 1000] * u.s, frames=10, read_noise=10 * u.electron, bias_frames=20)
    >>> print(rate.round(4))
    [0.1342 0.0121] electron / s
    """
    t = checked_quantity("exposure", exposure, u.s, scalar=False)
    number = checked_count("frames", frames)
    read_noise, bias_error = checked_noise(read_noise, bias_frames, bias_error)
    k = checked_number("signal_to_noise", signal_to_noise)
    constant = (k / t) ** 2 * (read_noise**2 / number + bias_error**2)
    return positive_root(k**2 / (number * t), constant) * ELECTRON_PER_SECOND


def frames_needed(
    rate: u.Quantity, *, exposure: u.Quantity, read_noise: u.Quantity, bias_frames: int | None = None,
    bias_error: u.Quantity | None = None, precision: float = 0.1,
) -> int | np.ndarray:  # fmt: skip
    """Number of darks of one exposure time that measure a dark rate to a relative precision.

    Parameters
    ----------
    rate, exposure, read_noise, bias_frames, bias_error
        See `rate_uncertainty`; the rate must be above zero.
    precision : float
        Standard deviation of the measured rate wanted, as a fraction of the rate.

    Returns
    -------
    int or `numpy.ndarray` of int
        Number of darks, of the shape of ``rate`` and ``exposure`` together.

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        See `rate_uncertainty`. Also if no number of darks is enough, because the bias error does not average out.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks.planning import frames_needed
    >>> camera = dict(read_noise=10 * u.electron, bias_frames=100)
    >>> frames_needed([0.02, 0.2] * u.electron / u.s, exposure=1000 * u.s, **camera)
    array([40,  1])
    >>> frames_needed(0.01 * u.electron / u.s, exposure=90 * u.s, **camera)
    Traceback (most recent call last):
        ...
    ValueError: no number of frames of 90 s is enough: the error of the bias, 1 electron, is 11.11 times what that
    allows. Frames of more than 1000 s are needed, or a bias error below 0.09 electron (more than 12345 bias frames)
    """
    d = checked_quantity("rate", rate, ELECTRON_PER_SECOND, scalar=False)
    t = checked_quantity("exposure", exposure, u.s, scalar=False)
    read_noise, bias_error = checked_noise(read_noise, bias_frames, bias_error)
    allowed = checked_number("precision", precision) * d
    return smallest_number(frame_variance(d * t, read_noise) / t**2, bias_error, 1 / t, allowed, read_noise, [t])


def exposure_needed(
    rate: u.Quantity, *, frames: int, read_noise: u.Quantity, bias_frames: int | None = None,
    bias_error: u.Quantity | None = None, precision: float = 0.1,
) -> u.Quantity:  # fmt: skip
    """Exposure time with which a number of darks measures a dark rate to a relative precision.

    Parameters
    ----------
    rate, frames, read_noise, bias_frames, bias_error
        See `rate_uncertainty`, which raises the same errors; the rate must be above zero.
    precision
        See `frames_needed`.

    Returns
    -------
    `~astropy.units.Quantity`
        Exposure time of each dark (s), of the shape of ``rate``.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks.planning import exposure_needed
    >>> time = exposure_needed(0.01 * u.electron / u.s, frames=10, read_noise=10 * u.electron, bias_frames=20)
    >>> print(f"{time:.0f}")
    4405 s
    """
    d = checked_quantity("rate", rate, ELECTRON_PER_SECOND, scalar=False)
    number = checked_count("frames", frames)
    read_noise, bias_error = checked_noise(read_noise, bias_frames, bias_error)
    p = checked_number("precision", precision)
    return positive_root(1 / (p**2 * number), (read_noise**2 / number + bias_error**2) / p**2) / d * u.s
