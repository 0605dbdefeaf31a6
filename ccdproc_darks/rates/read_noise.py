# Licensed under a 3-clause BSD style license - see LICENSE
"""The read noise: given by the user or a header, or measured from the scatter of equal frames."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from .._compute.blocks import sample_blocks
from .._interface.warnings import BiasWarning, NoiseWarning, warn
from ..frames.headers import READ_NOISE_KEYS, common_setting, frame_settings
from ..statistics.noise import trimmed_variance

__all__ = ["Scatter", "given_noise", "measure_scatter", "measured_noise", "scatter_read_noise"]

# Largest accepted variance of equal frames, over the variance that their uncertainties claim.
_MORE_SCATTER = 2.0
# Smallest accepted variance of equal frames, over the Poisson variance of their electrons.
_LESS_SCATTER = 0.5
# Fewest pixels for a typical value.
_TYPICAL_PIXELS = 100
# Variance of a pixel over the median one beyond which it is cut off.
_NOISY = 5.0
# Pixels that are enough for a median, and for a variance to 0.1 %.
_TYPICAL, _SCATTER = 2**16, 2**18


def given_noise(read_noise, frames):
    """Read noise (electron) of the user or the headers, or None; and its source, see `RateMeta`."""
    settings = frame_settings("read_noise", read_noise, frames, u.electron, READ_NOISE_KEYS, zero=True)
    if settings is not None:
        return common_setting("read_noise", settings, frames), "header" if read_noise is None else "argument"
    if all(frame.has_deviation for frame in frames):
        return None, "uncertainty"
    return None, "none"


def measured_noise(dark_sets, reader, source, offset):
    """Measured read noise (electron) or None, and its source, where `given_noise` has none.

    It is measured from the shortest exposures of which there are three; else from a master bias whose uncertainty is
    the scatter of its frames. Frames' own uncertainties are used instead where the scatter confirms them.
    """
    for dark_set in dark_sets:
        scatter = measure_scatter(dark_set, reader) if len(dark_set.frames) >= 3 else None
        if scatter is None:
            continue
        if source == "uncertainty" and not _warn_uncertainties(scatter):
            return None, source
        if offset is None and _warn_poisson(scatter):
            return None, "none"
        dark_electrons = _typical_slope(dark_sets, reader) * dark_set.seconds if offset == "pixel" else None
        return scatter_read_noise(scatter, reader.scale, dark_electrons), "estimated"
    noise = reader.bias.read_noise() if source == "none" else None
    return noise, source if noise is None else "bias"


def _typical_slope(dark_sets, reader):
    """Rate of a typical pixel (electron/s), of any offset, from the shortest and the longest exposures."""
    short, long = dark_sets[0], dark_sets[-1]
    middles = []
    for dark_set in (short, long):
        blocks = sample_blocks(dark_set.frames[0].shape, _TYPICAL)
        electrons = reader.sample(blocks).read(dark_set.sample(blocks), slice(None))
        values = electrons.samples[electrons.good]
        middles.append(np.median(values) if values.size else 0.0)
    return max((middles[1] - middles[0]) / (long.seconds - short.seconds), 0.0)


@dataclass
class Scatter:
    """Scatter of equal exposures in a typical pixel.

    Attributes
    ----------
    variance : float
        Variance of one exposure (electron^2).
    electrons : float
        Mean counts (electron).
    claimed : float or None
        Variance by the frames' own uncertainties (electron^2), where those are read.
    pixels : int
        Number of pixels that were measured.
    pattern : float
        Standard deviation of the pixels' mean counts that is neither noise nor dark current (electron): by the bias.
    """

    variance: float
    electrons: float
    claimed: float | None
    pixels: int
    pattern: float = 0.0


def measure_scatter(dark_set, reader, pixels=_SCATTER):
    """`Scatter` of a `DarkSet` in pixels that are not hot, without cosmic rays; None where no pixel is left.

    About so many ``pixels`` are looked at.
    """
    means, variances, claims = [], [], []
    for block in sample_blocks(dark_set.frames[0].shape, pixels):
        electrons = reader.read(dark_set, block)
        complete = electrons.good.all(axis=0)
        samples = electrons.samples[:, complete] - dark_set.level_shifts[:, None]
        weights = dark_set.combined[:, None]
        mean = (weights * samples).sum(axis=0) / weights.sum()
        means.append(mean)
        variances.append((weights * (samples - mean) ** 2).sum(axis=0) / (len(samples) - 1))
        if electrons.own_variance is not None:
            claims.append((weights * electrons.own_variance[:, complete]).mean(axis=0))
    means, variances = np.concatenate(means), np.concatenate(variances)
    if means.size == 0:
        return None
    middle = np.median(means)
    width = 1.4826 * np.median(np.abs(means - middle))
    typical = np.abs(means - middle) <= 5 * width
    variance = trimmed_variance(variances[typical], len(dark_set.frames) - 1)
    return Scatter(
        variance,
        float(means[typical].mean()),
        float(np.median(np.concatenate(claims)[typical])) if claims else None,
        int(typical.sum()),
        _pattern(means[typical], variances[typical], width, variance / dark_set.combined.sum()),
    )


def _pattern(means, variances, width, noise):
    """Standard deviation of mean counts (electron) by what is not dark current: that has Poisson noise, of slope 1.

    ``width`` is that of the means; ``noise`` is their variance by noise (electron^2).
    """
    excess, variances = width**2 - noise, np.minimum(variances, _NOISY * np.median(variances))
    if excess <= 0:
        return 0.0
    slope = np.mean((means - means.mean()) * (variances - variances.mean())) / max(means.var() - noise, 0.1 * excess)
    return float(np.sqrt(excess * np.clip(1 - slope, 0.0, 1.0)))


def scatter_read_noise(scatter, scale, dark_electrons=None):
    """Read noise R of one digitised exposure (electron), quantisation noise included, from a `Scatter`.

    A pixel's variance between equal frames is ``d t + R**2``. R is that of rounding to ``scale`` (electron per unit of
    the frames) at least; ``d t`` is ``dark_electrons`` (electron), or the mean counts.
    """
    poisson = max(scatter.electrons, 0.0) if dark_electrons is None else dark_electrons
    return float(np.sqrt(max(scatter.variance - poisson, scale**2 / 12)))


def _warn_uncertainties(scatter):
    """Whether equal frames scatter much more than their uncertainties claim; warn if so."""
    doubtful = scatter.pixels >= _TYPICAL_PIXELS and scatter.variance > _MORE_SCATTER * scatter.claimed
    if doubtful:
        warn(
            f"equal frames scatter by {np.sqrt(scatter.variance):.3g} electron, not by the "
            f"{np.sqrt(scatter.claimed):.3g} of their uncertainties: the read noise is taken from the scatter. "
            "(ccdproc.subtract_bias leaves the error of the bias alone as uncertainty; better give frames that still "
            "have their bias, and bias=)",
            NoiseWarning,
        )
    return doubtful


def _warn_poisson(scatter):
    """Whether equal frames scatter much less than the Poisson noise of their counts, as with a bias; warn if so."""
    doubtful = scatter.pixels >= _TYPICAL_PIXELS and scatter.variance < _LESS_SCATTER * scatter.electrons
    if doubtful:
        warn(
            f"equal frames have {scatter.electrons:.4g} electron a pixel, but a variance of {scatter.variance:.4g}: "
            "is the bias still in them? The read noise cannot be estimated; pass read_noise, or the right bias",
            BiasWarning,
        )
    return doubtful
