import math
import operator

import pytest

from tangyin.corpus import load_corpus
from tangyin.data.files import data_text
from tangyin.metre import LEVEL_RHYMES, level_share, neighbouring, readings_of, tone_table
from tangyin.metre.lexicon import place_of, tone_costs

LATER = [row.split("\t") for row in data_text("later_readings.tsv").splitlines()[1:]]


def rhymes(character):
    return {reading.rhyme for reading in readings_of(character) if reading.level}


@pytest.mark.parametrize(
    ("character", "rhyme"),
    list(zip("東鍾真青簪魂涯漫澌攢厭逢娃膻粗逢", "東冬真青侵元麻寒支寒鹽東麻先虞冬", strict=True)),
)
def test_a_character_rhymes_where_verse_rhymes_it(character, rhyme):
    assert rhyme in rhymes(character)


@pytest.mark.parametrize("variant", ["為爲", "敎教", "虬虯", "黄黃", "带帶", "來来"])
def test_a_variant_is_read_as_the_character_it_stands_for(variant):
    first, second = ({(reading.tone, reading.rhyme) for reading in readings_of(c)} for c in variant)
    assert first == second != set()


def test_the_readings_of_a_character_share_its_places():
    for character in "看思過教勝望爲行長重簪涯不山":
        shares = [reading.share for reading in readings_of(character)]
        assert math.isclose(sum(shares), 1)
        assert shares == sorted(shares, reverse=True)


def test_rare_tones_are_no_readings_inside_a_line_but_may_rhyme():
    for character, rhyme in (("不", "尤"), ("望", "陽")):
        place = place_of(character)
        assert place.level == math.inf
        assert rhyme in place.rhymes


def test_a_word_decides_what_the_character_leaves_open():
    assert operator.gt(*tone_costs("自唯阿", 1))
    assert tone_costs("處唯孤", 1)[1] == math.inf


def test_the_halves_of_yuan_have_their_own_neighbours():
    near, far = ("元魂真", "元元先", "東東冬"), ("元魂寒", "東東東", "東東陽")
    assert all(neighbouring(*rhymes) for rhymes in near)
    assert not any(neighbouring(*rhymes) for rhymes in far)


def test_a_later_reading_has_a_witness_that_holds_the_character():
    for character, reading, title, author, line in LATER:
        assert character in line
        assert all((title, author))
        assert reading[1] in "平上去入"


def test_an_unknown_character_may_be_either_tone_and_is_known_to_be_unknown():
    assert readings_of("㐂") == ()
    assert level_share("㐂") == 0.5


def test_the_table_of_a_vocabulary_says_what_the_places_say():
    characters = "山不看涯㐂望"
    table = tone_table(list(characters))
    for at, character in enumerate(characters[:4]):
        place = place_of(character)
        assert -table.log_level[at] == pytest.approx(place.level)
        assert -table.log_oblique[at] == pytest.approx(place.oblique)
        expected = {rhyme for rhyme in place.rhymes if rhyme in LEVEL_RHYMES}
        assert {LEVEL_RHYMES[i] for i in table.rhymes[at].nonzero()[0]} == expected
    assert not table.known[4]
    assert table.log_level[4] == table.log_oblique[4] == -math.inf


@pytest.mark.corpus
def test_each_witness_of_a_later_reading_stands_in_the_corpus():
    text = "".join(load_corpus().text)
    assert [row for row in LATER if row[4] not in text] == []
