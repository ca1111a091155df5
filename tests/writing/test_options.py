"""The options of a request: described once, and checked in one place."""

import numpy as np
import pytest

from tangyin.api import rule_named
from tangyin.verse import WULV, form_named
from tangyin.writing import Request, TopP
from tangyin.writing.options import options


def test_every_option_has_a_default_it_accepts_and_words_in_both_languages():
    for name, option in options().items():
        assert option.name == name
        assert option.check(option.default) == option.default
        for texts in (option.help, option.label):
            assert set(texts) == {"en", "zh"}
            assert all(texts.values())


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("include", "明月", ("明月",)),  # one word, not its characters
        ("include", ["明月", "清風"], ("明月", "清風")),
        ("seed", np.int64(7), 7),
        ("seed", None, None),
        ("seed", 2**64 - 1, 2**64 - 1),
        ("temperature", 2, 2.0),
        ("certainty", 1, 1.0),
        ("strict", True, True),
        ("script", "simplified", "simplified"),
    ],
)
def test_values_that_are_possible_are_taken(name, value, taken):
    assert options()[name].check(value) == taken


@pytest.mark.parametrize(
    ("name", "values", "code"),
    [
        ("count", [0, -1, 1_000_001], "request.range"),
        ("particles", [0, 4097], "request.range"),
        ("seed", [-1, 2**64], "request.range"),
        ("temperature", [0, 0.009, 101, float("nan"), float("inf")], "request.range"),
        ("k", [0, -1], "request.range"),
        ("p", [0, -1, 1.01, float("nan")], "request.range_above"),
        ("certainty", [0, 1.1, float("nan")], "request.range_above"),
        ("most", [0], "request.below"),
        ("start", ["日" * 2001], "request.long"),
        ("script", ["latin", ""], "request.choice"),
        ("rule", ["best"], "request.choice"),
        ("rhyme", [1, None, ["東"]], "request.not_text"),
        ("include", [3, ["明月", 3]], "request.not_text"),
        ("count", ["3", 1.5, True, None], "request.not_whole_number"),
        ("p", ["0.5", True, []], "request.not_number"),
        ("strict", [1, "yes", None], "request.not_switch"),
        ("rime", ["東"], "request.unknown_option"),
        ("model", ["report"], "request.unknown_option"),  # a request is made to a model
    ],
)  # fmt: skip
def test_values_that_are_not_possible_are_refused(name, values, code, refused):
    for value in values:
        with refused(code, name=name):
            Request(WULV, **{name: value})


def test_a_rule_is_given_by_name_with_its_own_numbers_or_as_an_object(refused):
    assert Request(WULV, rule="top-p", p=0.5, title="春").rule == TopP(0.5)
    assert Request(WULV, rule=TopP(0.5)).rule == TopP(0.5)
    own = {
        "argmax": {},
        "random-k": {"k": 3, "certainty": 0.5},
        "temperature": {"temperature": 0.7},
        "top-p": {"p": 0.5, "temperature": 2.0},
    }
    for name, numbers in own.items():
        rule = rule_named(name, **numbers)
        assert rule.name == name
        assert {key: getattr(rule, key) for key in numbers} == numbers
        for key in {"k", "certainty", "temperature", "p"} - numbers.keys():
            with refused("request.rule_number", rule=name, name=key):
                Request(WULV, rule=name, **{key: 1})
    with refused("request.rule_number", rule="top-p", name="p"):
        Request(WULV, rule=TopP(), p=0.5)


def test_a_poem_without_a_title_or_a_tune_is_drawn_at_a_higher_temperature():
    assert Request(WULV, title="").rule == TopP(temperature=0.85)
    assert Request(WULV).rule == TopP(temperature=0.7)  # a title is drawn
    assert Request(form_named("浣溪沙")).rule == TopP(temperature=0.7)
    assert Request(WULV, title="春").rule == TopP(temperature=0.7)
    assert Request(WULV, temperature=0.5).rule == TopP(temperature=0.5)
    assert Request(WULV, rule=TopP(0.5)).rule == TopP(0.5)
    assert Request(WULV, rule="random-k").rule == rule_named("random-k")


def test_options_of_regulated_verse_are_refused_for_free_verse(refused):
    given = {"rhyme": "東", "strict": True, "most": 1, "include": "明月", "avoid": "日"}
    for name, value in given.items():
        with refused("request.regulated_only", name=name):
            Request(WULV, regulated=False, **{name: value})
    assert Request(WULV, regulated=False, most=2, title="春", acrostic="春夏秋冬").most == 2
