import math
from collections import Counter
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.metre import SEQUENCES, line_pattern, tone_table
from tangyin.metre.law import FREE, Draft
from tangyin.metre.laws.tones import Tones
from tangyin.metre.lexicon import place_of, tone_costs
from tangyin.metre.rates import rates_of
from tangyin.metre.table import Readings, RhymeBook
from tangyin.model import Engine
from tangyin.verse import FORMS, WULV
from tangyin.writing import Temperature, write_regulated
from tangyin.writing.fitting import Fitting
from tangyin.writing.particles import Population

from .conftest import drafted

DEPARTURES = {"a": ("小拗", "大拗"), "b": ("特定句式", "三仄尾"), "B": ("孤平拗救",)}
AMBIGUOUS = "看思過望重行教勝不中為長"


@pytest.fixture(scope="module")
def plain(report_model):
    """100 characters that have level readings alone, and 100 that have oblique ones alone."""
    hanzi = report_model.vocabulary.hanzi
    table = tone_table(hanzi)
    level = [c for c, share in zip(hanzi, table.log_level, strict=True) if share == 0]
    oblique = [c for c, share in zip(hanzi, table.log_oblique, strict=True) if share == 0]
    return (*level[::10][:100], *oblique[::14][:100])


def write(form, characters, sequences, seed, rates=None, given_=None):
    """Poems of characters drawn evenly from what `Tones` allows: (rows, form.hanzi) columns."""
    rows, generator = len(sequences), np.random.default_rng(seed)
    if given_ is None:
        given_ = np.full((rows, form.hanzi), FREE, dtype=np.int32)
    draft = Draft(form, characters, given_)
    readings, chances = Readings.of(tone_table(characters)), generator.random((rows, form.lines))
    tones = Tones(readings, sequences, rates or rates_of(form), chances, draft)
    assert len(list(drafted(draft, tones, generator))) == form.hanzi
    return draft.columns


def patterns(form, characters, columns):
    """For each poem its lines' patterns, by the only reading that each character has."""
    half = len(characters) // 2
    tones = np.where(columns < half, "P", "Z").reshape(len(columns), form.lines, -1)
    return [[line_pattern("".join(line)) for line in poem] for poem in tones]


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda s: s.types[:4])
def test_lines_follow_the_sequence_without_fault_and_each_da_ao_is_rescued(form, sequence, plain):
    columns = write(form, plain, (sequence,) * 400, 3)
    seen = Counter()
    for poem in patterns(form, plain, columns):
        assert "".join(line.type for line in poem) == sequence.for_lines(form.lines)
        assert not any(line.faults for line in poem)  # 孤平, 三平尾 and 出律 among them
        for line, following in pairwise(poem):
            if line.licence == "大拗":
                assert following.rescues
        seen.update(line.licence for line in poem)
    assert seen["大拗"] or "a" not in sequence.for_lines(form.lines)
    assert seen["孤平拗救"]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_licences_are_drawn_at_the_rates_of_tang_verse(form, plain):
    rates = rates_of(form)
    columns = write(form, plain, SEQUENCES * 1500, 4)
    lines, taken = Counter(), Counter()
    for poem in patterns(form, plain, columns):
        for number, line in enumerate(poem):
            # What follows a 大拗 is not free to choose.
            if number and poem[number - 1].licence == "大拗":
                continue
            lines[line.type] += 1
            taken[line.type, line.licence or line.warning] += 1
    for kind, names in DEPARTURES.items():
        for name in names:
            share = taken[kind, name] / lines[kind]
            assert share == pytest.approx(rates.of(kind, name), abs=0.012), (kind, name)
    assert set(taken) <= {(k, n) for k in "aAbB" for n in ("", *DEPARTURES.get(k, ()))}


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_strict_takes_no_licence_and_no_three_obliques(form, plain):
    rates = rates_of(form).strict
    columns = write(form, plain, SEQUENCES * 100, 5, rates)
    for poem in patterns(form, plain, columns):
        assert not any(line.licence or line.warning or line.faults for line in poem)
    assert rates.borrowed == 0


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_sequences_of_poems_have_the_shares_of_tang_verse(make_composer, form, random_model, plain):
    engine = Engine(random_model(plain, (form,)))
    composer = make_composer("temperature", 1, engine=engine, form=form)
    shares = dict(composer.plan.sequences)
    assert shares == rates_of(form).sequences
    assert sum(shares.values()) == pytest.approx(1, abs=0.001)
    drawn = Population(composer, 7, range(3000)).sequences
    for sequence, share in shares.items():
        assert drawn.count(sequence) / 3000 == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("strict", [False, True])
def test_only_sure_readings_are_written_and_only_clear_ones_where_a_licence_departs(
    report_model, strict
):
    characters = (*AMBIGUOUS, *report_model.vocabulary.hanzi[::9])
    table = tone_table(characters)
    rates = rates_of(WULV).strict if strict else rates_of(WULV)
    level, oblique = np.exp(table.log_level), np.exp(table.log_oblique)
    generator = np.random.default_rng(6)
    sequences = SEQUENCES * 200
    rows = len(sequences)
    given_ = np.full((rows, WULV.hanzi), FREE, dtype=np.int32)
    draft = Draft(WULV, characters, given_)
    tones = Tones(Readings.of(table), sequences, rates, generator.random((rows, WULV.lines)), draft)
    cleared = 0
    for place in range(WULV.hanzi):
        assert draft.place == place
        mask = tones.allowed()
        here, departs = tones._lattice.level[:, draft.column], tones._departs[:, draft.column]
        for row in range(0, rows, 7):
            wanted = {bool(tone) for tone in here[tones._alive[row]]}
            least = 0.9 if departs[tones._alive[row]].any() else 0.3
            cleared += least == 0.9
            fits = np.zeros(len(characters), dtype=bool)
            fits |= (level >= least) & (True in wanted)
            fits |= (oblique >= least) & (False in wanted)
            assert (mask[row] == fits).all()
        noise = np.where(mask, generator.random(mask.shape), -1)
        tones.read(noise.argmax(axis=1).astype(np.int32))
        draft.write(noise.argmax(axis=1).astype(np.int32))
    assert bool(cleared) != strict


def line_ways(line):
    """The patterns that a line with □ can be read by: the oracle of the next test."""
    options = []
    for at, character in enumerate(line):
        place = place_of(character)
        at_end = at == len(line) - 1
        costs = (place.end_level, place.end_oblique) if at_end else tone_costs(line, at)
        possible = [t for t, c in zip("PZ", costs, strict=True) if math.isfinite(c)]
        options.append("PZ" if character == "□" else possible)
    return [line_pattern("".join(tones)) for tones in product(*options)]


@settings(derandomize=True)
@given(data=st.data())
def test_given_characters_are_admitted_exactly_where_some_faultless_reading_holds_them(data):
    form = data.draw(st.sampled_from([f for f in FORMS if f.lines == 4]))
    sequence = data.draw(st.sampled_from(SEQUENCES))
    characters = tuple(dict.fromkeys(AMBIGUOUS + "月風日山天去出得水花"))
    signs = "□" * 9 + "".join(characters)
    text = data.draw(st.text(signs, min_size=form.hanzi, max_size=form.hanzi))
    columns = [FREE if c == "□" else characters.index(c) for c in text]
    given_ = np.array([columns], dtype=np.int32)
    table = tone_table(characters)
    book, none = RhymeBook.of(table, characters), np.zeros(len(characters), dtype=bool)
    readings, rates = Readings.of(table), rates_of(form)
    fitting = Fitting(form, characters, table, readings, book, rates, none)
    admitted = ~fitting.bad_lines(sequence, given_)[0]
    # What was judged once is remembered by the line.
    assert (fitting.bad_lines(sequence, given_)[0] == ~admitted).all()
    width = form.characters
    lines = [text[at : at + width] for at in range(0, form.hanzi, width)]
    for number, (line, kind) in enumerate(zip(lines, sequence.for_lines(form.lines), strict=True)):
        possible = [way for way in line_ways(line) if way.type == kind and not way.faults]
        after = lines[number + 1 : number + 2]
        rescue = any(way.rescues for rest in after for way in line_ways(rest))
        fits = any(way.licence != "大拗" or rescue for way in possible)
        assert admitted[number] == fits


def test_a_da_ao_is_not_taken_where_the_given_next_line_does_not_rescue_it(plain):
    half = len(plain) // 2
    given_ = np.full((600, WULV.hanzi), FREE, dtype=np.int32)
    given_[:, 5:10] = [0, 1, half, half + 1, 2]  # PPZZP: a B that rescues nothing
    columns = write(WULV, plain, SEQUENCES[:1] * 600, 8, given_=given_)  # aBbA
    seen = Counter(
        (number, line.licence)
        for poem in patterns(WULV, plain, columns)
        for number, line in enumerate(poem)
    )
    assert not seen[0, "大拗"]
    assert seen[0, "小拗"]
    assert seen[4, "大拗"]


def test_a_given_da_ao_makes_the_next_line_rescue_it(plain):
    half = len(plain) // 2
    given_ = np.full((300, WULV.hanzi), FREE, dtype=np.int32)
    given_[:, 3] = half  # core 4 of an `a` is oblique
    columns = write(WULV, plain, SEQUENCES[:1] * 300, 9, given_=given_)
    for poem in patterns(WULV, plain, columns):
        assert poem[0].licence == "大拗"
        assert poem[1].rescues


def test_licences_of_written_poems_are_near_the_rates_of_tang_verse(make_composer):
    """Resampling leaves them, and the checker reads what was drawn."""
    composer = make_composer(Temperature(), 3)
    taken, types = Counter(), Counter()
    for poem in write_regulated(composer, 1, 120, 60):
        types.update(poem.report.line_types)
        found = (*poem.report.licences, *poem.report.warnings)
        taken.update(finding.kind for finding in found)
    # Five standard errors of a share of 0.1 among 240 lines are 0.1.
    assert taken["特定句式"] / types["b"] == pytest.approx(0.146, abs=0.05)
    assert taken["三仄尾"] / types["b"] == pytest.approx(0.099, abs=0.05)
    assert taken["小拗"] / types["a"] == pytest.approx(0.109, abs=0.05)
    assert taken["大拗"] / types["a"] == pytest.approx(0.024, abs=0.02)
    assert taken["孤平拗救"] / types["B"] == pytest.approx(0.071, abs=0.04)
