from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tangyin.metre import LEVEL_RHYMES, readings_of, tone_table
from tangyin.metre.law import FREE, OPEN, Draft
from tangyin.metre.laws.rhyme import Rhyme
from tangyin.metre.rates import rates_of
from tangyin.metre.shi_findings import first_line_rhyme
from tangyin.metre.table import Readings, RhymeBook
from tangyin.model import Engine
from tangyin.verse import QIJUE, WUJUE, WULV
from tangyin.writing.particles import Population

from .conftest import drafted


@pytest.fixture(scope="module")
def characters(report_model):
    return report_model.vocabulary.hanzi


@cache
def tables(characters):
    """The book of some characters, and which of them can be level."""
    table = tone_table(characters)
    return RhymeBook.of(table, characters), Readings.of(table).level


def write(form, characters, rows, *, asked="", rhymed=True, borrows=False, last=""):
    """Line ends (rows, lines) drawn evenly from what `Rhyme` allows, and the rhymes it came to."""
    given_ = np.full((rows, form.hanzi), FREE, dtype=np.int32)
    if last:
        given_[:, -1] = characters.index(last)
    draft = Draft(form, characters, given_)
    number = LEVEL_RHYMES.index(asked) if asked else OPEN
    whole = np.ones(rows, dtype=bool)
    wanted = np.full(rows, number), whole & rhymed, whole & borrows
    rhyme = Rhyme(*tables(characters), draft, *wanted)
    width = form.characters
    for place in drafted(draft, rhyme, np.random.default_rng(2)):
        ends = draft.place % width in (width - 1, 0)  # and not behind the poem
        assert (place + 1) % width == width - 1 or ends or rhyme.allowed() is None
    ends = draft.columns[:, width - 1 :: width].tolist()
    texts = ("".join(characters[column] for column in row) for row in ends)
    return list(zip(texts, (LEVEL_RHYMES[number] for number in rhyme.rhyme), strict=True))


@pytest.mark.parametrize("asked", ["", *LEVEL_RHYMES])
def test_even_lines_share_one_rhyme_with_no_character_twice(characters, asked):
    for ends, rhyme in write(WULV, characters, 40, asked=asked):
        assert asked in ("", rhyme)
        rhyming = ends[0] + ends[1::2]
        assert len(set(rhyming)) == len(rhyming)
        for end in rhyming:
            levels = [r for r in readings_of(end) if r.level]
            own = sum(r.share for r in levels if r.rhyme == rhyme)
            # Sure enough for readers with other dictionaries.
            assert own >= 0.3 * sum(r.share for r in levels) > 0


def test_a_row_takes_the_rhyme_of_its_first_rhyming_character(characters):
    poems = write(WULV, characters, 300, rhymed=False)
    table = tone_table(characters)
    for ends, rhyme in poems:
        assert rhyme == LEVEL_RHYMES[table.log_rhymes[characters.index(ends[1])].argmax()]
    assert len({rhyme for _, rhyme in poems}) > 15
    # The first line, which does not rhyme, is free.
    assert sum(bool(first_line_rhyme(ends[0], rhyme)) for ends, rhyme in poems) < 60


@pytest.mark.parametrize("asked", ["", *"東冬支元寒真咸"])
def test_a_first_line_borrows_from_a_neighbour_alone(characters, asked):
    for ends, rhyme in write(WULV, characters, 100, asked=asked, borrows=True):
        assert first_line_rhyme(ends[0], rhyme) not in ("", rhyme)
        assert all(rhyme in {r.rhyme for r in readings_of(end)} for end in ends[1::2])


@pytest.mark.parametrize("asked", "歌麻尤侵")
def test_a_rhyme_without_neighbours_lends_nothing(characters, asked):
    for ends, rhyme in write(WULV, characters, 50, asked=asked, borrows=True):
        assert first_line_rhyme(ends[0], rhyme) == rhyme == asked


def test_what_may_be_borrowed_is_what_the_checker_takes_for_borrowed(characters):
    book, _ = tables(characters)
    for number, rhyme in enumerate(LEVEL_RHYMES):
        for column in np.flatnonzero(book.borrowed[number]):
            assert first_line_rhyme(characters[column], rhyme) not in ("", rhyme)
            assert not book.rhyming[number, column]
    assert book.borrowed.sum() > 1000
    for character, lends in (("門", "真文"), ("言", "寒刪先")):
        found = np.flatnonzero(book.borrowed[:, characters.index(character)])
        assert [LEVEL_RHYMES[number] for number in found] == list(lends)


def test_a_character_given_further_on_is_not_rhymed_with_before(characters):
    for ends, _ in write(WUJUE, characters, 300, asked="江", last="窗"):
        assert "窗" not in ends[:2]
        assert ends[3] == "窗"


def test_a_rhyme_with_too_few_characters_is_not_begun():
    characters = tuple("東風空中紅江窗雙月")  # five in 東, three in 江
    assert {rhyme for _, rhyme in write(WUJUE, characters, 200)} == {*"東江"}
    assert {rhyme for _, rhyme in write(WULV, characters, 200)} == {"東"}


@pytest.mark.parametrize("rhyme", ["東", "肴", "咸", "眞", "东"])
def test_poems_have_the_rhyme_asked_for(make_composer, rhyme):
    composer = make_composer("temperature", 8, rhyme=rhyme)
    poems = [poem for poem in composer.compose(3, range(4)) if poem]
    assert poems
    wanted = {"眞": "真", "东": "東"}.get(rhyme, rhyme)
    assert {poem.report.rhyme for poem in poems} == {wanted}
    assert all(w.kind != "重韻" for poem in poems for w in poem.report.warnings)


@pytest.mark.parametrize(("rate", "first_line"), [(1.0, "鄰韻"), (0.0, "入韻")])
def test_poems_borrow_a_neighbouring_rhyme_when_drawn_so(make_composer, rate, first_line):
    composer = make_composer("temperature", 8, pattern="平起首句入韻")
    rates = replace(composer.plan.fitting.rates, borrowed=rate)
    fitting = replace(composer.plan.fitting, rates=rates)
    composer.plan = replace(composer.plan, fitting=fitting)
    poems = [poem for poem in composer.compose(5, range(12)) if poem]
    assert {poem.report.first_line for poem in poems} == {first_line}
    assert len(poems) > 8


def test_first_lines_borrow_at_the_rate_of_tang_verse(make_composer, random_model, characters):
    engine = Engine(random_model(characters[::4], (QIJUE,)))
    composer = make_composer("temperature", 1, engine=engine, form=QIJUE)
    population = Population(composer, 7, range(4000))
    rhymed = [sequence.rhymed_start for sequence in population.sequences]
    (borrows,) = (c._borrows for c in population.decoder.place.places if isinstance(c, Rhyme))
    assert not borrows[~np.array(rhymed)].any()
    assert borrows.sum() / sum(rhymed) == pytest.approx(rates_of(QIJUE).borrowed, abs=0.012)
