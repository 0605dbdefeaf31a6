import ccdproc
import matplotlib.pyplot as plt
import numpy as np
from astropy import units as u

from ccdproc_darks import DarkSequence, dark_rate, hot_pixel_mask, master_bias, master_dark, sensor_preset

# Bias frames, darks of 90 s and 600 s, and a frame of 300 s to which stars are added.
sensor = sensor_preset("aspen-cg16m", shape=(200, 200), seed=7, cosmic_rays=None)
plan = [(20, 0 * u.s), (10, 90 * u.s), (10, 600 * u.s), (1, 300 * u.s)]
frames = list(DarkSequence(sensor, plan, rng=4004))
rng = np.random.default_rng(6)
rows, columns = np.mgrid[:200, :200]
light = np.full((200, 200), 100.0)
for flux, x, y in zip(np.geomspace(300, 300_000, 40), *rng.uniform(0, 200, (2, 40))):
    light += flux * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 5) / 16
science = frames[-1]
science.data = science.data + rng.poisson(light) / sensor.gain.value

bias = master_bias(frames[:20])
rates = [dark_rate(darks, bias=bias) for darks in (frames[20:30], frames[30:40])]
dark = master_dark(*rates, exposure=300 * u.s, mask=hot_pixel_mask(*rates))
science = ccdproc.subtract_bias(science, bias)
reduced = ccdproc.subtract_dark(science, dark, exposure_time="EXPTIME", exposure_unit=u.s)

figure, axes = plt.subplots(1, 2, figsize=(6.4, 3.7), layout="constrained", sharey=True)
for axis, image, title in zip(axes, (science, reduced), ("without a dark", "after master_dark")):
    axis.imshow(image.data, vmin=30, vmax=250, cmap="gray", origin="lower")
    axis.set(title=title, xlabel="column (x)")
axes[0].set_ylabel("row (y)")
