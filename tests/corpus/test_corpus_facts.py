"""What is said of version 2 of the corpus and its split, counted on this machine's corpus."""

from collections import Counter

import pytest

from tangyin.corpus import held_out, load_corpus
from tangyin.corpus.download import INTEGRITY
from tangyin.corpus.split import ci_part
from tangyin.data.files import data_text
from tangyin.verse import CI, LONGER, Vocabulary
from tangyin.verse.punctuation import PLACEHOLDER

pytestmark = pytest.mark.corpus

TANG = {
    "dev": {"五律": 1278, "七絕": 918, "七律": 712, "五絕": 342},
    "test": {"五律": 1430, "七絕": 1035, "七律": 793, "五絕": 377},
    "train": {"五律": 11344, "七絕": 8091, "七律": 6308, "五絕": 2828},
}


def test_records_and_distinct_poems_are_those_of_the_design(corpus):
    assert corpus.facts["integrity"] == INTEGRITY
    assert corpus.facts["records"] == {"tang": 57_607, "song": 254_248, "ci": 21_053}
    assert Counter(corpus.dynasty) == {"tang": 35_983, "song": 191_066}
    assert len(set(corpus.text)) == len(corpus)
    assert len(set(corpus.id)) == len(corpus)


def test_parts_and_forms_are_those_of_the_design(corpus):
    tang = corpus.select(dynasties=["tang"])
    for part, forms in TANG.items():
        assert Counter(tang.select(parts=[part]).form) == forms
    assert Counter(tang.part)["train"] == 28_571
    assert Counter(corpus.select(dynasties=["song"]).part) == {"train": 190_897, "near": 169}


def test_longer_verse_trains_or_is_near_a_held_out_poem():
    longer = load_corpus().select(forms=LONGER)
    assert Counter(zip(longer.dynasty, longer.part, strict=True)) == {
        ("tang", "train"): 10_150, ("tang", "near"): 13,
        ("song", "train"): 38_394, ("song", "near"): 27,
    }  # fmt: skip


def test_song_ci_are_held_out_by_poem_and_by_author():
    ci = load_corpus().select(forms=[CI])
    assert Counter(ci.part) == {"train": 19_061, "dev": 377, "test": 381, "near": 130}
    by_part = {part: ci.select(parts=[part]) for part in ("train", "dev", "test")}
    trained = set(by_part["train"].author)
    for part in ("dev", "test"):
        held = by_part[part]
        assert len(set(held.author) - trained) > 5
        assert all(ci_part(*poem) == part for poem in zip(held.author, held.text, strict=True))
    assert not any("、" in text or "□" in text for text in ci.text)
    assert Counter(ci.title).most_common(2) == [("浣溪沙", 754), ("水調歌頭", 692)]


def test_every_record_is_kept_or_dropped_by_a_reason():
    corpus = load_corpus()
    kept = Counter(
        "ci" if form == "詞" else dynasty
        for form, dynasty in zip(corpus.form, corpus.dynasty, strict=True)
    )
    for dynasty, reasons in corpus.facts["dropped"].items():
        assert kept[dynasty] + sum(reasons.values()) == corpus.facts["records"][dynasty]
        assert dynasty == "ci" or reasons["blacklisted"] > 2000
        assert "" not in reasons
    assert "duplicate_of_tang" not in corpus.facts["dropped"]["tang"]
    assert corpus.facts["dropped"]["song"]["duplicate_of_tang"] > 0


def test_the_whole_split_is_found_with_its_parts(corpus):
    assert corpus.facts["missing"] == []
    parts = dict(zip(corpus.id, corpus.part, strict=True))
    assert Counter(held_out().values()) == {"dev": 3250, "test": 3635}
    assert {poem: parts[poem] for poem in held_out()} == held_out()


def test_no_poem_has_a_placeholder_for_a_missing_character(corpus):
    assert not any(PLACEHOLDER in text for text in corpus.text)
    assert corpus.facts["split_version"] == 2


def test_the_closed_vocabulary_is_what_stood_ten_times_in_the_training_wulv(corpus):
    """It is fixed for ever; version 1 had 囗 too."""
    training = corpus.select(parts=["train"], dynasties=["tang"], forms=["五律"])
    closed = data_text("closed_vocabulary.txt").split()
    assert len(closed) == len(set(closed)) == 2814
    known = set(Vocabulary.from_texts(training.text, 10).hanzi)
    assert set(closed) == known | {PLACEHOLDER}
