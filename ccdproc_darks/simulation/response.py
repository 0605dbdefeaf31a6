# Licensed under a 3-clause BSD style license - see LICENSE
"""From electrons to counts (adu): full well, linearity limit, gain, bias and ADC."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from scipy.special import pdtr, pdtrc

from .._interface.arguments import checked_quantity

__all__ = ["ADC_TOP", "Response", "mean_of_clipped"]

ADC_TOP = 65535


@dataclass(frozen=True)
class Response:
    """How the electrons of a pixel become counts; all in plain numbers."""

    gain: float  # electron/adu
    read_noise: float  # before the ADC (electron)
    bias: np.ndarray  # adu: one number, as an array without dimensions, or an image
    full_well: float | None  # electron
    linearity_limit: float | None  # charge (electron) above which only a part of it is read
    saturation: float | None  # top of the ADC (adu)

    @classmethod
    def checked(cls, *, gain, read_noise, bias, full_well, linearity_limit, saturation):
        """A `Response` of Quantities as of `Sensor`, its limits checked against one another."""
        if saturation is not None:
            level = checked_quantity("saturation", saturation, u.adu)
            if level <= bias.min():
                raise ValueError(
                    f"saturation must be above the bias level, got {saturation} with a bias of {bias.min():g} adu"
                )
            saturation = level
        full_well, linearity_limit = (
            None if value is None else _electrons(name, value, gain, bias)
            for name, value in (("full_well", full_well), ("linearity_limit", linearity_limit))
        )
        if linearity_limit is not None:
            if full_well is None:
                raise TypeError(
                    "full_well must be given (a Quantity in electron or adu) where there is a linearity_limit"
                )
            if linearity_limit >= full_well:
                raise ValueError(
                    f"linearity_limit must be below the full well, got {linearity_limit:g} electron with a full "
                    f"well of {full_well:g} electron"
                )
        return cls(gain, read_noise, bias, full_well, linearity_limit, saturation)

    def limit(self, electrons):
        """Replace charges (electron), in place, by those that full well and linearity limit leave."""
        if self.full_well is None:
            return
        if self.linearity_limit is None:
            np.minimum(electrons, self.full_well, out=electrons)
            return
        over = electrons > self.linearity_limit
        room = self.full_well - self.linearity_limit
        electrons[over] = self.linearity_limit - room * np.expm1((self.linearity_limit - electrons[over]) / room)

    def limit_mean(self, electrons):
        """Replace expected charges (electron), in place, by the means of what full well and linearity limit leave."""
        if self.full_well is None:
            return
        if self.linearity_limit is not None:
            self.limit(electrons)
            return
        # A Poisson charge is clipped now and then although its mean is below the full well.
        near = electrons > self.full_well - 10 * np.sqrt(self.full_well)
        electrons[near] = mean_of_clipped(electrons[near], self.full_well)

    def ceiling(self, dtype):
        """Level (adu) at which the ADC clips; None where it does not."""
        if self.saturation is None:
            if dtype.kind != "u":
                return None
            if self.bias.min() >= ADC_TOP:
                raise ValueError(
                    f"bias must be below {ADC_TOP} adu, the top of a uint16 ADC, got {self.bias.min():g} adu"
                )
            return float(ADC_TOP)
        if dtype.kind == "u" and self.saturation > ADC_TOP:
            raise ValueError(
                f"saturation must not be above {ADC_TOP} adu, the top of a uint16 ADC, got {self.saturation:g} adu"
            )
        return self.saturation

    def trusted(self, dtype, noise, columns):
        """Level (adu) up to which counts are linear and not clipped; None where there is no such level."""
        levels = [self.ceiling(dtype)]
        charge = self.full_well if self.linearity_limit is None else self.linearity_limit
        if charge is not None:
            lowest = float(self.bias.min()) + (0.0 if columns is None else float(columns.min()))
            # The noise of a full pixel may bring its counts below the full well.
            room = 0.0 if self.linearity_limit is not None else 5 * noise
            levels.append(np.floor(lowest + (charge - room) / self.gain))
        levels = [level for level in levels if level is not None]
        return max(float(min(levels)), 1.0) if levels else None


def mean_of_clipped(mean, full_well):
    """Mean of Poisson numbers X that are clipped at a full well (electron); ``mean`` is that of X.

    It is ``mean P(X < n) + full_well P(X > n)``, with n the whole number below the full well, as ``k p(k) = mean
    p(k - 1)``.
    """
    whole = np.floor(full_well)
    return mean * np.where(whole > 0, pdtr(np.maximum(whole - 1, 0), mean), 0) + full_well * pdtrc(whole, mean)


def _electrons(name, value, gain, bias):
    """Charge (electron) of a Quantity that is a charge in electron, or a level in adu with the bias."""
    if isinstance(value, u.Quantity) and value.unit.is_equivalent(u.adu):
        level = checked_quantity(name, value, u.adu)
        if level <= bias.max():
            raise ValueError(f"{name} must be above the bias level, got {value} with a bias of {bias.max():g} adu")
        return (level - float(np.median(bias))) * gain
    return checked_quantity(name, value, u.electron)
