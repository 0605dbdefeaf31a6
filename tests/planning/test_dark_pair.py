"""Numbers of frames of two exposure times that make no sense."""

import pytest

from ccdproc_darks.planning import smallest_departure

from ..helpers import ELECTRON_PER_SECOND
from .cameras import PAIR


@pytest.mark.parametrize(
    ("frames", "message"),
    [((10,), r"^frames must be one number, or two: .*, got 1$"), ((1, 2, 3), r", got 3$"),
     ((10, 1.5), r"^frames\[1\] must be a whole number from 1, got 1.5")],
)  # fmt: skip
def test_frames_of_two_exposures(frames, message):
    with pytest.raises(ValueError, match=message):
        smallest_departure(1 * ELECTRON_PER_SECOND, **{**PAIR, "frames": frames})
