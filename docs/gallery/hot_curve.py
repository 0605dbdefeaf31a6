from astropy import units as u

from ccdproc_darks import DarkSequence, dark_rate, sensor_preset
from ccdproc_darks.plotting import plot_hot_curve
from ccdproc_darks.simulation import HotPixels

# One camera in three years: radiation makes more hot pixels each year.
rates = []
for year, fraction in enumerate((0.01, 0.025, 0.05)):
    hot = HotPixels(fraction=fraction, above=0.02 * u.electron / u.s, maximum=1000 * u.electron / u.s)
    sensor = sensor_preset("aspen-cg16m", shape=(400, 400), seed=1, defects=[hot])
    darks = list(DarkSequence(sensor, [(10, 600 * u.s)], rng=year))
    rates.append(dark_rate(darks, bias=sensor.bias))
plot_hot_curve(*rates, labels=["2024", "2025", "2026"])
