import matplotlib.pyplot as plt
import numpy as np
from astropy import units as u

from ccdproc_darks import sensor_preset, simulate_dark

figure, axes = plt.subplots(3, 1, figsize=(4.4, 9.6), layout="constrained")
for axis, name in zip(axes, ("aspen-cg16m", "cryogenic-ccd", "low-noise-cmos")):
    sensor = sensor_preset(name, shape=(300, 300), seed=1)
    frame = simulate_dark(sensor, exposure=1000 * u.s, rng=1)
    low, high = np.percentile(frame.data, (1, 99.5))
    image = axis.imshow(frame.data, vmin=low, vmax=high, cmap="viridis", origin="lower", interpolation="nearest")
    axis.set_title(name)
    figure.colorbar(image, ax=axis, label="adu", fraction=0.046)
