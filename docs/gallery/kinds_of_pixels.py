import matplotlib.pyplot as plt
import numpy as np
from astropy import units as u

from ccdproc_darks import DarkSequence, Sensor
from ccdproc_darks.simulation import DepletionEdgePixels, LowFullWellPixels, OffsetPixels, TelegraphPixels

electron, rate = u.electron, u.electron / u.s
kinds = {
    "proportional": (),
    "depletion edge, 20 000 electron": [DepletionEdgePixels(charge=2e4 * electron)],
    "offset of 100 electron": [OffsetPixels(offset=100 * electron)],
    "full well of 4000 electron": [LowFullWellPixels(full_well=4000 * electron)],
}
figure, (upper, lower) = plt.subplots(2, 1, figsize=(5.6, 6.8), layout="constrained")
times = np.geomspace(10, 3000, 60)
for (name, defects), style in zip(kinds.items(), ("k-", "C0-", "C1--", "C2-.")):
    sensor = Sensor(shape=(1, 1), rate=10 * rate, defects=defects)
    upper.semilogx(times, [sensor.true_rate(exposure=time * u.s).data[0, 0] for time in times], style, label=name)
upper.set(xlabel="exposure time (s)", ylabel="mean rate (electron/s)", title="a pixel of 10 electron/s", ylim=(0, None))
upper.legend(frameon=False)
telegraph = TelegraphPixels(amplitude=5 * rate, dwell_low=600 * u.s, dwell_high=300 * u.s)
sensor = Sensor(shape=(1, 1), rate=1 * rate, read_noise=5 * electron, defects=[telegraph])
frames = DarkSequence(sensor, [(120, 60 * u.s)], rng=3, dtype="float32")
lower.step(np.arange(120), [frame.data[0, 0] / 60 for frame in frames], where="mid", color="C3", lw=1)
lower.set(xlabel="frame of 60 s", ylabel="electron/s", title="a telegraph pixel")
