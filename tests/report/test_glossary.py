"""The words of a page."""

import re
from pathlib import Path

from ccdproc_darks import DARK_FLAGS
from ccdproc_darks.report.glossary import FLAG_WORDS, GLOSSARY, address

# Words of the page that the documentation has under another name.
_OF_DOCS = {"bias": "master bias", "error": "typical pixel", "not proportional": "NONLINEAR",
            "too faint to be tested": "untestable"}  # fmt: skip


def test_every_word_is_in_the_glossary_of_the_documentation():
    text = (Path(__file__).parents[2] / "docs" / "glossary.rst").read_text(encoding="utf-8")
    terms = set(re.findall(r"^   (\S.*)$", text, re.MULTILINE))
    assert {_OF_DOCS.get(word, word) for word in GLOSSARY} <= terms


def test_flags_in_words():
    assert all(hasattr(DARK_FLAGS, name) for name in FLAG_WORDS)
    assert all(words.term in GLOSSARY for words in FLAG_WORDS.values())
    assert "normal" in FLAG_WORDS["UNRELIABLE_DARK"].words


def test_addresses_differ():
    assert len({address(word) for word in GLOSSARY}) == len(GLOSSARY)
    assert address("typical pixel") == "term-typical-pixel"
