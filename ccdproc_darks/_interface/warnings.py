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
_COLLECTED = ContextVar("collected", default=None)
if hasattr(os, "register_at_fork"):
    # Forked while another thread has the lock, a process would keep it, and the filters of that thread, for ever.
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)
# Where warnings are collected, their list; of this thread alone.
_COLLECTED = ContextVar("collected", default=None)
_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")


class DarkWarning(AstropyUserWarning):
    """A result is doubtful. All warnings of this package are of this class.

    Its subclasses tell what to do. Use ``warnings.filterwarnings`` to turn one of them into an error, or off.
    """


class BiasWarning(DarkWarning):
    """The bias is still in the frames, was subtracted twice, is another camera's, or lies at another level.

    Pass the right ``bias`` to `dark_rate`: a master bias (or a level) for frames as the camera wrote them, None for
    frames whose bias is already subtracted. Where the camera subtracts its own optical black, ``optical_black``.
    """


class ClippingWarning(DarkWarning):
    """Pixel values are cut off below, have wrapped round, or are no counts at all.

    Take the frames as the camera wrote them; where the bias level is too low for the camera's noise, take frames with a
    higher offset. Values that a program scaled must be scaled back.
    """


class DuplicateFrameWarning(DarkWarning):
    """Frames were given twice: they have the same values in every pixel. Each is counted once.

    Give every exposure once. Copies would make the noise look smaller than it is.
    """


class FrameLevelWarning(DarkWarning):
    """The level of a frame differs from that of equal frames, as after a drift of the bias level.

    Leave the frame out.
    """


class HeaderWarning(DarkWarning):
    """A header contradicts itself, another header, or the pixels of its frame.

    Correct the header, or pass the value as an argument.
    """


class LightWarning(DarkWarning):
    """Light seems to have fallen on frames that were given as darks or bias frames: they show stars, or are flats.

    Leave out what is no dark. Where all of them are, look for a shutter, a cap or a door that let light in.
    """


class MissingInformationWarning(DarkWarning):
    """Headers of frames or bias have no read noise, no uncertainty, or not the number of exposures that were averaged.

    Pass ``read_noise`` or ``n_combined``, or write RDNOISE or NCOMBINE into ``meta``. Or files have images of several
    detectors, and nobody tells which is meant: pass ``hdu``. Or a dark is made for an exposure time beyond those of the
    rates: take darks as long as the frames.
    """


class NoUsablePixelWarning(DarkWarning):
    """No pixel of the result can be used: all of them are masked.

    See whether ``saturation`` is below the bias, and whether frames or masks are of the right sensor.
    """


class NoiseWarning(DarkWarning):
    """Frames scatter, or rates differ, by more than their noise explains.

    Pass the right ``read_noise``; give frames that still have their bias, and ``bias``; or compare with
    ``null="empirical"``, which takes the measured scatter of good pixels for the right one.
    """


class TemperatureWarning(DarkWarning):
    """Frames or rates were taken at different sensor temperatures.

    Measure the frames of each temperature separately.
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
