import math
from dataclasses import asdict

import numpy as np
import pytest

from tangyin.corpus import Corpus
from tangyin.model import Engine
from tangyin.model.file import ModelFile
from tangyin.scoring import PerplexityMeter, Tally, closed_hanzi, prefix_of, score_texts
from tangyin.verse import BOS, EOS, FORMS, MARKS, UNK, WULV, Vocabulary, form_token

CLOSED = sorted(closed_hanzi())
STRANGE = [chr(point) for point in range(0x4E00, 0x9FFF) if chr(point) not in closed_hanzi()]
KINDS = {
    "the closed one": CLOSED,
    "smaller": CLOSED[::3],
    "tiny": CLOSED[:2],
    "larger": CLOSED + STRANGE[:900],
    "crossing": CLOSED[::2] + STRANGE[::40],
    "apart": STRANGE[:300],
    "beyond the block": CLOSED + STRANGE[:90] + [chr(point) for point in range(0x3400, 0x3451)],
}


def charged(vocabulary: Vocabulary) -> int:
    """The characters of U+4E00-9FFF, 20,992 in all, that a model does not know."""
    return 20_992 - sum("\u4e00" <= character <= "\u9fff" for character in vocabulary.hanzi)


def random_log_probs(vocabulary: Vocabulary, rows: int, seed: int) -> np.ndarray:
    y = 2 * np.random.default_rng(seed).standard_normal((rows, vocabulary.outputs))
    return (y - np.log(np.exp(y).sum(axis=1, keepdims=True))).astype(np.float32)


def closed_distribution(vocabulary: Vocabulary, log_probs: np.ndarray) -> dict[str, float]:
    """The model collapsed onto the closed vocabulary, outcome by outcome, by the protocol.

    The unknown characters, 20,992 less those known, share the probability of <unk> evenly.
    """
    p = dict(zip(vocabulary.predicted, np.exp(log_probs.astype(np.float64)), strict=True))
    unknown = charged(vocabulary)
    collapsed = {token: p[token] for token in (EOS, *MARKS)}
    collapsed[UNK] = 0.0
    for character in CLOSED:
        collapsed[character] = p.get(character, p[UNK] / unknown)
    lacking = sum(character not in vocabulary for character in CLOSED)
    collapsed[UNK] += p[UNK] * (unknown - lacking) / unknown
    for character in set(vocabulary.hanzi) - set(CLOSED):
        collapsed[UNK] += p[character]
    return collapsed


@pytest.fixture(params=KINDS)
def meter(request):
    return PerplexityMeter(Vocabulary(KINDS[request.param]))


def test_both_figures_equal_an_independent_count(meter):
    vocabulary = meter.vocabulary
    mixed = [*CLOSED, *STRANGE[:1500], *MARKS * 99]
    text = "".join(np.random.default_rng(len(vocabulary)).choice(mixed, 60))
    log_probs = random_log_probs(vocabulary, len(text) + 1, 3)
    tally = meter.charge(log_probs, meter.targets(text))
    nll, nll_closed, hanzi, hanzi_closed = 0.0, 0.0, 0.0, 0.0
    for row, token in zip(log_probs, [*text, EOS], strict=True):
        p = np.exp(row.astype(np.float64))
        if token in vocabulary:
            cost = -math.log(p[vocabulary.id(token)])
        else:
            cost = -math.log(p[vocabulary.id(UNK)] / charged(vocabulary))
        collapsed = closed_distribution(vocabulary, row)
        cost_closed = -math.log(collapsed.get(token, collapsed[UNK]))
        nll, nll_closed = nll + cost, nll_closed + cost_closed
        if token not in (EOS, *MARKS):
            hanzi, hanzi_closed = hanzi + cost, hanzi_closed + cost_closed
    characters = sum(c not in MARKS for c in text)
    unknown = sum(c not in vocabulary for c in text)
    counted = Tally(1, 61, characters, unknown, nll, nll_closed, hanzi, hanzi_closed)
    assert asdict(tally) == pytest.approx(asdict(counted), rel=1e-6)


def test_the_probabilities_of_either_figure_sum_to_one(meter):
    vocabulary = meter.vocabulary
    row = random_log_probs(vocabulary, 1, 5)
    twice = np.concatenate((row, row))
    closed = end = math.exp(row[0, vocabulary.id(EOS)])
    for token in [*CLOSED, *MARKS, STRANGE[-1]]:  # the last for the closed <unk>
        closed += math.exp(-meter.charge(twice, meter.targets(token)).nll_closed) / end
    assert closed == pytest.approx(1, abs=1e-5)
    unknown = next(c for c in STRANGE[::-1] if c not in vocabulary)
    share = math.exp(-meter.charge(twice, meter.targets(unknown)).nll_hanzi)
    known = math.fsum(np.exp(row[0, 1:].astype(np.float64)))
    assert known + charged(vocabulary) * share == pytest.approx(1, abs=1e-5)


@pytest.mark.corpus
def test_the_closed_figure_of_the_report_model_is_its_plain_perplexity(
    report_model: ModelFile, report_engine: Engine, corpus: Corpus
) -> None:
    texts = corpus.select(parts=["dev"], forms=["五律"]).text[:100]
    vocabulary = report_model.vocabulary
    ids = np.stack([[*vocabulary.encode(t), vocabulary.id(EOS)] for t in texts], axis=1)
    inputs = np.concatenate((np.full((1, len(texts)), vocabulary.id(BOS)), ids[:-1]))
    total = 0.0
    for hidden, targets in zip(report_engine.read(inputs), ids, strict=True):
        log_probs = report_engine.log_probs(hidden).astype(np.float64)
        total -= log_probs[np.arange(len(texts)), targets].sum()
    tally = sum(score_texts(report_engine, texts, WULV), Tally())
    assert tally.unknown > 0
    assert tally.figures()["per_token_closed"] == pytest.approx(
        math.exp(total / ids.size), rel=1e-9
    )
    assert tally.nll == pytest.approx(
        total + tally.unknown * math.log(charged(vocabulary)), rel=1e-9
    )


def test_a_wulv_counts_49_targets_and_40_hanzi(random_model):
    prefixes = [form_token(form) for form in FORMS]
    engine = Engine(random_model("日月山川人", FORMS, prefixes=tuple(prefixes)))
    for form in FORMS:
        text = ("日月山水川人天"[: form.characters] + "，") * form.lines
        (tally,) = score_texts(engine, [text], form)
        assert (tally.poems, tally.targets, tally.hanzi) == (1, form.targets, form.hanzi)
        assert tally.unknown == form.lines * (form.characters // 5 + form.characters // 7)
    assert (WULV.targets, WULV.hanzi) == (49, 40)


def test_sums_are_divided_once():
    one = Tally(1, 49, 40, 2, 200.0, 180.0, 190.0, 170.0)
    other = Tally(1, 25, 20, 0, 150.0, 140.0, 130.0, 120.0)
    figures = (one + other).figures()
    assert figures == {
        "poems": 2, "targets": 74, "hanzi": 60, "unknown": 2, "nll": 350.0, "nll_closed": 320.0,
        "per_token": math.exp(350 / 74), "per_token_closed": math.exp(320 / 74),
        "per_hanzi": math.exp(320 / 60), "per_hanzi_closed": math.exp(290 / 60),
    }  # fmt: skip
    certain_and_wrong = Tally(1, 1, 1, 0, 1e4, 1e4, 1e4, 1e4)
    assert certain_and_wrong.figures()["per_token"] == math.inf


def test_what_is_given_before_a_poem_is_named():
    assert prefix_of(Vocabulary("日")) == "none"
    assert prefix_of(Vocabulary("日", [form_token(WULV)])) == "form"
