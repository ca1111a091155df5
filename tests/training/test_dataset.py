"""What a recipe trains on: the right poems, no held-out one, in batches that fit together."""

import json
from dataclasses import replace

import pytest

from tangyin.corpus import Corpus
from tangyin.errors import TangyinError
from tangyin.scoring import closed_hanzi
from tangyin.training import load_dataset
from tangyin.training.recipe import DataRecipe, StageRecipe
from tangyin.verse import BOS, FORMS, UNK, WULV, form_named

pytestmark = pytest.mark.corpus

REPORT = DataRecipe(("五律",))
ALL = DataRecipe(tuple(form.name for form in FORMS), prefix="form")


def test_the_report_recipe_trains_on_the_training_wulv_and_knows_the_closed_vocabulary():
    dataset = load_dataset(REPORT)
    assert len(dataset.train) == 11_344
    assert {form.name: len(texts) for form, texts in dataset.dev.items()} == {"五律": 1_278}
    assert closed_hanzi() - set(dataset.vocabulary.hanzi) == {"囗"}  # of version 1
    assert len(dataset.vocabulary.hanzi) == 2_813
    assert dataset.vocabulary.prefixes == (BOS,)
    assert {len(poem) for poem in dataset.train} == {WULV.targets + 1}
    assert sorted(dataset.facts) == ["corpus", "poems_sha256", "split_sha256"]


def test_the_vocabulary_is_made_of_the_training_poems_alone(lab):
    dataset = load_dataset(DataRecipe(("WuLv",), minimum_frequency=1), lab.own)
    assert dataset.forms == (WULV,)
    rows = [json.loads(line) for line in lab.own.read_text("utf-8").splitlines()]
    training = "".join(row["text"] for row in rows if row["part"] == "train")
    held = "".join(row["text"] for row in rows if row["part"] == "dev")
    known = set(dataset.vocabulary.hanzi)
    assert known <= set(training)
    assert set(held) - set(training) - known  # dev has characters that stay unknown
    unknown = dataset.vocabulary.id(UNK)
    assert not any((poem == unknown).any() for poem in dataset.train)


def test_later_verse_trains_in_its_own_stages_and_adds_only_its_frequent_characters(monkeypatch):
    later = Corpus(facts={"integrity": "sha256-x"})
    texts = [("五律", "㐀㐀㐁。"), ("詞", "㐀㐁㐂。"), ("七絕", "㐂㐂㐂㐂。")]
    for number, (form, text) in enumerate(texts):
        later.append(
            id=f"later-{number}", dynasty="ming", form=form, part="train", title="㐃", author="",
            text=text,
        )  # fmt: skip
    monkeypatch.setattr("tangyin.training.dataset.load_later", lambda: later)
    recipe = DataRecipe(("五律", "詞"), ("tang", "ming"), prefix="told", later_frequency=3)
    dataset = load_dataset(replace(recipe, tell_dynasty=0.5))
    assert {"㐀", "㐁", "㐂"} & set(dataset.vocabulary.hanzi) == {"㐀"}
    assert "<dynasty:ming>" in dataset.vocabulary
    assert dataset.facts["later"] == "sha256-x"
    for dynasty, expected in (("tang", {"tang"}), ("ming", {"ming"})):
        stage = StageRecipe(("五律", "詞"), (dynasty,), 1, 0.01)
        assert {dataset.kinds[poem][0] for poem in dataset.of(stage)} == expected
    without = load_dataset(recipe).vocabulary.tokens
    assert not any("dynasty" in token for token in without)


def test_unused_poems_of_a_users_file_are_remarked_on(tmp_path, poems_of):
    path = tmp_path / "poems.txt"
    texts = [*poems_of("五律", 30), *poems_of("七絕", 3), "床前明月光，疑是"]
    path.write_text("\n\n".join(texts), "utf-8")
    left_out, others = load_dataset(DataRecipe(("五律",), minimum_frequency=1), path).remarks
    assert left_out.code == "training.poems_left_out"
    assert (left_out.params["count"], left_out.params["path"]) == (1, path)
    assert "34" in str(left_out.params["first"])
    assert others.code == "training.poems_of_other_forms"
    assert others.params == {"count": 3, "path": path, "forms": ("五律",)}
    assert load_dataset(REPORT).remarks == ()


def test_a_form_without_poems_is_refused(lab):
    with pytest.raises(TangyinError) as refusal:
        load_dataset(DataRecipe(("七律",)), lab.own)
    assert refusal.value.code == "training.no_poems"
    assert refusal.value.params == {"train": 0, "dev": 0, "forms": ("七律",)}


def test_song_poems_train_where_the_recipe_names_them_and_dev_stays_tang():
    tang = load_dataset(DataRecipe(("五絕",)))
    both = load_dataset(DataRecipe(("五絕",), ("tang", "song")))
    assert len(tang.train) == 2_828
    assert len(both.train) > 15_000
    assert both.dev == tang.dev
    assert list(both.dev) == [form_named("五絕")]
