import numpy as np
from astropy import units as u

from ccdproc_darks import NONLINEAR_KINDS, DarkSequence, Sensor, dark_rate, nonlinear_kind
from ccdproc_darks.plotting import plot_pixel_counts
from ccdproc_darks.simulation import DepletionEdgePixels, LowFullWellPixels, OffsetPixels

# A warm sensor, 5 electron/s, in which some pixels are not proportional, for three reasons.
defects = [
    OffsetPixels(offset=400 * u.electron, fraction=0.005),
    DepletionEdgePixels(charge=4000 * u.electron, fraction=0.005, above=1 * u.electron / u.s),
    LowFullWellPixels(full_well=1500 * u.electron, fraction=0.005),
]
sensor = Sensor(shape=(100, 100), seed=1, rate=5 * u.electron / u.s, read_noise=5 * u.electron, defects=defects)
times = (30, 100, 200, 300, 450, 600)
darks = list(DarkSequence(sensor, [(4, seconds * u.s) for seconds in times], rng=2))
rates = [dark_rate(darks[first : first + 4], bias=0 * u.adu) for first in range(0, len(darks), 4)]

# One pixel of each kind, as nonlinear_kind tells it, and a proportional one.
kinds = nonlinear_kind(*rates)
wanted = (0, NONLINEAR_KINDS.OFFSET, NONLINEAR_KINDS.BENDS, NONLINEAR_KINDS.CLIPS)
places = [np.argwhere(kinds.data == kind)[0] for kind in wanted]
plot_pixel_counts([(x, y) for y, x in places], *rates, kinds=kinds)
