import matplotlib.pyplot as plt
import numpy as np
from astropy import units as u

from ccdproc_darks import DarkSequence, read_noise_map, sensor_preset

sensor = sensor_preset("low-noise-cmos", shape=(200, 300), seed=1)
noise = read_noise_map(list(DarkSequence(sensor, [(40, 0 * u.s)], rng=2)))

figure, axis = plt.subplots(figsize=(5.8, 4.2), layout="constrained")
bins = np.geomspace(0.5, 20, 90)
axis.hist(sensor.true_read_noise().data.ravel(), bins, color="#e69f00", label="truth")
axis.hist(noise.data.ravel(), bins, histtype="step", color="#0072b2", linewidth=2, label="measured, of 40 bias frames")
axis.axvline(noise.meta["DKRDNOI"], color="black", linestyle="--", label="median")
axis.set(xscale="log", yscale="log", xlabel="read noise (electron)", ylabel="pixels")
axis.xaxis.set_major_formatter("{x:g}")
axis.legend(frameon=False)
