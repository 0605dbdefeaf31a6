"""What must happen with a bad input, and whether it did."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ccdproc_darks

__all__ = [
    "KINDS",
    "KNOW",
    "POSIX",
    "Error",
    "Named",
    "NotUsed",
    "Refused",
    "Right",
    "Row",
    "Told",
    "Verdict",
    "Warned",
    "listed",
]

AS_WANTED, ACCEPTED, WRONG, UNCLEAR, HANG, HARM = (
    "as wanted",
    "accepted without a word",
    "wrong result",
    "unclear error or traceback",
    "hangs",
    "inputs, files or settings changed",
)
#: What a row can come to.
KINDS = (AS_WANTED, ACCEPTED, WRONG, UNCLEAR, HANG, HARM)
#: Systems with links, named pipes, signals and odd names of files.
POSIX = ("linux", "darwin")
#: How an error about headers ends: with the argument that says "I know".
KNOW = "check_headers=False"


@dataclass(frozen=True)
class Verdict:
    """What a row came to, and how it shows."""

    kind: str
    text: str = ""


@dataclass(frozen=True)
class Row:
    """One bad input: a row of the table."""

    name: str  # for the test
    tried: str  # for the reader of the documentation
    function: str  # as in "dark_rate", "planning.rate_uncertainty" or "ccdproc-darks report"
    call: Callable[[Any], Any]  # gets a Trial, and calls it as the function
    wanted: Any  # an Error, Warned, Right, Refused, NotUsed, Told or Named
    seconds: float = 5.0  # that it may take
    systems: tuple = ()  # of sys.platform, on which alone it can be tried

    @property
    def is_possible(self):
        """Whether it can be tried on this machine."""
        return not self.systems or sys.platform in self.systems


class _Wanted:
    """Words that a message must have, and a sentence for the reader of the documentation."""

    def __init__(self, *words, then="", check=None):
        self.words, self.then, self.check = words, then, check

    def lacks(self, text):
        """Words that are not in a text."""
        return [word for word in self.words if str(word).lower() not in text.lower()]

    @property
    def named(self):
        """The words, for a sentence."""
        return listed(word for word in self.words if word != KNOW)

    def wrong(self, seen):
        """A Verdict where the result is not right; else None."""
        if self.check is None:
            return None
        try:
            right = self.check(seen.result)
        except Exception as error:
            return Verdict(WRONG, f"check: {type(error).__name__}: {error}")
        return None if right is None or right else Verdict(WRONG, f"got {seen.result!r:.300}")


class Error(_Wanted):
    """An exception of the class of this name (or of one of several, ``"A|B"``), whose message has the words."""

    def __init__(self, kind, *words, then=""):
        super().__init__(*words, then=then)
        self.kind = kind

    def sentence(self):
        """What the documentation says."""
        kind = " or ".join(f"``{one}``" for one in self.kind.split("|"))
        known = f" ``{KNOW}`` goes on all the same." if KNOW in self.words else ""
        return self.then or f"Error ({kind}) that says {self.named}.{known}"

    def judged(self, seen):
        """Verdict on what was seen."""
        if seen.error is None:
            return Verdict(ACCEPTED, f"wanted {self.kind}, got {seen.result!r:.200}; warnings {seen.warnings}")
        names = [cls.__name__ for cls in type(seen.error).__mro__]
        text = f"{type(seen.error).__name__}: {seen.error}"
        if not set(self.kind.split("|")) & set(names) or self.lacks(str(seen.error)):
            return Verdict(UNCLEAR, f"wanted {self.kind} with {self.words}, got {text}")
        return Verdict(AS_WANTED, text)


class Warned(_Wanted):
    """A warning of the class of this name, whose message has the words, and a result that passes a check."""

    def __init__(self, kind, *words, then="", check=None):
        super().__init__(*words, then=then, check=check)
        self.kind = kind

    def sentence(self):
        """What the documentation says."""
        names = f" that says {self.named}" if self.words else ""
        return f"Warning (`~ccdproc_darks.{self.kind}`){names}.{' ' if self.then else ''}{self.then}"

    def judged(self, seen):
        """Verdict on what was seen."""
        if seen.error is not None:
            return Verdict(UNCLEAR, f"wanted a {self.kind}, got {type(seen.error).__name__}: {seen.error}")
        # Versions that did not have the class warned with another one.
        known = hasattr(ccdproc_darks, self.kind) or not self.words
        for names, text in seen.warnings:
            if (self.kind in names or not known) and not self.lacks(text):
                return self.wrong(seen) or Verdict(AS_WANTED, text)
        return Verdict(ACCEPTED, f"wanted a {self.kind} with {self.words}; warnings {seen.warnings}")


class Right(_Wanted):
    """A result that passes a check; ``then`` says which in words."""

    def __init__(self, then, check):
        super().__init__(then=then, check=check)

    def sentence(self):
        """What the documentation says."""
        return self.then

    def judged(self, seen):
        """Verdict on what was seen."""
        if seen.error is not None:
            return Verdict(UNCLEAR, f"{type(seen.error).__name__}: {seen.error}")
        return self.wrong(seen) or Verdict(AS_WANTED, f"{seen.result!r:.200}")


class Refused(_Wanted):
    """The command writes nothing, and ends with a line on stderr that has the words."""

    def __init__(self, *words, status=1, then="", check=None):
        super().__init__(*words, then=then, check=check)
        self.status = status

    def sentence(self):
        """What the documentation says."""
        return self.then or f"Nothing is written. The command ends with status {self.status} and says {self.named}."

    def judged(self, seen):
        """Verdict on what was seen."""
        if seen.error is not None:
            return Verdict(UNCLEAR, f"traceback: {type(seen.error).__name__}: {seen.error}")
        ran = seen.result
        if ran.status in (0, 3):
            return Verdict(ACCEPTED, f"status {ran.status}: {ran.out[-300:]}")
        line = (ran.err.strip().splitlines() or [""])[-1]
        if ran.status != self.status or not line.startswith("ccdproc-darks") or self.lacks(line):
            return Verdict(UNCLEAR, f"status {ran.status}, wanted {self.status} with {self.words}: {ran.err[-300:]}")
        return self.wrong(seen) or Verdict(AS_WANTED, line)


class Told(_Wanted):
    """The command measures what it can, and says on the terminal, with the words, what is doubtful."""

    def __init__(self, *words, status=0, then="", check=None):
        super().__init__(*words, then=then, check=check)
        self.status = status

    def sentence(self):
        """What the documentation says."""
        told = f" and ends with status {self.status}" if self.status else ""
        return self.then or f"The rest is measured. The command says {self.named}{told}."

    def line_begins(self, line):
        """Whether a line may be the one."""
        return True

    def judged(self, seen):
        """Verdict on what was seen."""
        if seen.error is not None:
            return Verdict(UNCLEAR, f"traceback: {type(seen.error).__name__}: {seen.error}")
        ran = seen.result
        if ran.status not in (0, 3):
            return Verdict(UNCLEAR, f"status {ran.status}, nothing measured: {ran.err[-300:]}")
        lines = [line.strip() for line in (ran.out + "\n" + ran.err).splitlines()]
        found = [line for line in lines if self.line_begins(line) and not self.lacks(line)]
        if not found:
            return Verdict(ACCEPTED, f"no line with {self.words}: {ran.out[-600:]}")
        if ran.status != self.status:
            return Verdict(ACCEPTED, f"status {ran.status}, wanted {self.status}: {found[0]}")
        return self.wrong(seen) or Verdict(AS_WANTED, found[0])


class NotUsed(Told):
    """The command names a file as not used, with the words, and measures the others."""

    def sentence(self):
        """What the documentation says."""
        return self.then or f"The file is not used. The command says {self.named}, and measures the others."

    def line_begins(self, line):
        """Whether a line tells of a file that is not used."""
        return line.startswith("not used")


class Named(Told):
    """The command names a file that it cannot use any more, with the words, whether or not the rest is measured."""

    def judged(self, seen):
        """Verdict on what was seen."""
        if seen.error is not None:
            return Verdict(UNCLEAR, f"traceback: {type(seen.error).__name__}: {seen.error}")
        ran = seen.result
        lines = [line.strip() for line in (ran.out + "\n" + ran.err).splitlines()]
        found = [line for line in lines if not self.lacks(line)]
        if not found:
            return Verdict(ACCEPTED if ran.status in (0, 3) else UNCLEAR, f"status {ran.status}: {ran.out}{ran.err}")
        return self.wrong(seen) or Verdict(AS_WANTED, found[0])


def listed(words):
    """Words as they are in a sentence of the page."""
    *others, last = [f"``{word}``" for word in words] or [""]
    return f"{', '.join(others)} and {last}" if others else last
