"""Training's own evaluation and the NumPy engine's give the same figures."""

import pytest
import torch

import tangyin
from tangyin.corpus import DEV, load_corpus
from tangyin.nn.language_model import LanguageModel
from tangyin.scoring import Tally, score_texts
from tangyin.training import Dataset, evaluate, load_dataset
from tangyin.verse import FORMS, WULV

pytestmark = pytest.mark.corpus


def assert_same_figures(found, expected, rel):
    ours, theirs = found.figures(), expected.figures()
    for name in ("poems", "targets", "hanzi", "unknown"):
        assert ours[name] == theirs[name]
    for name in ("nll", "nll_closed", "per_token", "per_token_closed", "per_hanzi",
                 "per_hanzi_closed"):  # fmt: skip
        assert ours[name] == pytest.approx(theirs[name], rel=rel)


def in_torch(writer):
    model = LanguageModel(writer.model.architecture, writer.model.vocabulary)
    tensors = {name: torch.from_numpy(tensor) for name, tensor in writer.model.tensors.items()}
    tensors.pop("tones", None)
    model.load_state_dict(tensors)
    return model


def test_both_give_the_shipped_model_the_same_figures_and_bf16_rounds_them():
    writer = tangyin.load("report")
    texts = load_corpus().select(parts=[DEV], forms=[WULV]).text[:300]
    dataset = Dataset(writer.model.vocabulary, (WULV,), [], {WULV: texts}, {})
    exact, rounded = (evaluate(in_torch(writer), dataset, p) for p in ("fp32", "bf16"))
    assert exact.keys() == {WULV}
    expected = sum(score_texts(writer.engine, texts, WULV), Tally())
    assert_same_figures(exact[WULV], expected, rel=3e-3)
    assert rounded[WULV].nll != exact[WULV].nll
    assert_same_figures(rounded[WULV], exact[WULV], rel=3e-3)


@pytest.mark.parametrize("features", [False, True], ids=["plain", "features"])
def test_both_give_a_model_the_same_figures_in_each_form_and_its_file_has_them(features, lab):
    plain = lab.tiny({"data.forms": [form.name for form in FORMS], "data.prefix": "form"})
    rich = lab.curriculum({"model.layers": 2, "stages": [], "training.epochs": 1})
    recipe = rich if features else plain
    lab.train(recipe)
    writer = tangyin.load(lab.run.model)
    dataset = load_dataset(recipe.data, lab.mixed)
    found, total = evaluate(in_torch(writer), dataset), Tally()
    assert list(found) == list(FORMS)
    for form, texts in dataset.dev.items():
        expected = sum(score_texts(writer.engine, texts, form), Tally())
        assert_same_figures(found[form], expected, rel=3e-3)
        scores = sum(writer.score(text).nll for text in texts)
        assert scores == pytest.approx(expected.nll, rel=1e-6)
        total += expected
    assert writer.model.figures["dev"]["all"] == pytest.approx(total.figures(), rel=3e-3)


def untrained(lab):
    dataset = load_dataset(lab.tiny().data, lab.own)
    return LanguageModel(lab.tiny().model.architecture, dataset.vocabulary), dataset


def test_evaluating_disturbs_neither_training_nor_randomness(lab):
    model, dataset = untrained(lab)
    for training in (True, False):
        model.train(training)
        state = torch.get_rng_state()
        first = evaluate(model, dataset)
        assert model.training is training
        assert torch.equal(torch.get_rng_state(), state)
        assert all(parameter.grad is None for parameter in model.parameters())
        assert evaluate(model, dataset) == first
