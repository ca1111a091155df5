import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tangyin.verse import MARKS, is_hanzi, normalize, split_lines

LINE = st.text(st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF), min_size=1, max_size=9)


@given(st.text())
@example('e"\u0301')  # a quotation mark between a letter and the accent that it takes
@example("か \u3099")
@example("\ufeff日\u037e")  # the Greek question mark is a semicolon
def test_normalizing_twice_changes_nothing_more(text):
    once = normalize(text)
    assert normalize(once) == once


@given(st.lists(st.tuples(LINE, st.sampled_from(MARKS)), min_size=1, max_size=9))
def test_lines_and_marks_are_cut_apart_and_joined_again(pairs):
    pairs = [(line, mark) for line, mark in pairs if all(map(is_hanzi, line))]
    parts = split_lines("".join(line + mark for line, mark in pairs))
    assert parts == ((tuple(p[0] for p in pairs), "".join(p[1] for p in pairs)) if pairs else None)


@given(st.text("日月，。？a\n", max_size=20))
def test_only_closed_lines_of_characters_are_cut(text):
    closed = bool(text) and text[-1] in MARKS and text[0] not in MARKS
    doubled = any(a in MARKS and b in MARKS for a, b in pairwise(text))
    foreign = any(not is_hanzi(c) and c not in MARKS for c in text)
    assert (split_lines(text) is not None) == (closed and not doubled and not foreign)


def test_what_people_type_becomes_the_corpus_way_of_writing():
    typed = "\ufeff「白日 依山盡,黄河入海流.」\t欲窮千里目、更上一層樓｡"
    assert normalize(typed) == "白日依山盡，黄河入海流。欲窮千里目，更上一層樓。"


def test_compatibility_ideographs_become_unified_ones():
    assert normalize("\uf9d1") == "六"  # U+F9D1 is canonically 六
    assert all(
        is_hanzi(normalize(chr(point)))
        for point in range(0xF900, 0xFA0E)
        if 0x3400 <= ord(unicodedata.normalize("NFC", chr(point))) <= 0x9FFF
    )


def test_radicals_and_variation_selectors_of_pasted_text_are_read():
    assert normalize("\u2f47\u2f8a葛\U000e0100\ufe00\u200b") == "日色葛"
    assert normalize("\U0002f800") == "丽"


def test_normalizing_is_linear_in_the_text(monkeypatch):
    """400 KB of combining marks took minutes: NFC sorts them."""
    monkeypatch.setattr("tangyin.verse.punctuation.unicodedata", None)
    marks = "\u0301\u0323" * 100_000
    assert normalize(f"日{marks}") == f"日{marks}"


@pytest.mark.parametrize(
    ("character", "expected"),
    [("\u33ff", False), ("㐀", True), ("\u9fff", True), ("\ua000", False), ("日月", False),
     ("", False), ("，", False), ("〇", True), ("𠀀", True), ("\U00031350", True), ("\ufa0e", True),
     ("\u4dc0", False), ("囗", False), ("□", False), ("\U0002f800", False), ("\U000e0100", False)],
)  # fmt: skip
def test_hanzi_are_the_unified_ideographs_of_every_block(character, expected):
    assert is_hanzi(character) is expected
