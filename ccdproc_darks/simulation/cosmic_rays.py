# Licensed under a 3-clause BSD style license - see LICENSE
"""Cosmic rays: muons that cross the sensor and leave electrons along straight tracks."""

from dataclasses import dataclass, field

import numpy as np
from astropy import units as u

from .._interface.arguments import checked_quantity
from .parameters import keep_copies

__all__ = ["CosmicRays", "draw_tracks"]

# Electrons per um that a minimum-ionising particle leaves in silicon: the most probable number, and Landau's width xi.
_MOST_PROBABLE, _WIDTH = 70.0, 4.9
_STEPS_PER_PIXEL = 40
# Most rays in a frame that fit into memory.
_MOST_RAYS = 1e7


@dataclass(frozen=True, kw_only=True, eq=False)
class CosmicRays:
    """Cosmic rays that cross a sensor.

    Parameters
    ----------
    rate : `~astropy.units.Quantity`
        Rays per area and time. Default: 1 / (cm2 min), the rate of muons at sea level.
    depth : `~astropy.units.Quantity`
        Thickness of the silicon that collects charge (a length). Default: 15 um.

    Notes
    -----
    The sensor lies flat. The intensity of the rays falls as the squared cosine of the zenith angle, so that
    ``cos(zenith)**4`` is uniform over the rays that hit it. Intensity and energy loss are those of the Particle Data
    Group [1]_ (sections 30.3 and 34.2.9). The electrons along a path follow Moyal's form [2]_ of Landau's distribution.
    Its peak is at 70 electron/um for every depth; the real peak rises from about 57 at 5 um to 77 at 300 um. Rays that
    enter through an edge of the sensor are left out.

    References
    ----------
    .. [1] Workman, R. L. et al. (Particle Data Group) 2022, Prog. Theor. Exp. Phys. 2022, 083C01.
    .. [2] Moyal, J. E. 1955, Phil. Mag. 46, 263.

    Examples
    --------
    A sensor of 9 mm by 9 mm, in ten minutes:

    >>> from astropy import units as u
    >>> from ccdproc_darks import Sensor, simulate_dark
    >>> from ccdproc_darks.simulation import CosmicRays
    >>> sensor = Sensor(shape=(1000, 1000), pixel_size=9 * u.um, cosmic_rays=CosmicRays(depth=20 * u.um))
    >>> dark = simulate_dark(sensor, exposure=600 * u.s, rng=1)
    >>> print((dark.data > 100).sum())
    40
    """

    rate: u.Quantity = field(default_factory=lambda: 1 / (u.cm**2 * u.min))
    depth: u.Quantity = field(default_factory=lambda: 15 * u.um)

    def __post_init__(self):
        """Check the parameters."""
        keep_copies(self)
        checked_quantity("CosmicRays rate", self.rate, u.Unit("1 / (cm2 s)"), zero=True)
        checked_quantity("CosmicRays depth", self.depth, u.um)


def draw_tracks(rng, cosmic_rays, shape, pixel_size, seconds):
    """Draw the electrons that the cosmic rays of one exposure leave in pixels of the side ``pixel_size`` (um).

    Returns the flat indices of the pixels that were hit, ascending, and the electrons in each, as arrays of int.
    """
    rows, columns = shape
    per_pixel = cosmic_rays.rate.to_value(1 / (u.um**2 * u.s)) * pixel_size**2
    expected = per_pixel * rows * columns * seconds
    if not expected <= _MOST_RAYS:
        raise ValueError(
            f"CosmicRays rate must leave up to {_MOST_RAYS:g} rays in a frame, got {cosmic_rays.rate}, {expected:.3g} "
            f"rays in {seconds:g} s"
        )
    number = rng.poisson(expected)
    depth = cosmic_rays.depth.to_value(u.um)
    entry = rng.random((number, 2)) * shape
    cosine = (1 - rng.random(number)) ** 0.25
    azimuth = 2 * np.pi * rng.random(number)
    # -log(Z**2) of a normal Z has Moyal's distribution.
    moyal = -np.log(rng.standard_normal(number) ** 2)
    charge = depth / cosine * np.maximum(_MOST_PROBABLE + _WIDTH * moyal, 0)
    whole = depth * np.sqrt(1 - cosine**2) / cosine / pixel_size
    # Beyond this length a track has left the sensor: charge that it leaves there is not counted.
    length = np.minimum(whole, 2.0 * max(shape))
    charge[length < whole] *= (length / np.maximum(whole, length))[length < whole]

    points = np.ceil(length * _STEPS_PER_PIXEL).astype(np.int64) + 1
    ray = np.repeat(np.arange(number), points)
    # Each track is cut into equal parts; a point is the middle of one.
    along = (np.arange(ray.size) - np.repeat(np.cumsum(points) - points, points) + 0.5) / points[ray] * length[ray]
    row = np.floor(entry[ray, 0] + along * np.sin(azimuth[ray])).astype(np.int64)
    column = np.floor(entry[ray, 1] + along * np.cos(azimuth[ray])).astype(np.int64)
    on = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    index, place = np.unique(row[on] * columns + column[on], return_inverse=True)
    mean = np.bincount(place.ravel(), weights=(charge / points)[ray[on]], minlength=index.size)
    return index, rng.poisson(mean)
