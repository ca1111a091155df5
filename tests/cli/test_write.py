"""`tangyin write`: whole poems, the same for the same seed; options, and their refusals."""

import json
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tangyin.api import load
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
            "text", "lines", "form", "title", "title_drawn", "model", "rule", "seed", "number",
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
    (["日", "--count", "9" * 5000], "is not a valid integer"),
    (["日", "--count", "4000", "--rule", "argmax"], "under argmax, poems differ by their first"),
    (["日", "--rule", "random-k", "--certainty", "0"], "'--certainty': 0.0 is not in the range"),
    (["日", "--rule", "top-p", "--p", "nan"], "p is nan; give"),
    (["日", "--seed", "18446744073709551616"], "'--seed': 18446744073709551616 is not in the"),
    (["日", "--form", "sonnet"], "there is no form and no tune 'sonnet'; the forms are 五絕"),
    (["日", "--model", ""], "there is no model"),
    (["日", "--model", "/nowhere/model.safetensors"], "/nowhere/model.safetensors"),
    (["日", "--model", "x" * 5000], "xxx"),
    (["日", "--rule", "best"], "'best' is not one of 'argmax', 'random-k', 'top-p', 'temp"),
    (["--form", "七律"], "was not trained on 七律"),
    (["--particles", "0"], "'--particles': 0 is not in the range 1<=x<=4096"),
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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=starts | verse_like)
def test_any_start_gives_a_poem_or_a_sentence(start, cli):
    done = cli("write", "--free", "--seed", "1", "--", start)
    if done.code:
        done.refused(2)
    else:
        assert_whole(done.out.removesuffix("\n"))


# Regulated verse

OPTIONS = [
    {"pattern": "平起首句入韵"},
    {"rhyme": "眞", "strict": True},
    {"acrostic": "东风吹柳日月山水", "most": 1},
    {"include": ("明月", "清风"), "avoid": "不人"},
    {"start": "白日依山盡，黃河入海", "allow_quotes": True, "script": "simplified"},
    {"particles": 1, "rule": "top-p", "p": 0.5, "temperature": 2.0},
    {"regulated": False, "rule": "random-k", "k": 3, "certainty": 1.0, "count": 4},
]


@pytest.mark.parametrize("given", OPTIONS, ids=str)
def test_the_command_line_takes_the_options_of_the_api(cli, given):
    given = {"particles": 4, "rule": "random-k", "seed": 3, "count": 2, **given}
    words = [given.get("start", "")]
    for name, value in given.items():
        if name == "regulated":
            words.append("--free")
        elif name != "start":
            values = value if isinstance(value, tuple) else (value,)
            spelled = f"--{name.replace('_', '-')}"
            words += [w for v in values for w in ([spelled] if v is True else [spelled, str(v)])]
    done = cli("write", *words, "--format", "jsonl")
    assert (done.code, done.err) == (0, "")
    wanted = [asdict(verse) for verse in load("report").write_many(**given)]
    assert done.out == "".join(json.dumps(w, ensure_ascii=False) + "\n" for w in wanted)


@pytest.fixture
def verses(cli):
    """Run `write` with quick settings and read its JSON lines."""

    def call(*words, rule="random-k"):
        quick = ("--rule", rule, "--particles", "4", "--seed", "3", "--format", "jsonl")
        done = cli("write", *words, *quick)
        assert (done.code, done.err) == (0, "")
        return [json.loads(line) for line in done.out.splitlines()]

    return call


@pytest.mark.parametrize("rule", ["argmax", "random-k", "top-p", "temperature"])
def test_prosody_is_what_check_says_of_the_text(verses, cli, rule):
    written = verses("日", "--count", "3", rule=rule)
    text = "\n".join(verse["text"] for verse in written)
    checked = json.loads(cli("check", "--format", "json", stdin=text).out)
    assert len(checked) == 3
    for verse, report in zip(written, checked, strict=True):
        del report["number"]
        assert verse["prosody"] == report
        assert report["regulated"] is True
        assert report["lines"] == verse["lines"]


def test_regulated_is_the_default_and_free_keeps_the_form_alone(cli):
    words = ("write", "山", "--rule", "random-k", "--particles", "4", "--seed", "1")
    assert cli(*words).out == cli(*words, "--regulated").out
    free = cli("write", "山", "--rule", "random-k", "--seed", "1", "--free", "--count", "10")
    assert free.code == 0
    assert cli("check", "--fail", "-", stdin=free.out).code == 1


def test_poems_continue_from_start_or_first_line(verses, cli):
    for start in ("明月", "明□□□□", "白日依山尽", "白日依山盡，黃河入海流。"):
        verse = verses(start)[0]
        given = start.replace("尽", "盡")
        assert all(a in ("□", b) for a, b in zip(given, verse["text"], strict=False))
    for start in ("白日依山盡", "白日依山盡，黃河入海流。"):
        assert verses("--first-line", start) == verses(start)
    cli("write", "日", "--first-line", "白日依山盡").refused(2, "--first-line", "use one of them")


def test_an_open_line_is_written_in_several_ways_between_given_ones(verses):
    poem = (
        "白日依山盡，黃河入海流。□□□□□，更上一層樓。"
        "白日依山盡，黃河入海流。遙憐小兒女，更上一層樓。"
    )
    ways = verses(poem, "--count", "3")
    assert len({way["lines"][2] for way in ways}) == 3
    assert {way["text"].replace(way["lines"][2], "□□□□□") for way in ways} == {poem}
    assert all(way["prosody"]["regulated"] for way in ways)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--acrostic", "春夏秋冬東西南北", "--strict"], "line 2, 夏□□□□, does not fit"),
        (["□□□□□□□□□東", "--rhyme", "冬"], "line 2 ends on 東"),
        (["--include", "花花花花花"], "花花花花花 cannot be placed"),
        (["--free", "--rhyme", "東"], "rhyme belongs to regulated verse"),
    ],
)
def test_what_cannot_be_met_together_is_refused_in_one_sentence(cli, words, part):
    cli("write", *words).refused(2, part)


@pytest.mark.parametrize("upper", ["明月松間照", "海納百川，有容乃大"])
def test_the_answers_to_a_couplet_are_read_back_as_couplets(cli, upper):
    answers = cli("couplet", upper, "--count", "2")
    checked = cli("check", "--format", "json", stdin=answers.out)
    assert [(one["form"], one["regulated"]) for one in json.loads(checked.out)] == [
        ("對聯", True)
    ] * 2
