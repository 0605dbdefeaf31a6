# Licensed under a 3-clause BSD style license - see LICENSE
"""How well darks of two exposure times show whether a pixel is proportional to exposure time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from astropy import units as u
from scipy.special import ndtr, ndtri

from .._interface.arguments import ELECTRON_PER_SECOND, checked_count, checked_number, checked_quantity
from ..statistics.significance import critical_deviate
from .dark_pair import DarkPair, Exposures
from .solutions import positive_root, smallest_number

__all__ = ["departure_power", "frames_to_test", "smallest_departure", "smallest_testable_rate"]


def departure_power(
    rate: u.Quantity, departure: float, *, exposures: Exposures, frames: int | Sequence[int], read_noise: u.Quantity,
    pixels: int, bias_frames: int | None = None, bias_error: u.Quantity | None = None, false_positives: float = 1.0,
) -> float | np.ndarray:  # fmt: skip
    """Probability that darks of two exposure times detect a pixel that is not proportional to exposure time.

    Parameters
    ----------
    rate : `~astropy.units.Quantity`
        Dark rate of the pixel (electron/s), one or an array.
    departure : float
        Difference of its rates at the two exposure times, as a fraction of ``rate``, in either direction.
    exposures : `~astropy.units.Quantity`
        The two exposure times.
    frames : int or two int
        Number of darks of each exposure time.
    read_noise : `~astropy.units.Quantity`
        Read noise of one frame (electron), as measured on digitised frames.
    pixels : int
        Number of pixels that are tested.
    bias_frames, bias_error : int, `~astropy.units.Quantity`, optional
        Number of frames in the master bias of both exposure times, or its standard deviation (electron). With neither,
        the bias has no error.
    false_positives : float
        Expected number of proportional pixels among all that are called not proportional.

    Returns
    -------
    float or `numpy.ndarray`
        Probability, of the shape of ``rate``.

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        If an argument lacks its unit, has a wrong one or is out of range.

    See Also
    --------
    ccdproc_darks.hot_pixel_mask : Makes this test, and flags NONLINEAR (which also takes a difference measured to be
        larger than its tolerance) and UNRELIABLE_DARK.

    Notes
    -----
    The two rates differ significantly where ``|d_1 - d_2| > z_c s``, with

    ``s**2 = V_1 / (N_1 t_1**2) + V_2 / (N_2 t_2**2) + s_b**2 (1 / t_1 - 1 / t_2)**2``, ``V_i = d t_i + R**2``

    at the rate d of both together (see `ccdproc_darks.compare_dark_rates`). A normal deviate is beyond ``+-z_c`` with
    the probability ``false_positives / pixels``. A departure f is detected, in its own direction, with the probability
    ``Phi(f d / s - z_c)``, where Phi is the normal distribution function. This takes the difference to scatter as in a
    proportional pixel. For 350 or more electrons in all short darks together it is the mean probability of both
    directions to 0.02 (measured), and that of either direction to 0.05 for f = 0.1 and to 0.15 for f = 0.3.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks.planning import departure_power
    >>> darks = dict(exposures=[90, 1000] * u.s, frames=(10, 20), read_noise=10 * u.electron, pixels=4096**2)
    >>> print(departure_power([1, 4, 16] * u.electron / u.s, 0.1, **darks).round(3))
    [0.    0.419 1.   ]
    """
    d = checked_quantity("rate", rate, ELECTRON_PER_SECOND, scalar=False)
    f = checked_number("departure", departure)
    pair = DarkPair(exposures, frames, read_noise, bias_frames, bias_error)
    return ndtr(f * d / pair.deviation(d) - _critical(pixels, false_positives))


def smallest_departure(
    rate: u.Quantity, *, exposures: Exposures, frames: int | Sequence[int], read_noise: u.Quantity, pixels: int,
    bias_frames: int | None = None, bias_error: u.Quantity | None = None, false_positives: float = 1.0,
    power: float = 0.5,
) -> float | np.ndarray:  # fmt: skip
    """Smallest departure from proportionality that darks of two exposure times detect.

    Parameters
    ----------
    rate, exposures, frames, read_noise, pixels, bias_frames, bias_error, false_positives
        See `departure_power`, which raises the same errors.
    power : float
        Probability that the departure is detected.

    Returns
    -------
    float or `numpy.ndarray`
        Difference of the rates at the two exposure times, as a fraction of ``rate``; of the shape of ``rate``.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks.planning import smallest_departure
    >>> darks = dict(exposures=[90, 1000] * u.s, frames=(10, 20), read_noise=10 * u.electron, pixels=4096**2)
    >>> print(smallest_departure([1, 4, 16] * u.electron / u.s, **darks).round(3))
    [0.266 0.104 0.048]
    """
    d = checked_quantity("rate", rate, ELECTRON_PER_SECOND, scalar=False)
    pair = DarkPair(exposures, frames, read_noise, bias_frames, bias_error)
    return _deviates(pixels, false_positives, power) * pair.deviation(d) / d


def frames_to_test(
    rate: u.Quantity, *, exposures: Exposures, read_noise: u.Quantity, pixels: int, bias_frames: int | None = None,
    bias_error: u.Quantity | None = None, tolerance: float = 0.1, false_positives: float = 1.0, power: float = 0.5,
) -> int | np.ndarray:  # fmt: skip
    """Number of darks of each of two exposure times that detect a departure from proportionality.

    Parameters
    ----------
    rate, exposures, read_noise, pixels, bias_frames, bias_error, false_positives
        See `departure_power`.
    tolerance : float
        Departure to detect, as a fraction of the rate.
    power : float
        Probability that the departure is detected.

    Returns
    -------
    int or `numpy.ndarray` of int
        Number of darks of each exposure time, of the shape of ``rate``.

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        See `departure_power`. Also if no number of darks is enough, because the bias error does not average out.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks.planning import frames_to_test
    >>> frames_to_test([1, 4, 16] * u.electron / u.s, exposures=[90, 1000] * u.s, read_noise=10 * u.electron,
    ...                pixels=4096**2)
    array([73, 12,  3])
    """
    d = checked_quantity("rate", rate, ELECTRON_PER_SECOND, scalar=False)
    pair = DarkPair(exposures, 1, read_noise, bias_frames, bias_error)
    allowed = checked_number("tolerance", tolerance) * d / _deviates(pixels, false_positives, power)
    return smallest_number(pair.own_variance(d), pair.bias_error, pair.lever, allowed, pair.read_noise, pair.seconds)


def smallest_testable_rate(
    *, exposures: Exposures, frames: int | Sequence[int], read_noise: u.Quantity, pixels: int,
    bias_frames: int | None = None, bias_error: u.Quantity | None = None, tolerance: float = 0.1,
    false_positives: float = 1.0, power: float = 0.5,
) -> u.Quantity:  # fmt: skip
    """Smallest dark rate whose proportionality darks of two exposure times can test.

    With the default ``power``, `ccdproc_darks.hot_pixel_mask` flags hot pixels of lower rates as
    :term:`UNRELIABLE_DARK`.

    Parameters
    ----------
    exposures, frames, read_noise, pixels, bias_frames, bias_error, false_positives
        See `departure_power`, which raises the same errors.
    tolerance, power
        See `frames_to_test`.

    Returns
    -------
    `~astropy.units.Quantity`
        Rate (electron/s).

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks.planning import smallest_testable_rate
    >>> rate = smallest_testable_rate(exposures=[90, 1000] * u.s, frames=(10, 20), read_noise=10 * u.electron,
    ...                               pixels=4096**2)
    >>> print(f"{rate:.2f}")
    4.26 electron / s
    """
    pair = DarkPair(exposures, frames, read_noise, bias_frames, bias_error)
    k = _deviates(pixels, false_positives, power) / checked_number("tolerance", tolerance)
    return positive_root(k**2 * pair.slope, (k * pair.deviation(0.0)) ** 2) * ELECTRON_PER_SECOND


def _critical(pixels, false_positives):
    """Normal deviate beyond which, on both sides together, ``false_positives`` of the pixels are expected."""
    pixels = checked_count("pixels", pixels)
    return critical_deviate(checked_number("false_positives", false_positives, maximum=pixels) / pixels / 2)


def _deviates(pixels, false_positives, power):
    """Number of standard deviations by which two rates must differ to be found different with this power."""
    critical = _critical(pixels, false_positives)
    deviates = critical + ndtri(checked_number("power", power, maximum=1.0))
    if deviates <= 0:
        raise ValueError(f"power must be above {ndtr(-critical):g}, which a proportional pixel has, got {power!r}")
    return float(deviates)
