"""The gallery holds to the rules; tests/test_pages.py runs its commands."""

import re
from pathlib import Path

import pytest

import tangyin

PAGE = (Path(__file__).parents[2] / "docs/gallery.md").read_text("utf-8")
OUTPUTS = re.findall(r"^\$ tangyin (.*)\n((?:[^$`].*\n)+)", PAGE, re.MULTILINE)
VERSES = [
    (words, verse)
    for words, output in OUTPUTS
    for verse in (output.split() if words.startswith("couplet") else [output])
]


@pytest.mark.parametrize(("words", "verse"), VERSES, ids=[words for words, _ in VERSES])
def test_every_verse_of_the_gallery_keeps_the_rules_of_its_form(words: str, verse: str) -> None:
    report = tangyin.check(verse)
    assert report.faults == ()
    assert report.regulated


def test_the_gallery_has_every_form_it_promises() -> None:
    forms = [tangyin.check(verse).form for _, verse in VERSES]
    assert set(forms) == {"五律", "七律", "五絕", "七絕", "詞", "對聯"}
    assert len(OUTPUTS) == PAGE.count("\n$ ")
    assert len(forms) >= 12
