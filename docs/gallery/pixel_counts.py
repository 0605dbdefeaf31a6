import numpy as np
from astropy import units as u

from ccdproc_darks import NONLINEAR_KINDS, DarkSequence, dark_rate, nonlinear_kind, sensor_preset
from ccdproc_darks.plotting import plot_pixel_counts
from ccdproc_darks.simulation import TelegraphReadNoise

# A CMOS camera with pixels that are not proportional for several reasons.
preset = sensor_preset("low-noise-cmos")
defects = [defect for defect in preset.defects if not isinstance(defect, TelegraphReadNoise)]
sensor = sensor_preset("low-noise-cmos", shape=(200, 300), seed=1, read_noise_spread=0, defects=defects)
times = (30, 100, 200, 300, 450, 600)
darks = list(DarkSequence(sensor, [(4, seconds * u.s) for seconds in times], rng=2))
rates = [dark_rate(darks[first : first + 4], bias=sensor.bias) for first in range(0, len(darks), 4)]
kinds = nonlinear_kind(*rates)

# The brightest pixel of each kind.
pixels = []
for kind in (NONLINEAR_KINDS.OFFSET, NONLINEAR_KINDS.BENDS, NONLINEAR_KINDS.CLIPS):
    y, x = max(np.argwhere(kinds.data == kind), key=lambda place: rates[0].data[*place])
    pixels.append((x, y))
plot_pixel_counts(pixels, *rates, kinds=kinds)
