# Licensed under a 3-clause BSD style license - see LICENSE
"""The noise of a set of darks, solved for the number of darks or for the rate."""

import numpy as np

__all__ = ["positive_root", "smallest_number"]

# Above it floats skip whole numbers; nobody takes so many frames.
_MOST_FRAMES = 2**53
# A number that is above a whole number by less than this fraction is rounded down.
_ROUNDING = 1e-9


def positive_root(linear, constant):
    """Positive solution x of ``x**2 = linear * x + constant``, for coefficients that are not negative."""
    return linear / 2 + np.hypot(linear / 2, np.sqrt(constant))


def smallest_number(variance, bias_error, lever, allowed, read_noise, seconds):
    """Smallest number N of frames with ``sqrt(variance / N + (bias_error * lever)**2) <= allowed``.

    Parameters
    ----------
    variance : `numpy.ndarray`
        Variance of the rate, or of the difference of rates, from single frames (electron^2/s^2).
    bias_error : float
        Standard deviation of the bias (electron).
    lever : float or `numpy.ndarray`
        Change of the rate or difference with one electron of bias (1/s).
    allowed : `numpy.ndarray`
        Largest standard deviation of the rate or difference (electron/s).
    read_noise, seconds : float, sequence
        Read noise (electron) and exposure times (s), for the message.

    Raises
    ------
    ValueError
        If the bias error alone is too large for any number of frames. The message tells what would help.
    """
    least = bias_error * lever
    excess = least / allowed
    if np.size(excess) == 0:
        return np.zeros(np.shape(excess), dtype=np.int64)
    worst = np.unravel_index(np.argmax(excess), np.shape(excess))
    if (ratio := excess[worst]) >= 1:
        times = [np.broadcast_to(t, np.shape(excess))[worst] for t in seconds]
        too_few = np.floor((read_noise * ratio / bias_error) ** 2 * (1 + _ROUNDING))
        bias = f" (more than {too_few:.0f} bias frames)" if read_noise else ""
        raise ValueError(
            f"no number of frames of {_listed(times)} is enough: the error of the bias, {bias_error:.4g} electron, is "
            f"{ratio:.4g} times what that allows. Frames of more than {_listed(np.multiply(times, ratio))} are needed, "
            f"or a bias error below {bias_error / ratio:.4g} electron{bias}"
        )
    number = variance / ((allowed - least) * (allowed + least))
    if np.max(number) > _MOST_FRAMES:
        raise ValueError(f"{np.max(number):.3g} frames would be needed: longer exposures need fewer")
    frames = np.maximum(np.ceil(number * (1 - _ROUNDING)), 1).astype(np.int64)
    return frames if frames.ndim else int(frames)


def _listed(times):
    return " and ".join(f"{time:.6g} s" for time in times)
