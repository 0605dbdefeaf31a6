# Licensed under a 3-clause BSD style license - see LICENSE
"""Tails of departures from one rate, averaged over what the read noise of each pixel may be."""

import numpy as np

from ..statistics.noise_mixture import MeanTails

__all__ = ["DepartureTails"]

# Largest relative difference of the number of bias frames by the bias error from that of the frames of a map.
_SAME = 0.02


class DepartureTails:
    """Equivalent normal deviates of departures from one rate, averaged over the read noise that a pixel may have.

    ``images`` are `RateImages` with a read noise map that is not exact.

    Notes
    -----
    A map and a master bias are mostly made of the same frames. Then the jumps that are in the bias are in the scatter
    as well, and are not expected once more (``known_part`` of `MeanTails.deviate`). Whether they are the same is seen
    by their number: that of the map, and R^2 / s_b^2. The part of the read noise that comes with the bias differs
    between departures of three exposure times or more: its mean over the departures of noise is taken.
    """

    def __init__(self, images):
        self._tails = MeanTails(images.noise.distribution)
        self._known, self._bias_frames = _known_part(images, images.noise.distribution.degrees + 1)

    def deviate(self, deviate, scatter, share, alike, freedom):
        """See `MeanTails.deviate`; ``alike`` is its ``frames``, bias frames included."""
        return self._tails.deviate(deviate, scatter, share, self._others(alike), freedom, self._known)

    def limits(self, low, high, alike, freedom):
        """See `MeanTails.limits`."""
        return self._tails.limits(low, high, self._others(alike), freedom, self._known)

    def _others(self, alike):
        """Number of frames as close to normal as what the bias of the map's own frames leaves of a departure."""
        if not self._known:
            return alike
        # For coefficients a_k: with S the sum of a_k^2 / N_k and F that of a_k^4 / N_k^3, alike is S^2 / F.
        of_bias = self._known**2 / self._bias_frames
        return (1 - self._known) ** 2 / np.maximum(1 / alike - of_bias, 0.01 / alike)


def _known_part(images, frames_of_map):
    """Part of the read noise of a departure that is the bias of the map's own frames, and their number."""
    info = images.infos[0]
    if len(images.shared) != 1 or not info.bias_error or not info.read_noise:
        return 0.0, None
    number = (info.read_noise / info.bias_error) ** 2
    if abs(number / frames_of_map - 1) > _SAME:
        return 0.0, None
    t, frames = images.seconds, np.array([info.frames for info in images.infos], dtype=float)
    # Covariance of the counts over R^2 at rate zero, and that of the weighted residuals, P of `fit_rate`.
    inverse = np.linalg.inv(np.diag(1 / frames) + 1 / number)
    solved = inverse @ t
    weighted = inverse - np.outer(solved, solved) / (t @ solved)
    bias, darks = weighted.sum() / number, (np.diag(weighted) / frames).sum()
    return float(bias / (bias + darks)), number
