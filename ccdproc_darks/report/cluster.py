# Licensed under a 3-clause BSD style license - see LICENSE
"""Connection of the command to a dask cluster. dask is imported only if a scheduler is given."""

import json
import re
import sys
from contextlib import contextmanager
from pathlib import Path

from .._interface.shown import tell

__all__ = ["workers_of"]

# Time that a scheduler may take to answer (s).
_PATIENCE = 10


@contextmanager
def workers_of(scheduler):
    """Executor, for an ``executor=`` argument, that runs on the workers of a dask scheduler; None without one.

    ``scheduler`` is None, an address such as ``tcp://host:8786``, or the path of the file that the scheduler writes.
    ValueError is raised if it is neither, or ``distributed`` is not installed; OSError if the scheduler cannot be
    reached, or its workers fail.
    """
    if scheduler is None:
        yield None
        return
    address = _address(scheduler)
    try:
        import dask
        from distributed import CancelledError, Client, KilledWorker
        from distributed.comm import CommClosedError
    except ModuleNotFoundError:
        raise ValueError("--scheduler needs dask: pip install 'ccdproc_darks[cluster]'") from None
    # dask would warn of tasks that carry rows of frames, among the warnings about the frames themselves.
    quiet = dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
    try:
        client = Client(**address, timeout=_PATIENCE, set_as_default=False)
    except Exception as error:  # any program may answer at that address
        raise OSError(f"the scheduler {scheduler} cannot be reached within {_PATIENCE} s ({_text(error)})") from None
    with quiet, client:
        if not client.scheduler_info()["workers"]:
            tell(f"ccdproc-darks: waiting for workers: {scheduler} has none yet", sys.stderr)
        try:
            yield client.get_executor(pure=False)
        except (CancelledError, CommClosedError, KilledWorker, ImportError) as error:
            raise OSError(f"the cluster of {scheduler} failed ({_text(error)})") from None


def _text(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _address(scheduler):
    """Address of the scheduler, as a keyword argument of `distributed.Client`."""
    path = Path(scheduler)
    if path.suffix == ".json" or path.is_file():
        try:
            known = isinstance(json.loads(path.read_text(encoding="utf-8"))["address"], str)
        except (ValueError, KeyError, TypeError):
            known = False
        if not known:
            raise ValueError(f"--scheduler: {scheduler} is not the file of a dask scheduler")
        return {"scheduler_file": str(path)}
    if not re.fullmatch(r"((tcp|tls|ws|wss|ucx)://)?[^/\s]+:\d{1,5}", scheduler):
        raise ValueError(
            "--scheduler must be an address, such as tcp://host:8786, or the path of a scheduler.json, got "
            f"{scheduler!r}"
        )
    return {"address": scheduler}
