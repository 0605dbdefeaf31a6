import matplotlib.pyplot as plt
from astropy import units as u

from ccdproc_darks import DarkSequence, dark_rate, proportionality_limit, sensor_preset

sensor = sensor_preset("aspen-cg16m", shape=(1024, 1024), seed=1)
rates = [
    dark_rate(list(DarkSequence(sensor, [(number, exposure)], rng=number)), bias=sensor.bias)
    for number, exposure in [(10, 90 * u.s), (20, 1000 * u.s)]
]
short, long = (sensor.true_rate(exposure=exposure).data.ravel() for exposure in (90 * u.s, 1000 * u.s))
best = (10 * 90 * short + 20 * 1000 * long) / (10 * 90 + 20 * 1000)
hot = best > 0.3
figure, axes = plt.subplots(2, 1, figsize=(5.6, 6.6), layout="constrained", sharex=True)
for axis, tolerance in zip(axes, (0.03, 0.1)):
    result = proportionality_limit(*rates, tolerance=tolerance)
    curve = result.curve
    axis.axvspan(*result.interval.value, color="C1", alpha=0.25, lw=0)
    axis.axvline(result.limit.value, color="C1")
    axis.axhline(100 * tolerance, color="k", lw=0.8, ls=":")
    axis.semilogx(best[hot], 100 * ((short - long) / best)[hot], ".", ms=2, color="0.6")
    axis.errorbar(
        curve["rate"].value, 100 * curve["departure"], yerr=100 * curve["departure_error"], fmt="o", ms=5, color="C0"
    )
    axis.xaxis.set_major_formatter("{x:g}")
    axis.set(xlim=(0.3, 100), ylim=(-3, 60), title=f"tolerance {100 * tolerance:.0f} %")
    axis.set_ylabel("90 s minus 1000 s,\nover the rate (%)")
axes[1].set_xlabel("rate (electron/s)")
