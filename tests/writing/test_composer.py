import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.model import Engine
from tangyin.model.arithmetic import Arithmetic
from tangyin.scoring import closed_hanzi, score_texts
from tangyin.verse import FORMS, MARKS, QIJUE, WUJUE, WULV, form_of_text, form_token
from tangyin.writing import Argmax, Order, RandomK, Temperature, TopP, compose, read_opening

from .conftest import fits

RULES = [Argmax(), RandomK(), Temperature(), TopP()]
HANZI = "".join(sorted(closed_hanzi())[:60])
PREFIXES = tuple(form_token(form) for form in FORMS)


def written(engine, form, opening, rule, seed, numbers):
    return compose(engine, form, rule, [Order(opening, seed, number) for number in numbers])


def steps(engine, form, text):
    """The tokens of a text and the log-probabilities (T, outputs) before each of them."""
    vocabulary = engine.vocabulary
    tokens = vocabulary.encode(text)
    inputs = np.array([vocabulary.prefix_id(form), *tokens[:-1]])[:, None]
    log_probs = [engine.log_probs(step_output)[0] for step_output in engine.read(inputs)]
    return tokens.tolist(), np.stack(log_probs)


@pytest.mark.parametrize("rule", RULES, ids=str)
@given(st.data())
@settings(max_examples=25)
def test_any_model_keeps_the_form_and_writes_what_it_knows(random_model, rule, data):
    known = HANZI[: data.draw(st.integers(1, 60))]
    model = random_model(
        known,
        FORMS,
        prefixes=PREFIXES,
        layers=data.draw(st.integers(1, 2)),
        scale=data.draw(st.sampled_from([0.0, 0.1, 1.0, 8.0])),
        seed=data.draw(st.integers(0, 999)),
    )
    form = data.draw(st.sampled_from(FORMS))
    start = data.draw(st.text(known, max_size=form.hanzi))
    engine = Engine(model)
    opening = read_opening(start, form, engine.vocabulary)
    numbers = range(min(3, len(known)))
    seed = data.draw(st.integers(0, 99))
    for poem in written(engine, form, opening, rule, seed, numbers):
        assert form_of_text(poem.text) is form
        assert set(poem.text) <= {*known, *MARKS}
        width = form.characters + 1
        assert all(mark in "。？！" for mark in poem.text[2 * width - 1 :: 2 * width])
        bare = "".join(c for c in poem.text if c not in MARKS)
        assert bare.startswith(start)
        assert np.isfinite(poem.log_likelihood)


starts = st.text(alphabet=HANZI[:20] + "□", max_size=9)
wanted = st.lists(
    st.tuples(starts, st.integers(0, 2**64 - 1), st.integers(0, 50)), min_size=1, max_size=40
)


@settings(max_examples=30)
@given(wanted=wanted, rule=st.sampled_from(RULES), form=st.sampled_from([WUJUE, QIJUE]))
def test_poems_of_many_callers_come_out_as_each_would_alone(random_model, wanted, rule, form):
    engine = Engine(random_model(HANZI, FORMS, hidden_size=24, layers=2, prefixes=PREFIXES))
    orders = [
        Order(read_opening(start, form, engine.vocabulary), seed, number)
        for start, seed, number in wanted
    ]
    alone = [poem for order in orders for poem in compose(engine, form, rule, [order])]
    assert compose(engine, form, rule, orders) == alone  # bit for bit, likelihood too
    assert compose(engine, form, rule, []) == []


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_poem_of_the_shipped_model_is_the_same_alone_or_among_64_in_any_order(
    report_engine, rule
):
    opening = read_opening("山", WULV, report_engine.vocabulary)

    def write(seed, numbers):
        return written(report_engine, WULV, opening, rule, seed, numbers)

    for seed in (0, 2**64 - 1):
        company = write(seed, range(64))
        shuffled = np.random.default_rng(seed % 7).permutation(64).tolist()
        assert write(seed, shuffled) == [company[number] for number in shuffled]
        for number in range(seed % 5, 64, 5):
            assert write(seed, [number]) == [company[number]]


@pytest.mark.parametrize("rule", RULES[1:], ids=str)
def test_other_seeds_and_numbers_bring_other_poems(report_engine, rule):
    texts = {
        poem.text
        for seed in range(4)
        for poem in written(report_engine, WULV, {}, rule, seed, range(16))
    }
    assert len(texts) == 64


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_likelihood_is_that_of_scoring_the_text(report_engine, rule):
    opening = read_opening("秋月", WULV, report_engine.vocabulary)
    poems = written(report_engine, WULV, opening, rule, 5, range(20))
    scores = score_texts(report_engine, [poem.text for poem in poems], WULV)
    for poem, tally in zip(poems, scores, strict=True):
        assert tally.unknown == 0
        assert poem.log_likelihood == pytest.approx(-tally.nll, abs=1e-6)


def ranked(engine, poem):
    """For each place its token, and its rank among what may be there."""
    vocabulary = engine.vocabulary
    tokens, log_probs = steps(engine, WULV, poem.text)
    for place, token in enumerate(tokens):
        admitted = vocabulary.hanzi_ids
        if place % 6 == 5:
            marks = "。？！" if place % 12 == 11 else MARKS
            admitted = [vocabulary.id(mark) for mark in marks]
        yield place, token, int((log_probs[place, admitted] > log_probs[place, token]).sum())


def test_argmax_takes_the_most_likely_known_character_and_admitted_mark(report_engine):
    opening = read_opening("湖", WULV, report_engine.vocabulary)
    poems = written(report_engine, WULV, opening, Argmax(), 0, range(8))
    for number, poem in enumerate(poems):
        for place, token, rank in ranked(report_engine, poem):
            if place in opening:
                assert token == opening[place]
            else:
                # Several poems differ by their first free character.
                assert rank == (number if place == 1 else 0)


def test_argmax_opens_each_poem_with_another_character(report_engine, refused):
    poems = written(report_engine, WULV, {}, Argmax(), 0, range(200))
    assert len({poem.text[0] for poem in poems}) == 200
    assert written(report_engine, WULV, {}, Argmax(), 1, [199]) == poems[199:]
    with refused("request.argmax_count", known=2814):
        written(report_engine, WULV, {}, Argmax(), 0, [2814])


@pytest.mark.parametrize("k", [1, 3, 5])
def test_random_k_stays_among_the_k_most_likely(report_engine, k):
    ranks = []
    for poem in written(report_engine, WULV, {}, RandomK(k), 11, range(30)):
        for place, _, rank in ranked(report_engine, poem):
            if place % 6 == 5:
                assert rank == 0  # marks are not random
            else:
                ranks.append(rank)
    shares = np.bincount(ranks) / len(ranks)
    assert len(shares) == k
    assert np.abs(shares - 1 / k).max() < 0.05


def test_the_places_an_opening_leaves_free_are_the_models(report_engine):
    vocabulary = report_engine.vocabulary
    opening = read_opening("白日依山盡黃河入海流。欲窮", WULV, vocabulary)
    poems = written(report_engine, WULV, opening, Temperature(), 3, range(40))
    assert {poem.text[:5] for poem in poems} == {"白日依山盡"}
    assert {poem.text[6:12] for poem in poems} == {"黃河入海流。"}
    assert {poem.text[12:14] for poem in poems} == {"欲窮"}
    assert len({poem.text[14] for poem in poems}) > 10


def test_a_whole_poem_that_is_given_comes_back_with_its_likelihood(report_engine):
    text = "空山新雨後，天氣晚來秋。明月松間照，清泉石上流。" * 2
    opening = read_opening(text, WULV, report_engine.vocabulary)
    (tally,) = score_texts(report_engine, [text], WULV)
    for rule in RULES:
        (poem,) = written(report_engine, WULV, opening, rule, 0, [0])
        assert poem.text == text
        assert poem.log_likelihood == pytest.approx(-tally.nll, abs=1e-6)


def frequencies(poems, known, place):
    counts = np.zeros(len(known))
    for poem in poems:
        counts[known.index(poem.text[place])] += 1
    return counts


@pytest.mark.parametrize(("rule", "exponent"), [(Temperature(), 1), (Temperature(2), 0.5),
                                                 (TopP(1, 1.0), 1)])  # fmt: skip
def test_frequencies_are_those_of_the_model_given_the_form(random_model, rule, exponent):
    known = HANZI[:4]
    engine = Engine(random_model(known, (WUJUE,), seed=6, scale=0.5))
    poems = [
        poem for seed in range(30) for poem in written(engine, WUJUE, {}, rule, seed, range(100))
    ]
    second = np.zeros(4)
    (_, log_probs) = steps(engine, WUJUE, known[0])
    hanzi = engine.vocabulary.hanzi_ids
    first = np.exp(exponent * log_probs[0, hanzi])
    first /= first.sum()
    for share, character in zip(first, known, strict=True):
        (_, log_probs) = steps(engine, WUJUE, character + known[0])
        after = np.exp(exponent * log_probs[1, hanzi])
        second += share * after / after.sum()
    assert fits(frequencies(poems, known, 0), first)
    assert fits(frequencies(poems, known, 1), second)
    assert not fits(frequencies(poems, known, 0), np.ones(4))


def test_one_seed_on_other_openings_draws_other_lines(random_model):
    # To a model without preferences every prefix is alike, so equal streams would give equal lines.
    engine = Engine(random_model(HANZI, FORMS, prefixes=PREFIXES, scale=0.0))
    openings = [read_opening(first, WULV, engine.vocabulary) for first in HANZI[:7]]
    poems = compose(engine, WULV, Temperature(), [Order(opening, 8, 0) for opening in openings])
    lines = [line for poem in poems for line in poem.lines]
    assert len(set(lines)) == len(lines) == 56


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_rule_computes_by_the_arithmetic_of_its_engine(random_model, rule, monkeypatch):
    model = random_model(HANZI, (WULV,), scale=0.3)
    expected = written(Engine(model), WULV, {}, rule, 1, range(3))

    def of_the_process():
        raise AssertionError("the engine has an arithmetic of its own")

    monkeypatch.setattr("tangyin.writing.rules.arithmetic", of_the_process)
    assert written(Engine(model, Arithmetic()), WULV, {}, rule, 1, range(3)) == expected
