import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.corpus import Corpus
from tangyin.errors import UsageError
from tangyin.verse import FORMS, MARKS, WUJUE, Form, Poem, form_of_text, read_poem

HANZI = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)


@st.composite
def poems(draw: st.DrawFn) -> Poem:
    form: Form = draw(st.sampled_from(FORMS))
    lines = tuple(
        draw(st.text(HANZI, min_size=form.characters, max_size=form.characters))
        for _ in range(form.lines)
    )
    return Poem(lines, draw(st.text(MARKS, min_size=form.lines, max_size=form.lines)))


@given(poems())
@settings(deadline=None)
def test_a_poem_with_its_marks_is_read_as_it_stands(poem: Poem) -> None:
    assert read_poem(poem.text) == (poem, False)
    assert form_of_text(poem.text) is poem.form


@given(poems(), st.sampled_from(["", "\n", "\r\n", " ", "\n\n"]))
@settings(deadline=None)
def test_a_poem_without_marks_gets_comma_and_full_stop_in_turn(poem: Poem, between: str) -> None:
    read, added = read_poem(between.join(poem.lines))
    assert (read.lines, read.marks, added) == (poem.lines, "，。" * (len(poem.lines) // 2), True)


@given(poems(), st.data())
@settings(deadline=None)
def test_only_the_missing_marks_are_put_in(poem: Poem, data: st.DataObject) -> None:
    missing = data.draw(st.sets(st.integers(0, len(poem.lines) - 1), min_size=1))
    text = "".join(
        line + ("" if place in missing else mark)
        for place, (line, mark) in enumerate(zip(poem.lines, poem.marks, strict=True))
    )
    read, added = read_poem(text)
    expected = "".join(
        "，。"[place % 2] if place in missing else mark for place, mark in enumerate(poem.marks)
    )
    assert (read.lines, read.marks, added) == (poem.lines, expected, True)


@given(poems(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_line_breaks_and_spaces_anywhere_change_nothing(poem: Poem, chance: random.Random) -> None:
    text = "".join(c + chance.choice(["", "", " ", "\n", "\u3000"]) for c in poem.text)
    assert read_poem(text) == (poem, False)


@given(st.text())
@settings(deadline=None)
def test_any_text_is_read_or_refused_in_one_sentence(text: str) -> None:
    try:
        outcome: Form | str = read_poem(text)[0].form
    except UsageError as error:
        outcome = str(error)
    assert outcome in FORMS or "\n" not in str(outcome)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty text"),
        (" \n\ufeff", "empty text"),
        ("床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉x", r"'x' \(U\+0078\)"),
        ("床前明月光，疑是地上霜。舉頭望明月，低頭思故😀", r"U\+1F600"),
        ("床前明月光，疑是地上霜。", "2 lines of 5 characters make no form"),
        ("床前明月光，疑是地上霜。舉頭望明月，低頭思故。", "lines of 5, 5, 5, 4 characters"),
        ("床前明月光，，疑是地上霜。舉頭望明月，低頭思故鄉。", "a mark stands without a line"),
        ("，床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。", "a mark stands without a line"),
        ("床前明月，光疑是地上霜。舉頭望明月，低頭思故鄉。", "lines of 4, 6, 5, 5 characters"),
        ("日" * 500, "no form we know"),
        ("日月。" * 20, "20 lines of 2 characters"),
        ("日月。山。" * 20, "40 lines of unequal length"),
    ],
)
def test_what_is_no_poem_is_refused_with_its_fault(text: str, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        read_poem(text)


def test_title_and_author_stay_with_the_poem() -> None:
    poem, _ = read_poem("空山不見人但聞人語響返景入深林復照青苔上", "鹿柴", "王維")
    assert (poem.title, poem.author, poem.form) == ("鹿柴", "王維", WUJUE)


def test_a_poem_of_no_form_says_so() -> None:
    with pytest.raises(UsageError, match="make no form"):
        _ = Poem(("日",), "。").form


@pytest.mark.corpus
def test_every_poem_of_the_corpus_reads_back_as_itself(corpus: Corpus) -> None:
    for number in range(0, len(corpus), 97):
        poem, added = read_poem(corpus.text[number])
        assert (poem.text, poem.form.name, added) == (
            corpus.text[number],
            corpus.form[number],
            False,
        )
