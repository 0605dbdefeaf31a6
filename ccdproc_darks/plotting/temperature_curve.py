# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark current against the temperature of the sensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from astropy.modeling import Model
from astropy.nddata import CCDData

from .._interface.arguments import ELECTRON_PER_SECOND, unit_name
from .._interface.number_text import with_error
from .._interface.pixel_list import checked_pixels
from ..rates.doubling_temperature import typical_rates
from .style import AXIS_RATE, MARKERS, axes_or_new, line_style, plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_temperature"]

# Pixels that have a marker of their own beside that of the typical one.
_MOST = len(MARKERS) - 1
# Part of the range of temperatures that lines go beyond it.
_BEYOND = 0.05


def plot_temperature(*rates: CCDData, model: Model | None = None, pixels: Any = None, ax: Axes | None = None) -> Axes:
    """Draw the dark current of the typical pixel against the temperature of the sensor.

    Parameters
    ----------
    *rates : `~astropy.nddata.CCDData`
        Results of `~ccdproc_darks.dark_rate` of one sensor at two or more temperatures (DKTEMP in their meta), more
        than 2 deg C apart.
    model : `~astropy.modeling.Model`, optional
        Dark current against temperature, drawn as a dashed line: such as
        `~ccdproc_darks.temperature.ThermalDarkCurrent`, or any that takes a temperature in K.
    pixels : sequence of pairs (x, y), or table, optional
        Up to nine pixels that are drawn too: column and row, from 0; or a table with the columns x and y.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw on. None: those of a new figure.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The picture: temperature (deg C) against dark current on a logarithmic axis.

    Raises
    ------
    TypeError
        If a rate is not CCDData, or ``model`` no model.
    astropy.units.UnitsError
        If ``model`` does not give electron/s.
    ValueError
        If the rates tell no doubling temperature, see `~ccdproc_darks.doubling_temperature`; if a pixel is outside of
        the image, or there are more than nine.

    See Also
    --------
    ccdproc_darks.doubling_temperature : The number in the legend.

    Notes
    -----
    Error bars are one standard deviation. The solid line is that of `~ccdproc_darks.doubling_temperature`: straight on
    this axis, as if the dark current doubled at equal steps. Silicon bends it a little, and hot pixels are flatter than
    typical ones: dark current of the depletion region has half the activation energy of diffusion (Widenhorn, R. et al.
    2002, Proc. SPIE 4669, 193). A pixel is not drawn where it is masked, or where its rate is not above zero.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import dark_rate, simulate_dark
    >>> from ccdproc_darks.plotting import plot_temperature
    >>> rates = []
    >>> for celsius in (-20, -10, 0):
    ...     darks = [simulate_dark((100, 100), exposure=100 * u.s, rate=0.5 * 2**(celsius / 6) * u.electron / u.s,
    ...                            read_noise=5 * u.electron, bias=1000 * u.adu, temperature=celsius * u.deg_C,
    ...                            rng=celsius + 20 + number) for number in range(5)]
    ...     rates.append(dark_rate(darks, bias=1000 * u.adu))
    >>> ax = plot_temperature(*rates)
    >>> print(ax.get_xlabel(), ax.get_yscale())
    sensor temperature (deg C) log

    A sensor of silicon, with hot pixels:

    .. plot::

        import numpy as np
        from astropy import units as u
        from ccdproc_darks import DarkSequence, Sensor, dark_rate
        from ccdproc_darks.plotting import plot_temperature
        from ccdproc_darks.simulation import HotPixels
        from ccdproc_darks.temperature import ThermalDarkCurrent

        silicon = ThermalDarkCurrent(depletion=0.2 * u.electron / u.s, diffusion=0.8 * u.electron / u.s,
                                     reference_temperature=273.15 * u.K)
        sensor = Sensor(shape=(100, 100), rate=1 * u.electron / u.s, read_noise=5 * u.electron, bias=1000 * u.adu,
                        temperature=0 * u.deg_C, temperature_model=silicon, seed=1,
                        defects=[HotPixels(fraction=0.01, above=5 * u.electron / u.s, maximum=50 * u.electron / u.s)])
        rates = [dark_rate(list(DarkSequence(sensor, [(5, 100 * u.s)], temperature=celsius * u.deg_C, rng=1)),
                           bias=sensor.bias) for celsius in (-20, -10, 0, 10)]
        y, x = np.unravel_index(np.argmax(rates[2].data), rates[2].shape)
        plot_temperature(*rates, model=silicon, pixels=[(x, y)])
    """
    found = typical_rates(rates)
    doubling, error = found.doubling
    x, y = ((), ()) if pixels is None else checked_pixels(pixels, rates[0].shape, _MOST)
    low, high = found.celsius.min(), found.celsius.max()
    celsius = np.linspace(low - _BEYOND * (high - low), high + _BEYOND * (high - low), 100)
    curve = None if model is None else _curve(model, celsius)
    ax = axes_or_new(ax, (6.4, 5.0))
    typical = {"color": line_style(0)["color"], "marker": MARKERS[0], "ls": "none", "ms": 6, "capsize": 3}
    shown = [ax.errorbar(found.celsius, found.rates, found.errors, label="typical pixel", **typical)]
    text = f"doubles every {with_error(doubling.value, error.value)} K"
    shown += ax.plot(celsius, found.at(celsius), lw=1.5, label=text, **line_style(0))
    if curve is not None:
        shown += ax.plot(celsius, curve, color="k", lw=1.5, ls="--", label=f"model: {type(model).__name__}")
    order = np.argsort(found.celsius, kind="stable")
    for number, (column, row) in enumerate(zip(x, y, strict=True), start=1):
        values, errors = _of_pixel(rates, column, row)
        style = line_style(number) | {"lw": 0.8, "marker": MARKERS[number], "ms": 5, "capsize": 2}
        label = f"pixel ({column}, {row})"
        shown.append(ax.errorbar(found.celsius[order], values[order], errors[order], label=label, **style))
    ax.set(yscale="log", xlabel="sensor temperature (deg C)", ylabel=AXIS_RATE)
    plain_log_ticks(ax.yaxis)
    ax.legend(handles=shown, frameon=False, loc="upper left")
    return ax


def _curve(model, celsius):
    """Dark current (electron/s) of a model at temperatures (deg C)."""
    if not isinstance(model, Model):
        raise TypeError(
            "model must be a model of astropy.modeling, such as ccdproc_darks.temperature.ThermalDarkCurrent, got "
            f"{type(model).__name__}"
        )
    kelvin = celsius + 273.15
    has_units = any(getattr(model, name).unit is not None for name in model.param_names)
    found = model(kelvin * u.K if has_units else kelvin)
    if not has_units:
        return np.asarray(found, dtype=float)
    found = u.Quantity(found)
    try:
        return found.to_value(ELECTRON_PER_SECOND)
    except u.UnitConversionError:
        raise u.UnitsError(
            f"model must give electron / s, {type(model).__name__} gives {unit_name(found.unit)}"
        ) from None


def _of_pixel(rates, x, y):
    """Rates of a pixel and their errors (electron/s); NaN where it cannot be drawn."""
    values, errors = np.full(len(rates), np.nan), np.zeros(len(rates))
    for index, rate in enumerate(rates):
        bad = rate.mask is not None and np.broadcast_to(rate.mask, rate.shape)[y, x]
        value = float(rate.data[y, x])
        if not bad and value > 0:
            values[index], errors[index] = value, rate.uncertainty.array[y, x]
    factor = [rate.unit.to(ELECTRON_PER_SECOND) for rate in rates]
    return values * factor, errors * factor
