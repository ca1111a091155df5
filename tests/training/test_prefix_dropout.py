"""Prefix dropout: form, rhyme and title precede some poems, and what the targets are."""

import json
from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from tangyin.corpus import DEV, TEST, TRAIN, load_corpus
from tangyin.metre import LEVEL_RHYMES, rhyme_of_poem
from tangyin.training import load_dataset
from tangyin.training.prefix_dropout import LONGEST_TITLE, PrefixDropout
from tangyin.training.recipe import DataRecipe
from tangyin.verse import (
    BOS,
    EOS,
    FORMS,
    TEXT,
    TITLE,
    Vocabulary,
    form_named,
    form_token,
    prefix_tokens,
    split_lines,
    title_characters,
)

pytestmark = pytest.mark.corpus

EVERY_FORM = tuple(form.name for form in FORMS)
SHARES = {"tell_form": 0.7, "tell_rhyme": 0.4, "tell_title": 0.6}
RECIPE = DataRecipe(EVERY_FORM, ("tang",), 1, "told", **SHARES, title_weight=0.25)
COUNT = 40


@pytest.fixture(scope="module")
def poems():
    """So many poems of each form with their titles, spread over the Tang."""
    corpus = load_corpus().select(dynasties=["tang"], parts=[TRAIN])
    chosen = []
    for form in EVERY_FORM:
        every = corpus.select(forms=[form])
        rows = list(zip(every.form, every.title, every.text, strict=True))
        chosen += rows[:: len(rows) // COUNT][:COUNT]
    form, _, text = chosen[0]
    chosen[0] = (form, "無" * (LONGEST_TITLE + 1), text)
    chosen[1] = (chosen[1][0], "…", chosen[1][2])
    return chosen


@pytest.fixture(scope="module")
def dataset(tmp_path_factory, poems):
    path = tmp_path_factory.mktemp("prefixes") / "poems.jsonl"
    rows = [{"text": text, "title": title, "part": TRAIN} for _, title, text in poems]
    dev = load_corpus().select(parts=[DEV], forms=["五絕"]).text[:3]
    rows += [{"text": text, "part": DEV} for text in dev]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return load_dataset(RECIPE, path)


def rhyme_of(text):
    lines, _ = split_lines(text) or ((), "")
    return rhyme_of_poem(lines)


class Column:
    """One poem of a batch, taken apart."""

    def __init__(self, vocabulary, batch, column):
        length = int(batch.mask[:, column].sum())
        assert batch.mask[:length, column].all()
        assert batch.weights is not None
        assert not batch.weights[length:, column].any()
        inputs = [vocabulary.tokens[token] for token in batch.inputs[:length, column]]
        self.targets = [vocabulary.tokens[token] for token in batch.targets[:length, column]]
        self.weights = batch.weights[:length, column].tolist()
        start = inputs.index(TEXT)
        self.prefix = inputs[: start + 1]
        self.text = "".join(self.targets[start:-1])
        assert inputs[start + 1 :] == self.targets[start:-1]
        assert self.targets[-1] == EOS
        self.form = self.prefix[0] if self.prefix[0] != BOS else None
        self.rhyme = next((t[7:-1] for t in self.prefix if t.startswith("<rhyme:")), None)
        self.title = None
        if TITLE in self.prefix:
            self.title = "".join(self.prefix[self.prefix.index(TITLE) + 1 : -1])


def columns(dataset, epoch=1, seed=3, size=16):
    return [
        Column(dataset.vocabulary, batch, column)
        for batch in dataset.batches(size, seed, epoch)
        for column in range(batch.inputs.shape[1])
    ]


@pytest.mark.parametrize("given", list(product([False, True], repeat=3)), ids=str)
def test_a_poem_has_the_prefix_that_writing_gives(given, dataset, poems):
    prefixes, vocabulary = dataset.prefixes, dataset.vocabulary
    number = next(
        n for n, (_, title, _) in enumerate(poems)
        if prefixes.rhymes[n] >= 0 and len(prefixes.titles[n]) > 2 and "…" not in title
    )  # fmt: skip
    form, title, text = poems[number]
    known = form_named(form), rhyme_of(text), title
    prefix = vocabulary.prefix(
        *(one if wanted else None for one, wanted in zip(known, given, strict=True))
    )
    batch = prefixes.collate(np.array([number]), np.array([(*given, False)]))
    expected = np.concatenate((prefix, vocabulary.encode(text)))
    assert batch.inputs[:, 0].tolist() == expected.tolist()

    column = Column(vocabulary, batch, 0)
    assert column.text == text
    encoded = vocabulary.encode(title_characters(title))
    characters = [vocabulary.tokens[token] for token in encoded]
    end = len(prefix) - 1
    expected_weights = [0.0] * end + [1.0] * (len(text) + 1)
    if given[2]:
        opening = end - len(characters) - 1
        assert column.targets[opening:end] == [*characters, EOS]  # after <title>, and after it all
        assert column.prefix[end] == TEXT  # and not the <eos> that was the target
        expected_weights[opening:end] = [0.25] * (len(characters) + 1)
    assert column.weights == expected_weights


def test_a_share_of_the_poems_is_told_its_dynasty_and_writing_gives_that_of_the_tang():
    corpus = load_corpus().select(forms=["五絕"], parts=[DEV])
    corpus.dynasty = ["tang", "ming"] * (len(corpus) // 2)
    recipe = replace(RECIPE, tell_dynasty=0.5)
    tokens = prefix_tokens(LEVEL_RHYMES, FORMS, ["tang", "ming"])
    vocabulary = Vocabulary.from_texts(corpus.text, 1, tokens)
    assert vocabulary.tokens[-2:] == ("<dynasty:tang>", "<dynasty:ming>")
    prefixes = PrefixDropout.of(vocabulary, corpus, recipe)
    batches = prefixes.batches(np.arange(len(corpus)), 8, np.random.default_rng(1))
    found = [
        Column(vocabulary, batch, n) for batch in batches for n in range(batch.inputs.shape[1])
    ]
    dynasty_of = dict(zip(corpus.text, corpus.dynasty, strict=True))
    told = [column for column in found if any("dynasty" in token for token in column.prefix)]
    assert all(column.prefix[1] == f"<dynasty:{dynasty_of[column.text]}>" for column in told)
    assert 0.4 < len(told) / len(corpus) < 0.6
    form = form_named("五絕")
    assert vocabulary.decode(vocabulary.prefix(form)) == "<五絕><dynasty:tang><text>"
    assert vocabulary.decode(vocabulary.prefix(form, dynasty="")) == "<五絕><text>"


def test_every_poem_is_in_every_epoch_once_with_its_own_prefix(dataset, poems):
    of_text = {text: (form, title) for form, title, text in poems}
    for epoch in (1, 2):
        found = columns(dataset, epoch)
        assert Counter(column.text for column in found) == Counter(list(of_text))
        for column in found:
            form, title = of_text[column.text]
            assert column.form in (None, form_token(form_named(form)))
            assert column.rhyme in (None, rhyme_of(column.text))
            if column.title is not None:
                known = dataset.vocabulary.encode(title_characters(title))
                assert column.title == dataset.vocabulary.decode(known)


def test_titles_too_long_or_without_characters_and_missing_rhymes_are_never_in_a_prefix(
    dataset, poems
):
    rhyming = {text: rhyme_of(text) is not None for *_, text in poems}
    assert not all(rhyming.values())
    untitled = {text for _, _, text in poems[:2]}
    for epoch in range(1, 6):
        for column in columns(dataset, epoch):
            assert column.text not in untitled or column.title is None
            assert rhyming[column.text] or column.rhyme is None


def test_the_shares_of_prefixes_are_near_the_recipes(dataset, poems):
    epochs = 12
    found = [column for epoch in range(1, epochs + 1) for column in columns(dataset, epoch)]
    prefixes = dataset.prefixes
    for share, could, was in (
        (0.7, len(poems), sum(column.form is not None for column in found)),
        (0.4, int((prefixes.rhymes >= 0).sum()), sum(column.rhyme is not None for column in found)),
        (0.6, sum(map(bool, map(len, prefixes.titles))), sum(c.title is not None for c in found)),
    ):
        trials = epochs * could
        assert abs(was - share * trials) < 4 * (trials * share * (1 - share)) ** 0.5


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_of_none_or_all_is_kept_exactly(share, lab):
    recipe = DataRecipe(EVERY_FORM, ("tang",), 1, "told", share, share, share)
    for column in columns(load_dataset(recipe, lab.mixed)):
        if share == 0:
            assert column.prefix == [BOS, TEXT]
        else:
            assert column.form is not None


def test_seed_and_epoch_determine_prefixes_and_order(dataset):
    def read(seed, epoch):
        return [batch.inputs.tobytes() for batch in dataset.batches(16, seed, epoch)]

    assert read(1, 1) == read(1, 1)
    assert read(1, 1) not in (read(1, 2), read(2, 1))
    one, two = (
        {column.text: column.prefix for column in columns(dataset, epoch)} for epoch in (1, 2)
    )
    assert sum(one[text] != prefix for text, prefix in two.items()) > 0.5 * len(one)


def test_batches_are_small_little_of_them_is_padding_and_targets_are_those_of_the_texts(
    dataset, poems
):
    for batch in dataset.batches(16, 1, 1):
        assert batch.inputs.shape == batch.targets.shape == batch.mask.shape
        assert batch.inputs.shape[1] <= 16
        assert (~batch.mask).mean() < 0.05
    assert dataset.targets(None) == sum(len(text) + 1 for *_, text in poems)
    assert dataset.vocabulary.prefixes == prefix_tokens(LEVEL_RHYMES)


def test_no_poem_with_a_prefix_is_held_out():
    dataset = load_dataset(DataRecipe(("五絕",), ("tang", "song"), prefix="told"))
    held = load_corpus().select(parts=[DEV, TEST], forms=["五絕"]).text
    encoded = {dataset.vocabulary.encode(text).tobytes() for text in held}
    texts = [text[:-1].tobytes() for text in dataset.prefixes.texts]
    assert len(texts) == len(dataset.kinds) > 15_000
    assert encoded.isdisjoint(texts)


def test_a_vocabulary_is_made_of_the_texts_and_not_of_the_titles(tmp_path, poems_of):
    rows = [{"text": text, "title": "龘靐齉"} for text in poems_of("五絕", 12)]
    path = tmp_path / "poems.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    dataset = load_dataset(DataRecipe(("五絕",), ("tang",), 1, "told"), path)
    assert not set("龘靐齉") & set(dataset.vocabulary.hanzi)
    prefixes = dataset.prefixes
    assert all(title.tolist() == [0, 0, 0] for title in prefixes.titles)  # <unk>
