# Licensed under a 3-clause BSD style license - see LICENSE
"""Lines that the command prints about a report, and its bars of progress."""

import sys

from tqdm import tqdm

from .summary import rate_rows
from .verdict import doubts, untold, verdict_sentence

__all__ = ["progress_bar", "sentences"]

# Exposure times that are listed one by one.
_MOST_TIMES = 5


def progress_bar(*args, **kwargs):
    """`tqdm.tqdm` that is shown on terminals only, and is gone in the end."""
    try:
        seen = sys.stderr.isatty()
    except (AttributeError, ValueError):  # it is closed
        seen = False
    return tqdm(*args, disable=not seen, leave=False, **kwargs)


def sentences(results, failures, unusable):
    """Lines of text with the main numbers and notes of a report; arguments as in `summary_table`."""
    for _, measured in results:
        meta = measured.mask.meta
        *_, (_, frames, typical, error, _) = rate_rows(measured)
        tested = (
            f"{meta['NNONLIN']} not proportional" if measured.significance is not None else "proportionality not tested"
        )
        times = ", ".join(f"{len(same)} x {seconds:g} s" for seconds, same in measured.exposures)
        if len(measured.exposures) > _MOST_TIMES:
            (first, _), *_, (last, _) = measured.exposures
            times = f"{len(measured.exposures)} exposure times from {first:g} to {last:g} s"
        yield measured.group.title
        yield (
            f"  {frames} darks ({times}): typical rate {typical:.4g}"
            f"{'' if error is None else f' +- {error:.2g}'} electron/s; "
            f"{meta['NHOT']} hot (above {meta['DKTHRESH']:.3g}), {tested}, {meta['NMASKED']} masked"
        )
        yield f"  {verdict_sentence(measured.findings, measured.settled)}"
        for finding in doubts(measured.findings):
            yield f"  {finding.verdict}: {finding.check}: {finding.sentence}"
        if measured.limit is not None:
            yield f"  {measured.limit}"
        for sentence in measured.truth.sentences() if measured.truth is not None else ():
            yield f"  truth: {sentence}"
        for note in untold(measured.notes, measured.findings):
            yield f"  note: {note}"
    for title, reason in failures:
        yield f"not measured: {title}: {reason}"
    for item in unusable:
        yield f"not used: {item.name}: {item.reason}"
