# Licensed under a 3-clause BSD style license - see LICENSE
"""Findings in words: one row of those of a check, and a sentence on all of them."""

from ..frames.evidence.finding import DOUBTFUL, OK, UNKNOWN, WRONG, Finding

__all__ = ["counted", "doubts", "joined", "untold", "verdict_sentence"]

# Sentences of a row, where the same check found more.
_SENTENCES = 3
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def doubts(findings):
    """Findings that are wrong, and then those that are doubtful."""
    return [finding for verdict in (WRONG, DOUBTFUL) for finding in findings if finding.verdict == verdict]


def untold(notes, findings):
    """Those notes that no finding has in its sentence already."""
    told = [finding.sentence.casefold() for finding in findings]
    return [note for note in notes if not any(_core(note) in sentence for sentence in told)]


def _core(note):
    """What a sentence has of a note that it tells; of a value that was given and is refuted, which one it is.

    A check of all frames refutes it by a number of its own, a little different from that of the warning.
    """
    text = note.removesuffix(".").casefold()
    value, but, _ = text.partition(", but ")
    return f"{value}{but}" if but and " is given as " in value else text


def joined(check, findings, why_unknown="the frames cannot tell"):
    """One `Finding` of all those of a check: the worst verdict, and what goes with it; ``why_unknown`` of none."""
    own = [finding for finding in findings if finding.check == check]
    if not own:
        return Finding(check, UNKNOWN, why_unknown)
    verdict = min((finding.verdict for finding in own), key=(WRONG, DOUBTFUL, OK, UNKNOWN).index)
    said = [finding.sentence for finding in own if finding.verdict == verdict]
    if verdict == WRONG:
        # What the frames show helps where headers do not tell.
        said += [
            one.sentence for one in own if one.verdict == DOUBTFUL or (one.verdict == OK and one.found is not None)
        ]
    more = [f"And {len(said) - _SENTENCES} more like these"] if len(said) > _SENTENCES else []
    first, *others = said[:_SENTENCES] + more
    values = ([getattr(one, name) for one in own] for name in ("found", "told"))
    found, told = (next((value for value in each if value is not None), None) for each in values)
    text = ". ".join([first, *(f"{text[:1].upper()}{text[1:]}" for text in others)])
    return Finding(check, verdict, text, found, told)


def verdict_sentence(findings, settled=None):
    """One text on all findings, with full stops.

    ``settled`` are, in a report, the names of checks about which something was done: what else is wrong spoils its
    numbers.

    Examples
    --------
    >>> from ccdproc_darks.frames.evidence.finding import Finding
    >>> from ccdproc_darks.report.verdict import verdict_sentence
    >>> verdict_sentence([Finding("frames", "ok", ""), Finding("gain", "unknown", "")])
    'Nothing is wrong. The frames cannot tell of: gain.'
    >>> verdict_sentence([Finding("gain", "wrong", ""), Finding("light", "doubtful", "")], settled=["gain"])
    'One thing is doubtful: light. One thing is settled here: gain.'
    """
    sentences, is_report, settled = [], settled is not None, settled or ()
    for verdict in (WRONG, DOUBTFUL):
        checks = [one.check for one in findings if one.verdict == verdict and one.check not in settled]
        if checks:
            sentences.append(f"{_things(checks)} {verdict}: {', '.join(checks)}.")
            if verdict == WRONG and is_report:
                sentences.append("Do not use rates and masks of these frames before that is mended.")
    done = [one.check for one in doubts(findings) if one.check in settled]
    if done:
        sentences.append(f"{_things(done)} settled here: {', '.join(done)}.")
    if sentences:
        return " ".join(sentences)
    unknown = [one.check for one in findings if one.verdict == UNKNOWN]
    left = f" The frames cannot tell of: {', '.join(unknown)}." if unknown else ""
    if len(unknown) == len(findings):
        return f"Nothing could be checked.{left}"
    return f"Nothing is wrong.{left}"


def _things(checks):
    number = len(checks)
    shown = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    return f"{shown.capitalize()} {'thing is' if number == 1 else 'things are'}"


def counted(number, noun):
    """A number of things in words, such as '1 dark' and '2 darks'."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
