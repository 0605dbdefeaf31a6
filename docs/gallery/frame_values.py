from astropy import units as u

from ccdproc_darks import simulate_dark
from ccdproc_darks.plotting import plot_frames

# Twenty frames of 100 s of pure dark current, 0.01 electron/s in every pixel.
camera = dict(shape=(200, 200), rate=0.01 * u.electron / u.s, gain=1.5 * u.electron / u.adu)
frames = [simulate_dark(exposure=100 * u.s, rng=seed, dtype="float64", **camera) for seed in range(20)]
plot_frames(frames, [(x, 170) for x in range(50, 70)], expected=0.01 * u.electron / u.s)
