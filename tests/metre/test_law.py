"""The two faces of every law agree.

A character is allowed at a place if and only if the checker finds no new fault that no
continuation can avoid. `check` counts the faults that an unfinished poem cannot be rid of. That it
does is tested too: beginnings are completed by what is allowed, and ends in every way there is.
"""

import random
from itertools import product

import numpy as np
import pytest

from tangyin.metre.books import BOOKS
from tangyin.metre.gu import Gu
from tangyin.metre.law import FREE, All, Course, Draft, Wish
from tangyin.metre.laws.avoid import Avoid
from tangyin.metre.laws.lines import Lines
from tangyin.metre.laws.repetition import Repetition
from tangyin.metre.laws.rhyme import rhyme_number
from tangyin.metre.laws.tones import sequences_named
from tangyin.metre.laws.tune import Ci
from tangyin.metre.lian_law import Lian
from tangyin.metre.shi import Shi
from tangyin.verse import QIJUE, QILV, WUJUE, WULV, form_named
from tangyin.writing.options import law_modules, options

PREFIXES = 6
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
        sample = generator.sample(range(len(characters)), 40)
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
        assert faults(law, form, whole) <= faults(law, form, text), (text, whole)


SMALL = {
    "五絕": "山不看月行中水風",
    "浣溪沙": "山不看月行中水風",
    "明月松間照": "山不看石行中水風",
}


@pytest.mark.parametrize("name", SMALL)
def test_what_is_refused_has_no_clean_completion_and_what_is_allowed_has_one(name):
    """Every completion of the last three places is tried."""
    _, law, form = next(row for row in LAWS if row[0] == name)
    characters, generator = known(law, form, tuple(SMALL[name])), random.Random(name)
    start = given_text(law, form)
    for noise in (0.0, 0.1, 0.3):
        text = grown(law, form, characters, start, form.hanzi - 3, generator, noise)
        # The model's characters may be too few for what these eight leave open.
        least = {
            head: min(faults(law, form, text + head + "".join(rest)) for rest in tails)
            for head in characters
            for tails in [product(characters, repeat=2)]
        }
        mask, open_ = mask_of(go(law, form, characters, text)), faults(law, form, text)
        for column, head in enumerate(characters):
            assert mask[column] or least[head] > open_, (text, head)
        assert min(least.values()) >= open_


COURSES = (
    ("五絕", {}), ("七律", {}), ("五言排律", {}), ("浣溪沙", {}), ("釵頭鳳", {}),
    ("五律", {"strict": True}), ("七絕", {"pattern": "平起首句入韻"}), ("五律", {"rhyme": "東"}),
    ("浣溪沙", {"rhyme": "第七部"}), ("五律", {"avoid": "不山水"}),
)  # fmt: skip


@pytest.mark.parametrize(("name", "given"), COURSES, ids=str)
def test_a_course_stays_within_the_law_and_ends_without_fault(hanzi, name, given):
    form, rows = form_named(name), 20
    generator = np.random.default_rng(1)
    values = {name: option.default for name, option in options().items()} | given
    wish = Wish(form, hanzi, values)
    metre = [law for m in law_modules() if (law := m.build(wish)) and law.is_metre]
    named = [] if form.variant else sequences_named(values["pattern"], form)
    asked = rhyme_number(values["rhyme"]) if named else 0
    course = Course(
        tuple(named[row % len(named)] for row in range(rows) if named),
        asked=np.full(rows, asked),
        borrows=(generator.random(rows) < 0.3) & (not values["strict"]),
        licences=generator.random((rows, form.lines)),
    )
    draft = Draft.of(form, hanzi, rows=rows)
    law = Ci(form, form.variant) if form.variant else Shi(form)
    whole = law.begin(draft)
    draft.course = course
    drawn = All(tuple(metre)).begin(draft)
    while draft.place < form.hanzi:
        mask, outer = drawn.allowed(), whole.allowed()
        assert mask.any(axis=1).all()
        assert not (mask & ~outer).any()
        columns = np.where(mask, generator.random(mask.shape), -1).argmax(axis=1).astype(np.int32)
        drawn.read(columns)
        whole.read(columns)
        draft.write(columns)
    for row in draft.columns:
        lines = lines_of(form, "".join(hanzi[column] for column in row))
        assert law.check(lines) == ()
        assert not any(own.check(lines) for own in metre)


def test_laws_combine_by_intersection(hanzi):
    both = All((Shi(WUJUE), Avoid(frozenset("山水不"))))
    draft = Draft.of(WUJUE, hanzi)
    at = both.begin(draft)
    one, other = (law.begin(draft) for law in both.laws)
    assert (at.allowed() == one.allowed() & other.allowed()).all()
    poem = ["不見山中月", *["□□□□□"] * 3]
    assert [f.kind for f in both.check(poem)] == [
        *(f.kind for f in both.laws[0].check(poem)), "忌字", "忌字",
    ]  # fmt: skip


def test_a_known_line_is_refused_at_its_end_and_found_by_the_checker():
    characters = tuple("牀前明月光疑是地上霜山水")
    law = Lines(WUJUE, {"牀前明月光"}, {"疑是地上□"})
    draft = Draft.of(WUJUE, characters, "牀前明月□" + "疑是地上□")
    draft.given[:, :9] = FREE
    draft.place = 4
    at = law.begin(draft)
    assert at.refused(np.array([0]), np.array([4], dtype=np.int32)) == [True]
    assert at.refused(np.array([0]), np.array([9], dtype=np.int32)) == [False]
    found = law.check(["牀前明月光", "疑是地上山", "□□□□□", "□□□□□"])
    assert [(f.line, f.kind) for f in found] == [(1, "成句"), (2, "成句")]
