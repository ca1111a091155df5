"""`tangyin write`: whole poems, the same for the same seed; bad options are refused."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tangyin.verse import MARKS, is_hanzi

SEVEN = "日紅山夜湖海月"


def assert_whole(text):
    """A 五律 as a person reads it: four couplets of two lines of five, closed; nothing else."""
    couplets = text.split("\n")
    assert len(couplets) == 4
    for couplet in couplets:
        assert len(couplet) == 12
        assert all(map(is_hanzi, couplet[:5] + couplet[6:11]))
        assert couplet[5] in MARKS
        assert couplet[11] in "。？！"


@pytest.mark.parametrize("start", SEVEN)
@pytest.mark.parametrize("rule", ["argmax", "random-k"])
def test_the_reports_seven_characters_under_both_rules_always_make_8_by_5(start, rule, cli):
    done = cli("write", start, "--free", "--rule", rule, "--seed", "7", "--count", "40")
    assert (done.code, done.err) == (0, "")
    poems = done.out.removesuffix("\n").split("\n\n")
    assert len(poems) == 40
    for poem in poems:
        assert_whole(poem)
        assert poem[0] == start
    assert len(set(poems)) > 35


def test_the_same_seed_brings_the_same_poems_and_another_seed_others(cli):
    words = ("write", "山", "--free", "--count", "5", "--seed")
    first = cli(*words, "11")
    assert cli(*words, "11") == first
    assert cli(*words, "12") != first


def test_the_same_seed_brings_the_same_poem_in_another_process(cli, process):
    words = ("write", "海", "--free", "--seed", "18446744073709551615", "--format", "jsonl")
    assert process(*words).stdout.decode() == cli(*words).out


def test_without_a_seed_every_call_writes_another_poem_and_gives_its_seed(cli):
    words = ("write", "夜", "--free", "--format", "jsonl")
    verses = [json.loads(cli(*words).out) for _ in range(3)]
    assert len({verse["text"] for verse in verses}) == 3
    again = json.loads(cli(*words, "--seed", str(verses[0]["seed"])).out)
    assert again == verses[0]


def test_a_json_line_has_the_designs_names_and_types(cli):
    words = ("write", "紅", "--free", "--rule", "random-k", "--seed", "4", "--count", "2")
    done = cli(*words, "--format", "jsonl")
    assert done.err == ""
    lines = done.out.splitlines()
    assert len(lines) == 2
    for number, line in enumerate(lines):
        verse = json.loads(line)
        assert list(verse) == [
            "text", "lines", "form", "title", "model", "rule", "seed", "number",
            "log_likelihood", "prosody",
        ]  # fmt: skip
        assert (verse["form"], verse["title"], verse["model"]) == ("五律", "", "report")
        assert (verse["rule"], verse["seed"], verse["number"]) == ("random-k", 4, number)
        assert type(verse["log_likelihood"]) is float
        assert verse["log_likelihood"] < 0
        assert [len(words) for words in verse["lines"]] == [5] * 8
        without_marks = "".join(c for c in verse["text"] if c not in MARKS)
        assert "".join(verse["lines"]) == without_marks
        assert set(verse["prosody"]) >= {
            "form", "regulated", "pattern", "line_types", "tones", "rhyme", "first_line",
            "licences", "faults", "warnings", "couplets",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("start", "begins"),
    [
        ("风", "風"),  # simplified
        ("红叶", "紅葉"),
        ("明月出天山，", "明月出天山，"),
        ("明月出天山", "明月出天山"),
        ("明月出天山,蒼茫", "明月出天山，蒼茫"),
        (" 明 月 ", "明月"),
        ("\N{CJK COMPATIBILITY IDEOGRAPH-F938}", "露"),
    ],
)
def test_a_poem_begins_with_its_start(start, begins, cli):
    done = cli("write", start, "--free", "--seed", "1")
    assert (done.code, done.err) == (0, "")
    assert_whole(done.out.removesuffix("\n"))
    flat = done.out.replace("\n", "")
    assert flat.startswith(begins)


REFUSED = [
    (["龘"], "the model does not know the character 龘"),
    (["日a"], "'a' (U+0061)"),
    (["日，月"], "the mark ，"),
    (["日", "--count", "0"], "'--count': 0 is not in the range 1<=x<=1000000; see `tangyin write"),
    (["日", "--count", "1.5"], "'1.5' is not a valid integer"),
    (["日", "--count", "9" * 5000], "is not a valid integer"),
    (["日", "--count", "4000", "--rule", "argmax"], "under argmax, poems differ by their first"),
    (["日", "--rule", "random-k", "--certainty", "0"], "'--certainty': 0.0 is not in the range"),
    (["日", "--rule", "top-p", "--p", "nan"], "p is nan; give"),
    (["日", "--seed", "18446744073709551616"], "'--seed': 18446744073709551616 is not in the"),
    (["日", "--form", "sonnet"], "there is no form 'sonnet'; the forms are 五絕"),
    (["日", "--model", ""], "there is no model"),
    (["日", "--model", "/nowhere/model.safetensors"], "/nowhere/model.safetensors"),
    (["日", "--model", "x" * 5000], "xxx"),
    (["日", "--rule", "best"], "'best' is not one of 'argmax', 'random-k', 'top-p', 'temp"),
    (["日", "--colour"], "No such option"),
    (["日", "月"], "unexpected extra argument (月)"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "part"), REFUSED, ids=[str(n) for n, _ in enumerate(REFUSED)])
@pytest.mark.parametrize("mode", ["--free", "--regulated"])
def test_what_is_impossible_is_refused_in_one_sentence(words, part, mode, cli):
    cli("write", *words, mode).refused(2, part)


# What a process can be given as an argument: anything but NUL and lone surrogates.
starts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
verse_like = st.text(
    st.sampled_from("日月山海春風，。？,. 龘a□〇\u3400\u9fff\ue000\n"), max_size=50
)


@settings(
    deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=starts | verse_like)
def test_any_start_gives_a_poem_or_a_sentence(start, cli):
    done = cli("write", "--free", "--seed", "1", "--", start)
    if done.code:
        done.refused(2)
    else:
        assert_whole(done.out.removesuffix("\n"))


def test_a_file_gets_the_poems_whole_and_standard_output_nothing(cli, tmp_path):
    words = ("write", "日", "--free", "--seed", "1", "--count", "3")
    file = tmp_path / "poems.txt"
    file.write_text("before")
    done = cli(*words, "-o", str(file))
    assert (done.code, done.out, done.err) == (0, "", "")
    assert file.read_text("utf-8") == cli(*words).out
    assert list(tmp_path.iterdir()) == [file]
