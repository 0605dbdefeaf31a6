# Licensed under a 3-clause BSD style license - see LICENSE
"""A sensor: what is the same in every frame of it, and the truth about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Optional

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.modeling import Model
from astropy.nddata import CCDData

from .._arguments import ELECTRON_PER_SECOND, GAIN_UNIT, checked_number, checked_quantity
from .._results import result_image, set_keys
from ..flags import DARK_FLAGS
from ..temperature import rate_ratio
from .cosmic_rays import CosmicRays
from .defects import KINDS, AmplifierGlow, Defect
from .parameters import MOST, checked_image, keep_copies
from .pixels import Pixels, frame_blocks
from .response import Response, mean_of_clipped

__all__ = ["Sensor", "checked_seed", "kelvin_of"]

# Below, two temperatures are the same, written in another way.
_SAME_KELVIN = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class Sensor:
    """
    A simulated sensor: the same pixels are hot, or wrong in other ways, in every frame of it.

    Parameters
    ----------
    shape : tuple of int, optional
        Rows and columns. May be left out where ``rate`` or ``bias`` is an image.
    seed : int
        Which sensor of its kind: decides which pixels are what. Two sensors of equal parameters and seeds are the
        same.
    rate : `~astropy.units.Quantity` or `~astropy.nddata.CCDData`
        Mean dark rate (electron/s), one number or an image.
    dsnu : `~astropy.units.Quantity`
        Dark-signal non-uniformity: standard deviation of the rates between pixels (electron/s), which are lognormal
        about their mean.
    defects : sequence
        Of `~ccdproc_darks.simulation.HotPixels`, `~ccdproc_darks.simulation.DepletionEdgePixels`,
        `~ccdproc_darks.simulation.OffsetPixels`, `~ccdproc_darks.simulation.LowFullWellPixels` and
        `~ccdproc_darks.simulation.TelegraphPixels`, planted in this order. A pixel may be hot and have one other
        defect.
    glow : `~ccdproc_darks.simulation.AmplifierGlow`, optional
        Of the output amplifier.
    gain : `~astropy.units.Quantity`
        Gain, in electron/adu.
    read_noise : `~astropy.units.Quantity`
        Read noise before the ADC (electron); where pixels differ, the root mean square over them.
    read_noise_spread : float
        Standard deviation of the logarithm of the pixels' read noise; 0 gives all the same. More than 0.1
        shows in the tails of tests, as `dark_rate` takes one read noise for all pixels.
    bias : `~astropy.units.Quantity` or `~astropy.nddata.CCDData`
        Bias level (adu), one number or an image.
    column_pattern : `~astropy.units.Quantity`
        Standard deviation of the columns' bias (adu).
    bias_drift : `~astropy.units.Quantity`
        Standard deviation of the step (adu) by which the level of a frame differs from that of the one before.
    full_well : `~astropy.units.Quantity`, optional
        What a pixel holds: a charge (electron), or the level of a frame (adu, with the bias). None: more than the ADC
        can tell.
    linearity_limit : `~astropy.units.Quantity`, optional
        Charge (electron) or level (adu, with the bias) above which less and less of the charge is read; needs a
        ``full_well``, to which the signal then goes.
    saturation : `~astropy.units.Quantity`, optional
        Top of the ADC (adu). None: 65535 adu for uint16 frames, and no limit for floating point.
    cosmic_rays : `~ccdproc_darks.simulation.CosmicRays`, optional
        That cross it; they need a ``pixel_size``.
    pixel_size : `~astropy.units.Quantity`, optional
        Side of a pixel.
    temperature : `~astropy.units.Quantity`, optional
        At which the rates hold.
    temperature_model : `~astropy.modeling.Model`, optional
        Dark current against temperature; only the ratio between two temperatures is used. For example
        `~ccdproc_darks.temperature.DoublingDarkCurrent` or `~ccdproc_darks.temperature.ThermalDarkCurrent`.
    name : str
        Of the camera, for headers.

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
    simulate_dark : A frame of it.
    DarkSequence : Many.
    sensor_preset : Sensors like those that observers have.

    Notes
    -----
    Electrons of a frame are Poisson of ``rate * exposure``, but for the pixels that have a defect that says otherwise.
    Of the charge Q a linearity limit L below the full well F leaves ``L + (F - L) (1 - exp(-(Q - L) / (F - L)))``;
    without a limit the full well clips. Read noise, gain, bias and ADC follow.

    Another temperature multiplies all rates that are dark current: those of hot pixels, of depletion edges and both of
    a telegraph pixel. Dwell times, offsets, amplifier glow and full wells stay.

    The lognormal of mean m and standard deviation s is ``m exp(v z - v**2 / 2)``, ``v**2 = log(1 + (s / m)**2)``, with
    z normal; the standard deviation is what EMVA 1288 (release 4.0) calls DSNU, in electrons per second
    of exposure.

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
        """Check all parameters, and keep their values as plain numbers."""
        keep_copies(self)
        rate = checked_image("rate", self.rate, ELECTRON_PER_SECOND)
        bias = checked_image("bias", self.bias, u.adu)
        # A frozen dataclass is set so.
        object.__setattr__(self, "shape", _frame_shape(self.shape, rate, bias))
        object.__setattr__(self, "defects", _checked_defects(self.defects))
        _checked_kind("glow", self.glow, AmplifierGlow)
        _checked_kind("cosmic_rays", self.cosmic_rays, CosmicRays)
        _checked_kind("temperature_model", self.temperature_model, Model)
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
        checked_quantity("column_pattern", self.column_pattern, u.adu, zero=True)
        checked_quantity("bias_drift", self.bias_drift, u.adu, zero=True)
        object.__setattr__(self, "_rate", rate)
        object.__setattr__(
            self,
            "_response",
            Response.checked(
                gain=checked_quantity("gain", self.gain, GAIN_UNIT),
                read_noise=checked_quantity("read_noise", self.read_noise, u.electron, zero=True),
                bias=bias,
                full_well=self.full_well,
                linearity_limit=self.linearity_limit,
                saturation=self.saturation,
            ),
        )

    @property
    def response(self):
        """From electrons to adu, as plain numbers."""
        return self._response

    @cached_property
    def pixels(self):
        """What is persistent in the pixels, as plain arrays; made when first asked for."""
        return Pixels(
            self.shape,
            self.seed,
            rate=self._rate,
            dsnu=self.dsnu.to_value(ELECTRON_PER_SECOND),
            read_noise_spread=self.read_noise_spread,
            column_pattern=self.column_pattern.to_value(u.adu),
            defects=self.defects,
        )

    def expected(self, seconds, factor=1.0):
        """
        Most electrons that a pixel may expect in an exposure (s), where that is not more than can be simulated.

        Raises
        ------
        ValueError
            If it is.
        """
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
        """
        Dark current at a temperature over that at the sensor's own.

        Parameters
        ----------
        temperature : `~astropy.units.Quantity` or None
            None is the sensor's own.

        Returns
        -------
        float
            1 at the sensor's own temperature.

        Raises
        ------
        ValueError
            If the sensor does not know how its rates depend on temperature.
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
        """
        The true dark rate of every pixel.

        Parameters
        ----------
        exposure : `~astropy.units.Quantity`, optional
            Give the mean rate over an exposure so long, with all that makes it depend on exposure time: charge that
            stops the current, offsets, full wells. None gives the rate of an empty pixel, without offset.
        temperature : `~astropy.units.Quantity`, optional
            Of the sensor; its own by default.

        Returns
        -------
        `~astropy.nddata.CCDData`
            Rates (electron/s), of a telegraph pixel the mean over time.

        Raises
        ------
        TypeError, astropy.units.UnitsError, ValueError
            If an argument has no unit, one that cannot be converted, or is not positive.
        """
        factor = self.rate_factor(temperature)
        pixels = self.pixels
        rates = np.multiply(pixels.rate, factor, dtype=float)
        if self.glow is not None:
            for rows in frame_blocks(self.shape):
                rates[rows] += self.glow.rows(self.shape, rows)
        index, amplitude, low, high = pixels.of("telegraph", "index", "amplitude", "dwell_low", "dwell_high")
        rates.flat[index] += factor * amplitude * high / (low + high)
        index, rate, charge = pixels.of("edge", "index", "rate", "charge")
        header = self._truth_header(
            "mean rate over an exposure" if exposure is not None else "rate of an empty pixel", temperature
        )
        if exposure is None:
            rates.flat[index] += factor * rate
        else:
            seconds = checked_quantity("exposure", exposure, u.s)
            set_keys(header, {"EXPTIME": (seconds, "[s] exposure time")})
            rates *= seconds
            rates.flat[index] += charge * -np.expm1(-factor * rate * seconds / charge)
            index, electrons = pixels.of("offset", "index", "electrons")
            rates.flat[index] += electrons
            index, electrons = pixels.of("well", "index", "electrons")
            rates.flat[index] = mean_of_clipped(rates.flat[index], electrons)
            self.response.limit_mean(rates)
            rates /= seconds
        return result_image(rates, ELECTRON_PER_SECOND, header)

    def true_flags(self, *, threshold: u.Quantity | None = None, temperature: u.Quantity | None = None) -> CCDData:
        """
        What is wrong with every pixel, in the names of `hot_pixel_mask`.

        Parameters
        ----------
        threshold : `~astropy.units.Quantity`, optional
            Flag HOT where the true rate is above it (electron/s). None flags the pixels planted by
            `~ccdproc_darks.simulation.HotPixels`.
        temperature : `~astropy.units.Quantity`, optional
            Of the sensor, for that rate; its own by default.

        Returns
        -------
        `~astropy.nddata.CCDData`
            Bit field (uint32) of `DARK_FLAGS`: HOT; NONLINEAR where the signal is not proportional to exposure time (a
            depletion edge, an offset or a low full well); TELEGRAPH. The mask, and DO_NOT_USE, are where a scaled
            dark cannot remove the signal: NONLINEAR and TELEGRAPH.

        Raises
        ------
        TypeError, astropy.units.UnitsError, ValueError
            If ``threshold`` has no unit, one that cannot be converted, or is negative.
        """
        pixels = self.pixels
        flags = np.zeros(self.shape, dtype=np.uint32)
        if threshold is None:
            flags.flat[pixels.of("hot", "index")[0]] = DARK_FLAGS.HOT
        else:
            limit = checked_quantity("threshold", threshold, ELECTRON_PER_SECOND, zero=True)
            flags[self.true_rate(temperature=temperature).data > limit] = DARK_FLAGS.HOT
        for kind, flag in (
            ("edge", DARK_FLAGS.NONLINEAR),
            ("offset", DARK_FLAGS.NONLINEAR),
            ("well", DARK_FLAGS.NONLINEAR),
            ("telegraph", DARK_FLAGS.TELEGRAPH),
        ):
            flags.flat[pixels.of(kind, "index")[0]] |= np.uint32(flag | DARK_FLAGS.DO_NOT_USE)
        mask = (flags & DARK_FLAGS.DO_NOT_USE) > 0
        return result_image(flags, u.dimensionless_unscaled, self._truth_header("true flags", temperature), mask=mask)

    def _truth_header(self, what, temperature):
        header = fits.Header()
        header["INSTRUME"] = (self.name, "camera")
        header["SIMTRUTH"] = (what, "truth about a simulated sensor")
        header["SIMSENSR"] = (str(self.seed), "seed of the sensor")
        temperature = self.temperature if temperature is None else temperature
        if temperature is not None:
            celsius = round(kelvin_of("temperature", temperature) - 273.15, 6)
            header["CCD-TEMP"] = (celsius, "[deg C] sensor temperature")
        return header


def kelvin_of(name, temperature):
    """A temperature in deg_C or K as a plain number in K."""
    if not isinstance(temperature, u.Quantity) or temperature.unit.physical_type != "temperature":
        raise TypeError(f"{name} must be a Quantity in deg_C or K, got {temperature!r}")
    return checked_quantity(name, temperature, u.K, equivalencies=u.temperature())


def _frame_shape(shape, *images):
    shapes = {image.shape for image in images if image.ndim == 2}
    if shape is not None:
        try:
            given = tuple(int(side) for side in shape)
        except (TypeError, ValueError):
            raise TypeError(f"shape must be (rows, columns), got {shape!r}") from None
        if len(given) != 2 or min(given) < 1 or given != tuple(shape):
            raise ValueError(f"shape must be two positive whole numbers (rows, columns), got {shape}")
        shapes.add(given)
    if not shapes:
        raise TypeError("shape must be given as (rows, columns) where neither rate nor bias is an image")
    if len(shapes) > 1:
        raise ValueError(f"shape, rate and bias must have one shape, got {sorted(shapes)}")
    return shapes.pop()


def _checked_kind(name, value, kind):
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{name} must be None or a {kind.__name__}, got {value!r}")


def _checked_defects(defects):
    known = ", ".join(kind.__name__ for kind in KINDS)
    if isinstance(defects, KINDS) or not isinstance(defects, list | tuple):
        raise TypeError(f"defects must be a list of {known}, got {defects!r}")
    for defect in defects:
        if not isinstance(defect, KINDS):
            raise TypeError(f"defects must be a list of {known}, got {defect!r} in it")
    return tuple(defects)


def checked_seed(name, seed):
    """The seed of a sensor: a whole number that is not negative."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(f"{name} must be a whole number, got {seed!r}")
    if seed < 0:
        raise ValueError(f"{name} must not be negative, got {seed}")
    return int(seed)
