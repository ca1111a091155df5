"""Lower lines that answer an upper one."""

from itertools import product

import pytest

from tangyin.metre import check_couplet, line_pattern
from tangyin.metre.lian import places_that_count
from tangyin.metre.lian_law import answering_tones
from tangyin.writing.couplet import answers_to

UPPERS = ("明月松間照", "處處聞啼鳥", "山色青青，江聲不盡", "一徑竹陰雲滿地風吹不去")


@pytest.fixture(scope="module")
def answers(report_writer):
    return {upper: report_writer.answer(upper, count=4, seed=2) for upper in UPPERS}


@pytest.mark.parametrize("upper", UPPERS)
def test_every_answer_passes_the_checker_and_has_the_same_pauses(answers, upper):
    assert answers[upper]
    for answer in answers[upper]:
        assert check_couplet(answer.upper, answer.lower).faults == ()
        assert answer.upper == upper
        assert [*map(len, answer.lower.split("，"))] == [*map(len, upper.split("，"))]
        assert answer.prosody.regulated


@pytest.mark.parametrize("upper", UPPERS)
def test_answers_differ_and_repeat_what_the_upper_line_repeats(answers, upper):
    lowers = [answer.lower for answer in answers[upper]]
    assert len(set(lowers)) == len(lowers)
    for lower in lowers:
        same = [(a == b) for a, b in product(upper, repeat=2)]
        assert [(a == b) for a, b in product(lower, repeat=2)] == same


def test_a_seed_gives_the_same_answers_and_the_script_is_converted(report_writer, answers):
    again = report_writer.answer(UPPERS[0], count=4, seed=2, script="simplified")
    assert again == [answer.in_script("simplified") for answer in answers[UPPERS[0]]]
    assert again[0].upper == "明月松间照"


@pytest.mark.parametrize(
    ("upper", "code"),
    [
        ("山水月", "couplet.length"), ("山" * 20 + "月", "couplet.length"),
        ("明月□間照", "couplet.length"), ("清泉石上流", "couplet.level"),
        ("hello", "text.foreign"), ("，", "text.empty"),
    ],
)  # fmt: skip
def test_what_is_no_upper_line_is_refused(report_writer, refused, upper, code):
    with refused(code):
        answers_to(report_writer.engine, upper)


@pytest.mark.parametrize("length", [3, 4, 5, 6, 7])
def test_answering_tones_are_opposite_where_that_counts(length):
    for tones in map("".join, product("PZ", repeat=length)):
        for answer in answering_tones(tones):
            assert all(answer[at] != tones[at] for at in places_that_count(length))
    if length == 5:
        assert all(not line_pattern(way).faults for way in answering_tones("ZZPPZ"))
