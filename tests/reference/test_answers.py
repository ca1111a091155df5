"""What the four look-ups answer, on a small corpus and on none."""

from collections import Counter
from itertools import product

import pytest

from tangyin.corpus import TRAIN
from tangyin.errors import TangyinError, UsageError
from tangyin.metre import LEVEL_RHYMES, line_pattern, readings_of, rhyme_of_poem
from tangyin.metre.rhyme import RHYMES
from tangyin.reference import characters, find, in_script, parallel, poem, rhymes
from tangyin.reference.opposites import _likelihood_ratio, tones_of
from tangyin.verse import lookup_spelling


def refused(call, code):
    with pytest.raises(UsageError) as caught:
        call()
    assert caught.value.code == code


def pairs(corpus, word):
    """What is opposite a word in couplets 2 and 3 of the training poems of eight lines."""
    found = Counter()
    for lines, part, form in zip(corpus.lines(), corpus.part, corpus.form, strict=True):
        if part == TRAIN and form in ("五律", "七律"):
            for upper, lower in ((2, 3), (4, 5)):
                for line, other in ((upper, lower), (lower, upper)):
                    here, there = lookup_spelling(lines[line]), lookup_spelling(lines[other])
                    for at in range(len(here)):
                        if here.startswith(word, at):
                            found[there[at : at + len(word)]] += 1
    return found


def test_a_rhyme_is_found_by_its_name_and_by_any_of_its_characters(home):
    for tone, names in RHYMES.items():
        for name in names:
            by_name = rhymes(name, count=1).rhymes[0]
            assert (by_name.name, by_name.tone) == (name, tone)
            (member,) = by_name.characters
            assert name in [one.name for one in rhymes(member.character, count=1).rhymes]


def test_every_rhyme_has_its_number_in_the_rhyme_books(home):
    numbers = {
        "東": "上平聲一", "先": "下平聲一", "咸": "下平聲十五", "豏": "上聲二十九", "泰": "去聲九",
        "洽": "入聲十七",
    }  # fmt: skip
    assert {name: rhymes(name, 1).rhymes[0].number for name in numbers} == numbers


def test_of_a_character_of_several_readings_all_rhymes_are_listed(home):
    assert [one.name for one in rhymes("看").rhymes] == ["寒", "翰"]
    assert [one.name for one in rhymes("先").rhymes] == ["先", "霰"]
    assert rhymes("东韵", 3).rhymes == rhymes("東", 3).rhymes


def test_the_commonest_characters_come_first_even_without_a_corpus(home):
    (found,) = rhymes("東", count=400).rhymes
    counts = [one.count for one in found.characters]
    assert counts == sorted(counts, reverse=True)
    assert [one.character for one in found.characters[:3]] == ["風", "中", "空"]
    assert not any(one.words for one in found.characters)
    assert len(found.characters) == found.total
    assert len({lookup_spelling(one.character) for one in found.characters}) == found.total


def test_the_words_of_a_rhyme_end_lines_of_training_poems(fetched):
    corpus = fetched
    ends = {rhyme: Counter() for rhyme in LEVEL_RHYMES}
    for lines, part, form in zip(corpus.lines(), corpus.part, corpus.form, strict=True):
        if part == TRAIN and form != "詞" and (rhyme := rhyme_of_poem(lines)):
            ends[rhyme].update(lookup_spelling(line[-2:]) for line in lines[1::2])
    words = 0
    for rhyme in LEVEL_RHYMES:
        for one in rhymes(rhyme, count=1000).rhymes[0].characters:
            for word in one.words:
                words += 1
                assert word.word[-1] == one.character
                assert word.count == ends[rhyme][word.word]
    assert words > 100


def test_the_readings_of_a_character_have_shares_and_examples(fetched):
    corpus = fetched
    texts = dict(zip(corpus.id, zip(corpus.part, corpus.lines(), strict=True), strict=True))
    seen = 0
    for character in "看中行不風":
        (found,) = characters(character).characters
        assert [one.rhyme for one in found.readings] == [
            reading.rhyme for reading in readings_of(character)
        ]
        assert sum(one.share for one in found.readings) == pytest.approx(1, abs=1e-3)
        for reading in found.readings:
            for line in reading.examples:
                part, lines = texts[line.id]
                seen += 1
                assert (part, lines[line.line - 1]) == (TRAIN, line.text)
                assert lookup_spelling(line.text)[line.place - 1] == character
                assert line.place == len(line.text)
                # In a poem that rhymes level, a level end is at an even line.
                assert (line.line % 2 == 0) == (reading.tone == "平")
                if reading.tone == "平":
                    assert rhyme_of_poem(lines) == reading.rhyme
    assert seen > 5


def test_without_a_corpus_a_character_has_its_readings_words_and_places(home):
    (found,) = characters("看").characters
    assert [(one.tone, one.rhyme) for one in found.readings] == [("平", "寒"), ("去", "翰")]
    assert not any(one.examples or one.words for one in found.readings)
    assert "相看" in [word.word for word in found.words]
    assert len(characters("看").source) == 2


@pytest.mark.parametrize("character", "明月看行不")
def test_a_character_fits_a_place_where_a_faultless_line_has_its_tone(home, character):
    (found,) = characters(character).characters
    tones = {"P": "P", "Z": "Z", "E": "PZ"}[tones_of(character)]
    for fit in found.fits:
        plain, licensed = set(), set()
        for line in map("".join, product("PZ", repeat=fit.characters)):
            pattern = line_pattern(line)
            if pattern.type == fit.type and not pattern.faults:
                places = {at for at, tone in enumerate(line[:-1], 1) if tone in tones}
                (licensed if pattern.licence or pattern.warning else plain).update(places)
        assert {*fit.places} - {fit.characters} == plain
        assert {*fit.licensed} - {fit.characters} == licensed - plain


def test_a_character_of_both_scripts_is_answered_in_both_senses(home):
    assert [one.character for one in characters("云").characters] == ["云", "雲"]
    assert [one.character for one in characters("发").characters] == ["發", "髮"]
    assert [one.character for one in characters("雲").characters] == ["雲"]
    variants = {v.character: v.kind for v in characters("爲").characters[0].variants}
    assert variants == {"为": "simplified", "為": "variant"}
    variants = {v.character: v.kind for v in characters("髪").characters[0].variants}
    assert (characters("髪").characters[0].character, variants["髪"]) == ("髮", "variant")


def test_every_line_with_a_word_is_found_and_its_poem_opened(fetched):
    corpus = fetched
    wanted = [
        (id_, number)
        for id_, lines in zip(corpus.id, corpus.lines(), strict=True)
        for number, line in enumerate(lines, 1)
        for _ in range(line.count("山"))
    ]
    found = find("山", count=10_000)
    assert [(line.id, line.line) for line in found.lines] == wanted
    assert (found.count, found.poems) == (len(wanted), len({id_ for id_, _ in wanted}))
    for line in found.lines:
        assert line.text[line.place - 1] == "山"
        record = poem(line.id)
        assert line.text in record.text
        assert (record.title, record.author) == (line.title, line.author)
    later = find("山", count=3, first=5)
    assert later.lines == found.lines[4:7]


def test_a_word_is_looked_for_as_the_corpus_writes_it(fetched):
    assert find("东风").word == "東風"
    assert find("东风").lines == find("東風").lines
    assert find("风").count == find("風").count > 0
    assert find("后").count
    assert "後" in [other.word for other in find("后").others]


def test_what_is_opposite_a_word_is_counted_in_the_couplets(fetched):
    for word in ("山", "不", "青山"):
        expected = pairs(fetched, word)
        found = parallel(word, count=1000)
        assert found.count == sum(expected.values())
        assert {one.word: one.count for one in found.often} == expected
        counts = [-one.count for one in found.often]
        assert counts == sorted(counts)
        told = [-one.association for one in found.telling]
        assert told == sorted(told)


def test_the_candidates_of_the_model_can_have_the_opposite_tone(fetched, monkeypatch):
    monkeypatch.setattr("tangyin.reference.opposites.OFTEN", 1)
    for word in ("山", "青山"):
        found = parallel(word)
        assert found.candidates
        for one in found.candidates:
            assert one.tones[-1] in "ZE"
            assert not set(one.word) & set(word)
        scores = [one.score for one in found.candidates]
        assert scores == sorted(scores, reverse=True)


def test_the_association_is_the_log_likelihood_ratio():
    """The contingency table of Dunning's example: 110 + 2,442 + 111 + 29,114."""
    assert _likelihood_ratio(110, 2552, 221, 31777) == pytest.approx(270.72, abs=0.01)
    assert _likelihood_ratio(0, 100, 100, 1000) < 0
    assert _likelihood_ratio(10, 100, 100, 1000) == pytest.approx(0)


def test_held_out_poems_are_neither_counted_nor_shown_as_examples(fetched):
    corpus = fetched
    held = {id_ for id_, part in zip(corpus.id, corpus.part, strict=True) if part != TRAIN}
    assert held & {line.id for line in find("不", count=10_000).lines}
    for character in "風中人來":
        for one in characters(character, examples=1000).characters:
            assert not held & {line.id for reading in one.readings for line in reading.examples}


@pytest.mark.parametrize("look_up", [rhymes, characters, find, parallel])
def test_what_is_not_a_word_is_refused(home, look_up):
    refused(lambda: look_up(" "), "reference.empty")
    refused(lambda: look_up("x"), "text.foreign")
    refused(lambda: look_up("日" * 8), "reference.too_long")


@pytest.mark.parametrize("look_up", [find, parallel, poem])
def test_without_a_corpus_it_is_said_how_to_get_it(home, look_up):
    with pytest.raises(TangyinError, match="tangyin corpus fetch") as caught:
        look_up("明月")
    assert caught.value.code == "corpus.none"


def test_a_character_or_a_poem_that_there_is_not_is_refused(fetched):
    refused(lambda: rhymes("㐀"), "reference.unknown_character")
    refused(lambda: characters("㐀"), "reference.unknown_character")
    refused(lambda: poem("nobody"), "reference.no_poem")


def test_texts_are_converted_and_ids_are_not():
    value = {"id": "東", "text": ["東風", {"count": 1, "word": "東"}], "first": None}
    assert in_script(value, "traditional") is value
    assert in_script(value, "simplified") == {
        "id": "東", "text": ["东风", {"count": 1, "word": "东"}], "first": None,
    }  # fmt: skip
