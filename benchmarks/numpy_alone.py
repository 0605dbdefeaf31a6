# Licensed under a 3-clause BSD style license - see LICENSE
"""What this package does without its compiled loops: why it has them."""

import functools
from unittest import mock

from ccdproc_darks._compute import loops

__all__ = ["numpy_alone"]


def numpy_alone(work):
    """The same work by numpy alone, as where there was no compiler."""

    @functools.wraps(work)
    def alone(*arguments, **options):
        names = [name for name in loops.__all__ if callable(getattr(loops, name))]
        if not names:
            raise RuntimeError("the compiled loops were not built: there is nothing to do without")
        with mock.patch.multiple(loops, **dict.fromkeys(names)):
            return work(*arguments, **options)

    return alone
