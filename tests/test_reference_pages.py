"""Pages of reference in the documentation: what the code writes and says stands on them, and the other way round."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from astropy import units as u

import ccdproc_darks
from ccdproc_darks.masks.changed_pixels import KINDS
from ccdproc_darks.report.frame_checks import CHECKS

ROOT = Path(__file__).parents[1]
# Of the checkout, as the pages are.
PACKAGE = ROOT / "ccdproc_darks"
# Beginnings of header keys that go on with the letter of an amplifier, the number of a set, or the name of a kind.
_BEGINNINGS = {
    "DKASEC", "DKOFF", "DKRND", "DKRDN", "DKNOI", "DKSAT", "DKSSRC", "DKSUNI", "DKLEV", "DKWID", "DKRNFR", "DKTHRE",
    "DKTYP", "DKTYPE", "DKHOTW", "DKSIG", "DKSCER", "DKSCSP", "DKSCPI", "DKSCSR", "DKGAINA", "DKGAINB",
}  # fmt: skip
# Header keys that other programs write too, and words in capitals.
_OTHERS = {"NAXIS", "NAME", "NEAR", "NOISE", "NULLS", "NONE"}
_HOLE = "\0"


def page(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@cache
def trees():
    return [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))]


@cache
def keys_of_code():
    """Header keys that the code writes: whole texts of the form DK..., and numbers of pixels, which begin with N."""
    nodes = (node for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Constant))
    texts = {node.value for node in nodes if isinstance(node.value, str)}
    ours = {text for text in texts if re.fullmatch(r"DK[A-Z0-9]{3,6}", text)} - _BEGINNINGS
    counts = {text for text in texts if re.fullmatch(r"N[A-Z]{3,7}", text)} - _OTHERS
    return ours | counts | {f"N{kind.upper()}" for kind in KINDS}


def test_each_header_key_has_a_row():
    rows = re.findall(r"^   \* - ([A-Z0-9]+)$", page("header_keys.rst"), re.MULTILINE)
    assert len(rows) == len(set(rows))
    # DKOFF2 and the like are told in the row of the first.
    assert set(rows) - {"DKASECA"} == keys_of_code() - {"DKOFF2"}


def test_keys_of_results_have_a_row():
    """Results of real calls have no key that the page does not list."""
    camera = {"gain": 1.5 * u.electron / u.adu, "read_noise": 10 * u.electron, "bias": 1000 * u.adu}
    times = (0, 60, 300, 900)
    frames = {
        time: [
            ccdproc_darks.simulate_dark((40, 50), exposure=time * u.s, rng=time + seed, **camera)
            for seed in range(12 if time == 0 else 3)
        ]
        for time in times
    }
    bias = ccdproc_darks.master_bias(frames[0])
    rates = [ccdproc_darks.dark_rate(frames[time], bias=bias) for time in times[1:]]
    results = [
        bias, *rates, ccdproc_darks.compare_dark_rates(*rates), ccdproc_darks.hot_pixel_mask(*rates),
        ccdproc_darks.nonlinear_kind(*rates), ccdproc_darks.master_dark(*rates, exposure=500 * u.s),
    ]  # fmt: skip
    known = page("header_keys.rst")
    keys = {key for result in results for key in result.meta if key.startswith("DK") or re.fullmatch("N[A-Z]+", key)}
    assert {re.sub(r"(DKOFF|DKRND)\d+", r"\1", key) for key in keys - set(re.findall(r"[A-Z]+\d*", known))} <= {"DKOFF"}


@cache
def named_texts():
    """Texts that modules give a name to, by these names."""
    assigned = [node for tree in trees() for node in tree.body if isinstance(node, ast.Assign)]
    return {
        node.targets[0].id: node.value.value
        for node in assigned
        if isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant)
    }


def text_of(node):
    """Text of a string in the code, with a hole for each value; None where it is no string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(map(text_of_part, node.values))
    return None


def text_of_part(part):
    if isinstance(part, ast.Constant):
        return part.value
    named = named_texts().get(part.value.id) if isinstance(part.value, ast.Name) else None
    return named if isinstance(named, str) else _HOLE


@cache
def texts_of_code():
    return {text for tree in trees() for node in ast.walk(tree) if (text := text_of(node)) is not None}


@cache
def quotes():
    """Sentences on the page of troubleshooting, each as the parts between its dots."""
    found = re.findall(r"^``(.+)``\n   \S", page("troubleshooting.rst"), re.MULTILINE)
    return [[part for part in re.split(r" ?\.\.\.+ ?", quote) if part.strip(" .;:,")] for quote in found]


def quoted(text, parts):
    """Whether a text of the code has all parts, one after the other."""
    at = 0
    for part in parts:
        at = text.find(part.strip(), at)
        if at < 0:
            return False
        at += len(part.strip())
    return True


@pytest.mark.parametrize("parts", quotes(), ids=lambda parts: parts[0][:40])
def test_quoted_sentences_are_in_the_code(parts):
    assert any(quoted(text, parts) for text in texts_of_code())


def test_each_warning_has_an_entry():
    """Each sentence that is written in a call of `warn` is quoted on the page."""
    calls = [
        node
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "warn"
    ]
    texts = {text for call in calls if (text := text_of(call.args[0])) is not None and re.search(r"[a-z]{4}", text)}
    assert len(texts) > 25
    assert {text for text in texts if not any(quoted(text, parts) for parts in quotes())} == set()


def test_each_check_and_each_class_of_warnings_is_explained():
    text = page("troubleshooting.rst")
    titles = re.findall(r"^(.+)\n-{4,}$", text, re.MULTILINE)
    assert [title for title in titles if title in CHECKS] == list(CHECKS)
    assert [f".. _check-{check.replace(' ', '-')}:" in text for check in CHECKS] == [True] * len(CHECKS)
    classes = [name for name in ccdproc_darks.__all__ if name.endswith("Warning")]
    assert {name for name in classes if f"`~ccdproc_darks.{name}`" not in text} == set()


@pytest.mark.parametrize("path", sorted((ROOT / "docs/how_to").glob("*.rst")), ids=lambda path: path.stem)
def test_each_how_to_begins_with_the_answer(path):
    title, line, empty, first = path.read_text(encoding="utf-8").splitlines()[:4]
    assert (len(line), empty) == (len(title), "")
    assert first.startswith("**")
    assert f":doc:`how_to/{path.stem}`" in page("how_to.rst")


@pytest.mark.parametrize("path", sorted((ROOT / "docs").glob("*.rst")), ids=lambda path: path.stem)
def test_each_picture_says_what_it_shows(path):
    """Who cannot see a picture is told what it shows."""
    text = path.read_text(encoding="utf-8")
    pictures = re.findall(r"^( *)\.\. (?:plot|figure|image)::.*\n((?:\1   :.*\n)*)", text, re.MULTILINE)
    # With :nofigs: code runs, and draws nothing.
    assert [options for _, options in pictures if not re.search(r":alt: \S|:nofigs:", options)] == []
