from astropy import units as u

from ccdproc_darks import DarkSequence, dark_rate, sensor_preset
from ccdproc_darks.plotting import plot_temperature

# The same camera cooled to five temperatures.
sensor = sensor_preset("aspen-cg16m", shape=(300, 300), seed=1)
rates = []
for seed, celsius in enumerate((-35, -30, -25, -20, -10)):
    darks = DarkSequence(sensor, [(5, 600 * u.s)], rng=seed, temperature=celsius * u.deg_C)
    rates.append(dark_rate(list(darks), bias=sensor.bias))
plot_temperature(*rates)
