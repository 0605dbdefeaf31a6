"""Simulated sensors, with all the parts that they may have."""

from astropy import units as u
from hypothesis import strategies as st

from ccdproc_darks import Sensor
from ccdproc_darks.simulation import (
    AmplifierGlow,
    CosmicRays,
    DepletionEdgePixels,
    HotPixels,
    LowFullWellPixels,
    NoisyPixels,
    OffsetPixels,
    TelegraphPixels,
    TelegraphReadNoise,
)
from ccdproc_darks.temperature import DoublingDarkCurrent, ThermalDarkCurrent

from .numbers import seeds, shapes

_RATE, _GAIN = u.electron / u.s, u.electron / u.adu
_fractions = st.sampled_from([0.0, 0.02, 0.1, 0.5])


@st.composite
def sensors(draw, shape=None, *, top=65535.0, steady=False):
    """A `Sensor`; ``steady`` ones have neither a drift of the bias nor pixels whose noise is another than the others'.

    The read noise is one adu or more, so that no two frames are equal; the ADC ends at ``top`` (adu) at most.
    """
    gain = draw(st.sampled_from([0.25, 1.0, 1.5, 4.0]))
    rate = draw(st.sampled_from([0.0, 0.01, 0.3]))
    bias = draw(st.sampled_from([300.0, 1000.0]))
    defects = [HotPixels(fraction=draw(_fractions), above=1 * _RATE, maximum=200 * _RATE)]
    if not steady:
        defects += draw(st.lists(_defects(), max_size=3))
    full_well = draw(st.none() | st.sampled_from([5e3 * u.electron, 4000 * u.adu]))
    limit = None
    if full_well is not None and not steady:
        limit = draw(st.none() | st.just(0.75 * full_well if full_well.unit == u.electron else 3000 * u.adu))
    pixel_size = draw(st.none() | st.just(9 * u.um))
    temperature = draw(st.none() | st.sampled_from([-20 * u.deg_C, 253 * u.K]))
    model = None
    if temperature is not None:
        model = draw(st.sampled_from([None, *_models()]))
    return Sensor(
        shape=draw(shapes) if shape is None else shape,
        seed=draw(seeds),
        rate=rate * _RATE,
        dsnu=(0.2 * rate if draw(st.booleans()) else 0.0) * _RATE,
        defects=defects,
        glow=None if steady else draw(st.none() | st.just(AmplifierGlow(rate=0.5 * _RATE, scale=3.0))),
        gain=gain * _GAIN,
        read_noise=gain * draw(st.sampled_from([1.5, 3.0, 10.0])) * u.electron,
        read_noise_spread=0.0 if steady else draw(st.sampled_from([0.0, 0.05, 0.3])),
        row_noise=(0.0 if steady else draw(st.sampled_from([0.0, 0.5]))) * u.electron,
        column_noise=(0.0 if steady else draw(st.sampled_from([0.0, 0.5]))) * u.electron,
        bias=bias * u.adu,
        column_pattern=draw(st.sampled_from([0.0, 2.0])) * u.adu,
        bias_drift=(0.0 if steady else draw(st.sampled_from([0.0, 1.0]))) * u.adu,
        full_well=full_well,
        linearity_limit=limit,
        saturation=draw(st.sampled_from([top, min(top, 16383.0)])) * u.adu,
        cosmic_rays=None if pixel_size is None else draw(st.none() | st.just(CosmicRays(rate=100 / (u.cm**2 * u.s)))),
        pixel_size=pixel_size,
        temperature=temperature,
        temperature_model=model,
        name=draw(st.sampled_from(["Camera 1", "O'Camera"])),
    )


def _defects():
    return st.one_of(
        st.builds(DepletionEdgePixels, charge=st.just([1e3, 6e4] * u.electron), fraction=_fractions),
        st.builds(OffsetPixels, offset=st.just(200 * u.electron), fraction=_fractions),
        st.builds(LowFullWellPixels, full_well=st.just(3e3 * u.electron), fraction=_fractions),
        st.builds(
            TelegraphPixels,
            amplitude=st.just(2 * _RATE),
            dwell_low=st.just(100 * u.s),
            dwell_high=st.just([50, 500] * u.s),
            fraction=_fractions,
        ),
        st.builds(NoisyPixels, above=st.just(20 * u.electron), maximum=st.just(90 * u.electron), fraction=_fractions),
        st.builds(
            TelegraphReadNoise,
            amplitude=st.just([5, 50] * u.electron),
            occupancy=st.sampled_from([0.1, 0.5]),
            correlated_double_sampling=st.booleans(),
            fraction=_fractions,
        ),
    )


def _models():
    return DoublingDarkCurrent(), ThermalDarkCurrent()
