from astropy import units as u
from ccdproc_darks import DarkSequence, dark_rate, sensor_preset
from ccdproc_darks.plotting import plot_rate_histogram

sensor = sensor_preset("aspen-cg16m", shape=(512, 512), seed=23, column_pattern=0 * u.adu)
darks = list(DarkSequence(sensor, [(10, 90 * u.s), (20, 1000 * u.s)], rng=90))
short, long = (dark_rate(equal, bias=sensor.bias) for equal in (darks[:10], darks[10:]))

plot_rate_histogram(short, long)
