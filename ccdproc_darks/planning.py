# Licensed under a 3-clause BSD style license - see LICENSE
"""How many darks, and how long: what a set of darks will measure, before it is taken.

Everything follows from the variance of one dark and the error of the bias, which is the same in all darks and does not
average out. Saturation is not looked at: a pixel of rate d collects ``d t`` electrons in an exposure.
"""

import numpy as np
from astropy import units as u
from scipy.special import ndtr, ndtri

from .arguments import ELECTRON_PER_SECOND, checked_number, checked_quantity
from .headers import SAME_EXPOSURE
from .noise import frame_variance
from .significance import critical_deviate

__all__ = [
    "departure_power",
    "exposure_needed",
    "frames_needed",
    "frames_to_test",
    "rate_uncertainty",
    "smallest_departure",
    "smallest_rate",
    "smallest_testable_rate",
]

# Whole numbers beyond it are no longer all floats; and nobody takes so many frames.
_MOST_FRAMES = 2**53
# A number this close to a whole one, as a fraction, is that.
_ROUNDING = 1e-9


def rate_uncertainty(rate, *, exposure, frames, read_noise, bias_frames=None, bias_error=None):
    """
    Uncertainty of the dark rate of a pixel, from the mean of darks of one exposure time.

    Parameters
    ----------
    rate : `~astropy.units.Quantity`
        Dark rate (electron/s), one or an array; zero gives what read noise and bias alone do.
    exposure : `~astropy.units.Quantity`
        Exposure time of each dark, one or an array that broadcasts with ``rate``.
    frames : int
        Number of darks.
    read_noise : `~astropy.units.Quantity`
        Read noise of one frame (electron), as measured on digitised frames.
    bias_frames, bias_error : int, `~astropy.units.Quantity`, optional
        Number of frames in the master bias, or its error (electron). Neither: a bias without error.

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
    number = _checked_count("frames", frames)
    noise, error = _checked_noise(read_noise, bias_frames, bias_error)
    return np.sqrt(frame_variance(d * t, noise) / number + error**2) / t * ELECTRON_PER_SECOND


def smallest_rate(*, exposure, frames, read_noise, bias_frames=None, bias_error=None, signal_to_noise=3.0):
    """
    Smallest dark rate that darks of one exposure time measure with a signal to noise.

    Parameters
    ----------
    exposure, frames, read_noise, bias_frames, bias_error
        As of `rate_uncertainty`.
    signal_to_noise : float
        What a rate must be over its own uncertainty.

    Returns
    -------
    `~astropy.units.Quantity`
        Rate (electron/s), of the shape of ``exposure``.

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        As of `rate_uncertainty`.

    Notes
    -----
    The d with ``d = k sigma(d)``: a pixel that has this rate is measured to ``1 / k`` of it. This is the determination
    limit L_Q of Currie (1968, Analytical Chemistry 40, 586). It is not his critical level L_C, above which a measured
    rate is no longer taken for noise (``k sigma(0)``, which is lower), nor his detection limit L_D.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks.planning import smallest_rate
    >>> rate = smallest_rate(exposure=[90, 1000] * u.s, frames=10, read_noise=10 * u.electron, bias_frames=20)
    >>> print(rate.round(4))
    [0.1342 0.0121] electron / s
    """
    t = checked_quantity("exposure", exposure, u.s, scalar=False)
    number = _checked_count("frames", frames)
    noise, error = _checked_noise(read_noise, bias_frames, bias_error)
    k = checked_number("signal_to_noise", signal_to_noise)
    return _positive_root(k**2 / (number * t), (k / t) ** 2 * (noise**2 / number + error**2)) * ELECTRON_PER_SECOND


def frames_needed(rate, *, exposure, read_noise, bias_frames=None, bias_error=None, precision=0.1):
    """
    Number of darks of one exposure time that measure a dark rate to a relative precision.

    Parameters
    ----------
    rate, exposure, read_noise, bias_frames, bias_error
        As of `rate_uncertainty`; the rate above zero.
    precision : float
        Standard deviation of the measured rate wanted, as a fraction of the rate.

    Returns
    -------
    int or `numpy.ndarray` of int
        Of the shape of ``rate`` and ``exposure`` together.

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        As of `rate_uncertainty`; also if no number of frames is enough, as all of them have the error of the bias.

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
    noise, error = _checked_noise(read_noise, bias_frames, bias_error)
    allowed = checked_number("precision", precision) * d
    return _smallest_number(frame_variance(d * t, noise) / t**2, error, 1 / t, allowed, noise, [t])


def exposure_needed(rate, *, frames, read_noise, bias_frames=None, bias_error=None, precision=0.1):
    """
    Exposure time at which a number of darks measures a dark rate to a relative precision.

    Parameters
    ----------
    rate, frames, read_noise, bias_frames, bias_error
        As of `rate_uncertainty`; the rate above zero.
    precision : float
        Standard deviation of the measured rate wanted, as a fraction of the rate.

    Returns
    -------
    `~astropy.units.Quantity`
        Exposure time of each dark (s), of the shape of ``rate``.

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        As of `rate_uncertainty`.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks.planning import exposure_needed
    >>> time = exposure_needed(0.01 * u.electron / u.s, frames=10, read_noise=10 * u.electron, bias_frames=20)
    >>> print(f"{time:.0f}")
    4405 s
    """
    d = checked_quantity("rate", rate, ELECTRON_PER_SECOND, scalar=False)
    number = _checked_count("frames", frames)
    noise, error = _checked_noise(read_noise, bias_frames, bias_error)
    p = checked_number("precision", precision)
    return _positive_root(1 / (p**2 * number), (noise**2 / number + error**2) / p**2) / d * u.s


def departure_power(
    rate, departure, *, exposures, frames, read_noise, pixels, bias_frames=None, bias_error=None, false_positives=1.0
):
    """
    Probability that a pixel which is not proportional to exposure time is found out, by darks of two exposure times.

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
        Number of frames in the master bias that both share, or its error (electron). Neither: a bias without error.
    false_positives : float
        Proportional pixels, expected among all, that may be called not proportional.

    Returns
    -------
    float or `numpy.ndarray`
        Of the shape of ``rate``.

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

    at the rate d of both together (see `ccdproc_darks.compare_dark_rates`), and a normal deviate is beyond ``+-z_c``
    with the probability ``false_positives / pixels``. A departure f is found out, in its own direction, with the
    probability ``Phi(f d / s - z_c)`` (Phi the normal distribution's), the scatter of the difference taken for that of
    a proportional pixel. That is the mean of both directions to 0.02 (measured, for 350 electrons in all short darks
    and more; of either direction alone to 0.05 for f = 0.1, and to 0.15 for f = 0.3).

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
    pair = _Pair(exposures, frames, read_noise, bias_frames, bias_error)
    return ndtr(f * d / pair.deviation(d) - _critical(pixels, false_positives))


def smallest_departure(
    rate, *, exposures, frames, read_noise, pixels, bias_frames=None, bias_error=None, false_positives=1.0, power=0.5
):
    """
    Smallest departure from proportionality that darks of two exposure times find out.

    Parameters
    ----------
    rate, exposures, frames, read_noise, pixels, bias_frames, bias_error, false_positives
        As of `departure_power`.
    power : float
        Probability that it is found out.

    Returns
    -------
    float or `numpy.ndarray`
        Difference of the rates at the two exposure times, as a fraction of ``rate``; of the shape of ``rate``.

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        As of `departure_power`.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks.planning import smallest_departure
    >>> darks = dict(exposures=[90, 1000] * u.s, frames=(10, 20), read_noise=10 * u.electron, pixels=4096**2)
    >>> print(smallest_departure([1, 4, 16] * u.electron / u.s, **darks).round(3))
    [0.266 0.104 0.048]
    """
    d = checked_quantity("rate", rate, ELECTRON_PER_SECOND, scalar=False)
    pair = _Pair(exposures, frames, read_noise, bias_frames, bias_error)
    return _deviates(pixels, false_positives, power) * pair.deviation(d) / d


def frames_to_test(
    rate, *, exposures, read_noise, pixels, bias_frames=None, bias_error=None, tolerance=0.1, false_positives=1.0,
    power=0.5,
):  # fmt: skip
    """
    Number of darks, the same of each of two exposure times, that find out a departure from proportionality.

    Parameters
    ----------
    rate, exposures, read_noise, pixels, bias_frames, bias_error, false_positives
        As of `departure_power`.
    tolerance : float
        The departure to be found out, as a fraction of ``rate``.
    power : float
        Probability that it is found out.

    Returns
    -------
    int or `numpy.ndarray` of int
        Of the shape of ``rate``.

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        As of `departure_power`; also if no number of frames is enough, as all of them have the error of the bias.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks.planning import frames_to_test
    >>> frames_to_test([1, 4, 16] * u.electron / u.s, exposures=[90, 1000] * u.s, read_noise=10 * u.electron,
    ...                pixels=4096**2)
    array([73, 12,  3])
    """
    d = checked_quantity("rate", rate, ELECTRON_PER_SECOND, scalar=False)
    pair = _Pair(exposures, 1, read_noise, bias_frames, bias_error)
    allowed = checked_number("tolerance", tolerance) * d / _deviates(pixels, false_positives, power)
    return _smallest_number(pair.own_variance(d), pair.error, pair.lever, allowed, pair.noise, pair.seconds)


def smallest_testable_rate(
    *, exposures, frames, read_noise, pixels, bias_frames=None, bias_error=None, tolerance=0.1, false_positives=1.0,
    power=0.5,
):  # fmt: skip
    """
    Smallest dark rate whose proportionality darks of two exposure times can test.

    With the power of 0.5, `ccdproc_darks.hot_pixel_mask` flags pixels of lower rates as UNRELIABLE_DARK.

    Parameters
    ----------
    exposures, frames, read_noise, pixels, bias_frames, bias_error, false_positives
        As of `departure_power`.
    tolerance : float
        The departure to be found out, as a fraction of the rate.
    power : float
        Probability that it is found out.

    Returns
    -------
    `~astropy.units.Quantity`
        Rate (electron/s).

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        As of `departure_power`.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks.planning import smallest_testable_rate
    >>> rate = smallest_testable_rate(exposures=[90, 1000] * u.s, frames=(10, 20), read_noise=10 * u.electron,
    ...                               pixels=4096**2)
    >>> print(f"{rate:.2f}")
    4.26 electron / s
    """
    pair = _Pair(exposures, frames, read_noise, bias_frames, bias_error)
    k = _deviates(pixels, false_positives, power) / checked_number("tolerance", tolerance)
    return _positive_root(k**2 * pair.slope, (k * pair.deviation(0.0)) ** 2) * ELECTRON_PER_SECOND


class _Pair:
    """Two sets of darks that share a bias, and the difference of the rates that they measure, in electron/s."""

    def __init__(self, exposures, frames, read_noise, bias_frames, bias_error):
        self.seconds = _two_exposures(exposures)
        self._numbers = _two_numbers(frames)
        self.noise, self.error = _checked_noise(read_noise, bias_frames, bias_error)
        # What an electron of the shared bias does to the difference.
        self.lever = abs(1 / self.seconds[0] - 1 / self.seconds[1])

    def own_variance(self, rate):
        """Variance of the difference by the noise of the darks themselves."""
        sets = zip(self.seconds, self._numbers, strict=True)
        return sum(frame_variance(rate * t, self.noise) / (number * t**2) for t, number in sets)

    def deviation(self, rate):
        """Standard deviation of the difference."""
        return np.sqrt(self.own_variance(rate) + (self.error * self.lever) ** 2)

    @property
    def slope(self):
        """By how much its variance grows with the rate."""
        return sum(1 / (number * t) for t, number in zip(self.seconds, self._numbers, strict=True))


def _two_exposures(exposures):
    if isinstance(exposures, list | tuple):
        seconds = [checked_quantity(f"exposures[{n}]", exposure, u.s) for n, exposure in enumerate(exposures)]
    else:
        seconds = checked_quantity("exposures", exposures, u.s, scalar=False)
    if np.shape(seconds) != (2,):
        raise ValueError(f"exposures must be two, got the shape {np.shape(seconds)}")
    # As hot_pixel_mask does of the rates that it compares.
    if np.isclose(*seconds, rtol=SAME_EXPOSURE, atol=0):
        raise ValueError(f"exposures must be different, got {seconds[0]:g} s and {seconds[1]:g} s")
    return seconds


def _two_numbers(frames):
    if np.ndim(frames) == 0:
        return [_checked_count("frames", frames)] * 2
    if len(frames) != 2:
        raise ValueError(f"frames must be one number, or two: one of each exposure time, got {len(frames)}")
    return [_checked_count(f"frames[{n}]", one) for n, one in enumerate(frames)]


def _checked_count(name, value):
    number = checked_number(name, value)
    if number < 1 or number != int(number):
        raise ValueError(f"{name} must be a whole number from 1, got {value!r}")
    return int(number)


def _checked_noise(read_noise, bias_frames, bias_error):
    """Read noise of a frame and error of the bias (electron)."""
    noise = checked_quantity("read_noise", read_noise, u.electron, zero=True)
    if bias_frames is not None and bias_error is not None:
        raise ValueError("bias_frames and bias_error both tell the error of the bias: give one of them")
    if bias_frames is not None:
        return noise, noise / np.sqrt(_checked_count("bias_frames", bias_frames))
    return noise, 0.0 if bias_error is None else checked_quantity("bias_error", bias_error, u.electron, zero=True)


def _critical(pixels, false_positives):
    """Deviate beyond which, on either side, so many of the pixels are expected."""
    pixels = _checked_count("pixels", pixels)
    return critical_deviate(checked_number("false_positives", false_positives, maximum=pixels) / pixels / 2)


def _deviates(pixels, false_positives, power):
    """Standard deviations by which two rates must differ to be found different with that power."""
    critical = _critical(pixels, false_positives)
    deviates = critical + ndtri(checked_number("power", power, maximum=1.0))
    if deviates <= 0:
        raise ValueError(f"power must be above {ndtr(-critical):g}, which a proportional pixel has, got {power!r}")
    return float(deviates)


def _positive_root(linear, constant):
    """The positive x of ``x**2 = linear * x + constant``."""
    return linear / 2 + np.hypot(linear / 2, np.sqrt(constant))


def _smallest_number(variance, error, lever, allowed, noise, seconds):
    """
    Smallest N with ``sqrt(variance / N + (error * lever)**2) <= allowed``; else an error that tells what would help.

    ``variance`` is that of one frame and ``allowed`` a standard deviation (electron/s); ``lever`` (1/s) is what an
    electron of the bias's ``error`` makes of it. Read noise and exposure times are for the message.
    """
    least = error * lever
    excess = least / allowed
    worst = np.unravel_index(np.argmax(excess), np.shape(excess))
    if (ratio := excess[worst]) >= 1:
        times = [np.broadcast_to(t, np.shape(excess))[worst] for t in seconds]
        too_few = np.floor((noise * ratio / error) ** 2 * (1 + _ROUNDING))
        bias = f" (more than {too_few:.0f} bias frames)" if noise else ""
        raise ValueError(
            f"no number of frames of {_listed(times)} is enough: the error of the bias, {error:.4g} electron, is "
            f"{ratio:.4g} times what that allows. Frames of more than {_listed(np.multiply(times, ratio))} are needed, "
            f"or a bias error below {error / ratio:.4g} electron{bias}"
        )
    number = variance / ((allowed - least) * (allowed + least))
    if np.max(number) > _MOST_FRAMES:
        raise ValueError(f"{np.max(number):.3g} frames would be needed: longer exposures need fewer")
    whole = np.maximum(np.ceil(number * (1 - _ROUNDING)), 1).astype(np.int64)
    return whole if whole.ndim else int(whole)


def _listed(times):
    return " and ".join(f"{time:.6g} s" for time in times)
