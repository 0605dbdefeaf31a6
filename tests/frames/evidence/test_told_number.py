"""How many exposures frames are the mean of, as far as headers and arguments tell."""

import numpy as np

from ccdproc_darks.frames.evidence.finding import Told
from ccdproc_darks.frames.evidence.frame_group import FrameGroup
from ccdproc_darks.frames.evidence.told_number import combined_numbers, told_number
from ccdproc_darks.frames.inputs import as_frames

from ...helpers import dark


def test_numbers():
    frames = as_frames([dark(np.ones((3, 4)), NCOMBINE=5), dark(np.ones((3, 4)))])
    assert [told_number(frame) for frame in frames] == [5, None]
    assert combined_numbers(FrameGroup(frames, [100.0] * 2)) == [5, 1]
    assert combined_numbers(FrameGroup(frames, [100.0] * 2, told={"n_combined": Told(7, "argument")})) == [7, 7]
