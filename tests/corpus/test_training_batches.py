"""The batches that a recipe really trains on, decoded again."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tangyin.corpus.batches import MAX_PADDING
from tangyin.corpus.near_duplicates import NearDuplicates
from tangyin.training.dataset import load_dataset
from tangyin.training.recipe import DataRecipe, read_recipe
from tangyin.verse import EOS, FORMS, MARKS

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(300)]

CONFIGS = Path(__file__).parents[2] / "configs"
UNKNOWN = "\ufffd"


@pytest.fixture(scope="module", params=["report", "all"])
def material(request, corpus):
    if request.param == "report":
        return load_dataset(read_recipe(CONFIGS / "report.toml").data)
    everything = DataRecipe(tuple(form.name for form in FORMS), ("tang", "song"), 1, "form")
    return load_dataset(everything)


@pytest.fixture(scope="module")
def batches(material):
    return material.batches(128, seed=1, epoch=1)


@pytest.fixture(scope="module")
def texts(material, batches):
    """What stands in the batches, `<unk>` as one character."""
    tokens = material.vocabulary.tokens
    points = np.array([ord(t) if len(t) == 1 else ord(UNKNOWN) for t in tokens], np.uint16)
    found = []
    for batch in batches:
        lengths = batch.mask.sum(axis=0)
        for length in np.unique(lengths):
            columns = lengths == length
            assert batch.mask[:length, columns].all()
            assert (batch.targets[length - 1, columns] == material.vocabulary.id(EOS)).all()
            assert (batch.inputs[1:length, columns] == batch.targets[: length - 1, columns]).all()
            joined = points[batch.targets[: length - 1, columns].T].tobytes().decode("utf-16-le")
            width = int(length) - 1
            found += [joined[i : i + width] for i in range(0, len(joined), width)]
    return found


def as_known(material, texts):
    known = {*material.vocabulary.hanzi, *MARKS}
    strange = set("".join(texts)) - known
    return [text.translate(dict.fromkeys(map(ord, strange), UNKNOWN)) for text in texts]


def test_no_batch_holds_a_held_out_poem_or_a_near_duplicate_of_one(material, texts, corpus):
    held = as_known(material, corpus.select(parts=["dev", "test"]).text)
    near = NearDuplicates(held)
    assert not any(map(near.matches, texts))
    assert near.matches(held[7])


def test_every_training_poem_stands_in_the_batches_once(material, texts, corpus):
    dynasties = ["tang"] if len(material.forms) == 1 else ["tang", "song"]
    training = corpus.select(parts=["train"], dynasties=dynasties, forms=material.forms)
    assert Counter(texts) == Counter(as_known(material, training.text))


def test_every_batch_has_less_than_five_percent_of_padded_targets(batches):
    assert max(1 - batch.mask.mean() for batch in batches) < MAX_PADDING == 0.05
    full = sum(batch.mask.shape[1] == 128 for batch in batches)
    assert full >= len(batches) - 8  # bucketing breaks few batches up


def test_every_poem_begins_with_the_prefix_of_its_form(material, batches):
    for batch in batches[::17]:
        lengths = batch.mask.sum(axis=0)
        for first, length in zip(batch.inputs[0], lengths, strict=True):
            form = next(form for form in FORMS if form.targets == length)
            assert first == material.vocabulary.prefix_id(form)


@pytest.mark.parametrize("material", ["report"], indirect=True)
def test_seed_and_epoch_decide_the_order(material, batches):
    def same(others):
        return all(
            np.array_equal(a.targets, b.targets) for a, b in zip(batches, others, strict=True)
        )

    assert same(material.batches(128, seed=1, epoch=1))
    assert not same(material.batches(128, seed=1, epoch=2))
    assert not same(material.batches(128, seed=2, epoch=1))
