"""What the design page says of the corpus, counted on the corpus of this machine."""

from collections import Counter

import pytest

from tangyin.corpus import held_out
from tangyin.corpus.download import INTEGRITY
from tangyin.data.files import data_text
from tangyin.verse import Vocabulary

pytestmark = pytest.mark.corpus

TANG = {
    "dev": {"五律": 1281, "七絕": 918, "七律": 713, "五絕": 342},
    "test": {"五律": 1431, "七絕": 1035, "七律": 793, "五絕": 377},
    "train": {"五律": 11353, "七絕": 8092, "七律": 6310, "五絕": 2829},
}


def test_records_and_distinct_poems_are_those_of_the_design(corpus):
    assert corpus.facts["integrity"] == INTEGRITY
    assert corpus.facts["records"] == {"tang": 57_607, "song": 254_248}
    assert Counter(corpus.dynasty) == {"tang": 36_001, "song": 191_077}
    assert len(set(corpus.text)) == len(corpus)
    assert len(set(corpus.id)) == len(corpus)


def test_parts_and_forms_are_those_of_the_design(corpus):
    tang = corpus.select(dynasties=["tang"])
    for part, forms in TANG.items():
        assert Counter(tang.select(parts=[part]).form) == forms
    assert Counter(tang.part)["train"] == 28_584
    assert Counter(corpus.select(dynasties=["song"]).part) == {"train": 190_908, "near": 169}


def test_every_record_is_kept_or_dropped_by_a_reason(corpus):
    kept = Counter(corpus.dynasty)
    for dynasty, reasons in corpus.facts["dropped"].items():
        assert kept[dynasty] + sum(reasons.values()) == corpus.facts["records"][dynasty]
        assert reasons["blacklisted"] > 2000
        assert "" not in reasons
    assert "duplicate_of_tang" not in corpus.facts["dropped"]["tang"]
    assert corpus.facts["dropped"]["song"]["duplicate_of_tang"] > 0


def test_the_whole_split_is_found_with_its_parts(corpus):
    assert corpus.facts["missing"] == []
    parts = dict(zip(corpus.id, corpus.part, strict=True))
    assert Counter(held_out().values()) == {"dev": 3254, "test": 3636}
    assert {poem: parts[poem] for poem in held_out()} == held_out()


def test_the_closed_vocabulary_is_what_stands_ten_times_in_the_training_wulv(corpus):
    training = corpus.select(parts=["train"], dynasties=["tang"], forms=["五律"])
    closed = data_text("closed_vocabulary.txt").split()
    assert len(closed) == len(set(closed)) == 2814
    counts = Counter("".join(training.text))
    assert set(closed) == {c for c, n in counts.items() if n >= 10} - set("，。？！；：")
    assert set(Vocabulary.from_texts(training.text, 10).hanzi) == set(closed)
