"""Settings of pytest for the package, the tests and the docs."""

import os
import signal

from hypothesis import settings

settings.register_profile("ci", max_examples=30, deadline=None, derandomize=True, print_blob=True)
settings.register_profile("fuzzing", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


# The workers of "pytest -n", which start later, take all cores by themselves: several threads for each one's matrix
# products would wait for each other (half of the CPU time more on two cores, four times the time on busy ones).
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


def pytest_configure():
    """Take signals that are ignored, as in the background of a shell or with nohup, as usual: tests send them."""
    for name, handler in (
        ("SIGINT", signal.default_int_handler),
        ("SIGHUP", signal.SIG_DFL),
        ("SIGTERM", signal.SIG_DFL),
    ):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)
