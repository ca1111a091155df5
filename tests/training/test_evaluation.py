"""Training's own evaluation and the NumPy engine's give the same figures."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import tangyin
from tangyin.corpus import DEV, load_corpus
from tangyin.nn.language_model import LanguageModel
from tangyin.scoring import Tally, score_texts
from tangyin.training import Dataset, Recipe, RunFolder, evaluate, load_dataset, train
from tangyin.verse import FORMS, WULV

pytestmark = pytest.mark.corpus

EVERY_FORM = [form.name for form in FORMS]


def assert_same_figures(found: Tally, expected: Tally, rel: float) -> None:
    ours, theirs = found.figures(), expected.figures()
    for name in ("poems", "targets", "hanzi", "unknown"):
        assert ours[name] == theirs[name]
    for name in ("nll", "nll_closed", "per_token", "per_token_closed", "per_hanzi",
                 "per_hanzi_closed"):  # fmt: skip
        assert ours[name] == pytest.approx(theirs[name], rel=rel)


def in_torch(writer: tangyin.Writer) -> LanguageModel:
    model = LanguageModel(writer.model.architecture, writer.model.vocabulary)
    tensors = {name: torch.from_numpy(tensor) for name, tensor in writer.model.tensors.items()}
    tensors.pop("tones", None)
    model.load_state_dict(tensors)
    return model


def test_both_give_the_shipped_model_the_same_figures_on_dev() -> None:
    writer = tangyin.load("report")
    texts = load_corpus().select(parts=[DEV], forms=[WULV]).text[:300]
    material = Dataset(writer.model.vocabulary, (WULV,), [], {WULV: texts}, {})
    found = evaluate(in_torch(writer), material)
    expected = sum(score_texts(writer.engine, texts, WULV), Tally())
    assert found.keys() == {WULV}
    assert_same_figures(found[WULV], expected, rel=1e-4)


def test_both_give_a_model_of_mixed_forms_the_same_figures_in_each_form(
    tmp_path: Path, mixed_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    recipe = tiny({"data.forms": EVERY_FORM, "data.prefix": "form"})
    train(recipe, RunFolder(tmp_path), own=mixed_poems)
    writer = tangyin.load(tmp_path / "model.safetensors")
    material = load_dataset(recipe.data, mixed_poems)
    found = evaluate(in_torch(writer), material)
    assert list(found) == list(FORMS)
    for form, texts in material.dev.items():
        expected = sum(score_texts(writer.engine, texts, form), Tally())
        assert_same_figures(found[form], expected, rel=1e-4)
        scores = sum(writer.score(text).nll for text in texts)
        assert scores == pytest.approx(expected.nll, rel=1e-6)


def test_both_give_a_model_with_features_the_same_figures_in_each_form(
    tmp_path: Path, mixed_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    recipe = tiny(
        {
            "data.forms": EVERY_FORM, "data.prefix": "told", "training.epochs": 1,
            "training.precision": "fp32", "model.tied": True, "model.echo": True,
            "model.layers": 2, "model.opposite_size": 5, "model.rhyme_size": 3,
            "model.place_size": 4, "model.tone_size": 2,
        }
    )  # fmt: skip
    train(recipe, RunFolder(tmp_path), own=mixed_poems)
    writer = tangyin.load(tmp_path / "model.safetensors")
    material = load_dataset(recipe.data, mixed_poems)
    found = evaluate(in_torch(writer), material)
    assert list(found) == list(FORMS)
    for form, texts in material.dev.items():
        expected = sum(score_texts(writer.engine, texts, form), Tally())
        assert_same_figures(found[form], expected, rel=1e-4)


def test_products_in_bf16_change_the_figures_by_their_rounding_alone() -> None:
    writer = tangyin.load("report")
    texts = load_corpus().select(parts=[DEV], forms=[WULV]).text[:100]
    material = Dataset(writer.model.vocabulary, (WULV,), [], {WULV: texts}, {})
    model = in_torch(writer)
    exact, rounded = (evaluate(model, material, p)[WULV] for p in ("fp32", "bf16"))
    assert rounded.nll != exact.nll
    assert_same_figures(rounded, exact, rel=3e-3)


def test_the_figures_in_a_model_file_are_those_of_its_stored_weights(
    tmp_path: Path, own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    recipe = tiny()
    train(recipe, RunFolder(tmp_path), own=own_poems)
    writer = tangyin.load(tmp_path / "model.safetensors")
    texts = load_dataset(recipe.data, own_poems).dev[WULV]
    expected = sum(score_texts(writer.engine, texts, WULV), Tally()).figures()
    stored = writer.model.figures["dev"]["all"]
    assert stored.keys() == expected.keys()
    for name, value in stored.items():
        assert value == pytest.approx(expected[name], rel=1e-3)


def test_evaluating_disturbs_neither_training_nor_randomness(
    own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    material = load_dataset(tiny().data, own_poems)
    model = LanguageModel(tangyin.load("report").model.architecture, material.vocabulary)
    for training in (True, False):
        model.train(training)
        state = torch.get_rng_state()
        first = evaluate(model, material)
        assert model.training is training
        assert torch.equal(torch.get_rng_state(), state)
        assert all(parameter.grad is None for parameter in model.parameters())
        assert evaluate(model, material) == first


def test_a_model_that_knows_nothing_scores_as_chance_does(
    own_poems: Path, tiny: Callable[..., Recipe]
) -> None:
    material = load_dataset(tiny().data, own_poems)
    model = LanguageModel(tangyin.load("report").model.architecture, material.vocabulary)
    with torch.no_grad():
        model.output.weight.zero_()
        model.output.bias.zero_()
    tally = evaluate(model, material)[WULV]
    outputs, known = material.vocabulary.outputs, len(material.vocabulary.hanzi)
    chance = tally.targets * np.log(outputs) + tally.unknown * np.log(20_992 - known)
    assert tally.unknown > 0
    assert tally.nll == pytest.approx(chance, rel=1e-6)
