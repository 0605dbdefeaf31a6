# Licensed under a 3-clause BSD style license - see LICENSE
"""Significance of the scatter of equal frames in each pixel, to find telegraph pixels."""

from __future__ import annotations

import copy
import os
from concurrent.futures import Executor

import numpy as np
import numpy.typing as npt
from astropy import units as u
from astropy.nddata import CCDData

from .._compute.blocks import sample_blocks, shifted
from .._compute.workers import Execution, fill_images
from .._interface.arguments import checked_clip, checked_dtype, numpy_images, unit_name
from .._interface.results import LogEntry, checked_log_entry, logged, result_image, safe_header
from .._interface.warnings import NoiseWarning, warn
from ..frames.headers import FrameSetting, check_one_exposure
from ..frames.inputs import Frames, as_frames
from ..frames.reading import Hdu, ImageSection, checked_reading
from ..rates.amplifiers import Amplifiers, measure_amplifiers
from ..rates.lost_samples import warn_lost_samples
from ..rates.own_map import warn_of_spread
from ..rates.pixel_noise import PixelNoise
from ..rates.prepared_darks import prepare_darks
from ..statistics.rate_distribution import sensor_rate_distribution
from .frame_scatter import LEAST_FRAMES, ScatterJob
from .jump_growth import excess_variance, jumps_of_reading, tells_excess
from .widths import scatter_width

__all__ = ["LEAST_FRAMES", "ScatterImages", "dark_scatter"]

# Pixels that tell the distribution of rates, and the width of good pixels with a map.
_SAMPLE, _CORE = 2**16, 2**17
# Read noise over that of the map, and change of the variance of a frame, from which on the map is another camera's.
_OTHER_MAP, _OF_FRAME = 1.2, 0.1
# Pixels that tell the width to 0.05 %.
_WIDTH_PIXELS = 2**20


def dark_scatter(
    darks: Frames,
    *,
    gain: FrameSetting = None,
    read_noise: FrameSetting | CCDData = None,
    bias: CCDData | str | os.PathLike[str] | u.Quantity | None = None,
    exposure: FrameSetting = None,
    saturation: FrameSetting = None,
    optical_black: u.Quantity | None = None,
    clip: float | None = 5.0,
    hdu: Hdu = None,
    unit: str | u.UnitBase | None = None,
    overscan: ImageSection = None,
    trim: ImageSection = None,
    amplifiers: Amplifiers = None,
    check_headers: bool = True,
    dtype: npt.DTypeLike = "float32",
    mem_limit: u.Quantity | float | None = None,
    executor: Executor | None = None,
    add_keyword: LogEntry = True,
) -> CCDData:
    """Significance of the scatter of equal dark frames in every pixel, large in :term:`telegraph` pixels.

    Parameters
    ----------
    darks : sequence of `~astropy.nddata.CCDData` or paths, or `ccdproc.ImageFileCollection`
        Four dark frames or more of one exposure time, none of them combined, in adu or electron, shape
        (rows, columns).
    gain, bias, exposure, saturation, optical_black
        See `dark_rate`.
    read_noise : `~astropy.units.Quantity`, `ccdproc.Keyword`, str or `~astropy.nddata.CCDData`, optional
        Read noise of one frame (electron), as in `dark_rate`: one number, or a map of every pixel's (`read_noise_map`).
        On CMOS sensors only a map tells a dark current that switches from a pixel that is noisy to read.
    clip : float or None
        Sigmas above the others by which the highest sample of a pixel is a cosmic ray, and left out. Only one sample
        is: two high ones are rather of a pixel that switches. With a map, jumps of the reading (telegraph read noise)
        are none. None keeps all.
    hdu, unit, overscan, trim, amplifiers, check_headers
        See `dark_rate`.
    dtype : {"float32", "float64"}
        Precision of the result.
    mem_limit, executor
        See `dark_rate`.
    add_keyword : bool, None, str, `ccdproc.Keyword` or dict
        Entry for the result's meta. True logs the call as DKSCATTR where ``ccdproc.conf.auto_logging`` is on; False or
        None logs nothing.

    Returns
    -------
    `~astropy.nddata.CCDData`
        Significance of the excess scatter as an :term:`equivalent normal deviate`, without unit, shape (rows, columns);
        good pixels are normal, of mean 0 and width 1. Masked, and NaN, where fewer than four frames are usable.
        ``meta`` has DKSTAT = "scatter", DKEXPMIN and DKEXPMAX (s), NCOMBINE (frames), DKRDNOI (electron; with a map:
        of a typical pixel), and DKWIDTH (scatter of good pixels over their noise). With a map it also has
        DKNOISE = "map", and DKCORE (width of good pixels, that all deviates were divided by).

    Raises
    ------
    TypeError, astropy.units.UnitsError, OSError
        See `dark_rate`.
    ValueError
        If there are fewer than four frames, frames of several exposure times, combined ones, or no read noise; see
        also `dark_rate`.

    Warns
    -----
    BiasWarning, ClippingWarning, DuplicateFrameWarning, FrameLevelWarning, HeaderWarning, LightWarning,
    MissingInformationWarning, NoUsablePixelWarning, NoiseWarning, TemperatureWarning
        See `dark_rate`. NoiseWarning also where so many pixels scatter more than their noise explains that the read
        noise is wrong: all tails are then taken for those of the chi-square law.

    See Also
    --------
    hot_pixel_mask : Flags TELEGRAPH with ``scatter=``.
    read_noise_map : The read noise of every pixel.

    Notes
    -----
    The counts of a steady pixel scatter about their mean, given that mean, with a chi-square of N - 1 degrees of
    freedom and the variance ``V = d t + R**2`` of a pixel with that mean. The far tail, where Poisson skewness counts,
    is computed as in `compare_dark_rates`. A pixel that switches between two rates (random telegraph signal; Hopkins
    and Hopkinson 1993, IEEE Trans. Nucl. Sci. 40, 1567) scatters more. So does one with a larger read noise than the
    others, as CMOS sensors have, where R is one number for all pixels.

    With a map, R is the pixel's own. The map has an error, so that the probability is averaged over what the read noise
    may be, jumps of it (telegraph read noise) included, given the scatter of the pixel in the map and the distribution
    over the sensor (moderated variances: Smyth 2004, Stat. Appl. Genet. Mol. Biol. 3, 3). What all pixels share is no
    telegraph signal: a common factor of the read noise (DKWIDTH) is found from the median of all pixels. Many frames
    also show that the noise of each pixel changed a little since the map was made: where the lower half of all deviates
    is wider than 1, they are divided by that width (DKCORE; empirical null: Efron 2004, J. Am. Stat. Assoc. 99, 96).

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import Sensor, dark_scatter, simulate_dark
    >>> from ccdproc_darks.simulation import TelegraphPixels
    >>> sensor = Sensor(shape=(50, 50), read_noise=3 * u.electron, bias=1000 * u.adu, seed=1,
    ...                 defects=[TelegraphPixels(fraction=0.002, amplitude=2 * u.electron / u.s,
    ...                                          dwell_low=500 * u.s, dwell_high=500 * u.s)])
    >>> darks = [simulate_dark(sensor, exposure=100 * u.s, rng=seed) for seed in range(8)]
    >>> scatter = dark_scatter(darks, bias=1000 * u.adu)
    >>> print((scatter.data > 5).sum())
    5
    """
    execution = Execution(executor, mem_limit)
    checked_log_entry(add_keyword)
    clip = checked_clip(clip)
    dtype = checked_dtype(dtype, ("float32", "float64"))
    reading = checked_reading(hdu=hdu, unit=unit, overscan=overscan, trim=trim)
    arguments = {
        "darks": darks, "gain": gain, "read_noise": read_noise, "bias": bias, "exposure": exposure,
        "saturation": saturation, "optical_black": optical_black, "clip": clip, "hdu": hdu, "unit": unit,
        "overscan": overscan, "trim": trim, "amplifiers": amplifiers, "check_headers": check_headers,
        "dtype": dtype.name,
    }  # fmt: skip
    if amplifiers is not None:
        result = measure_amplifiers(
            dark_scatter, as_frames(darks, reading=reading), amplifiers, reading, gain=gain, read_noise=read_noise,
            bias=bias, exposure=exposure, saturation=saturation, optical_black=optical_black, clip=clip,
            check_headers=check_headers, dtype=dtype, mem_limit=mem_limit, executor=executor,
        )  # fmt: skip
        return logged(result, "DKSCATTR", "dark_scatter", arguments, add_keyword)
    prepared = prepare_darks(
        darks, gain=gain, read_noise=read_noise, bias=bias, exposure=exposure, saturation=saturation,
        n_combined=None, offset=None, optical_black=optical_black, check_headers=check_headers, execution=execution,
        reading=reading,
    )  # fmt: skip
    warn_of_spread(prepared.spread)
    dark_set = _one_set(prepared)
    shape, number = prepared.shape, len(dark_set.frames)
    seconds, offsets = np.full(number, dark_set.seconds), dark_set.level_shifts

    noise = prepared.noise if prepared.pixel_noise is None else prepared.pixel_noise.for_rejection(clip)
    job = ScatterJob(dark_set, prepared.reader, noise, clip)
    blocks = sample_blocks(shape, _SAMPLE)
    samples = (job.counts(block) for block in blocks)
    job.rate_distribution = sensor_rate_distribution(samples, seconds, np.ones(number), [], offsets, False)
    if prepared.pixel_noise is not None:
        job.find_core(sample_blocks(shape, _CORE))
        _warn_of_map(job, prepared.noise)
    else:
        job.find_normal(blocks)
    if job.normal:
        warn(
            f"frames scatter {job.width_seen:.2f} times as much in good pixels as their noise explains: the read noise "
            "is too low, or the dark current drifts. Probabilities are those of the chi-square law, and no sample is "
            "taken for a cosmic ray. Let the frames tell their noise (read_noise=None, or a result of read_noise_map)",
            NoiseWarning,
        )
    else:
        job.find_tails()
    data = np.empty(shape, dtype)
    fill_images(job, [data], execution)
    mask = np.isnan(data)
    if mask.all():
        warn_lost_samples([dark_set], prepared.reader, f"no pixel has {LEAST_FRAMES} samples that can be used")
    header = safe_header(
        prepared.frames[0].header,
        {
            "EXPTIME": (dark_set.seconds, "[s] exposure time of a frame"),
            "EXPOSURE": (dark_set.seconds, "[s] exposure time of a frame"),
            "DKEXPMIN": (dark_set.seconds, "[s] shortest exposure time"),
            "DKEXPMAX": (dark_set.seconds, "[s] longest exposure time"),
            "NCOMBINE": (number, "number of frames"),
            "DKRDNOI": (prepared.noise, "[electron] read noise of a frame"),
            "DKSTAT": ("scatter", "significance of the scatter of equal frames"),
            **_width_entries(job, data, number - 1),
        },
    )
    result = result_image(data, u.dimensionless_unscaled, header, mask=mask, wcs=prepared.frames[0].wcs)
    return logged(result, "DKSCATTR", "dark_scatter", arguments, add_keyword)


def _one_set(prepared):
    """The set of equal frames; an error where there is not one that can be used."""
    check_one_exposure([dark_set.seconds for dark_set in prepared.dark_sets])
    (dark_set,) = prepared.dark_sets
    number = len(dark_set.frames)
    if number < LEAST_FRAMES:
        raise ValueError(
            f"at least {LEAST_FRAMES} equal frames are needed to tell a telegraph pixel from a cosmic ray, got {number}"
        )
    if (dark_set.combined > 1).any():
        raise ValueError("darks must be single frames: a combined one no longer shows how frames scatter")
    if prepared.noise is None:
        raise ValueError("read_noise is needed, and neither the headers (RDNOISE) nor equal frames tell it")
    return dark_set


def _warn_of_map(job, noise):
    """Warn where good pixels scatter by more, or less, than a map of the typical read ``noise`` (electron) tells."""
    width, share = float(np.sqrt(job.factor)), noise**2 / (noise**2 + max(job.typical_counts, 0.0))
    # Where dark electrons make most of the noise, what is small beside it does not tell of the map.
    change = (1 + share * (job.factor - 1)) * job.width**2 - 1
    if 1 / _OTHER_MAP <= width <= _OTHER_MAP or abs(change) < _OF_FRAME:
        return
    warn(
        f"these frames scatter as if their read noise were {width:.2f} times that of the map (typically {noise:.3g} "
        "electron), and it is taken so: the map is of another camera, gain or mode, or the frames drift. Pass a map of "
        "bias frames of this camera and setting (read_noise_map)",
        NoiseWarning,
    )


def _width_entries(job, data, degrees):
    """Entries of the result's meta: how good pixels scatter."""
    if isinstance(job.noise, PixelNoise):
        return {
            "DKNOISE": ("map", "source of the read noise"),
            "DKWIDTH": (float(np.sqrt(job.factor)), "read noise of these frames over that of the map"),
            "DKCORE": (job.width, "width that deviates are divided by"),
        }
    # An odd step does not take the same columns of each row.
    deviates = data.ravel()[:: data.size // _WIDTH_PIXELS | 1]
    return {
        "DKWIDTH": (scatter_width(deviates[~np.isnan(deviates)], degrees), "scatter of good pixels over their noise")
    }


class ScatterImages:
    """Results of `dark_scatter`: none, one or several; an error where one is not, or has another ``shape``."""

    def __init__(self, images, shape):
        if not isinstance(images, list | tuple):
            images = [] if images is None else [images]
        images = numpy_images(images, [f"scatter[{number}]" for number in range(len(images))])
        for number, image in enumerate(images):
            label = f"scatter[{number}]"
            if not isinstance(image, CCDData):
                raise TypeError(f"{label} must be CCDData, a result of dark_scatter, got {type(image).__name__}")
            if image.meta.get("DKSTAT") != "scatter":
                raise ValueError(f"{label} is not a result of dark_scatter: DKSTAT is {image.meta.get('DKSTAT')!r}")
            if image.unit is not None and image.unit != u.dimensionless_unscaled:
                raise u.UnitsError(f"{label} is in {unit_name(image.unit)}, expected no unit")
            if image.shape != shape:
                raise ValueError(f"{label} must have the shape of the rates, {shape}, got {image.shape}")
        self._images = list(map(_deviates_of, images))
        self._start, self._unstable = 0, None
        self.headers = {f"scatter[{number}]": image.meta for number, image in enumerate(images)}

    def __len__(self):
        return len(self._images)

    def for_rows(self, rows):
        """The images of the rows of a slice alone; they can be sent to another process."""
        part = copy.copy(self)
        part._images, part._start, part.headers = [image[rows] for image in self._images], rows.start, {}
        part._unstable = None if self._unstable is None else self._unstable[rows]
        return part

    def critical(self, control):
        """Deviate beyond which a pixel is a telegraph pixel, for a `FalsePositiveControl`."""
        if not self._images:
            return np.inf
        if control.fdr is None:
            return control.critical(sum(int(np.count_nonzero(np.isfinite(image))) for image in self._images), 1)
        values = np.concatenate([image[np.isfinite(image)] for image in self._images]).astype(float)
        return control.critical(values.size, 1, values[values > control.least])

    def find_unstable(self, critical, rate, noise=None):
        """Find the pixels above a deviate whose jumps do not grow with exposure: they are of the reading.

        Parameters
        ----------
        critical : float
            The deviate.
        rate : `numpy.ndarray`
            Dark rate of each pixel (electron/s), shape (rows, columns).
        noise : `PixelNoise`, optional
            Read noise of each pixel. None: one for all.
        """
        told = [image for image in zip(self._images, self.headers.values(), strict=True) if tells_excess(image[1])]
        pixels = np.flatnonzero(self.beyond(critical, slice(0, len(rate)))) if len(told) > 1 else np.zeros(0, int)
        if pixels.size == 0:
            return
        own = None
        if noise is not None:
            scatter, variance = (part.ravel().astype(float) for part in noise.rows(slice(0, len(rate)), pixels))
            own = scatter, variance, noise.distribution
        rates = np.nan_to_num(rate.reshape(-1)[pixels].astype(float))
        deviates = np.array([image.reshape(-1)[pixels] for image, _ in told], dtype=float)
        excess = np.array(
            [excess_variance(deviate, meta, rates, own) for deviate, (_, meta) in zip(deviates, told, strict=True)]
        )
        seconds = np.array([meta["DKEXPMIN"] for _, meta in told])
        self._unstable = np.zeros(rate.shape, dtype=bool)
        self._unstable.reshape(-1)[pixels[jumps_of_reading(excess, seconds, deviates)]] = True

    def beyond(self, critical, rows, pixels=None):
        """Pixels of a slice of rows (or some of them, by flat indices) above a deviate in one image or more.

        Without those that are `unstable`.
        """
        found = False
        for image in self._images:
            with np.errstate(invalid="ignore"):
                found = found | np.greater(self._part(image, rows, pixels), critical, signature="dd->?")
        return found if self._unstable is None else found & ~self.unstable(rows, pixels)

    def unstable(self, rows, pixels=None):
        """Pixels whose reading jumps, by `find_unstable`; False where it found none."""
        return False if self._unstable is None else self._part(self._unstable, rows, pixels)

    def _part(self, image, rows, pixels):
        rows = shifted(rows, self._start)
        return image[rows] if pixels is None else image[rows].reshape(1, -1)[:, pixels]


def _deviates_of(image):
    """Deviates of an image, NaN where it is masked; they are not copied where its data tell that themselves."""
    data = image.data if image.data.dtype.kind == "f" and image.data.dtype.isnative else image.data.astype(float)
    if image.mask is None or np.isnan(data[np.broadcast_to(image.mask, data.shape)]).all():
        return data
    return np.where(image.mask, np.nan, data)
