"""The count of tangshi-gpt: its targets, and that titles and texts are predicted and no more."""

import math

import numpy as np
import pytest

from tangyin.corpus import Corpus, tangshi_gpt_test
from tangyin.errors import TangyinError, UsageError
from tangyin.metre import LEVEL_RHYMES
from tangyin.model import Engine
from tangyin.scoring import NO_TARGET, target_costs, titled_figures
from tangyin.verse import BOS, EOS, FORMS, TEXT, TITLE, UNK, prefix_tokens, title_characters

HANZI = "白日依山盡黃河入海流欲窮千里目更上一層樓登鸛雀"
POEMS = [
    ("登 鸛雀樓（一）", "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"),
    ("漁父歌", "白日依山，黃河入。□𤺩海流。"),
    ("", "白日依山盡，黃河入海流。"),
]


@pytest.fixture(scope="module")
def engine(random_model):
    return Engine(
        random_model(
            HANZI, FORMS, prefixes=prefix_tokens(LEVEL_RHYMES), tied=True, echo=True, place_size=3
        )
    )


def test_every_title_and_text_costs_what_the_model_says_step_by_step(engine):
    vocabulary = engine.vocabulary
    total, hanzi_total = 0.0, 0.0
    for title, text in POEMS:
        state = engine.start(1)
        title = title_characters(title)
        read = [BOS, TITLE, *title, TEXT, *text]
        wanted = [None, *title, EOS, *text, EOS]
        for token, target in zip(read, wanted, strict=True):
            known = token if token in vocabulary else UNK
            step_output = engine.step(np.array([vocabulary.id(known)]), state)
            if target is not None:
                number = vocabulary.id(target if target in vocabulary else UNK)
                cost = -float(engine.log_probs(step_output)[0, number])
                total += cost
                hanzi_total += cost if target != EOS and target not in "，。□𤺩" else 0.0
    found = titled_figures(engine, POEMS)
    # Start mark, title, separator, text, a newline between couplets, end mark.
    targets = (1 + 5 + 1 + 24 + 1 + 1) + (1 + 3 + 1 + 14 + 1 + 1) + (1 + 0 + 1 + 12 + 0 + 1)
    hanzi = (5 + 20) + (3 + 9) + 10
    assert found["nll"] == pytest.approx(total, rel=1e-6)
    assert {name: found[name] for name in ("poems", "targets", "hanzi", "unknown")} == {
        "poems": 3, "targets": targets, "hanzi": hanzi, "unknown": 3 + 2,
    }  # fmt: skip
    assert found["per_token"] == pytest.approx(math.exp(total / targets))
    assert found["per_hanzi"] == pytest.approx(math.exp(hanzi_total / hanzi))


def test_a_model_without_titles_is_refused(report_engine):
    with pytest.raises(UsageError, check=lambda e: e.code == "score.no_titles"):
        titled_figures(report_engine, POEMS)


def test_sequences_of_any_length_cost_what_each_costs_alone(engine):
    generator = np.random.default_rng(0)
    inputs, targets = [], []
    for length in generator.integers(1, 60, 40):
        inputs.append(generator.integers(0, len(engine.vocabulary), length).astype(np.int32))
        targets.append(generator.integers(NO_TARGET, engine.vocabulary.outputs, length))
    together = target_costs(engine, inputs, targets)
    for number in range(40):
        (alone,) = target_costs(engine, [inputs[number]], [targets[number]])
        assert np.array_equal(alone, together[number])
        assert ((alone == 0) == (targets[number] == NO_TARGET)).all()


@pytest.mark.corpus
def test_the_test_poems_are_those_of_the_list_with_titles_and_uncleaned(corpus):
    poems = tangshi_gpt_test(corpus)
    assert len(poems) == 3717
    assert len({text for _, text in poems}) == 3712
    assert sum("□" in text for _, text in poems) == 17
    trained = {text for text, part in zip(corpus.text, corpus.part, strict=True) if part == "train"}
    assert trained.isdisjoint(text for _, text in poems)
    assert sum(title_characters(title) == "" for title, _ in poems) == 2


def test_a_corpus_that_lacks_test_poems_is_refused():
    with pytest.raises(TangyinError, check=lambda e: e.code == "corpus.lacks"):
        tangshi_gpt_test(Corpus())
