"""Training that begins with the weights of a trained model."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tangyin.errors import UsageError
from tangyin.model import load_model
from tangyin.nn.language_model import LanguageModel
from tangyin.training import Recipe, load_dataset
from tangyin.training.trainer import _new_model

pytestmark = pytest.mark.corpus

BRIEF = {"stages": [], "training.epochs": 1}


def log_probs(model, vocabulary, text, predicted):
    """What a network expects after each character, renormalized over some tokens."""
    ids = np.array([vocabulary.id("<五絕>"), vocabulary.id("<text>"), *vocabulary.encode(text)])
    with torch.no_grad():
        model.eval()
        known = model.features_of(ids[:, None].astype("i4"))
        found = model.log_probs(torch.from_numpy(ids[:, None]), known)
    return torch.log_softmax(found[:, 0, [vocabulary.id(token) for token in predicted]], -1)


def begun(recipe: Recipe, own: Path):
    dataset = load_dataset(recipe.data, own)
    return _new_model(recipe, dataset, torch.device("cpu")), dataset.vocabulary


def test_a_network_with_more_characters_and_features_predicts_at_first_what_its_start_does(lab):
    lab.train(lab.curriculum({"data.minimum_frequency": 3, **BRIEF}))
    source = load_model(lab.run.model)
    old = LanguageModel(source.architecture, source.vocabulary)
    old.load_state_dict(
        {n: torch.from_numpy(np.array(t)) for n, t in source.tensors.items() if n != "tones"}
    )
    changes = {"data.minimum_frequency": 1, "model.context_size": 3}
    start = {"training.start": str(lab.run.model)}
    new, vocabulary = begun(lab.curriculum({**changes, **start}), lab.mixed)
    assert len(vocabulary) > len(source.vocabulary)
    known = source.vocabulary.predicted
    text = "".join(source.vocabulary.hanzi[:5]) + "，" + "".join(source.vocabulary.hanzi[5:9])
    expected = log_probs(old, source.vocabulary, text, known)
    torch.testing.assert_close(log_probs(new, vocabulary, text, known), expected)
    fresh, _ = begun(lab.curriculum(changes), lab.mixed)
    assert (log_probs(fresh, vocabulary, text, known) - expected).abs().max() > 0.01


def test_a_start_of_other_sizes_is_refused_by_their_names(lab):
    lab.train(lab.curriculum(BRIEF))
    other = lab.curriculum({"model.hidden_size": 7, "training.start": str(lab.run.model)})
    with pytest.raises(UsageError) as refusal:
        begun(other, lab.mixed)
    assert refusal.value.code == "training.start_misfit"
    assert refusal.value.params["keys"] == ["hidden_size"]
