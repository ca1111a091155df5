from collections import Counter
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.metre.law import FREE, Draft
from tangyin.metre.laws.avoid import Avoid
from tangyin.metre.laws.repetition import Repeating
from tangyin.metre.shi_findings import repeated_characters
from tangyin.verse import FORMS, WULV
from tangyin.writing import Request, plan

from .conftest import drafted

CHARACTERS = tuple("山水風月花鳥雲雨日夜春秋江海人家天地東西南北白青紅黃一二三千")


def write(form, characters, given_, most, generator):
    """Rows of characters, each as often as it can be the one it is mad for, or an even choice."""
    draft = Draft(form, characters, given_)
    repetition = Repeating(draft, most)
    # Few characters are liked much better than the rest, so that the limit is met.
    liking = 2 * (np.arange(len(characters)) < 3)
    for place in drafted(draft, repetition, generator, liking):
        if place % 7 == 3:
            kept = generator.integers(0, len(given_), len(given_))
            draft.keep(kept)
            repetition.keep(kept)
    rows = np.arange(len(draft.columns))
    return list(zip(*(draft.line_texts(rows, line) for line in range(form.lines)), strict=True))


def occurrences(lines):
    """How often each character occurs in a poem, 離離 being once."""
    runs = [(c, len(list(run))) for line in lines for c, run in groupby(line)]
    return Counter(c for c, _ in runs), max(length for _, length in runs)


@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_no_character_occurs_more_often_than_the_limit_nor_thrice_on_end(form, most):
    characters = CHARACTERS
    if form.hanzi > most * len(characters):
        characters = tuple(map(chr, range(0x4E00, 0x4E00 + form.hanzi)))
    given_ = np.full((50, form.hanzi), FREE, dtype=np.int32)
    doubled = False
    for lines in write(form, characters, given_, most, np.random.default_rng(most)):
        counts, longest = occurrences(lines)
        assert max(counts.values()) <= most
        assert longest <= 2
        doubled |= longest == 2
        assert most > 1 or not repeated_characters(lines)
    assert doubled


@settings(derandomize=True)
@given(data=st.data())
def test_places_leave_room_for_what_is_given_further_on(data):
    places = data.draw(st.sets(st.integers(0, WULV.hanzi - 1), max_size=8))
    given_ = np.full((6, WULV.hanzi), FREE, dtype=np.int32)
    for place in places:
        given_[:, place] = data.draw(st.integers(0, 5))
    fixed = given_.copy()
    counts = Counter(given_[0][given_[0] != FREE].tolist())
    for lines in write(WULV, CHARACTERS, given_, 2, np.random.default_rng(0)):
        stood, _ = occurrences(lines)
        for character, count in stood.items():
            # What a person gave more often than that occurs as often as it was given.
            assert count <= max(2, counts[CHARACTERS.index(character)])
    text = "".join(write(WULV, CHARACTERS, fixed.copy(), 2, np.random.default_rng(0))[0])
    assert all(text[place] == CHARACTERS[fixed[0, place]] for place in places)
    assert len(text) == WULV.hanzi


def test_what_is_forbidden_is_never_allowed_and_all_else_is():
    law = Avoid(frozenset("山水風"))
    at = law.begin(Draft.of(WULV, CHARACTERS, rows=4))
    for _ in range(WULV.hanzi):
        assert (at.allowed() == [c not in "山水風" for c in CHARACTERS]).all()
        at.read(np.zeros(4, dtype=np.int32))
        at.draft.write(np.zeros(4, dtype=np.int32))
    at.keep(np.array([0, 0]))


def test_what_is_to_be_avoided_is_read_in_either_script(report_model):
    planned = plan(Request(WULV, avoid="不，风𠀀"), report_model.vocabulary)
    forbidden = np.flatnonzero(planned.fitting.forbidden)
    assert {report_model.vocabulary.hanzi[column] for column in forbidden} == {*"不風"}


@pytest.mark.parametrize(
    "options",
    [
        {"include": ("明月",)},
        {"include": ("明月", "清風", "白雲")},
        {"include": ("明月",), "acrostic": "春夏秋冬", "rhyme": "東"},
        {"include": ("江水平",), "strict": True},
        {"include": ("春風", "風吹", "吹柳")},  # may share characters
    ],
)
def test_each_word_asked_for_is_in_some_line(first_poem, options):
    poem = first_poem(**options)
    for word in options["include"]:
        assert any(word in line for line in poem.lines)
    assert options.get("rhyme") in (None, poem.report.rhyme)
