# Licensed under a 3-clause BSD style license - see LICENSE
"""The loops in C: without a compiler all works, with the same results, and takes longer. See also pyproject.toml."""

import sys
import sysconfig

from setuptools import Extension, setup

# -ffp-contract=off keeps results the same everywhere; the others change none, and let gcc use vectors.
FLAGS = ["/O2"] if sys.platform == "win32" else ["-ffp-contract=off", "-O3", "-fno-math-errno", "-fno-trapping-math"]

extension = Extension(
    "ccdproc_darks._compute._loops",
    ["ccdproc_darks/_compute/_loops.c"],
    extra_compile_args=FLAGS,
    optional=True,
    py_limited_api=True,
)

# A Python without the GIL has no stable ABI yet.
if sysconfig.get_config_var("Py_GIL_DISABLED"):
    setup()
else:
    setup(ext_modules=[extension], options={"bdist_wheel": {"py_limited_api": "cp311"}})
