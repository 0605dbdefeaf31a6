import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import DarkSequence, dark_rate, master_bias, sensor_preset
from ccdproc_darks.plotting import plot_rate_map
from ccdproc_darks.simulation import AmplifierGlow

# A cooled CCD with a glowing corner, and a column that is bad from row 200 on.
electron_s = u.electron / u.s
rates = np.full((512, 512), 0.01)
rates[200:, 330] += 0.1
sensor = sensor_preset(
    "aspen-cg16m",
    seed=10,
    rate=CCDData(rates, unit=electron_s),
    shape=rates.shape,
    glow=AmplifierGlow(rate=0.05 * electron_s, scale=100),
)
darks = list(DarkSequence(sensor, [(10, 0 * u.s), (10, 1000 * u.s)], rng=1))
plot_rate_map(dark_rate(darks[10:], bias=master_bias(darks[:10])))
