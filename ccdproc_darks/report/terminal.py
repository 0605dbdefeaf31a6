# Licensed under a 3-clause BSD style license - see LICENSE
"""Lines that the command prints about a report or a comparison."""

import math

from .._interface.number_text import plain_number, with_error
from .numbers_on_page import times_text
from .summary import rate_rows
from .verdict import counted, doubts, untold, verdict_sentence

__all__ = ["comparison_sentences", "sentences"]


def sentences(results, failures, unusable):
    """Lines of text with the main numbers and notes of a report; arguments as in `summary_table`."""
    for _, measured in results:
        meta = measured.mask.meta
        *_, (_, frames, typical, error, _) = rate_rows(measured)
        tested = (
            f"{meta['NNONLIN']} not proportional" if measured.significance is not None else "proportionality not tested"
        )
        yield measured.group.title
        yield (
            f"  {counted(frames, 'dark')} ({times_text(measured)}): typical rate "
            f"{_with_error(typical, error)}; {meta['NHOT']} hot (above "
            f"{plain_number(meta['DKTHRESH'])} electron/s), {tested}, {meta['NMASKED']} masked"
        )
        if measured.group.origin:
            yield f"  {measured.group.origin}"
        yield f"  {verdict_sentence(measured.findings, measured.settled)}"
        for finding in doubts(measured.findings):
            verdict = "settled" if finding.check in measured.settled else finding.verdict
            yield f"  {verdict}: {finding.check}: {finding.sentence}"
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


def comparison_sentences(compared):
    """Lines of text with the main numbers and notes of a `Comparison` of reports."""
    for series in compared.series:
        yield f"{series.title}: {len(series.nights)} nights"
        for night in series.nights:
            group = night.group
            date = "no date" if group.date is None else group.date.strftime("%Y-%m-%d")
            celsius = "" if math.isnan(group.temperature) else f", {group.temperature:.1f} C"
            yield (
                f"  {night.number}: {compared.labels[night.number - 1]} ({date}{celsius}): typical rate "
                f"{_with_error(group.typical, group.typical_error)}, {group.count('hot')} hot, "
                f"{group.count('masked')} masked"
            )
        for change in series.changes:
            yield f"  {change.sentence()}"
        masked, hot = (series.agreement.counts(name) for name in ("masked", "hot"))
        yield (
            f"  in every night: {masked[-1]} masked, {hot[-1]} hot; in at least one: {masked[1:].sum()} masked, "
            f"{hot[1:].sum()} hot"
        )
    for night in compared.alone:
        yield f"in one report only ({compared.labels[night.number - 1]}): {night.group.title}"
    for note in compared.notes:
        yield f"note: {note}"


def _with_error(rate, error):
    """A rate and its error as on the page, in characters that every terminal has."""
    return with_error(rate, error, "electron/s").replace("±", "+-")
