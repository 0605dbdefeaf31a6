"""What cameras and their darks may be, for plans."""

from astropy import units as u
from hypothesis import strategies as st

from ..strategies import read_noises, seconds

# The CCD guide's, as one set of darks takes it and as two do.
GUIDE = {"read_noise": 10 * u.electron, "frames": 10, "exposure": 90 * u.s}
PAIR = {"exposures": [90, 1000] * u.s, "frames": (10, 20), "read_noise": 10 * u.electron, "pixels": 4096**2}

rates = st.floats(1e-3, 1e3)
numbers = st.integers(1, 1000)
# Bias error, as a fraction of what would make the aim impossible.
shares = st.floats(0, 0.9)


@st.composite
def pairs(draw):
    """What the functions of two exposure times take."""
    short = draw(seconds)
    return {
        "exposures": [short, short * draw(st.floats(1.01, 100))] * u.s,
        "frames": (draw(numbers), draw(numbers)),
        "read_noise": draw(read_noises) * u.electron,
        "bias_error": draw(st.floats(0, 30)) * u.electron,
        "pixels": draw(st.integers(10**3, 10**8)),
    }
