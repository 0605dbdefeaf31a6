# Licensed under a 3-clause BSD style license - see LICENSE
"""A simulated sensor: its properties, which are the same in every frame, and the truth about its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Optional

import numpy.typing as npt
from astropy import units as u
from astropy.io import fits
from astropy.modeling import Model
from astropy.nddata import CCDData

from .._interface.arguments import ELECTRON_PER_SECOND, GAIN_UNIT, checked_dtype, checked_number, checked_quantity
from .._interface.flags import DARK_FLAGS
from .._interface.results import check_finite, result_image, set_keys
from .._interface.shown_object import ShownObject
from ..temperature import rate_ratio
from .cosmic_rays import CosmicRays
from .defects import AmplifierGlow, Defect, checked_defects
from .parameters import (
    DTYPES,
    MOST,
    checked_image,
    checked_kind,
    checked_seed,
    checked_shape,
    header_celsius,
    keep_copies,
    kelvin_of,
)
from .pixels import Pixels
from .response import Response
from .truth import flags_of, rates_of, read_noises_of

__all__ = ["Sensor"]

# Temperatures that differ by less (K) are the same one, converted from another unit.
_SAME_KELVIN = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Sensor(ShownObject):
    """A simulated sensor. Its pixels have the same rates and defects in every frame.

    Parameters
    ----------
    shape : tuple of int, optional
        Rows and columns. Not needed where ``rate`` or ``bias`` is an image.
    seed : int
        Seed of the pixels' properties. Two sensors with equal parameters and equal seeds are the same.
    rate : `~astropy.units.Quantity` or `~astropy.nddata.CCDData`
        Mean dark rate (electron/s), one number or an image.
    dsnu : `~astropy.units.Quantity`
        Dark-signal non-uniformity: standard deviation (electron/s) of the lognormal distribution of the pixels' rates.
    defects : sequence
        Defects, planted in this order: `~ccdproc_darks.simulation.HotPixels`,
        `~ccdproc_darks.simulation.DepletionEdgePixels`, `~ccdproc_darks.simulation.OffsetPixels`,
        `~ccdproc_darks.simulation.LowFullWellPixels`, `~ccdproc_darks.simulation.TelegraphPixels`,
        `~ccdproc_darks.simulation.NoisyPixels` and `~ccdproc_darks.simulation.TelegraphReadNoise`. A pixel may be hot,
        have one other defect of its dark current, and read noise of its own.
    glow : `~ccdproc_darks.simulation.AmplifierGlow`, optional
        Glow of the output amplifier.
    gain : `~astropy.units.Quantity`
        Gain (electron/adu).
    read_noise : `~astropy.units.Quantity`
        Read noise before the ADC (electron); where ``read_noise_spread`` makes pixels differ, its root mean square.
    read_noise_spread : float
        Standard deviation of the natural logarithm of the pixels' read noise, which is lognormal; 0 gives all pixels
        the same. A heavy tail and telegraph read noise are among the defects.
    row_noise, column_noise : `~astropy.units.Quantity`
        Standard deviation (electron) of a shift that all pixels of a row, or of a column, have in common. It is drawn
        anew for each row or column of each frame.
    bias : `~astropy.units.Quantity` or `~astropy.nddata.CCDData`
        Bias level (adu), one number or an image.
    column_pattern : `~astropy.units.Quantity`
        Standard deviation of the columns' bias (adu), which is the same in every frame.
    bias_drift : `~astropy.units.Quantity`
        Standard deviation of the change (adu) of the bias level from one frame to the next.
    full_well : `~astropy.units.Quantity`, optional
        Full well of a pixel: a charge (electron), or a level (adu, with the bias). None: above the top of the ADC.
    linearity_limit : `~astropy.units.Quantity`, optional
        Charge (electron) or level (adu, with the bias) above which a smaller and smaller part of the charge is read.
        Needs a ``full_well``, which the signal then approaches.
    saturation : `~astropy.units.Quantity`, optional
        Top of the ADC (adu). None: 65535 adu for uint16 frames, no limit for floating point.
    cosmic_rays : `~ccdproc_darks.simulation.CosmicRays`, optional
        Cosmic rays that cross the sensor. They need a ``pixel_size``.
    pixel_size : `~astropy.units.Quantity`, optional
        Side of a pixel (a length).
    temperature : `~astropy.units.Quantity`, optional
        Temperature of the sensor, at which the rates hold.
    temperature_model : `~astropy.modeling.Model`, optional
        Dark current against temperature, such as `~ccdproc_darks.temperature.DoublingDarkCurrent` or
        `~ccdproc_darks.temperature.ThermalDarkCurrent`. Only its ratio between two temperatures is used.
    name : str
        Name of the camera, for headers.

    Raises
    ------
    TypeError
        If a parameter that needs a unit has none, or is of the wrong kind.
    astropy.units.UnitsError
        If a unit cannot be converted.
    ValueError
        If a parameter is negative, not finite or out of range, if shapes differ, or if a full well is not above the
        bias.

    See Also
    --------
    simulate_dark : One frame of a sensor.
    DarkSequence : Many frames of a sensor.
    sensor_preset : Sensors like those that observers have.

    Notes
    -----
    The electrons of a pixel are Poisson with the mean ``rate * exposure``, unless the pixel has a defect that changes
    this. Charge above the full well F is lost. With a linearity limit L, a charge Q above L is read as
    ``L + (F - L) (1 - exp(-(Q - L) / (F - L)))``. Read noise, gain, bias and ADC follow.

    Another temperature multiplies all rates that are dark current: those of hot pixels, of depletion edges, and both
    rates of a telegraph pixel. It changes neither dwell times nor offsets, amplifier glow and full wells.

    Rates with the mean m and the standard deviation s are ``m exp(v z - v**2 / 2)``, with ``v**2 = log(1 +
    (s / m)**2)`` and a normal z. EMVA 1288 (release 4.0) calls s the DSNU; here it is in electrons per second of
    exposure.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import Sensor, simulate_dark
    >>> from ccdproc_darks.simulation import HotPixels
    >>> rate = u.electron / u.s
    >>> sensor = Sensor(shape=(100, 100), seed=1, rate=0.01 * rate, read_noise=10 * u.electron, bias=1000 * u.adu,
    ...                 defects=[HotPixels(fraction=0.01, above=1 * rate, maximum=100 * rate)])
    >>> dark = simulate_dark(sensor, exposure=300 * u.s, rng=1)
    >>> truth = sensor.true_rate()
    >>> truth.unit, int((truth.data > 1).sum())
    (Unit("electron / s"), 100)
    """

    shape: tuple[int, int] = None  # type: ignore[assignment] # None until the images have told it
    seed: int = 0
    rate: u.Quantity | CCDData = 0.01 * ELECTRON_PER_SECOND
    dsnu: u.Quantity = 0 * ELECTRON_PER_SECOND
    defects: Sequence[Defect] = ()
    glow: AmplifierGlow | None = None
    gain: u.Quantity = 1 * GAIN_UNIT
    read_noise: u.Quantity = 0 * u.electron
    read_noise_spread: float = 0.0
    row_noise: u.Quantity = 0 * u.electron
    column_noise: u.Quantity = 0 * u.electron
    bias: u.Quantity | CCDData = 0 * u.adu
    column_pattern: u.Quantity = 0 * u.adu
    bias_drift: u.Quantity = 0 * u.adu
    full_well: u.Quantity | None = None
    linearity_limit: u.Quantity | None = None
    saturation: u.Quantity | None = None
    cosmic_rays: CosmicRays | None = None
    pixel_size: u.Quantity | None = None
    temperature: u.Quantity | None = None
    temperature_model: Optional[Model] = None  # noqa: UP045 (of models, | makes another model)
    name: str = "ccdproc_darks simulation"

    def __post_init__(self):
        """Check all parameters."""
        keep_copies(self)
        rate = checked_image("rate", self.rate, ELECTRON_PER_SECOND)
        bias = checked_image("bias", self.bias, u.adu)
        # A frozen dataclass is set so.
        object.__setattr__(self, "shape", checked_shape(self.shape, rate, bias))
        object.__setattr__(self, "defects", checked_defects(self.defects))
        checked_kind("glow", self.glow, AmplifierGlow)
        checked_kind("cosmic_rays", self.cosmic_rays, CosmicRays)
        checked_kind("temperature_model", self.temperature_model, Model)
        checked_seed("seed", self.seed)
        if not (isinstance(self.name, str) and self.name.isascii() and self.name.isprintable()):
            raise ValueError(f"name must be plain ASCII text, as it goes into FITS headers, got {self.name!r}")
        dsnu = checked_quantity("dsnu", self.dsnu, ELECTRON_PER_SECOND, zero=True)
        if dsnu > 0 and not rate.mean() > 0:
            raise ValueError(f"dsnu must be 0 where the rate is, got {self.dsnu}")
        checked_number("read_noise_spread", self.read_noise_spread, maximum=5, inclusive=True)
        if self.cosmic_rays is not None and self.pixel_size is None:
            raise TypeError("pixel_size must be given (a Quantity in um) where there are cosmic_rays")
        if self.pixel_size is not None:
            checked_quantity("pixel_size", self.pixel_size, u.um)
        if self.temperature is not None:
            kelvin_of("temperature", self.temperature)
        elif self.temperature_model is not None:
            raise TypeError("temperature must be given (where the rates hold) where there is a temperature_model")
        for name in ("row_noise", "column_noise"):
            # Kept in electron.
            number = checked_quantity(name, getattr(self, name), u.electron, zero=True)
            object.__setattr__(self, name, number * u.electron)
        checked_quantity("column_pattern", self.column_pattern, u.adu, zero=True)
        checked_quantity("bias_drift", self.bias_drift, u.adu, zero=True)
        response = Response.checked(
            gain=checked_quantity("gain", self.gain, GAIN_UNIT),
            read_noise=checked_quantity("read_noise", self.read_noise, u.electron, zero=True),
            bias=bias,
            full_well=self.full_well,
            linearity_limit=self.linearity_limit,
            saturation=self.saturation,
        )
        object.__setattr__(self, "_rate", rate)
        object.__setattr__(self, "_response", response)

    @property
    def response(self):
        """How electrons become counts: the `Response`."""
        return self._response

    @cached_property
    def pixels(self):
        """Properties of the pixels: the `Pixels`, made when they are first asked for."""
        return Pixels(
            self.shape,
            self.seed,
            rate=self._rate,
            dsnu=self.dsnu.to_value(ELECTRON_PER_SECOND),
            read_noise=self.response.read_noise,
            read_noise_spread=self.read_noise_spread,
            column_pattern=self.column_pattern.to_value(u.adu),
            defects=self.defects,
        )

    def expected(self, seconds, factor=1.0):
        """Expected electrons of the brightest pixel, with ``factor`` times the dark current; an error above `MOST`."""
        amplitudes, glow = self.pixels.of("telegraph", "amplitude")[0], 0.0
        if self.glow is not None:
            glow = self.glow.rate.to_value(ELECTRON_PER_SECOND)
        most = seconds * (factor * (self.pixels.highest + amplitudes.max(initial=0)) + glow)
        if not most <= MOST:
            raise ValueError(
                f"exposure must leave the brightest pixel below {MOST:g} electron, got {seconds:g} s for "
                f"{most / seconds:g} electron/s"
            )
        return most

    def rate_factor(self, temperature):
        """Dark current at a temperature over the dark current at the sensor's own temperature.

        Parameters
        ----------
        temperature : `~astropy.units.Quantity` or None
            The temperature. None: the sensor's own.

        Returns
        -------
        float
            The factor; 1 at the sensor's own temperature.

        Raises
        ------
        ValueError
            If the temperature is another than the sensor's own, and there is no ``temperature_model``.
        """
        if temperature is None:
            return 1.0
        kelvin = kelvin_of("temperature", temperature)
        own = None if self.temperature is None else kelvin_of("temperature", self.temperature)
        if own is not None and abs(kelvin - own) < _SAME_KELVIN:
            return 1.0
        if self.temperature_model is None:
            raise ValueError(
                f"temperature must be the sensor's own ({self.temperature}), as it has no temperature_model; "
                f"got {temperature}"
            )
        return rate_ratio(self.temperature_model, kelvin, own)

    def true_rate(self, *, exposure: u.Quantity | None = None, temperature: u.Quantity | None = None) -> CCDData:
        """The true dark rate of every pixel.

        Parameters
        ----------
        exposure : `~astropy.units.Quantity`, optional
            Exposure time over which the rate is averaged. Rates that fall with the charge, offsets and full wells make
            that mean depend on it. None: the rate of an empty pixel, without its offset.
        temperature : `~astropy.units.Quantity`, optional
            Temperature of the sensor. None: its own.

        Returns
        -------
        `~astropy.nddata.CCDData`
            Rates (electron/s); the rate of a telegraph pixel is its mean over time.

        Raises
        ------
        TypeError, astropy.units.UnitsError, ValueError
            If an argument has no unit, one that cannot be converted, or is not positive.

        Examples
        --------
        >>> from astropy import units as u
        >>> from ccdproc_darks import Sensor
        >>> truth = Sensor(shape=(2, 3), rate=0.5 * u.electron / u.s).true_rate()
        >>> print(truth.data.tolist(), truth.unit)
        [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]] electron / s
        """
        seconds = None if exposure is None else checked_quantity("exposure", exposure, u.s)
        rates = rates_of(self, seconds, self.rate_factor(temperature))
        what = "rate of an empty pixel" if seconds is None else "mean rate over an exposure"
        header = self._truth_header(what, temperature)
        if seconds is not None:
            set_keys(header, {"EXPTIME": (seconds, "[s] exposure time")})
        check_finite(rates)
        return result_image(rates, ELECTRON_PER_SECOND, header)

    def true_read_noise(self, *, dtype: npt.DTypeLike = "uint16") -> CCDData:
        """The true read noise of every pixel.

        Parameters
        ----------
        dtype : {"uint16", "float32", "float64"}
            Type of the frames, as for `simulate_dark`. ``"uint16"``: the read noise of digitised frames, which is
            larger by the variance of rounding to whole adu, ``gain**2 / 12``.

        Returns
        -------
        `~astropy.nddata.CCDData`
            Standard deviation of one reading (electron), of all that is drawn anew in each frame: normal noise,
            telegraph read noise, row noise and column noise. The drift of the bias level is not part of it.

        Raises
        ------
        ValueError
            If ``dtype`` is another.

        Examples
        --------
        With the noise of rounding to whole adu, and without:

        >>> from astropy import units as u
        >>> from ccdproc_darks import Sensor
        >>> sensor = Sensor(shape=(1, 1), read_noise=2 * u.electron, gain=3 * u.electron / u.adu)
        >>> for dtype in ("uint16", "float64"):
        ...     print(f"{sensor.true_read_noise(dtype=dtype).data.item():.3f} electron")
        2.179 electron
        2.000 electron
        """
        rounding = self.response.gain if checked_dtype(dtype, DTYPES).kind == "u" else 0.0
        return result_image(read_noises_of(self, rounding), u.electron, self._truth_header("read noise", None))

    def true_flags(self, *, threshold: u.Quantity | None = None, temperature: u.Quantity | None = None) -> CCDData:
        """The true flags of every pixel, those of `hot_pixel_mask`.

        Parameters
        ----------
        threshold : `~astropy.units.Quantity`, optional
            True rate (electron/s) above which a pixel is flagged HOT. None: the pixels that
            `~ccdproc_darks.simulation.HotPixels` has made hot are flagged.
        temperature : `~astropy.units.Quantity`, optional
            Temperature of the sensor, for that rate. None: its own.

        Returns
        -------
        `~astropy.nddata.CCDData`
            Bit field (uint32) of `DARK_FLAGS`. HOT: above the threshold, or planted. NONLINEAR: not proportional to
            exposure time, by a depletion edge, an offset or a low full well. TELEGRAPH: switches between two rates.
            UNRELIABLE_ERROR: noisy to read, by `~ccdproc_darks.simulation.NoisyPixels` or
            `~ccdproc_darks.simulation.TelegraphReadNoise`. Pixels that are NONLINEAR or TELEGRAPH are DO_NOT_USE as
            well, and masked: a scaled dark cannot remove their signal.

        Raises
        ------
        TypeError, astropy.units.UnitsError, ValueError
            If ``threshold`` has no unit, one that cannot be converted, or is negative.

        Examples
        --------
        >>> from astropy import units as u
        >>> from ccdproc_darks import DARK_FLAGS, Sensor
        >>> from ccdproc_darks.simulation import OffsetPixels
        >>> offset = OffsetPixels(fraction=0.01, offset=300 * u.electron)
        >>> flags = Sensor(shape=(100, 100), defects=[offset]).true_flags()
        >>> print((flags.data & DARK_FLAGS.NONLINEAR > 0).sum(), flags.mask.sum())
        100 100
        """
        hot = None
        if threshold is not None:
            limit = checked_quantity("threshold", threshold, ELECTRON_PER_SECOND, zero=True)
            hot = self.true_rate(temperature=temperature).data > limit
        flags = flags_of(self, hot)
        mask = (flags & DARK_FLAGS.DO_NOT_USE) > 0
        return result_image(flags, u.dimensionless_unscaled, self._truth_header("true flags", temperature), mask=mask)

    def _truth_header(self, what, temperature):
        """Header of an image of the truth; ``what`` it is goes into SIMTRUTH."""
        header = fits.Header()
        header["INSTRUME"] = (self.name, "camera")
        header["SIMTRUTH"] = (what, "truth about a simulated sensor")
        header["SIMSENSR"] = (str(self.seed), "seed of the sensor")
        celsius = header_celsius(temperature, self.temperature)
        if celsius is not None:
            header["CCD-TEMP"] = (celsius, "[deg C] sensor temperature")
        return header
