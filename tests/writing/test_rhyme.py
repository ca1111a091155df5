from dataclasses import replace

import numpy as np
import pytest

from tangyin.model import Engine
from tangyin.prosody import LEVEL_RHYMES, SEQUENCES, neighbouring, readings_of, tone_table
from tangyin.prosody.rules import first_line_rhyme
from tangyin.verse import QIJUE, WUJUE, WULV
from tangyin.writing.constraints.draft import FREE, OPEN, Draft
from tangyin.writing.constraints.rates import rates_of
from tangyin.writing.constraints.rhyme import Rhyme, RhymeBook
from tangyin.writing.constraints.tones import Readings
from tangyin.writing.particles import Population

from .conftest import drafted

UNRHYMED, RHYMED = SEQUENCES[0], SEQUENCES[1]


@pytest.fixture(scope="module")
def characters(report_model):
    return report_model.vocabulary.hanzi


@pytest.fixture(scope="module")
def book(characters):
    return RhymeBook.of(tone_table(characters), characters)


@pytest.fixture(scope="module")
def writable(characters):
    return Readings.of(tone_table(characters)).level


def write(
    form, characters, book, writable, rows, *, asked=OPEN, rhymed=True, borrows=False, given_=None
):
    """Line ends (rows, lines) drawn evenly from what `Rhyme` allows, and the rhymes it came to."""
    if given_ is None:
        given_ = np.full((rows, form.hanzi), FREE, dtype=np.int32)
    draft = Draft(form, characters, given_)
    whole = np.ones(rows, dtype=bool)
    rhyme = Rhyme(book, writable, draft, np.full(rows, asked), whole & rhymed, whole & borrows)
    width = form.characters
    for place in drafted(draft, rhyme, np.random.default_rng(2)):
        assert place % width == width - 1 or rhyme.allowed(draft) is None
    ends = draft.columns[:, width - 1 :: width]
    return [[characters[column] for column in row] for row in ends], rhyme.rhyme


@pytest.mark.parametrize("asked", [OPEN, *range(len(LEVEL_RHYMES))])
def test_even_lines_share_one_rhyme_with_no_character_twice(characters, book, writable, asked):
    poems, rhymes = write(WULV, characters, book, writable, 40, asked=asked)
    assert asked == OPEN or set(rhymes) == {asked}
    for ends, rhyme in zip(poems, rhymes, strict=True):
        rhyming = [ends[0], *ends[1::2]]
        assert len(set(rhyming)) == len(rhyming)
        for end in rhyming:
            levels = [r for r in readings_of(end) if r.level]
            own = sum(r.share for r in levels if r.rhyme == LEVEL_RHYMES[rhyme])
            # Sure enough for readers with other dictionaries.
            assert own >= 0.3 * sum(r.share for r in levels) > 0


def test_a_row_takes_the_rhyme_of_its_first_rhyming_character(characters, book, writable):
    poems, rhymes = write(WULV, characters, book, writable, 300, rhymed=False)
    table = tone_table(characters)
    for ends, rhyme in zip(poems, rhymes, strict=True):
        assert rhyme == table.log_rhymes[characters.index(ends[1])].argmax()
    assert len(set(rhymes)) > 15


def test_the_first_line_is_free_where_it_does_not_rhyme(characters, book, writable):
    poems, rhymes = write(WULV, characters, book, writable, 300, rhymed=False)
    agree = [
        first_line_rhyme(ends[0], LEVEL_RHYMES[r]) for ends, r in zip(poems, rhymes, strict=True)
    ]
    assert sum(map(bool, agree)) < 60


@pytest.mark.parametrize("asked", ["", "東", "冬", "支", "元", "寒", "真", "咸"])
def test_a_first_line_borrows_from_a_neighbour_alone(characters, book, writable, asked):
    number = LEVEL_RHYMES.index(asked) if asked else OPEN
    poems, rhymes = write(
        WULV, characters, book, writable, 100, asked=number, rhymed=True, borrows=True
    )
    for ends, rhyme in zip(poems, rhymes, strict=True):
        name = LEVEL_RHYMES[rhyme]
        assert first_line_rhyme(ends[0], name) not in ("", name)
        assert neighbouring(first_line_rhyme(ends[0], name), "", name) or "元" in (
            name,
            first_line_rhyme(ends[0], name),
        )
        assert all(name in {r.rhyme for r in readings_of(end)} for end in ends[1::2])


@pytest.mark.parametrize("asked", ["歌", "麻", "尤", "侵"])
def test_a_rhyme_without_neighbours_lends_nothing(characters, book, writable, asked):
    number = LEVEL_RHYMES.index(asked)
    poems, _ = write(WULV, characters, book, writable, 50, asked=number, borrows=True)
    assert all(first_line_rhyme(ends[0], asked) == asked for ends in poems)


def test_what_may_be_borrowed_is_what_the_checker_takes_for_borrowed(characters, book):
    for number, rhyme in enumerate(LEVEL_RHYMES):
        for column in np.flatnonzero(book.borrowed[number]):
            assert first_line_rhyme(characters[column], rhyme) not in ("", rhyme)
            assert not book.rhyming[number, column]
    assert book.borrowed.sum() > 1000
    gate, speech = characters.index("門"), characters.index("言")
    lends = {
        c: {r for n, r in enumerate(LEVEL_RHYMES) if book.borrowed[n, c]} for c in (gate, speech)
    }
    assert lends == {gate: set("真文"), speech: set("寒刪先")}


def test_a_character_given_further_on_is_not_rhymed_with_before(characters, book, writable):
    given_ = np.full((300, WUJUE.hanzi), FREE, dtype=np.int32)
    given_[:, -1] = characters.index("窗")
    asked = LEVEL_RHYMES.index("江")
    poems, _ = write(WUJUE, characters, book, writable, 300, asked=asked, given_=given_)
    assert all("窗" not in ends[:2] for ends in poems)
    assert all(ends[3] == "窗" for ends in poems)


def test_a_rhyme_with_too_few_characters_is_not_begun(report_model):
    characters = tuple("東風空中紅江窗雙月")  # five in 東, three in 江
    book = RhymeBook.of(tone_table(characters), characters)
    writable = np.ones(len(characters), dtype=bool)
    east, river = LEVEL_RHYMES.index("東"), LEVEL_RHYMES.index("江")
    _, rhymes = write(WUJUE, characters, book, writable, 200, rhymed=True)
    assert set(rhymes) == {east, river}
    _, rhymes = write(WULV, characters, book, writable, 200, rhymed=True)
    assert set(rhymes) == {east}


@pytest.mark.parametrize("rhyme", ["東", "肴", "咸", "眞", "东"])
def test_poems_have_the_rhyme_asked_for(make_composer, rhyme):
    poems = [
        poem for poem in make_composer("temperature", 8, rhyme=rhyme).compose(3, range(4)) if poem
    ]
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
    (borrows,) = (c._borrows for c in population.decoder.constraints if isinstance(c, Rhyme))
    assert not borrows[~np.array(rhymed)].any()
    assert borrows.sum() / sum(rhymed) == pytest.approx(rates_of(QIJUE).borrowed, abs=0.012)
