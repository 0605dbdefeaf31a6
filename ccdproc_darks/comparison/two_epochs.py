# Licensed under a 3-clause BSD style license - see LICENSE
"""Rates of two epochs, the later ones on the scale of the earlier: the common factor makes another exposure time."""

from dataclasses import dataclass

import numpy as np
from astropy.nddata import CCDData, StdDevUncertainty

from .._interface.arguments import ELECTRON_PER_SECOND
from .._interface.warnings import TemperatureWarning, collected, warn
from ..rates.rate_images import RateImages
from .epoch_scale import EpochScale, epoch_scale

__all__ = ["TwoEpochs"]

_LABELS = ("before", "after")


@dataclass
class TwoEpochs:
    """Two rates that can be compared as if they were of one temperature.

    Attributes
    ----------
    images : `ccdproc_darks.rates.rate_images.RateImages`
        Both rates on the scale of the earlier epoch, by rising exposure time.
    later : int
        Which of the images is the later epoch, 0 or 1.
    measured : `ccdproc_darks.rates.rate_images.RateImages`
        Both rates as they were measured.
    scale : `ccdproc_darks.comparison.epoch_scale.EpochScale`
        What the later rates have in common.

    Notes
    -----
    Rates ``f d`` of an exposure time t have the counts, and so the law, of rates d of an exposure time ``f t``. Dark
    current that typical pixels have more in one of the epochs, E in all, is subtracted from it; as ``E t`` electrons
    of variance it stays in the noise of a reading.
    """

    images: RateImages
    later: int
    measured: RateImages
    scale: EpochScale

    @classmethod
    def of(cls, before, after, *, scale, offset, check_headers=True, read_noise=None):
        """Both epochs of two results of `dark_rate`; for the options see `dark_rate_change`."""
        with collected() as warned:
            measured = RateImages(
                (before, after), repeated=True, check_headers=check_headers, read_noise=read_noise, labels=_LABELS
            )
        # All NaN, as of an amplifier that is dead, is no sign of one image.
        if np.array_equal(before.data, after.data, equal_nan=True) and not np.isnan(before.data).all():
            raise ValueError(
                "before and after have the same value in every pixel: pass the rates of two epochs, each of its own "
                "frames"
            )
        later = measured.labels.index("after")
        found = EpochScale() if scale is None else epoch_scale(measured, later, offset)
        for text, category in dict.fromkeys(warned):
            # What a factor takes out is no reason to warn.
            if category is not TemperatureWarning or not found.is_measured:
                warn(text, category)
        if found.factor == 1 and not found.extra:
            return cls(measured, later, measured, found)
        moved = [
            _moved(measured, 1 - later, 1.0, max(-found.extra, 0.0) / found.factor),
            _moved(measured, later, found.factor, max(found.extra, 0.0)),
        ]
        with collected():  # all was told of the rates themselves
            images = RateImages(moved, repeated=True, check_headers=False, read_noise=read_noise, labels=_LABELS)
        return cls(images, images.labels.index("after"), measured, found)

    @property
    def infos(self):
        """`RateMeta` of the earlier rate, and of the later one."""
        infos = {label: info for label, info in zip(self.measured.labels, self.measured.infos, strict=True)}
        return [infos[label] for label in _LABELS]

    def values(self, pixels):
        """See `RateImages.values`: of some pixels (flat indices), as measured, the earlier rate first."""
        order = [self.measured.labels.index(label) for label in _LABELS]
        return [part[order, 0] for part in self.measured.values(slice(None), pixels)]

    def offset(self, offsets):
        """Offset of the later frames (electron) that common ``offsets`` of both images, on their scale, come to."""
        rates = np.asarray(offsets) / self.images.seconds
        return float(
            (self.scale.extra + self.scale.factor * (rates[self.later] - rates[1 - self.later])) * self.infos[1].longest
        )


def _moved(images, number, factor, extra):
    """One of the rates less an ``extra`` dark current (electron/s), over a ``factor``, as a result of `dark_rate`."""
    image, info = list(images)[number], images.infos[number]
    data, mask, deviation = image.flat(slice(None))
    dtype = np.result_type(np.float32, data.dtype)
    rate = CCDData(
        ((data * image.factor - extra) / factor).astype(dtype).reshape(images.shape),
        unit=ELECTRON_PER_SECOND,
        mask=None if mask is None else mask.reshape(images.shape),
        uncertainty=StdDevUncertainty((deviation * (image.factor / factor)).astype(dtype).reshape(images.shape)),
    )
    rate.meta = images.metas[number].copy()
    seconds = {"DKEXPMIN": info.shortest, "DKEXPMAX": info.longest, "DKTOTAL": info.total}
    for key, value in seconds.items():
        rate.meta[key] = value * factor
    if info.read_noise is not None and extra:
        rate.meta["DKRDNOI"] = float(np.sqrt(info.read_noise**2 + extra * info.longest))
    return rate
