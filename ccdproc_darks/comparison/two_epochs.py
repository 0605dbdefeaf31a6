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
    infos : list of `ccdproc_darks.rates.rate_meta.RateMeta`
        How the earlier and the later rate were measured.
    later : int
        Which of the images is the later epoch, 0 or 1.
    scale : `ccdproc_darks.comparison.epoch_scale.EpochScale`
        What the later rates have in common.

    Notes
    -----
    Rates ``f d`` of an exposure time t have the counts, and so the law, of rates d of an exposure time ``f t``. Dark
    current that typical pixels have more in one of the epochs, E in all, is subtracted from it; as ``E t`` electrons
    of variance it stays in the noise of a reading.
    """

    images: RateImages
    infos: list
    later: int
    scale: EpochScale

    @classmethod
    def of(cls, before, after, *, scale, offset, check_headers=True, read_noise=None):
        """Both epochs of two results of `dark_rate`; for the options see `dark_rate_change`."""
        with collected() as warned:
            images = RateImages(
                (before, after), repeated=True, check_headers=check_headers, read_noise=read_noise, labels=_LABELS
            )
        later = images.labels.index("after")
        found = EpochScale() if scale is None else epoch_scale(images, later, offset)
        for text, category in dict.fromkeys(warned):
            # What a factor takes out is no reason to warn.
            if category is not TemperatureWarning or found.source in ("none", "too few pixels"):
                warn(text, category)
        infos = [images.infos[1 - later], images.infos[later]]
        if found.factor == 1 and not found.extra:
            return cls(images, infos, later, found)
        of_before = max(-found.extra, 0.0) / found.factor
        moved = [
            _moved(images, 1 - later, 1.0, of_before),
            _moved(images, later, found.factor, max(found.extra, 0.0)),
        ]
        moved[0].wcs = before.wcs
        with collected():  # all was told of the rates themselves
            images = RateImages(moved, repeated=True, check_headers=False, read_noise=read_noise, labels=_LABELS)
        return cls(images, infos, images.labels.index("after"), found)

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
    # An exact noise of zero stays one.
    noise = (
        info.read_noise
        if not info.read_noise or not extra
        else np.hypot(info.read_noise, np.sqrt(extra * info.longest))
    )
    seconds = {
        key: info_value * factor
        for key, info_value in (("DKEXPMIN", info.shortest), ("DKEXPMAX", info.longest), ("DKTOTAL", info.total))
    }
    rate.meta = images.metas[number].copy()
    for key, value in (seconds | ({"DKRDNOI": float(noise)} if noise is not None else {})).items():
        rate.meta[key] = value
    return rate
