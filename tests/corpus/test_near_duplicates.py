import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tangyin.corpus.near_duplicates import NearDuplicates
from tangyin.data.files import data_text
from tangyin.verse import FORMS

# Few characters, so that lines meet; 敎 is a variant of 教 and 耻 one of 恥.
CHARACTERS = "教敎恥耻"
VARIANTS = dict(row.split("\t")[:2] for row in data_text("character_variants.tsv").splitlines())


@st.composite
def poems(draw):
    form = draw(st.sampled_from(FORMS))
    lines = [
        draw(st.text(CHARACTERS, min_size=form.characters, max_size=form.characters))
        for _ in range(form.lines)
    ]
    return "".join(line + draw(st.sampled_from("，。？")) for line in lines)


def lines_of(text):
    for mark in "。？":
        text = text.replace(mark, "，")
    return ["".join(VARIANTS.get(c, c) for c in line) for line in text.split("，")[:-1]]


def alike(one, other):
    return len(one) == len(other) and sum(map(str.__ne__, one, other)) <= 1


def near(one, other):
    """The definition of the design, word by word."""
    ours, theirs = lines_of(one), lines_of(other)
    matched = [any(alike(line, there) for there in theirs) for line in ours]
    back = [any(alike(line, here) for here in ours) for line in theirs]
    return sum(matched) >= len(ours) / 2 or sum(back) >= len(theirs) / 2


HELD = "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。"
HALF = "床前看月光，疑是天上霜。返景入深林，復照青苔上。"


@given(st.lists(poems(), max_size=4), poems())
@example([HELD], HELD)
@example([HELD], HALF)  # two lines, each one place off
@example([HELD], HALF.replace("光", "色"))  # one line, and one that is two places off
@example([HELD], HELD[:12] + "青山橫北郭，" * 6)  # a quarter of its lines, half of the other's
@example([HELD], HELD[:6] * 2 + HALF[12:])  # half of its lines, a quarter of the other's
@example([HELD], "".join(f"{line}日日，" for line in HELD[:-1].replace("，", "。").split("。")))
def test_the_definition_is_met_word_by_word(held, poem):
    assert NearDuplicates(held).matches(poem) == any(near(poem, other) for other in held)


@pytest.mark.corpus
def test_dev_is_clear_of_test(corpus):
    dev, test = (corpus.select(parts=[part]).text for part in ("dev", "test"))
    assert not any(map(NearDuplicates(test).matches, dev))
