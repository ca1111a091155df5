import re
from dataclasses import fields
from functools import cache
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.corpus import TRAIN, load_corpus, prepared_path
from tangyin.corpus.corpus import save
from tangyin.errors import TangyinError
from tangyin.metre import LEVEL_RHYMES, rhyme_of_poem
from tangyin.reference import index as module
from tangyin.reference.index import (
    UNRHYMED,
    Index,
    announcing,
    index_path,
    is_current,
    open_index,
    store_index,
)
from tangyin.verse import MARKS, lookup_spelling


@cache
def spelled(texts):
    """Poem and line, from 0, and the text of each line as it is looked up."""
    lines = (re.findall(f"[^{MARKS}]+", lookup_spelling(text)) for text in texts)
    return [(poem, at, line) for poem, found in enumerate(lines) for at, line in enumerate(found)]


def scanned(corpus, word, keep=lambda poem, line: True):
    """Poem, line and character, from 0, of each time a line has a word."""
    return [
        (poem, number, at)
        for poem, number, line in spelled(tuple(corpus.text))
        if word in line and keep(poem, number)
        for at in range(len(line))
        if line.startswith(word, at)
    ]


def found(index, word, order=None):
    columns = index.located(index.places(word, order))
    return list(zip(*(column.tolist() for column in columns), strict=True))


@given(st.data())
@settings(max_examples=25)
def test_a_word_is_found_wherever_a_line_has_it(small, index, data):
    lines = data.draw(st.sampled_from(small.lines()))
    line = lookup_spelling(data.draw(st.sampled_from(lines)))
    start = data.draw(st.integers(0, len(line) - 1))
    word = line[start : data.draw(st.integers(start + 1, len(line)))]
    assert found(index, word) == scanned(small, word)
    assert index.count(word) == len(scanned(small, word))


def test_the_ways_to_write_a_character_are_one(small, index):
    """黃 and 黄, or 煙 and 烟, are looked for together, and shown as the poem has them."""
    for pair in ("煙烟", "黃黄", "涼凉", "來来"):
        written = sum(text.count(c) for text in small.text for c in pair)
        usual = lookup_spelling(pair[0])
        assert lookup_spelling(pair) == usual * 2
        places = index.places(usual)
        assert len(places) == written
        assert {index.text(at, at + 1) for at in places} <= set(pair)
    assert lookup_spelling("云雲后後里裏發髮") == "云雲后後里裏發髮"


def test_a_word_that_no_line_has_is_found_nowhere(index):
    for word in ("㐀", "日㐀", "日日日日日日日"):
        assert index.count(word) == len(index.places(word)) == 0


def test_a_word_does_not_reach_over_the_end_of_a_line(small, index):
    first, second = small.lines()[0][:2]
    word = lookup_spelling(first[-1] + second[0])
    assert index.count(word) == len(scanned(small, word))


def test_the_couplets_are_lines_3_to_6_of_the_training_poems_of_eight_equal_lines(small, index):
    def paired(poem, line):
        is_lushi = small.form[poem] in ("五律", "七律")
        return is_lushi and small.part[poem] == TRAIN and 2 <= line <= 5

    for character in "山月不":
        assert found(index, character, index.couplets) == scanned(small, character, paired)
    assert len(index.couplets)


def test_each_poem_is_kept_as_it_is_with_its_rhyme(small, index):
    for number, id_ in enumerate(small.id):
        record = index.record(number)
        assert (record.id, record.text, record.title) == (
            id_, small.text[number], small.title[number],
        )  # fmt: skip
        assert index.number_of(id_) == number
        lines = small.lines()[number]
        assert tuple(index.line(number, line) for line in range(len(lines))) == lines
        rhyme = "" if record.form == "詞" else rhyme_of_poem(lines)
        assert index.rhymes[number] == (LEVEL_RHYMES.index(rhyme) if rhyme else UNRHYMED)
    assert index.number_of("nobody") is None


def test_a_search_looks_at_few_places(index, monkeypatch):
    """However many characters there are, a word is found by bisection."""
    looked: list[int] = []
    key = Index._key
    monkeypatch.setattr(Index, "_key", lambda self, at: looked.append(at) or key(self, at))
    index.count("明月")
    assert 0 < len(looked) <= 2 * (len(index.order).bit_length() + 1)


def test_the_stored_index_is_the_one_that_was_made(fetched):
    made = Index.of(fetched)
    opened = open_index()
    for field in fields(Index):
        assert np.array_equal(getattr(opened, field.name), getattr(made, field.name))
    assert open_index() is opened


def test_an_index_that_is_missing_or_damaged_or_of_another_corpus_is_made_anew(fetched):
    assert not is_current()
    said = []
    with announcing(lambda: said.append("making")):
        assert len(open_index()) == len(open_index()) == len(fetched)
    assert said == ["making"]
    whole = index_path().read_bytes()
    for keep in (0, 10, len(whole) // 2, len(whole) - 1):
        index_path().write_bytes(whole[:keep])
        assert not is_current()
        assert open_index().record(0).id == fetched.id[0]
        assert index_path().read_bytes() == whole
    fewer = load_corpus().select(parts=[TRAIN])
    save(fewer, prepared_path())
    assert not is_current()
    assert len(open_index()) == len(fewer) < len(fetched)
    assert is_current()


def test_an_index_of_other_tables_is_made_anew(fetched, monkeypatch):
    open_index()
    assert is_current()
    monkeypatch.setattr(module, "TABLES", module.TABLES[:-1])
    assert not is_current()


def test_an_index_is_written_whole_or_not_at_all(fetched, monkeypatch):
    pieces = module.serialized

    def broken(*given):
        yield from islice(pieces(*given), 2)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "serialized", broken)
    with pytest.raises(TangyinError) as caught:
        store_index(fetched)
    assert caught.value.code == "file.write"
    assert [file.name for file in index_path().parent.iterdir()] == [prepared_path().name]
