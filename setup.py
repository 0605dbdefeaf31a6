# Licensed under a 3-clause BSD style license - see LICENSE
"""Loops in Cython: without a compiler all works, with the same results, and takes longer. See also pyproject.toml."""

import sys
import sysconfig

from extension_helpers import get_extensions
from setuptools import setup

# -ffp-contract=off keeps results the same everywhere; others change none, and let gcc use vectors. -g0: what
# debuggers need to know of C that Cython wrote is three quarters of the file.
FLAGS = ["-ffp-contract=off", "-O3", "-fno-math-errno", "-fno-trapping-math", "-g0"]
if sys.platform == "win32":
    FLAGS = ["/O2"]

# One build serves all Pythons, by their stable ABI; but one without the GIL has none yet.
STABLE = not sysconfig.get_config_var("Py_GIL_DISABLED")

# All Cython files; but not what extension-helpers adds to tell which compiler was used, and which is not optional.
extensions = [extension for extension in get_extensions() if extension.name.startswith("ccdproc_darks.")]
for extension in extensions:
    extension.extra_compile_args = FLAGS
    extension.optional = True
    if STABLE:
        extension.define_macros.append(("Py_LIMITED_API", "0x030B0000"))
        extension.py_limited_api = True

setup(ext_modules=extensions, options={"bdist_wheel": {"py_limited_api": "cp311"}} if STABLE else {})
