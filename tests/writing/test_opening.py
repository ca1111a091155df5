import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.errors import UsageError
from tangyin.model.file import ModelFile
from tangyin.verse import FORMS, MARKS, QIJUE, WUJUE, WULV, Form, Vocabulary
from tangyin.writing import read_opening

VOCABULARY = Vocabulary("日月山水天地人心花草雲飛爲東風豐萬里", ["<bos>"])


def read(start: str, form: Form = WULV) -> dict[int, str]:
    opening = read_opening(start, form, VOCABULARY)
    return {place: VOCABULARY.tokens[token] for place, token in opening.items()}


@pytest.mark.parametrize(
    ("start", "places"),
    [
        ("", {}),
        (" \n", {}),
        ("日", {0: "日"}),
        ("日月山", {0: "日", 1: "月", 2: "山"}),
        ("日月山水天", dict(enumerate("日月山水天"))),
        ("日月山水天，", dict(enumerate("日月山水天，"))),
        ("日月山水天,", dict(enumerate("日月山水天，"))),
        ("日月山水天？地", dict(enumerate("日月山水天？地"))),
        # without a mark, its place stays open
        ("日月山水天地人", {**dict(enumerate("日月山水天")), 6: "地", 7: "人"}),
        ("日月山水天\n地人心花草", {**dict(enumerate("日月山水天")),
                                  **dict(enumerate("地人心花草", 6))}),
        ("「日月」 山", {0: "日", 1: "月", 2: "山"}),
    ],
)  # fmt: skip
def test_characters_and_lines_are_laid_out(start: str, places: dict[int, str]) -> None:
    assert read(start) == places


def test_a_line_is_as_long_as_its_form() -> None:
    assert read("日月山水天地人，心", QIJUE) == dict(enumerate("日月山水天地人，心"))
    with pytest.raises(UsageError, match="lines of a 五律 have 5"):
        read("日月山水天地人，心", WULV)


@given(st.sampled_from(FORMS), st.data())
@settings(deadline=None)
def test_given_characters_stand_in_their_order_and_only_marks_are_left_out(
    form: Form, data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, form.hanzi))
    hanzi = data.draw(st.text("日月山水天地人心花草", min_size=count, max_size=count))
    marked = data.draw(st.sets(st.integers(0, form.lines - 1)))
    text, places = "", {}
    for number, character in enumerate(hanzi):
        line, column = divmod(number, form.characters)
        text += character
        places[number + line] = character
        if column == form.characters - 1 and line in marked:
            mark = data.draw(st.sampled_from(MARKS))
            text += mark
            places[number + line + 1] = mark
    assert read(text, form) == places


@pytest.mark.parametrize(
    ("simplified", "first"),
    [("为", "爲"), ("风", "風"), ("东风", "東"), ("丰", "豐"), ("万", "萬"), ("万里", "萬"),
     ("飞", "飛"), ("云飞", "雲")],
)  # fmt: skip
def test_a_simplified_start_is_converted(simplified: str, first: str) -> None:
    assert read(simplified)[0] == first


def test_a_simplified_character_among_traditional_ones_is_found() -> None:
    assert read("東风") == {0: "東", 1: "風"}


@pytest.mark.parametrize("variant", ["為", "爲"])
def test_a_variant_is_brought_to_the_corpus_spelling(variant: str) -> None:
    assert read(variant) == {0: "爲"}


@pytest.mark.parametrize(
    ("start", "fault"),
    [
        ("a", r"'a' \(U\+0061\) is no Chinese character; start with"),
        ("日moon", r"'m' \(U\+006D\) is no Chinese character"),
        ("Ａ", "is no Chinese character"),
        ("1", "is no Chinese character"),
        ("🌙", r"U\+1F319\) is no Chinese character"),
        ("日🌙", "is no Chinese character"),
        ("ひ", "is no Chinese character"),
        ("\x00", r"U\+0000\) is no Chinese character"),
        ("\ud800", r"U\+D800\) is no Chinese character"),
        ("龘", "the model does not know the character 龘; start with another one"),
        ("日龘", "the model does not know the character 龘"),
        ("日，月", "the mark ， stands after 1 character,"),
        ("，日", "the mark ， stands after 0 characters"),
        ("日月山水天，，", "the mark ， stands after 0 characters"),
        ("日" * 500, "the start has 500 characters, and a 五律 has room for 40; shorten it"),
        ("x" * 500, "has room for 40"),
        ("日" * 41, "has room for 40"),
    ],
)
def test_a_start_that_cannot_be_is_refused_with_its_fault(start: str, fault: str) -> None:
    with pytest.raises(UsageError, match=fault) as caught:
        read(start)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=60), st.sampled_from(FORMS))
@settings(deadline=None)
def test_any_start_is_laid_out_or_refused(start: str, form: Form) -> None:
    try:
        places = read(start, form)
    except UsageError as error:
        told = str(error)
    else:
        told = ""
        assert all(0 <= place < form.targets - 1 for place in places)
    assert "\n" not in told


def test_a_whole_poem_is_a_start_too() -> None:
    poem = "日月山水天，地人心花草。" * 2
    assert read(poem, WUJUE) == dict(enumerate(poem))
    with pytest.raises(UsageError, match="after 0 characters"):
        read(poem + "。", WUJUE)


def test_the_seven_starts_of_the_report_are_known(report_model: ModelFile) -> None:
    for character in "日紅山夜湖海月红":
        assert len(read_opening(character, WULV, report_model.vocabulary)) == 1
