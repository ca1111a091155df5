import pytest

from tangyin.metre.law import FREE
from tangyin.verse import WULV, Vocabulary
from tangyin.writing import read_opening
from tangyin.writing.opening import first_free, laid_out

VOCABULARY = Vocabulary("日月山水天地人心花草雲飛爲東風豐萬里", ["<bos>"])


def read(start):
    opening = read_opening(start, WULV, VOCABULARY)
    return {place: VOCABULARY.tokens[token] for place, token in opening.items()}


@pytest.mark.parametrize(
    ("start", "given"),
    [
        ("日月山水天？地", "日月山水天？地"),
        ("东风", "東風"),
        ("飞云", "飛雲"),
        ("丰", "豐"),
        ("万里", "萬里"),
        ("東风", "東風"),  # a simplified character among traditional ones
        ("為", "爲"),  # the spelling of the corpus
        ("为", "爲"),
    ],
)
def test_characters_and_marks_are_given_in_the_spelling_of_the_model(start, given):
    assert read(start) == dict(enumerate(given))


def test_what_is_left_open_is_not_given():
    assert read("") == {}
    # Without a mark, its place stays open too.
    assert read("□月□□□地") == {1: "月", 6: "地"}


@pytest.mark.parametrize("start", ["龘", "日龘"])
def test_a_character_that_the_model_does_not_know_is_refused(start, refused):
    with refused("text.unknown", character="龘"):
        read(start)


def test_openings_are_laid_out_as_columns_and_marks():
    openings = [{}, read_opening("□月日日日，水", WULV, VOCABULARY)]
    given, marks = laid_out(openings, WULV, VOCABULARY)
    assert (given[0] == FREE).all()
    assert (marks[0] == FREE).all()
    columns = [VOCABULARY.hanzi.index(c) for c in "月日日日水"]
    assert given[1].tolist() == [FREE, *columns, *[FREE] * 34]
    assert marks[1].tolist() == [VOCABULARY.id("，"), *[FREE] * 7]
    assert [first_free(row) for row in (*given, given[1][1:6])] == [0, 0, FREE]


def test_the_seven_starts_of_the_report_are_known(report_model):
    for character in "日紅山夜湖海月红":
        assert len(read_opening(character, WULV, report_model.vocabulary)) == 1
