# Licensed under a 3-clause BSD style license - see LICENSE
"""A distribution of read noise as FITS header cards: numbers in groups of three letters."""

import string

import numpy as np

__all__ = ["cards_of", "distribution_from_cards"]

KEY = "DKRND{:02d}"
_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
_LENGTH = 66
# Natural logarithms of the least and the greatest number written; three letters hold 64^3 steps between them.
_LOWEST, _HIGHEST = -26.0, 4.5
_CODES = 64**3 - 1


def cards_of(distribution):
    """Header keys and string values (at most 68 characters, ASCII) of a `ReadNoiseDistribution`, a dict.

    The first card has the degrees of freedom and the grid of sigma in words. The others hold the shares of sigma, the
    sizes, fractions and shares of jumps: of each number the logarithm, to a relative 6e-5, as three letters.
    """
    log_noises = np.log(distribution.noises)
    step = (log_noises[-1] - log_noises[0]) / max(log_noises.size - 1, 1)
    head = f"{distribution.degrees:.8g} {log_noises[0]:.9f} {step:.9f} {log_noises.size} {distribution.jumps.size}"
    numbers = [distribution.shares, distribution.jumps, distribution.often, distribution.jump_shares]
    text = "".join(_letters(value) for value in np.concatenate(numbers))
    values = [head, *(text[at : at + _LENGTH] for at in range(0, len(text), _LENGTH))]
    return {KEY.format(number): value for number, value in enumerate(values)}


def distribution_from_cards(header):
    """``(noises, shares, jumps, often, jump_shares, degrees)`` of a header, or None where it has no such cards."""
    if KEY.format(0) not in header:
        return None
    try:
        degrees, low, step, noises, jumps = str(header[KEY.format(0)]).split()
        noises, jumps = int(noises), int(jumps)
        number = noises + 3 * jumps
        cards = -(-3 * number // _LENGTH)
        text = "".join(str(header[KEY.format(card)]) for card in range(1, cards + 1))
        if noises < 1 or jumps < 1 or len(text) != 3 * number:
            raise ValueError
        values = np.array([_number(text[at : at + 3]) for at in range(0, len(text), 3)])
        shares, sizes, often, jump_shares = np.split(values, noises + jumps * np.arange(3))
        grid = np.exp(float(low) + float(step) * np.arange(noises))
        return grid, shares / shares.sum(), sizes, often, jump_shares / jump_shares.sum(), float(degrees)
    except (KeyError, ValueError):
        raise ValueError(
            f"header keys {KEY.format(0)} and following do not hold a distribution of read noise: they were changed or "
            "are not complete; measure the read noise map again"
        ) from None


def _letters(value):
    """Three letters of a number; of 0, and of what is too small, the first three."""
    code = 0
    if value > 0:
        code = int(np.clip(round((np.log(value) - _LOWEST) / (_HIGHEST - _LOWEST) * _CODES), 0, _CODES))
    return _LETTERS[code >> 12] + _LETTERS[code >> 6 & 63] + _LETTERS[code & 63]


def _number(letters):
    """Number of three letters."""
    first, second, third = (_LETTERS.index(letter) for letter in letters)
    code = first << 12 | second << 6 | third
    return float(np.exp(_LOWEST + code * (_HIGHEST - _LOWEST) / _CODES)) if code else 0.0
