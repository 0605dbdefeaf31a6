"""Plain numbers of cameras and frames."""

from hypothesis import strategies as st

gains = st.floats(0.1, 10)
read_noises = st.floats(0.3, 30)
seconds = st.floats(0.5, 5000)
shapes = st.tuples(st.integers(1, 6), st.integers(1, 6))
seeds = st.integers(0, 2**32 - 1)
