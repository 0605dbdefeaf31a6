# Licensed under a 3-clause BSD style license - see LICENSE
"""Sentences of the functions in words of the command: options in place of arguments."""

import re

__all__ = ["with_options"]

_VALUE = r"[-+.\de]+"
# What a sentence of the functions advises, and what the command has for it; the longer ones first.
_ADVICE = (
    (r"pass gain as a Quantity in electron / adu, a ccdproc\.Keyword or the name of a header key", "tell it by --gain"),
    (rf"Pass gain=({_VALUE}) \* u\.electron / u\.adu", r"Give --gain \1"),
    (rf"pass gain, ({_VALUE}) or ({_VALUE}) electron/adu", r"tell it by --gain \1 or --gain \2"),
    (r"Pass it as gain, or another one", "--gain measured takes it, --gain tells another one"),
    (r"Pass gain$", "Give --gain"),
    (
        r"; or n_combined, if the frames are averages of about (\S+) times as many exposures as is told",
        r"; or, if the frames are averages of about \1 times as many exposures as is told, correct NCOMBINE in their "
        "headers",
    ),
    (rf"Pass read_noise=({_VALUE}) \* u\.electron", r"Give --read-noise \1"),
    (
        r"pass read_noise=read_noise_map\(biases\) of twenty bias frames or more",
        "add bias frames, twenty or more: ccdproc-darks report makes a map of them, without --read-noise",
    ),
    (
        r"pass read_noise=read_noise_map\(biases\)$",
        "run ccdproc-darks report, which makes a map of the bias frames, without --read-noise",
    ),
    (r"pass a map of its own bias frames", "give bias frames of this sensor, or its map as --read-noise"),
    (r"pass read_noise \(--read-noise\)", "give --read-noise"),
    (r"pass read_noise\b", "give --read-noise"),
    (r"pass saturation\b", "give --saturation"),
    (
        r"pass exposure \(a Quantity in s, exposure='(\w+)' or exposure='(\w+)'\)",
        r"tell by --exposure-key \1 or --exposure-key \2",
    ),
    (r"pass exposure \([^()]*(\([^()]*\)[^()]*)?\)", "tell it by --exposure or --exposure-key"),
    (
        r"pass exposure as a Quantity( in s, a ccdproc\.Keyword or the name of a header key)?",
        "tell it by --exposure or --exposure-key",
    ),
    (r"pass bias=None\b", "give --bias none"),
    # The report has a way of its own.
    (r", or fit slopes \(offset='pixel'\)", ""),
    (r", or give the typical rate as optical_black= \(0 adds nothing\)", ""),
    (r"Measure each kind alone,", "Measure each kind alone (--exclude leaves files out),"),
    (r"null='empirical'", "--null empirical"),
    # Headers that pixels refute are replaced all the same.
    (r"; check_headers=False takes it as it is( given)?", ""),
    (r"pass check_headers=False", "give --no-check-headers"),
    (r"check_headers=False", "--no-check-headers"),
)


def with_options(text):
    """A sentence in which arguments of functions are options of the command.

    Examples
    --------
    >>> from ccdproc_darks.report.option_words import with_options
    >>> with_options("Pass gain=0.109 * u.electron / u.adu, or correct the header")
    'Give --gain 0.109, or correct the header'
    """
    for pattern, words in _ADVICE:
        text = re.sub(pattern, words, text)
    return text
