from astropy import units as u

from ccdproc_darks import DarkSequence, dark_rate, master_bias, sensor_preset
from ccdproc_darks.plotting import plot_rate_histogram
from ccdproc_darks.simulation import DepletionEdgePixels, HotPixels

# A camera like that of astropy's CCD guide, with warm and hot pixels, of which the brightest bend as they fill.
electron_s = u.electron / u.s
hot_pixels = HotPixels(fraction=0.1, above=0.02 * electron_s, maximum=3000 * electron_s)
bending = DepletionEdgePixels(charge=[1e4, 6e4] * u.electron, share=(0.5, 1.0), above=4 * electron_s)
sensor = sensor_preset("aspen-cg16m", shape=(512, 512), seed=10, defects=[hot_pixels, bending])
darks = list(DarkSequence(sensor, [(10, 0 * u.s), (10, 90 * u.s), (20, 1000 * u.s)], rng=90))
bias = master_bias(darks[:10])
short, long = (dark_rate(equal, bias=bias) for equal in (darks[10:20], darks[20:]))
plot_rate_histogram(short, long)
