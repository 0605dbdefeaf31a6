"""Names and values of the flags."""

import numpy as np
from astropy.nddata import bitfield_to_boolean_mask
from astropy.nddata.bitmask import interpret_bit_flags

from ccdproc_darks import DARK_FLAGS


def test_values_are_those_of_roman_and_jwst():
    bits = {
        "DO_NOT_USE": 0,
        "SATURATED": 1,
        "UNRELIABLE_ERROR": 8,
        "HOT": 11,
        "WARM": 12,
        "TELEGRAPH": 15,
        "NONLINEAR": 16,
        "UNRELIABLE_DARK": 23,
        "OTHER_BAD_PIXEL": 30,
    }
    for name, bit in bits.items():
        assert getattr(DARK_FLAGS, name) == 2**bit, name


def test_names_work_in_astropy():
    assert interpret_bit_flags("HOT,NONLINEAR", flag_name_map=DARK_FLAGS) == 2**11 + 2**16
    field = np.array([[0, DARK_FLAGS.HOT, DARK_FLAGS.HOT | DARK_FLAGS.NONLINEAR]], dtype=np.uint32)
    mask = bitfield_to_boolean_mask(field, ignore_flags="HOT", flag_name_map=DARK_FLAGS)
    assert mask.tolist() == [[False, False, True]]
