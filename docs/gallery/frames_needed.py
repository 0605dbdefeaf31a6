import matplotlib.pyplot as plt
import numpy as np
from astropy import units as u

from ccdproc_darks.planning import rate_uncertainty

rate = 0.01 * u.electron / u.s
numbers = np.arange(1, 201)
figure, axis = plt.subplots(figsize=(6, 4.4), layout="constrained")
for color, seconds in zip(("C0", "C1", "C2"), (90, 300, 1000)):
    darks = dict(exposure=seconds * u.s, read_noise=10 * u.electron)
    for style, width, bias in (("-", 2, {"bias_frames": 20}), ("--", 1, {})):
        errors = [rate_uncertainty(rate, frames=number, **darks, **bias).value for number in numbers]
        axis.loglog(numbers, errors, style, color=color, lw=width, label=f"{seconds} s" if bias else None)
axis.axhline(0.01, color="k", lw=0.8, ls=":")
axis.axhline(0.001, color="k", lw=0.8, ls=":")
axis.text(1.1, 0.00104, "a tenth of the rate", va="bottom")
axis.text(190, 0.0104, "the rate", va="bottom", ha="right")
axis.xaxis.set_major_formatter("{x:g}")
axis.yaxis.set_major_formatter("{x:g}")
axis.set(xlabel="number of darks", ylabel="error (electron/s)", xlim=(1, 200), title="a rate of 0.01 electron/s")
axis.legend(frameon=False, title="exposure time")
