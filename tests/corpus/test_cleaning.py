import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.corpus.cleaning import clean
from tangyin.verse import FORMS, QIJUE, QILV, WUJUE, WULV

FIVE, SEVEN = "日月山川人", "日月山川天地人"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (f"{FIVE}，{FIVE}。" * 2, WUJUE),
        (f"{FIVE}？{FIVE}！" * 4, WULV),
        (f"{SEVEN}；{SEVEN}：" * 2, QIJUE),
        (f"{SEVEN}，{SEVEN}。" * 4, QILV),
    ],
)
def test_the_four_shapes_are_kept_whatever_marks_close_them(text: str, form: object) -> None:
    assert clean(text) == (form, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (f"{FIVE}，日月□川人。" * 2, "missing_character"),
        (f"{FIVE}，日月{{山/川}}人。" * 2, "brackets"),
        (f"{FIVE}，{FIVE}（一作日）。" * 2, "brackets"),
        (f"{FIVE}，{FIVE}。〔二〕" * 2, "brackets"),
        (f"{FIVE}，日月A川人。" * 2, "latin"),
        (f"{FIVE}，日月Ｂ川人。" * 2, "latin"),
        (f"{FIVE}，日月\ue000川人。" * 2, "private_use"),
        (f"{FIVE}，日月\U000f0000川人。" * 2, "private_use"),
        (f"{FIVE}，日月𠀀川人。" * 2, "rare_character"),
        (f"{FIVE}，日月\uf900川人。" * 2, "rare_character"),
        (f"{FIVE}，日月、川人。" * 2, "other_character"),
        (f"{FIVE}，{FIVE},", "other_character"),
        (f"{FIVE}，{FIVE}。\n", "other_character"),
        (f"{FIVE}，{FIVE}", "punctuation"),
        (f"{FIVE}，，{FIVE}。", "punctuation"),
        (f"，{FIVE}，{FIVE}。", "punctuation"),
        (f"{FIVE}，{SEVEN}。" * 2, "unequal_lines"),
        (f"{FIVE}，{FIVE}。" * 3, "other_shape"),
        ("日月山川，日月山川。" * 2, "other_shape"),
        (f"{FIVE}，{FIVE}。", "other_shape"),
        # Two faults: the first of the list is named.
        ("日□（山）A。", "missing_character"),
        ("日（山）A𠀀。", "brackets"),
    ],
)
def test_every_other_text_is_dropped_by_its_reason(text: str, reason: str) -> None:
    assert clean(text) == (None, reason)


@given(
    st.lists(
        st.tuples(st.text("日月山𠀀", max_size=8), st.sampled_from("，。？！；：,")), max_size=9
    )
)
@settings(deadline=None)
def test_a_text_is_kept_exactly_when_it_has_one_of_the_shapes(
    pairs: list[tuple[str, str]],
) -> None:
    text = "".join(line + mark for line, mark in pairs)
    shapes = [
        form
        for form in FORMS
        if re.fullmatch(f"([㐀-鿿]{{{form.characters}}}[，。？！；：]){{{form.lines}}}", text)
    ]
    assert clean(text)[0] is (shapes[0] if shapes else None)


def test_the_records_of_the_collection_are_cleaned_by_their_reason(small_package: Any) -> None:
    kept = {"train", "dev", "test", "near", "duplicate", "duplicate_of_tang"}
    for record in small_package.records:
        form, reason = clean("".join(record["paragraphs"]))
        if record["outcome"] in kept:
            assert form in FORMS
        elif record["outcome"] != "blacklisted":
            assert (form, reason) == (None, record["outcome"])
