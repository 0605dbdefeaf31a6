"""Frames as real cameras write them, by functions: right rates, or the sentence. The cases: tests/real_cameras."""

import re
import warnings

import pytest
from astropy import units as u

from ccdproc_darks import dark_rate, master_bias

from .real_cameras.cases import CASES
from .real_cameras.right import assert_right

pytestmark = pytest.mark.statistics
TRIED = [case for case in CASES if case.function != "-"]


@pytest.mark.parametrize("case", TRIED, ids=[case.name for case in TRIED])
def test_functions(case, tmp_path):
    rate, told = rate_of(*case.write(tmp_path))
    if case.function:
        assert any(re.search(case.function, text, re.IGNORECASE) for text in told), told
    else:
        assert told == []
        assert_right(rate, case.camera, told)


def rate_of(biases, darks):
    """Rate by the functions (None after an error), and a list of errors and warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rate, errors = None, []
        try:
            rate = dark_rate(darks, bias=master_bias(biases))
        except (ValueError, OSError, u.UnitsError) as error:
            errors = [str(error)]
    return rate, errors + [str(one.message) for one in caught]
