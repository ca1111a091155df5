"""What a recipe trains on: the right poems, no held-out one, in batches that fit together."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tangyin.corpus import DEV, TEST, Corpus, NearDuplicates, load_corpus
from tangyin.errors import TangyinError, UsageError
from tangyin.training import Dataset, Recipe, load_dataset
from tangyin.training import dataset as module
from tangyin.training.recipe import DataRecipe
from tangyin.verse import BOS, EOS, FORMS, UNK, WULV, Ids, Vocabulary, form_named, form_token

pytestmark = pytest.mark.corpus

REPORT = DataRecipe(("五律",))
ALL = DataRecipe(tuple(form.name for form in FORMS), prefix="form")


def poems_in(material: Dataset, batch_size: int, seed: int, epoch: int) -> Counter[bytes]:
    """The poems of an epoch's batches, taken out of the padding, as the bytes of their tokens."""
    poems = Counter[bytes]()
    for batch in material.batches(batch_size, seed, epoch):
        for column in range(batch.inputs.shape[1]):
            length = int(batch.mask[:, column].sum())
            assert batch.mask[:length, column].all()
            inputs, targets = batch.inputs[:length, column], batch.targets[:length, column]
            assert (inputs[1:] == targets[:-1]).all()
            poems[np.append(inputs, targets[-1]).tobytes()] += 1
    return poems


def test_no_training_batch_holds_a_held_out_poem_or_a_near_duplicate_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoded: list[str] = []

    def encode(vocabulary: Vocabulary, corpus: Corpus) -> list[Ids]:
        encoded.extend(corpus.text)
        return original(vocabulary, corpus)

    original = module.encode
    monkeypatch.setattr(module, "encode", encode)
    material = load_dataset(ALL)
    batches = material.batches(128, seed=1, epoch=1)
    assert sum(batch.inputs.shape[1] for batch in batches) == len(encoded) > 28_000
    corpus = load_corpus()
    held = corpus.select(parts=[DEV, TEST]).text
    near = NearDuplicates(held)
    assert set(encoded).isdisjoint(held)
    assert [text for text in encoded if near.matches(text)] == []
    assert near.matches(held[0])


def test_the_report_recipe_trains_on_the_training_wulv_and_knows_the_closed_vocabulary() -> None:
    material = load_dataset(REPORT)
    assert len(material.train) == 11_353
    assert {form.name: len(texts) for form, texts in material.dev.items()} == {"五律": 1_281}
    assert len(material.vocabulary.hanzi) == 2_814
    assert material.vocabulary.prefixes == (BOS,)
    assert {len(poem) for poem in material.train} == {WULV.targets + 1}
    assert sorted(material.facts) == ["corpus", "poems_sha256", "split_sha256"]


def test_every_poem_stands_in_every_epoch_once(mixed_poems: Path) -> None:
    material = load_dataset(DataRecipe(ALL.forms, minimum_frequency=1, prefix="form"), mixed_poems)
    expected = Counter(poem.tobytes() for poem in material.train)
    for epoch in (1, 2):
        assert poems_in(material, batch_size=7, seed=3, epoch=epoch) == expected


def test_seed_and_epoch_decide_the_order(own_poems: Path) -> None:
    material = load_dataset(DataRecipe(("五律",), minimum_frequency=2), own_poems)

    def order(seed: int, epoch: int) -> list[bytes]:
        return [batch.inputs.tobytes() for batch in material.batches(7, seed, epoch)]

    assert order(1, 1) == order(1, 1)
    assert order(1, 1) != order(1, 2)
    assert order(1, 1) != order(2, 1)


def test_mixed_forms_stand_in_batches_with_less_than_a_twentieth_of_padding() -> None:
    material = load_dataset(ALL)
    padded = targets = 0
    for batch in material.batches(128, seed=1, epoch=1):
        targets += int(batch.mask.sum())
        padded += int((~batch.mask).sum())
    assert targets == sum(len(poem) - 1 for poem in material.train)
    assert padded < 0.05 * targets


def test_each_poem_begins_with_the_token_of_its_form_where_the_form_is_given(
    mixed_poems: Path,
) -> None:
    material = load_dataset(DataRecipe(ALL.forms, minimum_frequency=1, prefix="form"), mixed_poems)
    vocabulary = material.vocabulary
    assert vocabulary.prefixes == tuple(form_token(form) for form in material.forms)
    forms = {form.targets + 1: form for form in FORMS}
    for poem in material.train:
        assert poem[0] == vocabulary.prefix_id(forms[len(poem)])
        assert poem[-1] == vocabulary.id(EOS)
        assert (poem[1:-1] < vocabulary.outputs).all()


def test_the_vocabulary_is_made_of_the_training_poems_alone(own_poems: Path) -> None:
    material = load_dataset(DataRecipe(("五律",), minimum_frequency=1), own_poems)
    rows = [json.loads(line) for line in own_poems.read_text("utf-8").splitlines()]
    training = "".join(row["text"] for row in rows if row["part"] == "train")
    held = "".join(row["text"] for row in rows if row["part"] == "dev")
    known = set(material.vocabulary.hanzi)
    assert known <= set(training)
    assert set(held) - set(training) - known  # dev has characters that stay unknown
    unknown = material.vocabulary.id(UNK)
    assert not any((poem == unknown).any() for poem in material.train)


@pytest.mark.parametrize("name", ["wulv", "五律", "WuLv"])
def test_a_form_may_be_named_in_ascii(name: str, own_poems: Path) -> None:
    material = load_dataset(DataRecipe((name,), minimum_frequency=1), own_poems)
    assert material.forms == (WULV,)
    assert len(material.train) == 48


def test_a_text_file_trains_as_the_same_poems_in_jsonl_do(
    tmp_path: Path, poems_of: Callable[[str, int], list[str]]
) -> None:
    texts = poems_of("五律", 40)
    blocks = ["\n".join(text[place : place + 12] for place in range(0, 48, 12)) for text in texts]
    (tmp_path / "poems.txt").write_text("\n\n".join(blocks), "utf-8")
    (tmp_path / "poems.jsonl").write_text(
        "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), "utf-8"
    )
    recipe = DataRecipe(("五律",), minimum_frequency=1)
    one, other = (load_dataset(recipe, tmp_path / f"poems.{kind}") for kind in ("txt", "jsonl"))
    assert one.facts["poems_sha256"] == other.facts["poems_sha256"]
    assert one.dev == other.dev
    assert [poem.tolist() for poem in one.train] == [poem.tolist() for poem in other.train]


def test_what_of_ones_own_poems_is_not_used_is_said(
    tmp_path: Path, poems_of: Callable[[str, int], list[str]]
) -> None:
    path = tmp_path / "poems.txt"
    texts = [*poems_of("五律", 30), *poems_of("七絕", 3), "床前明月光，疑是"]
    path.write_text("\n\n".join(texts), "utf-8")
    remarks = load_dataset(DataRecipe(("五律",), minimum_frequency=1), path).remarks
    assert len(remarks) == 2
    assert remarks[0].startswith(f"1 of the poems in {path} are left out; poem 34: ")
    assert remarks[1] == (
        f"3 of the poems in {path} are in other forms than data.forms names (五律), and not used"
    )
    assert load_dataset(REPORT).remarks == ()


def test_a_form_without_poems_is_told(own_poems: Path) -> None:
    with pytest.raises(TangyinError, match=r"^there are 0 training and 0 dev poems in 七律; name"):
        load_dataset(DataRecipe(("七律",)), own_poems)


def test_characters_too_rare_to_be_known_are_told(own_poems: Path) -> None:
    with pytest.raises(UsageError, match=r"stands 10000 times in these poems; lower minimum"):
        load_dataset(DataRecipe(("五律",), minimum_frequency=10_000), own_poems)


def test_song_poems_train_where_the_recipe_names_them_and_dev_stays_tang(
    tiny: Callable[..., Recipe],
) -> None:
    tang = load_dataset(DataRecipe(("五絕",)))
    both = load_dataset(DataRecipe(("五絕",), ("tang", "song")))
    assert len(tang.train) == 2_829
    assert len(both.train) > 15_000
    assert both.dev == tang.dev
    assert form_named("五絕") in both.dev
