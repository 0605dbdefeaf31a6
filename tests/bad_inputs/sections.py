"""Sections of raw frames that cannot be: overscan, trim and the unit."""

from .given import ADU, BIAS, biases, darks, file, folder, master
from .wanted import Error, Refused, Right, Row, Told, Warned

__all__ = ["GROUPS"]

LEVEL, COLUMNS, TRIM = BIAS * ADU, "[1:4, :]", "[5:24, :]"
BOTH = {"overscan": COLUMNS, "trim": TRIM}


def of_darks(name, tried, *words, kind="ValueError", function="dark_rate", keys=None, **options):
    """Row for sections of darks, which a key of their headers may tell."""
    return Row(name, tried, function, lambda t: t(darks(**(keys or {})), bias=LEVEL, **options), Error(kind, *words))


SECTIONS = [
    of_darks("overscan-number", "``overscan=32``, a number of columns", "overscan", "FITS section", "32",
             kind="TypeError", overscan=32, trim=TRIM),
    of_darks("overscan-slices", "``overscan`` as slices of Python", "overscan", "FITS section", kind="TypeError",
             overscan=(slice(None), slice(0, 4)), trim=TRIM),
    of_darks("overscan-empty", "``overscan=''``", "overscan", "empty", overscan="", trim=TRIM),
    of_darks("overscan-half", "a section of one axis", "overscan", "[1:4]", overscan="[1:4]", trim=TRIM),
    of_darks("overscan-text", "a section with letters", "overscan", "[a:b, :]", overscan="[a:b, :]", trim=TRIM),
    of_darks("overscan-from-zero", "a section that counts from 0", "overscan", "[0:4, :]", "FITS index is 1",
             overscan="[0:4, :]", trim=TRIM),
    of_darks("overscan-outside", "an overscan outside the image", "overscan", "[25:30,:]", "columns are 1 to 24",
             overscan="[25:30, :]", trim=TRIM),
    of_darks("trim-outside", "a trim that reaches beyond the image", "trim", "[5:24,1:21]", "rows are 1 to 20",
             overscan=COLUMNS, trim="[5:24, 1:21]"),
    of_darks("overscan-overlap", "an overscan that overlaps the image", "darks[0]", "overscan", "trim", "overlap",
             overscan="[1:5, :]", trim=TRIM),
    of_darks("overscan-without-trim", "an overscan alone", "darks[0]", "overlap", "pass trim", overscan=COLUMNS),
    of_darks("overscan-short", "an overscan of some of the rows", "overscan", "[1:4, 1:9]", "neither all rows",
             overscan="[1:4, 1:9]", trim=TRIM),
    of_darks("overscan-key-absent", "``overscan='BIASSEC'`` without that key", "darks[0]", "BIASSEC",
             overscan="BIASSEC", trim=TRIM),
    of_darks("trim-key-number", "``trim='TRIMSEC'``, which is a number", "TRIMSEC", "darks[0]", "FITS section", "5",
             keys={"TRIMSEC": 5}, overscan=COLUMNS, trim="TRIMSEC"),
    of_darks("scatter-overscan-outside", "an overscan outside the image", "overscan", "[25:30,:]",
             function="dark_scatter", overscan="[25:30, :]", trim=TRIM),
    of_darks("halves-trim-outside", "a trim that reaches beyond the image", "trim", "[5:24,1:21]",
             function="repeatability", trim="[5:24, 1:21]"),
    Row("trim-different", "TRIMSEC of another part in one header", "dark_rate",
        lambda t: t([*darks(2, TRIMSEC="[5:24,1:20]"), *darks(1, seed=4, TRIMSEC="[4:23,1:20]")], bias=LEVEL,
                    trim="TRIMSEC"), Error("ValueError", "darks[2]", "[4:23, 1:20]", "same part")),
    Row("biases-overscan-outside", "an overscan outside the image", "master_bias",
        lambda t: t(biases(), overscan="[25:30, :]", trim=TRIM), Error("ValueError", "overscan", "[25:30,:]")),
    Row("bias-other-trim", "a master bias cut in another way", "dark_rate",
        lambda t: t(darks(), bias=master(shape=(20, 22)), **BOTH), Error("ValueError", "bias", "(20, 22)", "(20, 20)")),
    Row("bias-and-overscan", "a bias level and an overscan, both of which are taken off", "dark_rate",
        lambda t: t(darks(), bias=LEVEL, **BOTH), Warned("BiasWarning", "far below zero")),
    Row("untrimmed", "BIASSEC and TRIMSEC in the headers, and neither ``overscan`` nor ``trim``", "dark_rate",
        lambda t: t(darks(BIASSEC="[1:4,1:20]", TRIMSEC="[5:24,1:20]"), bias=LEVEL),
        Warned("HeaderWarning", "BIASSEC", "TRIMSEC", "overscan='BIASSEC'")),
    Row("trimmed-old-keys", "trimmed frames that still have BIASSEC and TRIMSEC of the raw ones", "dark_rate",
        lambda t: t(darks(BIASSEC="[1:4,1:20]", TRIMSEC="[5:28,1:20]"), bias=LEVEL),
        Right("They are measured as they are.", lambda found: found.shape == (20, 24))),
    of_darks("unit-argument", "``unit='counts'``", "unit", "counts", kind="UnitsError", unit="counts"),
    of_darks("unit-number", "``unit=3``", "unit", "3", kind="TypeError", unit=3),
    of_darks("unit-of-ccd-data", "``unit='electron'`` with CCDData in adu", "unit", "darks[0]", "adu",
             kind="UnitsError", unit="electron"),
    Row("unit-of-file", "``unit='adu'`` with a file whose BUNIT is no unit", "dark_rate",
        lambda t: t([file(t.folder, cards=[("BUNIT", "BUNIT   = 'furlongs'")])], bias=LEVEL, unit="adu"),
        Right("The frame is in adu.", lambda found: found.shape == (20, 24))),
]  # fmt: skip


def report(name, tried, *options, words, keys=None, wanted=Refused):
    """Row for sections of the report's options or of the headers."""
    return Row(
        name, tried, "ccdproc-darks report",
        lambda t: t(folder(t.folder, **(keys or {})), "-o", t.out, *options), wanted(*words),
    )  # fmt: skip


REPORT = [
    report("option-overscan-outside", "``--overscan '[25:30, :]'``, outside the image", "--overscan", "[25:30, :]",
           "--trim", TRIM, words=("overscan", "[25:30,:]", "1 to 24")),
    report("option-overscan-overlap", "an overscan without ``--trim``", "--overscan", COLUMNS, words=("overlap",)),
    report("option-trim-text", "``--trim all``", "--trim", "all", words=("trim", "'all'")),
    report("report-sections-outside", "BIASSEC outside the image", words=("BIASSEC", "outside", "--overscan"),
           keys={"BIASSEC": "[25:30,1:20]", "TRIMSEC": "[5:24,1:20]"}, wanted=Told),
    report("report-sections-overlap", "BIASSEC and TRIMSEC that overlap", words=("overlap", "nothing is cut off"),
           keys={"BIASSEC": "[1:6,1:20]", "TRIMSEC": "[5:24,1:20]"}, wanted=Told),
]  # fmt: skip

GROUPS = {"Overscan, trim and unit": SECTIONS, "Sections in a report": REPORT}
