# Licensed under a 3-clause BSD style license - see LICENSE
"""Classes of warnings, by what the user should do about them; `warn` shows the user's line that called the package."""

import os
import sys
import threading
import warnings
from contextlib import contextmanager
from contextvars import ContextVar

from astropy.utils.exceptions import AstropyUserWarning

__all__ = [
    "BiasWarning",
    "DarkWarning",
    "DuplicateFrameWarning",
    "FrameLevelWarning",
    "HeaderWarning",
    "LightWarning",
    "MissingInformationWarning",
    "NoUsablePixelWarning",
    "NoiseWarning",
    "TemperatureWarning",
    "collected",
    "filtered",
    "warn",
]

_LOCK = threading.RLock()
if hasattr(os, "register_at_fork"):
    # Forked while another thread has the lock, a process would keep it, and the filters of that thread, for ever.
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)
# Where warnings are collected, their list; of this thread alone.
_COLLECTED = ContextVar("collected", default=None)
_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")


class DarkWarning(AstropyUserWarning):
    """A result is doubtful. All warnings of this package are of this class.

    Its subclasses tell what to do. Use ``warnings.filterwarnings`` to turn one of them into an error, or off.

    Examples
    --------
    A result of such frames is an error, in a pipeline that must not go on:

    >>> import warnings
    >>> from astropy import units as u
    >>> from ccdproc_darks import DarkWarning, dark_rate, simulate_dark
    >>> dark = simulate_dark((50, 50), exposure=300 * u.s, bias=1000 * u.adu, read_noise=5 * u.electron, rng=1)
    >>> with warnings.catch_warnings():
    ...     warnings.filterwarnings("error", category=DarkWarning)
    ...     try:
    ...         rate = dark_rate(dark)
    ...     except DarkWarning as warning:
    ...         print(type(warning).__name__)
    BiasWarning
    """


class BiasWarning(DarkWarning):
    """The bias is still in the frames, was subtracted twice, is another camera's, or lies at another level.

    Pass the right ``bias`` to `dark_rate`: a master bias (or a level) for frames as the camera wrote them, None for
    frames whose bias is already subtracted. Where the camera subtracts its own optical black, ``optical_black``.

    Examples
    --------
    The bias is still in these frames:

    >>> import warnings
    >>> from astropy import units as u
    >>> from ccdproc_darks import BiasWarning, dark_rate, simulate_dark
    >>> dark = simulate_dark((50, 50), exposure=300 * u.s, bias=1000 * u.adu, read_noise=5 * u.electron, rng=1)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", BiasWarning)
    ...     rate = dark_rate(dark)
    >>> print([f"{type(one.message).__name__}: {str(one.message)[:60]}" for one in caught])
    ['BiasWarning: no bias given, and darks[0] holds unsigned integers as a raw']
    """


class ClippingWarning(DarkWarning):
    """Pixel values are cut off below, have wrapped round, or are no counts at all.

    Take the frames as the camera wrote them; where the bias level is too low for the camera's noise, take frames with a
    higher offset. Values that a program scaled must be scaled back.

    Examples
    --------
    >>> import warnings
    >>> from astropy import units as u
    >>> from ccdproc_darks import dark_rate, simulate_dark
    >>> darks = [simulate_dark((60, 60), exposure=1 * u.s, read_noise=20 * u.electron, rng=seed) for seed in range(5)]
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     rate = dark_rate(darks, bias=0 * u.adu)
    >>> print([f"{type(one.message).__name__}: {str(one.message)[:60]}" for one in caught])
    ['ClippingWarning: 52 % of the pixels of 1 s darks read 0 adu, their lowest val']
    """


class DuplicateFrameWarning(DarkWarning):
    """Frames were given twice: they have the same values in every pixel. Each is counted once.

    Give every exposure once. Copies would make the noise look smaller than it is.

    Examples
    --------
    >>> import warnings
    >>> from astropy import units as u
    >>> from ccdproc_darks import dark_rate, simulate_dark
    >>> dark = simulate_dark((50, 50), exposure=300 * u.s, bias=1000 * u.adu, read_noise=5 * u.electron, rng=1)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     rate = dark_rate([dark, dark], bias=1000 * u.adu)
    >>> print([f"{type(one.message).__name__}: {str(one.message)[:60]}" for one in caught])
    ['DuplicateFrameWarning: frames given more than once, with the same value in every pi']
    """


class FrameLevelWarning(DarkWarning):
    """The level of a frame differs from that of equal frames, as after a drift of the bias level.

    Leave the frame out.

    Examples
    --------
    >>> import warnings
    >>> from astropy import units as u
    >>> from ccdproc_darks import dark_rate, simulate_dark
    >>> darks = [simulate_dark((60, 60), exposure=300 * u.s, bias=1000 * u.adu, read_noise=5 * u.electron, rng=seed)
    ...          for seed in range(5)]
    >>> darks[3].data += 40
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     rate = dark_rate(darks, bias=1000 * u.adu)
    >>> print([f"{type(one.message).__name__}: {str(one.message)[:60]}" for one in caught])
    ['FrameLevelWarning: darks[3] sits +40.1 adu from the other frames of 300 s as a ']
    """


class HeaderWarning(DarkWarning):
    """A header contradicts itself, another header, or the pixels of its frame.

    Correct the header, or pass the value as an argument.

    Examples
    --------
    Frames of a minute, given as bias frames:

    >>> import warnings
    >>> from astropy import units as u
    >>> from ccdproc_darks import master_bias, simulate_dark
    >>> biases = [simulate_dark((50, 50), exposure=60 * u.s, bias=1000 * u.adu, rng=seed) for seed in range(3)]
    >>> for bias in biases:
    ...     bias.meta["IMAGETYP"] = "Bias Frame"
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     bias = master_bias(biases)
    >>> print([f"{type(one.message).__name__}: {str(one.message)[:60]}" for one in caught])
    ['HeaderWarning: EXPTIME is 60 in the header of biases[0] (and 2 more), and a']
    """


class LightWarning(DarkWarning):
    """Light seems to have fallen on frames that were given as darks or bias frames: they show stars, or are flats.

    Leave out what is no dark. Where all of them are, look for a shutter, a cap or a door that let light in.

    Examples
    --------
    Five flats:

    >>> import warnings
    >>> import numpy as np
    >>> from astropy import units as u
    >>> from ccdproc_darks import dark_rate, simulate_dark
    >>> camera = dict(shape=(100, 100), bias=1000 * u.adu, read_noise=5 * u.electron)
    >>> flats = [simulate_dark(exposure=300 * u.s, rng=seed, rate=60 * u.electron / u.s, **camera) for seed in range(5)]
    >>> for flat in flats:
    ...     flat.data = (flat.data * np.linspace(0.5, 1.5, 100)).astype("uint16")
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     rate = dark_rate(flats, bias=1000 * u.adu)
    >>> print([f"{type(one.message).__name__}: {str(one.message)[:60]}" for one in caught])
    ['LightWarning: light seems to have fallen on frames of 300 s: their pixels ']
    """


class MissingInformationWarning(DarkWarning):
    """Headers of frames or bias have no read noise, no uncertainty, or not the number of exposures that were averaged.

    Pass ``read_noise`` or ``n_combined``, or write RDNOISE or NCOMBINE into ``meta``. Or files have images of several
    detectors, and nobody tells which is meant: pass ``hdu``. Or a dark is made for an exposure time beyond those of the
    rates: take darks as long as the frames.

    Examples
    --------
    >>> import warnings
    >>> from astropy import units as u
    >>> from ccdproc_darks import dark_rate, simulate_dark
    >>> dark = simulate_dark((50, 50), exposure=300 * u.s, bias=1000 * u.adu, read_noise=5 * u.electron, rng=1)
    >>> del dark.meta["RDNOISE"]
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     rate = dark_rate(dark, bias=1000 * u.adu)
    >>> print([f"{type(one.message).__name__}: {str(one.message)[:60]}" for one in caught])
    ['MissingInformationWarning: no read noise (argument or RDNOISE in the header), no uncert']
    """


class NoUsablePixelWarning(DarkWarning):
    """No pixel of the result can be used: all of them are masked.

    See whether ``saturation`` is below the bias, and whether frames or masks are of the right sensor.

    Examples
    --------
    >>> import warnings
    >>> from astropy import units as u
    >>> from ccdproc_darks import dark_rate, simulate_dark
    >>> dark = simulate_dark((50, 50), exposure=300 * u.s, bias=1000 * u.adu, read_noise=5 * u.electron, rng=1)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     rate = dark_rate(dark, bias=500 * u.adu, saturation=900 * u.adu)
    >>> print([f"{type(one.message).__name__}: {str(one.message)[:60]}" for one in caught])
    ['NoUsablePixelWarning: all pixels of the result are masked, as no pixel has a sampl']
    """


class NoiseWarning(DarkWarning):
    """Frames scatter, or rates differ, by more than their noise explains.

    Pass the right ``read_noise``; give frames that still have their bias, and ``bias``; or compare with
    ``null="empirical"``, which takes the measured scatter of good pixels for the right one.

    Examples
    --------
    The read noise of these frames is 5 electron:

    >>> import warnings
    >>> from astropy import units as u
    >>> from ccdproc_darks import dark_rate, simulate_dark
    >>> darks = [simulate_dark((60, 60), exposure=300 * u.s, bias=1000 * u.adu, read_noise=5 * u.electron, rng=seed)
    ...          for seed in range(5)]
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     rate = dark_rate(darks, bias=1000 * u.adu, read_noise=1 * u.electron)
    >>> print([f"{type(one.message).__name__}: {str(one.message)[:60]}" for one in caught])
    ['NoiseWarning: the read noise is given as 1 electron, but equal frames show']
    """


class TemperatureWarning(DarkWarning):
    """Frames or rates were taken at different sensor temperatures.

    Measure the frames of each temperature separately.

    Examples
    --------
    >>> import warnings
    >>> from astropy import units as u
    >>> from ccdproc_darks import dark_rate, simulate_dark
    >>> darks = [simulate_dark((50, 50), exposure=300 * u.s, bias=1000 * u.adu, read_noise=5 * u.electron, rng=seed)
    ...          for seed in range(2)]
    >>> darks[0].meta["CCD-TEMP"], darks[1].meta["CCD-TEMP"] = -20.0, -10.0
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     rate = dark_rate(darks, bias=1000 * u.adu)
    >>> print([f"{type(one.message).__name__}: {str(one.message)[:60]}" for one in caught])
    ['TemperatureWarning: the darks were taken at -20.0 to -10.0 deg C: dark current d']
    """


@contextmanager
def filtered(action):
    """All warnings "ignore" or "error" within it, one thread at a time: for what cannot be had without a warning.

    `warnings.catch_warnings` changes the filters of all threads. Where two of them leave it in another order than they
    came, a filter stays for ever.
    """
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter(action)
        yield


@contextmanager
def collected():
    """List of the warnings of this package within it, pairs of text and class, in place of the warnings themselves.

    So what a function warns of can be a row of a table, in the same words.
    """
    found = []
    token = _COLLECTED.set(found)
    try:
        yield found
    finally:
        _COLLECTED.reset(token)


def warn(text, category):
    """Warn with ``text``; the warning shows the user's line that called this package."""
    found = _COLLECTED.get()
    if found is not None:
        found.append((text, category))
        return
    level, frame = 2, sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    with _LOCK:  # not while another thread has all warnings filtered
        warnings.warn(text, category, stacklevel=level)
