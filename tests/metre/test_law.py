"""The two faces of every law agree.

A character is allowed at a place if and only if the checker finds no new fault that no continuation
can avoid. `check` counts the faults that an unfinished poem cannot be rid of; that it does is tested
by completing the poem at random, and by exhaustion where this is possible.
"""

import random
from functools import cache

import numpy as np
import pytest

from tangyin.metre import check_couplet
from tangyin.metre.books import BOOKS
from tangyin.metre.gu import Gu
from tangyin.metre.law import FREE, All, Course, Draft, Wish
from tangyin.metre.laws.avoid import Avoid
from tangyin.metre.laws.lines import Lines
from tangyin.metre.laws.repetition import Repetition
from tangyin.metre.laws.tune import Ci
from tangyin.metre.lian_law import Lian
from tangyin.metre.pattern import SEQUENCES
from tangyin.metre.rates import rates_of
from tangyin.metre.shi import Shi
from tangyin.verse import QIJUE, QILV, WUJUE, WULV, form_named
from tangyin.writing.options import law_modules, options

PREFIXES = 12
"""Random prefixes of each law; more were tried when a law was written."""

UPPERS = (
    ("明月松間照", ()),
    ("處處聞啼鳥", ()),
    ("山色青青江聲不盡", (4,)),
    ("春風得意馬蹄疾", ()),
)


@pytest.fixture(scope="module")
def hanzi(report_model):
    """A third of the characters of a model, and those with several readings."""
    several = "不看思過望重行教勝中為長間聽論應相將興爲難分空"
    known = report_model.vocabulary.hanzi
    return tuple(dict.fromkeys([*(c for c in several if c in known), *known[::3]]))


def laws():
    """Every law with a form to try it on."""
    for form in (WUJUE, QIJUE, WULV, QILV):
        yield f"{form}", Shi(form), form
    for book in BOOKS[1:]:
        yield f"{book.name}", Shi(WUJUE, book), WUJUE
    for name in ("浣溪沙", "如夢令", "釵頭鳳", "水調歌頭", "菩薩蠻"):
        form = form_named(name)
        yield name, Ci(form, form.variant), form
    for upper, pauses in UPPERS:
        law = Lian(upper, pauses)
        yield upper, law, law.form
    yield "古體", Gu(), WUJUE
    yield "不用", Avoid(frozenset("山水風月不")), WUJUE
    yield "重字", Repetition(WUJUE, 1), WUJUE
    yield "重字二", Repetition(QIJUE, 2), QIJUE


LAWS = list(laws())


def lines_of(form, text):
    text = text.ljust(form.hanzi, "□")
    return [text[a:b] for a, b in zip(form.starts, form.starts[1:], strict=False)]


def given_text(law, form):
    """What a law wants to be given: the upper line of a couplet."""
    return law.upper if isinstance(law, Lian) else ""


def faults(law, form, text):
    return len(law.check(lines_of(form, text)))


def go(law, form, characters, text):
    """The place behind a text."""
    draft = Draft.of(form, characters, given_text(law, form))
    at = law.begin(draft)
    for character in text:
        column = np.array([characters.index(character)], dtype=np.int32)
        at.read(column)
        draft.write(column)
    return at


def mask_of(at):
    mask = at.allowed()
    return np.ones(len(at.draft.characters), dtype=bool) if mask is None else mask[0]


def grown(law, form, characters, start, length, generator, noise=0.0):
    """A text continued by what is allowed, but for some noise."""
    text = start
    at = go(law, form, characters, text)
    while len(text) < length:
        mask = mask_of(at)
        possible = np.flatnonzero(mask)
        wild = generator.random() < noise or not len(possible)
        column = generator.randrange(len(characters)) if wild else int(generator.choice(possible))
        at.read(np.array([column], dtype=np.int32))
        at.draft.write(np.array([column], dtype=np.int32))
        text += characters[column]
    return text


def known(law, form, hanzi):
    return tuple(dict.fromkeys([*given_text(law, form), *hanzi]))


@pytest.mark.parametrize(("name", "law", "form"), LAWS, ids=[name for name, _, _ in LAWS])
def test_a_character_is_allowed_iff_it_adds_no_fault_that_cannot_be_avoided(hanzi, name, law, form):
    characters, generator = known(law, form, hanzi), random.Random(name)
    start = given_text(law, form)
    for number in range(PREFIXES):
        length = generator.randrange(len(start), form.hanzi)
        if number < 3:  # the ends of lines, where rhymes count
            length = form.starts[generator.randrange(1, form.lines + 1)] - 1
            length = max(length, len(start))
        noise = (0.0, 0.1, 0.5)[number % 3]
        text = grown(law, form, characters, start, length, generator, noise)
        mask, open_ = mask_of(go(law, form, characters, text)), faults(law, form, text)
        sample = generator.sample(range(len(characters)), 60)
        sample += [c for c in (characters.index("不"), 0, 1) if c not in sample]
        for column in sample:
            adds = faults(law, form, text + characters[column]) > open_
            assert mask[column] != adds, (text, characters[column], open_)


@pytest.mark.parametrize(("name", "law", "form"), LAWS, ids=[name for name, _, _ in LAWS])
def test_every_completion_through_allowed_characters_is_as_good_as_the_beginning(
    hanzi, name, law, form
):
    characters, generator = known(law, form, hanzi), random.Random(name)
    start = given_text(law, form)
    for number in range(PREFIXES // 2):
        length = generator.randrange(len(start), form.hanzi)
        text = grown(law, form, characters, start, length, generator, (0.0, 0.2)[number % 2])
        whole = grown(law, form, characters, text, form.hanzi, generator)
        assert faults(law, form, whole) == faults(law, form, text), (text, whole)
