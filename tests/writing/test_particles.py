from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import combinations, product

import numpy as np
import pytest

from tangyin.api import rule_named
from tangyin.metre import SEQUENCES, by_convention, check_poem
from tangyin.metre.novelty import corpus_lines
from tangyin.metre.shi_findings import repeated_characters
from tangyin.model import Engine
from tangyin.scoring import score_texts
from tangyin.verse import FORMS, MARKS, WUJUE, WULV, form_token, split_lines
from tangyin.writing import (
    ParticleComposer,
    RandomK,
    Request,
    Temperature,
    TopP,
    plan,
    write_regulated,
)

RULES = ("argmax", "random-k", "top-p", "temperature")
STARTS = ("日", "夜", "湖", "")
EACH = 2


@pytest.fixture(scope="session")
def written(report_writer):
    """Poems by rule, written once: two on each start."""

    @cache
    def write(rule):
        return [
            (start, verse)
            for seed, start in enumerate(STARTS)
            for verse in report_writer.write_many(
                start, rule=rule_named(rule), count=EACH, seed=seed, particles=16
            )
        ]

    return write


@pytest.mark.parametrize("rule", RULES)
def test_every_poem_passes_the_checker_rhymes_and_has_the_shape(written, rule):
    for start, verse in written(rule):
        report = check_poem(verse.lines)
        assert verse.prosody == report
        assert report.regulated
        assert report.form == "五律"
        assert report.line_types in {sequence.types for sequence in SEQUENCES}
        lines, marks = split_lines(verse.text)
        assert set(marks[1::2]) <= set("。？！")
        assert verse.text.startswith(start)
        assert len({line[-1] for line in lines[1::2]}) == 4


@pytest.mark.parametrize("rule", RULES)
def test_no_line_is_in_the_corpus_or_twice_in_a_poem(written, rule):
    for _, verse in written(rule):
        assert not any(line in corpus_lines() for line in verse.lines)
        assert len(set(verse.lines)) == 8
        counts = Counter(c for line in verse.lines for c in line)
        most = {c: n for c, n in counts.items() if n > 2 and c in repeated_characters(verse.lines)}
        doubled = sum(line.count(c + c) for c in most for line in verse.lines)
        assert sum(most.values()) - doubled <= 2 * len(most)


@pytest.mark.parametrize("rule", RULES)
def test_the_log_likelihood_is_the_model_s_without_masks(written, rule, report_engine):
    verses = [verse for _, verse in written(rule)][::3]
    tallies = score_texts(report_engine, [verse.text for verse in verses], WULV)
    for verse, tally in zip(verses, tallies, strict=True):
        assert verse.log_likelihood == pytest.approx(-tally.nll, abs=1e-3)


@pytest.fixture(scope="module")
def of_all_forms(random_model, report_model):
    """An engine that knows 900 characters and is conditioned on the form."""
    prefixes = tuple(form_token(form) for form in FORMS)
    hanzi = report_model.vocabulary.hanzi[::3]
    return Engine(random_model(hanzi, FORMS, prefixes=prefixes, scale=0.5))


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("strict", [False, True])
def test_random_models_of_all_forms_write_what_passes(
    make_composer, of_all_forms, form, rule, strict
):
    composer = make_composer(rule, 3, engine=of_all_forms, form=form, strict=strict)
    poems = list(write_regulated(composer, 3, 4, 4))
    assert len(poems) == 4
    for poem in poems:
        report = check_poem(poem.lines)
        assert report == poem.report
        assert by_convention(report, "strict" if strict else "usual").regulated
        assert report.form == form.name


# Sampling is right: a problem small enough to count out.

SMALL = "東風紅同宮公" + "月日水夜落白"  # six that rhyme in 東, six oblique
START = "夜月宮風水，東風□落□。夜公風落日，白水月紅同。"
ASKED = {"start": START, "pattern": "aBbA", "strict": True, "most": 20, "allow_quotes": True}


@pytest.fixture(scope="module")
def puzzle(random_model):
    """A sure little model, a plan that leaves two places, and the chance of each solution."""
    engine = Engine(random_model(SMALL, (WUJUE,), scale=0.7, seed=3))
    vocabulary = engine.vocabulary
    planned = plan(Request(WUJUE, **ASKED), vocabulary)
    texts = []
    for chosen in product(SMALL, repeat=START.count("□")):
        rest = iter(chosen)
        texts.append("".join(next(rest) if c == "□" else c for c in START))
    ids = np.stack([vocabulary.encode(text) for text in texts], axis=1)  # (T, B)
    prefix = np.full((1, len(texts)), vocabulary.prefix_id(WUJUE), dtype=np.int32)
    hidden = engine.read(np.concatenate((prefix, ids[:-1])))
    log_probs = np.stack([engine.log_probs(step) for step in hidden]).astype(np.float64)
    return planned, engine, texts, ids, log_probs


def solutions(puzzle, temperature, selection=0.0):
    """The texts that keep the rules, with their chances, which sum to 1.

    Selection s multiplies a chance by the text's probability to the power of s / 2.

    What is restricted is free writing: at each place characters alone, at line ends the marks that
    may close the line, each renormalised; `temperature` None is the model without renormalising.
    """
    _, engine, texts, ids, log_probs = puzzle
    first = int(engine.vocabulary.hanzi_ids[0])
    total = np.zeros(len(texts))
    for place, tokens in enumerate(ids):
        own = np.take_along_axis(log_probs[place], tokens[:, None], axis=1)[:, 0]
        if place % 6 < 5:
            candidates = log_probs[place][:, first:]
        else:
            marks = MARKS if place % 12 == 5 else "。？！"
            candidates = log_probs[place][:, [engine.vocabulary.id(mark) for mark in marks]]
        if temperature is None:
            total += own
        else:
            total += own / temperature
            total -= np.log(np.exp(candidates / temperature).sum(axis=1))
        total += selection / 2 * own
    kept = {}
    for text, value in zip(texts, total, strict=True):
        lines, _ = split_lines(text)
        report = by_convention(check_poem(lines), "strict")
        rhymes = len({line[-1] for line in lines[1::2]})
        if report.regulated and report.line_types == "aBbA" and rhymes == 2:
            kept[text] = value
    largest = max(kept.values())
    weights = {text: np.exp(value - largest) for text, value in kept.items()}
    whole = sum(weights.values())
    return {text: weight / whole for text, weight in weights.items()}


def distance(chances, poems):
    """Total variation between chances and how often poems came about."""
    seen = Counter(poem.text for poem in poems)
    assert set(seen) <= set(chances)
    return 0.5 * sum(abs(seen[text] / len(poems) - chance) for text, chance in chances.items())


@pytest.mark.parametrize(
    ("rule", "temperature", "selection"),
    [
        (Temperature(), 1.0, 0.0),
        (TopP(p=1.0, temperature=0.6), 0.6, 0.0),
        (RandomK(50, 1.0), None, 0.0),
        (Temperature(), 1.0, 0.6),
    ],
    ids=["temperature 1", "top-p of all at 0.6", "random-k of all", "selection 0.6"],
)
def test_many_particles_come_to_the_distribution_that_the_rules_leave(
    puzzle, rule, temperature, selection
):
    planned, engine, *_ = puzzle
    planned = replace(planned, selection=selection)
    chances = solutions(puzzle, temperature, selection)
    assert len(chances) == 12 * 5
    count, apart = 300, {}
    for particles in (1, 4, 32):
        composer = ParticleComposer(engine, planned, rule, particles)
        poems = composer.compose(1, range(count))
        assert None not in poems
        apart[particles] = distance(chances, poems)
    # What as many exact draws are off by chance.
    exact = np.random.default_rng(0).choice(len(chances), count, p=list(chances.values()))
    share = np.bincount(exact, minlength=len(chances)) / count
    noise = 0.5 * np.abs(share - np.array(list(chances.values()))).sum()
    assert apart[32] < noise + 0.04
    assert apart[32] < apart[4] - 0.04 < apart[1] - 0.12


def test_a_random_k_weight_is_on_average_the_mass_of_its_candidates():
    """Whether five are allowed, or two, or one is so likely that it is always taken."""
    rule, uniforms = RandomK(k=5, certainty=0.9), (np.arange(1200) + 0.5) / 1200
    probabilities = np.array([0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05])
    for allowed, mass in (([0, 1, 2, 3, 4, 5, 6, 7], 0.85), ([1, 4], 0.3), ([6], 0.05)):
        masked = np.full(8, -np.inf, dtype=np.float32)
        masked[allowed] = np.log(probabilities[allowed])
        rows = np.repeat(masked[None], len(uniforms), axis=0)
        drawn = rule.draw(rows, uniforms)
        weights = np.exp(rule.log_weight(rows, rows, drawn))
        assert weights.mean() == pytest.approx(mass, rel=1e-5)
    certain = np.log(np.array([[0.95, 0.03, 0.02]], dtype=np.float32))
    first = np.zeros(1, dtype=np.int32)
    assert np.exp(rule.log_weight(certain, certain, first)) == pytest.approx(0.95)


# The same seed brings the same poems.


@pytest.mark.parametrize(
    ("rule", "particles", "count"),
    [("temperature", 5, 6), ("random-k", 32, 4), ("top-p", 3, 5), ("argmax", 1, 24)],
)
def test_a_poem_is_the_same_among_few_or_many(make_composer, rule, particles, count):
    """Where earlier poems' lines are banned, those of later ones are not."""
    composer = make_composer(rule, particles)
    alone = list(write_regulated(composer, 1, count, 1))
    for fewer, side_by_side in ((count, 3), (count - 2, 64), (3, 16)):
        assert list(write_regulated(composer, 1, fewer, side_by_side)) == alone[:fewer]
    assert len({poem.text for poem in alone}) == count
    # Under argmax some were written anew.
    assert rule != "argmax" or alone != composer.compose(1, range(count))


def test_the_first_poem_does_not_wait_for_the_others(make_composer, monkeypatch):
    composer = make_composer("top-p", 2)
    together = []

    def counted(seed, numbers, *again, **told):
        together.append(len(numbers))
        return ParticleComposer.compose(composer, seed, numbers, *again, **told)

    monkeypatch.setattr(composer, "compose", counted)
    poems = write_regulated(composer, 4, 16, 6)
    next(poems)
    assert together == [1]
    assert len(list(poems)) == 15
    assert [count for count in together if count > 1] == [2, 4, 6, 3]


def test_another_seed_or_number_of_particles_brings_other_poems(make_composer):
    def texts(seed, particles):
        composer = make_composer("temperature", particles)
        return {poem.text for poem in write_regulated(composer, seed, 3, 3)}

    assert texts(1, 4) == texts(1, 4)
    assert not texts(1, 4) & (texts(2, 4) | texts(1, 5))


# No poem quotes another.


@pytest.mark.parametrize(("rule", "count"), [("argmax", 70), ("random-k", 40)])
def test_no_poem_shares_two_lines_with_another_of_the_call(make_composer, rule, count):
    composer = make_composer(rule, 1)
    poems = list(write_regulated(composer, 1, count, 64))
    lines = [set(poem.lines) for poem in poems]
    assert all(len(a & b) < 2 for a, b in combinations(lines, 2))
    # Left to themselves some would have shared two, so the claim is not empty.
    drawn = composer.compose(1, range(count))
    alone = [set(poem.lines) for poem in drawn if poem]
    if rule == "argmax":
        assert any(len(a & b) > 1 for a, b in combinations(alone, 2))
    assert poems[0].text == drawn[0].text


def test_given_lines_may_be_shared(make_composer):
    start = "白日依山盡，黃河入海流。明月松間照，"
    composer = make_composer(RandomK(), 4, start=start[:12])
    poems = list(write_regulated(composer, 1, 5, 5))
    assert all(poem.lines[:2] == ("白日依山盡", "黃河入海流") for poem in poems)
    assert all(len(set(a.lines[2:]) & set(b.lines[2:])) < 2 for a, b in combinations(poems, 2))
    assert len({poem.text for poem in poems}) == 5
    assert not any("白日依山盡" in composer.own(poem) for poem in poems)


# What is asked for is kept.


@pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda s: s.types[:4])
@pytest.mark.parametrize("rule", ["random-k", "temperature"])
def test_a_pattern_asked_for_is_kept(first_poem, sequence, rule):
    poem = first_poem(rule, pattern=sequence.name(5))
    assert poem.report.line_types == sequence.types
    assert (poem.report.first_line == "不入韻") != sequence.rhymed_start


@pytest.mark.parametrize(
    "start",
    ["明", "春風", "白日依山盡；黃河入海流！", "□□□□□，□□□□東", "國破山河在，城春草木深。感"],
)
def test_what_is_given_stands_and_all_of_it_is_checked(first_poem, start):
    poem = first_poem(start=start)
    assert all(mine in ("□", c) for mine, c in zip(start, poem.text, strict=False))
    assert check_poem(poem.lines).regulated


def test_what_the_checker_reads_otherwise_than_asked_is_not_handed_out(first_poem, refused):
    """光 rhymes in 陽, whatever the pattern needs; 要 where 平 is needed is read as 小拗."""
    for options in (
        {"start": "床前明月光", "rhyme": "陽", "pattern": "平起首句不入韻"},
        {"start": "白日要山盡", "strict": True},
    ):
        with refused("writing.no_poem"):
            first_poem(**options)
    loose = first_poem(start="白日要山盡")
    assert "小拗" in {finding.kind for finding in loose.report.licences}


def test_a_given_line_is_not_repeated(make_composer, puzzle):
    """Line 4 lacks one character of being line 1 again."""
    _, engine, *_ = puzzle
    start = "月落日東風□□□□□□□□□□□落日東風"
    composer = make_composer(
        RandomK(50), 1, engine=engine, form=WUJUE, start=start, most=20, allow_quotes=True
    )
    poems = [poem for poem in composer.compose(1, range(200)) if poem]
    last = {poem.lines[3] for poem in poems}
    assert len(last) > 6
    assert "月落日東風" not in last


def test_under_argmax_there_is_a_poem_for_every_number(make_composer, of_all_forms):
    """Also for those beyond the number of characters that may come first."""
    composer = make_composer("argmax", engine=of_all_forms, pattern="BAaBbAaB", strict=True)
    known = len(of_all_forms.vocabulary.hanzi)
    assert None not in composer.compose(1, [0, known // 2, known - 1, 3 * known])
