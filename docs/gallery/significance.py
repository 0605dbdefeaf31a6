import matplotlib.pyplot as plt
import numpy as np
from astropy import units as u
from scipy.stats import norm

from ccdproc_darks import DarkSequence, Sensor, compare_dark_rates, dark_rate

# A million pixels, all of them proportional, of a camera with little read noise and few electrons.
sensor = Sensor(shape=(1000, 1000), rate=0.01 * u.electron / u.s, read_noise=1.5 * u.electron, bias=100 * u.adu)
darks = DarkSequence(sensor, [(5, 60 * u.s), (5, 600 * u.s)], rng=1)
frames = list(darks)
rates = [dark_rate(equal, bias=sensor.bias) for equal in (frames[:5], frames[5:])]
significance = compare_dark_rates(*rates, statistic="significance").data
propagated = (rates[0].data - rates[1].data) / np.hypot(*(rate.uncertainty.array for rate in rates))

figure, axis = plt.subplots(figsize=(5.8, 4.2), layout="constrained")
bins = np.linspace(-8, 8, 129)
axis.hist(propagated.ravel(), bins, color="0.75", label="difference over propagated uncertainties")
axis.hist(significance.ravel(), bins, histtype="step", color="#0072b2", linewidth=2, label="compare_dark_rates")
axis.plot(bins, significance.size * 0.125 * norm.pdf(bins), "k--", label="normal distribution")
axis.set(yscale="log", ylim=(0.5, 2e7), xlabel="significance (sigma)", ylabel="pixels")
axis.legend(frameon=False, loc="upper left")
