# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark rates as they are drawn: checked, in electron/s, with a name that tells them apart."""

from dataclasses import dataclass

import numpy as np
from astropy.nddata import CCDData
from scipy.special import gammaln, ndtr, xlogy

from .._interface.arguments import ELECTRON_PER_SECOND, numpy_images
from ..frames.cards import header_value
from ..frames.temperatures import TEMPERATURE_SPREAD
from ..rates.rate_images import check_rates, checked_factor
from ..rates.rate_meta import RateMeta
from .value_counts import ValueCounts

__all__ = ["DrawnRate", "drawn_rates"]

# Electrons from which on the law of Poisson is drawn as the normal one.
_MANY_ELECTRONS = 1e4


@dataclass
class DrawnRate:
    """A dark rate as it is drawn.

    Attributes
    ----------
    image : `~astropy.nddata.CCDData`
        The rate (electron/s), its arrays numpy's.
    info : RateMeta
        How it was measured.
    label : str
        Its name in the picture.
    data : `~numpy.ndarray`
        Rates of all pixels (electron/s) as float32, shape (rows, columns).
    mask, saturated : `~numpy.ndarray` or None
        True where a pixel is masked, and where it is for its saturation, so that the rate is a lower limit; shape
        (rows, columns). None where no pixel is masked.
    """

    image: CCDData
    info: RateMeta
    label: str

    def __post_init__(self):
        # Half a digit of a float32 is no difference in a picture.
        self.data = np.asarray(self.image.data, dtype=np.float32)
        self.mask = self.saturated = None
        if self.image.mask is not None and np.any(self.image.mask):
            self.mask = np.broadcast_to(self.image.mask, self.data.shape)
            self.saturated = self.mask & np.isfinite(self.data)
            if self.image.uncertainty is not None:
                self.saturated &= np.isnan(np.broadcast_to(self.image.uncertainty.array, self.data.shape))

    def counts(self, saturated=False):
        """`ValueCounts` of the pixels that are not masked; with ``saturated`` also of these, at their lower limits."""
        if saturated and self.mask is not None:
            return ValueCounts(self.data, self.mask & ~self.saturated)
        return ValueCounts(self.data, self.mask)

    @property
    def ceiling(self):
        """Rate (electron/s) at which pixels saturate, and how many do; None where none does."""
        limits = self.data[self.saturated] if self.saturated is not None else np.empty(0)
        return (float(np.median(limits)), limits.size) if limits.size else None

    @property
    def noise_limit(self):
        """Read noise of the mean of all frames, as a rate (electron/s); None where it is not known, or zero."""
        noise = self.info.read_noise
        return noise * np.sqrt(self.info.frames) / self.info.total if noise else None

    @property
    def step(self):
        """Rate (electron/s) of one step of the ADC in one of the frames; 0 where the gain is not known."""
        return (self.info.gain or 0.0) / self.info.total

    def noise_below(self, rates, typical):
        """Fraction of the pixels below each of some rates, if all had the typical rate (all electron/s)."""
        electrons = max(typical, 0.0) * self.info.total
        constant = self.info.read_noise**2 * self.info.frames
        constant = np.sqrt(constant + (self.info.bias_error * self.info.frames) ** 2)
        values = np.asarray(rates) * self.info.total
        if electrons > _MANY_ELECTRONS:
            return ndtr((values - electrons) / np.sqrt(constant**2 + electrons))
        wide = 8 * np.sqrt(electrons) + 20
        numbers = np.arange(max(int(electrons - wide), 0), int(electrons + wide) + 1)
        weights = np.exp(xlogy(numbers, electrons) - electrons - gammaln(numbers + 1))
        # A level below zero: bias frames and darks that do not agree.
        shift = min(typical, 0.0) * self.info.total
        return sum(
            weight * ndtr((values - shift - number) / constant)
            for number, weight in zip(numbers, weights, strict=True)
            if weight > 1e-12
        )


def drawn_rates(rates, labels=None, *, names=None):
    """List of `DrawnRate` from results of `dark_rate`; ``names`` are those of the arguments, for messages.

    Without ``labels`` each is called by what differs between them: night, temperature, exposure time and frames.
    """
    names = names or [f"rates[{number}]" for number in range(len(rates))]
    if not rates:
        raise ValueError("at least one rate is needed, a result of dark_rate")
    check_rates(rates, names)
    rates = numpy_images(rates, names)
    infos = [RateMeta.of(rate, name) for rate, name in zip(rates, names, strict=True)]
    for rate, name in zip(rates, names, strict=True):
        checked_factor(rate, name)
    labels = _checked_labels(labels, rates, infos)
    rates = [rate if rate.unit == ELECTRON_PER_SECOND else rate.convert_unit_to(ELECTRON_PER_SECOND) for rate in rates]
    return [DrawnRate(*parts) for parts in zip(rates, infos, labels, strict=True)]


def _checked_labels(labels, rates, infos):
    if labels is None:
        return _told_apart(rates, infos)
    if isinstance(labels, str) or not all(isinstance(label, str) for label in labels):
        raise TypeError(f"labels must be a sequence of texts, one for each rate, got {labels!r}")
    if len(labels) != len(rates):
        raise ValueError(f"labels must be as many as the rates, {len(rates)}, got {len(labels)}")
    return list(labels)


def _told_apart(rates, infos):
    """Names of rates from what differs between them; exposure time and frames where nothing does."""
    nights = [str(header_value(rate.meta, "DATE-OBS", "") or "")[:10] for rate in rates]
    known = [info.temperature for info in infos if info.temperature is not None]
    temperatures = [f"{round(info.temperature, 1):g} °C" if info.temperature is not None else "" for info in infos]
    if not known or max(known) - min(known) < TEMPERATURE_SPREAD:
        temperatures = [""] * len(rates)
    exposures = [
        f"{info.longest:g} s" if info.exposures == 1 else f"{info.shortest:g} to {info.longest:g} s" for info in infos
    ]
    exposures = [
        f"{exposure} x {info.frames}" if info.exposures == 1 else f"{exposure}, {info.frames} frames"
        for exposure, info in zip(exposures, infos, strict=True)
    ]
    differing = [names for names in (nights, temperatures, exposures) if len(set(names)) > 1] or [exposures]
    labels = [", ".join(filter(None, names)) for names in zip(*differing, strict=True)]
    labels = [label or exposure for label, exposure in zip(labels, exposures, strict=True)]
    if len(set(labels)) == len(labels):
        return labels
    return [f"{number}: {label}" for number, label in enumerate(labels, 1)]
