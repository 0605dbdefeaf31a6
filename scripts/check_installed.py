"""Try the package as it was installed, where nothing else is but what it needs: no checkout, no tests, no pytest."""

import doctest
import importlib
import os
import pkgutil
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

import ccdproc_darks
from ccdproc_darks._compute import loops

COMMAND = Path(sysconfig.get_path("scripts"), "ccdproc-darks")
# As pytest-doctestplus has them.
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def place():
    """What is imported was installed in this environment."""
    found = Path(ccdproc_darks.__file__)
    if not found.is_relative_to(sysconfig.get_path("platlib")):
        raise SystemExit(f"imported {found}, which is not what was installed")
    return found.parent


def compiled_loops():
    """All loops were compiled, unless there is no compiler."""
    missing = [name for name in loops.__all__ if getattr(loops, name) is None]
    if os.name != "posix" and "file_sums" in missing:
        missing.remove("file_sums")
    names = (os.environ.get("CC"), sysconfig.get_config_var("CC"), "cc", "gcc", "clang", "cl")
    compilers = [name for name in names if name and shutil.which(name.split()[0])]
    # The compiler of Windows is none that one finds by its name.
    if missing and (compilers or os.name == "nt"):
        raise SystemExit(f"not compiled, although there is a compiler ({compilers}): {missing}")
    return f"not compiled, as there is no compiler: {missing}" if missing else "compiled"


def examples():
    """The examples in the docstrings give what they say."""
    tried = failed = 0
    for module in pkgutil.walk_packages(ccdproc_darks.__path__, "ccdproc_darks."):
        result = doctest.testmod(importlib.import_module(module.name), optionflags=FLAGS)
        tried, failed = tried + result.attempted, failed + result.failed
    if failed or not tried:
        raise SystemExit(f"{failed} of {tried} lines of the examples failed")
    return f"{tried} lines"


def command():
    """The command tells its version, and reports on a small camera that it simulates."""
    version = subprocess.run([COMMAND, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    if ccdproc_darks.__version__ not in version:
        raise SystemExit(f"{COMMAND} --version: {version}, but {ccdproc_darks.__version__} is installed")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "report")
        subprocess.run([COMMAND, "demo", "--size", "64", "-o", out], check=True, capture_output=True)
        missing = {"report.html", "summary.ecsv"} - {path.name for path in out.iterdir()}
    if missing:
        raise SystemExit(f"the report of {COMMAND} demo lacks {', '.join(missing)}")
    return version


if __name__ == "__main__":
    for check in (place, compiled_loops, examples, command):
        print(f"{check.__name__.replace('_', ' ')}: {check()}", flush=True)
