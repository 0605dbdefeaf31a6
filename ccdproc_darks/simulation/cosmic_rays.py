# Licensed under a 3-clause BSD style license - see LICENSE
"""Cosmic rays: muons that leave straight tracks."""

from dataclasses import dataclass, field

import numpy as np
from astropy import units as u

from .._arguments import checked_quantity
from .parameters import keep_copies

__all__ = ["CosmicRays", "draw_tracks"]

# Of a minimum-ionising particle in silicon, per um of its path: most probable charge, and Landau's width xi.
_MOST_PROBABLE, _WIDTH = 70.0, 4.9
_STEPS_PER_PIXEL = 40


@dataclass(frozen=True, kw_only=True, eq=False)
class CosmicRays:
    """
    Cosmic rays that cross a sensor.

    Parameters
    ----------
    rate : `~astropy.units.Quantity`
        Rays per area and time; by default that of muons at sea level, 1 / (cm2 min).
    depth : `~astropy.units.Quantity`
        Thickness of silicon that collects charge.

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        If a parameter has no unit, one that cannot be converted, or is negative.

    Notes
    -----
    Directions follow the square of the cosine of the zenith angle, on a sensor that lies flat, so that
    ``cos(zenith)**4`` is uniform, and rates are those of the Particle Data Group [1]_ (sections 30.3 and 34.2.9). The
    charge of a path follows Moyal's form [2]_ of Landau's distribution about 70 electron/um, which is taken as the
    same for all depths (it is some 57 at 5 um and 77 at 300 um). A ray that comes in through the edge of the sensor is
    left out.

    References
    ----------
    .. [1] Workman, R. L. et al. (Particle Data Group) 2022, Prog. Theor. Exp. Phys. 2022, 083C01.
    .. [2] Moyal, J. E. 1955, Phil. Mag. 46, 263.
    """

    rate: u.Quantity = field(default_factory=lambda: 1 / (u.cm**2 * u.min))
    depth: u.Quantity = field(default_factory=lambda: 15 * u.um)

    def __post_init__(self):
        """Check the parameters."""
        keep_copies(self)
        checked_quantity("CosmicRays rate", self.rate, u.Unit("1 / (cm2 s)"), zero=True)
        checked_quantity("CosmicRays depth", self.depth, u.um)


def draw_tracks(rng, cosmic_rays, shape, pixel_size, seconds):
    """
    Electrons that the cosmic rays of one exposure leave.

    Parameters
    ----------
    rng : `numpy.random.Generator`
        Source of the tracks.
    cosmic_rays : CosmicRays
        Their rate.
    shape : tuple of int
        Rows and columns.
    pixel_size : float
        In um.
    seconds : float
        Exposure time.

    Returns
    -------
    index : `numpy.ndarray` of int
        Pixels hit (flat indices, ascending).
    electrons : `numpy.ndarray` of int
        What each got.
    """
    rows, columns = shape
    per_pixel = cosmic_rays.rate.to_value(1 / (u.um**2 * u.s)) * pixel_size**2
    number = rng.poisson(per_pixel * rows * columns * seconds)
    depth = cosmic_rays.depth.to_value(u.um)
    entry = rng.random((number, 2)) * shape
    cosine = (1 - rng.random(number)) ** 0.25
    azimuth = 2 * np.pi * rng.random(number)
    # -log(Z**2) of a normal Z has Moyal's distribution.
    moyal = -np.log(rng.standard_normal(number) ** 2)
    charge = depth / cosine * np.maximum(_MOST_PROBABLE + _WIDTH * moyal, 0)
    whole = depth * np.sqrt(1 - cosine**2) / cosine / pixel_size
    # Beyond this a track has left any sensor, and what it leaves there is not counted.
    length = np.minimum(whole, 2.0 * max(shape))
    charge[length < whole] *= (length / np.maximum(whole, length))[length < whole]

    points = np.ceil(length * _STEPS_PER_PIXEL).astype(np.int64) + 1
    ray = np.repeat(np.arange(number), points)
    # Points at the middle of equal parts of each track.
    along = (np.arange(ray.size) - np.repeat(np.cumsum(points) - points, points) + 0.5) / points[ray] * length[ray]
    row = np.floor(entry[ray, 0] + along * np.sin(azimuth[ray])).astype(np.int64)
    column = np.floor(entry[ray, 1] + along * np.cos(azimuth[ray])).astype(np.int64)
    on = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    index, place = np.unique(row[on] * columns + column[on], return_inverse=True)
    mean = np.bincount(place.ravel(), weights=(charge / points)[ray[on]], minlength=index.size)
    return index, rng.poisson(mean)
