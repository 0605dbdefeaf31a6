# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames that light fell on: stars are spread over neighbouring pixels, as no hot pixels are; flats are smooth."""

from dataclasses import dataclass, field

import numpy as np

from .._interface.warnings import LightWarning, warn

__all__ = ["Light", "light_in_all", "light_in_some"]

# Pixels between a pixel and its surroundings in the same row: beyond a star, and even, as columns may alternate.
_AWAY = 6
# Sigmas above the surroundings of a bright place, and of its neighbours on both sides if it is extended; these are
# also brighter than this fraction of it.
_BRIGHT, _NEIGHBOUR, _SHARE = 10.0, 3.0, 0.15
# Spots that several frames have in common, and the fraction of extended places among the bright ones, that only light
# makes: clusters of hot pixels are fewer among the single ones.
_LEAST, _FRACTION = 5, 0.3
# Extended places of a light frame among darks, and how many times as many they are as in the other frames: tracks of
# cosmic rays are extended, too, and about as many in all frames.
_LEAST_OF_ONE, _TIMES = 20, 8.0
# Columns in which a band of bad columns is looked for, and the fraction of rows that such a band is in at least.
_BAND, _BAND_ROWS = 8, 0.25
# Least noise, in units of the frames: that of whole numbers may look like none.
_LEAST_NOISE = 0.5
# Rows, and columns, within which extended places are one spot.
_NEAR = 5
# A flat: least electrons of a pixel, largest scatter from one pixel to the next and least variation over the sensor, as
# fractions of them, and largest fraction of bright pixels. A sensor responds to light alike to about 1 %; real darks
# scatter by 9 % or more, and have hot pixels.
_FLAT_LEVEL, _FLAT_STEP, _FLAT_SLOPE, _MOST_HOT = 3000.0, 0.015, 0.005, 1e-4
# Pixels of a piece of a row, and every so many rows, for these differences.
_PIECE, _FEW_ROWS = 32, 4
# Samples of which a median takes no time.
_FEW_SAMPLES = 2**15
# Every so many pixels is enough for a noise.
_NOISE_STEP = 7


@dataclass
class Light:
    """Frames that look as if light fell on them.

    Attributes
    ----------
    frames : dict
        By the index of each such frame, how it looks (str).
    """

    frames: dict = field(default_factory=dict)

    def warn(self, frames, equals):
        """Warn of those among all ``frames``, which ``equals`` names."""
        together = len(self.frames) == len(frames)
        for index, look in list(self.frames.items())[: 1 if together else None]:
            warn(
                f"light seems to have fallen on {equals if together else frames[index].label}: {look}. Leave out what "
                "is no dark",
                LightWarning,
            )


def light_in_all(electrons, step, flats=True):
    """`Light` of equal frames, all or none, from the `Electrons` of some rows.

    ``step`` (electron) is one unit of the frames. Without ``flats`` no flats are looked for: frames must be without
    their bias for that. Of what two darks or more have in common, hardly anything is extended; light frames have their
    stars in common. A single frame tells nothing: cosmic rays are extended, too.
    """
    count, _, columns = electrons.samples.shape
    if count < 2 or columns <= 2 * _AWAY + 2:
        return Light()
    common, number = _common(electrons)
    extended, bright = _extended(common, step)
    look = None
    if extended >= max(_LEAST, _FRACTION * bright):
        look = _star_look(extended, bright)
    elif flats and bright <= _MOST_HOT * common.size:
        look = _flat_look(common, number)
    return Light({} if look is None else dict.fromkeys(range(count), look))


def light_in_some(electrons, step, suspects):
    """`Light` of those frames among ``suspects`` (indices) that have far more extended places than the others."""
    count, _, columns = electrons.samples.shape
    if count < 3 or not suspects or columns <= 2 * _AWAY + 2:
        return Light()
    common, _ = _common(electrons)
    found = [_extended(_known(electrons, index) - common, step) for index in range(count)]
    enough = max(_LEAST_OF_ONE, _TIMES * np.median([extended for extended, _ in found]))
    return Light({index: _star_look(*found[index]) for index in suspects if found[index][0] >= enough})


def _star_look(extended, bright):
    return (
        f"{extended} of {bright} bright places in a sample of the rows are spread over neighbouring pixels, as stars "
        "are, and clusters of hot pixels, but not single ones"
    )


def _flat_look(common, number):
    """How a flat looks, where what so many frames have in common looks so; else None.

    A sensor responds to light almost alike in all pixels, but each pixel has a dark current of its own.
    """
    rows = common[::_FEW_ROWS]
    finite = np.isfinite(rows)
    level = np.median(rows[finite]) if finite.any() else 0.0
    if level < _FLAT_LEVEL or rows.shape[1] < _PIECE:
        return None
    rows = np.where(finite, rows, level)
    pieces = rows[:, : rows.shape[1] // _PIECE * _PIECE].reshape(-1, _PIECE)
    steps = 1.4826 * np.median(np.abs(np.diff(rows, axis=1))) / np.sqrt(2)
    # With the photon noise of a median.
    if (
        steps > np.hypot(_FLAT_STEP * level, np.sqrt(np.pi / 2 * level / number))
        or np.std(np.median(pieces, axis=1)) < _FLAT_SLOPE * level
    ):
        return None
    return (
        f"their pixels collected {level:.3g} electron, nearly alike from one to the next and none of them hot, as in a "
        "flat (dark current differs by more on nearly all sensors)"
    )


def _known(electrons, index):
    """Samples of a frame, NaN where they are not good."""
    samples, good = electrons.samples[index], electrons.good[index]
    return samples if good.all() else np.where(good, samples, np.nan)


def _common(electrons):
    """What frames have in common: the lower one of two; their median, of three of them where there are many samples.

    And the number of frames that it is from.
    """
    count = len(electrons.samples)
    few = range(count) if electrons.samples.size <= _FEW_SAMPLES else sorted({0, count // 2, count - 1})
    frames = [_known(electrons, index) for index in few]
    if len(frames) != 3:
        return np.median(frames, axis=0) if len(frames) > 3 else np.minimum(*frames), len(frames)
    first, second, third = frames
    return np.maximum(np.minimum(first, second), np.minimum(np.maximum(first, second), third)), 3


def _extended(image, step):
    """Numbers of extended places in rows of an image, none where they are in few spots, and of bright ones."""
    around = np.maximum(image[:, : -2 * _AWAY], image[:, 2 * _AWAY :])
    excess = image[:, _AWAY:-_AWAY] - around
    some = excess.ravel()[::_NOISE_STEP]
    some = some[np.isfinite(some)]
    if some.size == 0:
        return 0, 0
    middle = np.median(some)
    sigma = max(1.4826 * np.median(np.abs(some - middle)), _LEAST_NOISE * step)
    excess -= middle
    # Faster than the indices of a 2-D array.
    rows, columns = np.divmod(np.flatnonzero(excess > _BRIGHT * sigma), excess.shape[1])
    inside = (columns > 0) & (columns < excess.shape[1] - 1)
    rows, columns = rows[inside], columns[inside]
    place, left, right = (excess[rows, columns + aside] for aside in (0, -1, 1))
    peak = (place >= left) & (place > right)
    extended = peak & (np.minimum(left, right) > np.maximum(_NEIGHBOUR * sigma, _SHARE * place))
    # Bad columns side by side are extended in all rows.
    bands = columns // _BAND
    in_band = np.bincount(bands[extended], minlength=image.shape[1] // _BAND + 1)
    extended &= in_band[bands] <= _BAND_ROWS * len(image)
    # Many extended places in few spots are clusters of hot pixels.
    number = np.count_nonzero(extended) if _has_spots(rows[extended], columns[extended]) else 0
    return int(number), int(np.count_nonzero(peak))


def _has_spots(rows, columns):
    """Whether extended places are in `_LEAST` spots or more."""
    for _ in range(_LEAST):
        if rows.size == 0:
            return False
        away = (np.abs(rows - rows[0]) > _NEAR) | (np.abs(columns - columns[0]) > _NEAR)
        rows, columns = rows[away], columns[away]
    return True
