"""The shipped models give what they gave when they were trained.

`shipped_log_probs.json` has, of five poems with their prefixes, the likeliest token at each place,
its log-probability and those of twelve others, and the figures of the poems by the protocol: of
`report` by the code of commit f563562, of `strong` by its network in PyTorch.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tangyin.model import Engine, find_model
from tangyin.scoring import score_texts
from tangyin.verse import form_named

STORED = json.loads((Path(__file__).parent / "shipped_log_probs.json").read_text("utf-8"))
NAMES = ("strong", "report")


def log_probs(engine: Engine, poem: dict[str, Any]) -> np.ndarray:
    """(T, outputs) after the prefix and each character of a stored poem."""
    form = form_named(poem["form"]) if poem["form"] else None
    prefix = engine.vocabulary.prefix(form, poem["rhyme"], poem["title"])
    inputs = np.concatenate((prefix, engine.vocabulary.encode(poem["text"])))[:, None]
    return np.stack([engine.log_probs(output)[0] for output in engine.read(inputs)])


@pytest.mark.parametrize("name", NAMES)
def test_the_log_probabilities_and_figures_are_those_of_the_commit_that_trained_it(name):
    engine, stored = Engine(find_model(name)), STORED["models"][name]
    for poem in stored["poems"]:
        found = log_probs(engine, poem)
        # That code rounded no activations to int8. A wrong feature changes these by 1 and more.
        assert (found.argmax(axis=1) == poem["argmax"]).mean() > 0.9
        np.testing.assert_allclose(found.max(axis=1), poem["best"], atol=0.2)
        off = np.abs(found[:, stored["columns"]] - poem["log_probs"])
        assert off.mean() < 0.15
        assert off.max() < 1
        if poem["figures"]:
            (tally,) = score_texts(engine, [poem["text"]], form_named(poem["form"]))
            assert tally.figures() == pytest.approx(poem["figures"], rel=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_another_form_in_the_installation_changes_no_bit_of_it(name, extra_form):
    poem = STORED["models"][name]["poems"][-1]
    before = log_probs(Engine(find_model(name)), poem)
    extra_form("六言絕句", "liujue", lines=4, characters=6)
    extra_form("六韻", "liuyun", lines=12, characters=5, in_corpus=True)
    model = find_model(name)
    assert model.architecture.layout.forms[:4] == ("五絕", "七絕", "五律", "七律")
    assert np.array_equal(log_probs(Engine(model), poem), before)
