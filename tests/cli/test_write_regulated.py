"""`tangyin write --regulated` and `--revise`: options, and refusals in one sentence."""

import json
from dataclasses import asdict

import pytest

from tangyin.api import load
from tangyin.model.file import save_model
from tangyin.verse import FORMS, form_token, to_simplified

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

    def call(*words, rule="random-k", particles="4", seed="3", stdin=""):
        done = cli(
            "write", *words, "--rule", rule, "--particles", particles, "--seed", seed,
            "--format", "jsonl", stdin=stdin,
        )  # fmt: skip
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


def test_the_form_comes_from_the_model_s_file(random_model, report_model, verses, cli, tmp_path):
    hanzi = report_model.vocabulary.hanzi[::3]
    for forms in ((FORMS[1],), FORMS):
        model = random_model(hanzi, forms, prefixes=tuple(map(form_token, forms)))
        path = tmp_path / f"of{len(forms)}.safetensors"
        save_model(model, path)
        for form in forms:
            for name in (form.name, form.ascii_name):
                verse = verses("--model", str(path), "--form", name)[0]
                assert verse["form"] == verse["prosody"]["form"] == form.name
                assert verse["prosody"]["regulated"]
        plain = verses("--model", str(path))[0]
        assert plain["form"] == ("七絕" if len(forms) == 1 else "五律")
    cli("write", "--form", "七律").refused(2, "was not trained on 七律")


# Revision.


@pytest.fixture
def poem(verses):
    return verses("日")[0]["text"]


def test_revise_proposes_other_lines_likeliest_first(verses, poem, tmp_path):
    file = tmp_path / "poem.txt"
    file.write_text(poem, encoding="utf-8")
    others = verses("--revise", str(file), "--line", "3")
    assert len(others) == 5
    assert [other["number"] for other in others] == [0, 1, 2, 3, 4]
    likelihoods = [other["log_likelihood"] for other in others]
    assert likelihoods == sorted(likelihoods, reverse=True)
    for other in others:
        assert other["text"][:12] + other["text"][17:] == poem[:12] + poem[17:]
        assert other["text"] != poem
        assert other["prosody"]["regulated"]
    assert verses("--revise", "-", "--line", "3", stdin=poem) == others
    assert verses("--revise", "-", "--line", "3", "--count", "2", stdin=poem) == others[:2]
    simplified = verses("--revise", "-", "--line", "3", stdin=to_simplified(poem))
    assert len(simplified) == 5


def test_revise_one_character_free_or_in_simplified_script(verses, poem):
    others = verses("--revise", "-", "--line", "1", "--character", "3", stdin=poem)
    assert others
    for other in others:
        assert [at for at in range(48) if other["text"][at] != poem[at]] == [2]
    free = verses("--revise", "-", "--line", "1", "--free", stdin=poem)
    assert all(other["text"][6:] == poem[6:] for other in free)
    simple = verses("--revise", "-", "--line", "1", "--script", "simplified", stdin=poem)
    assert all(other["text"] == to_simplified(other["text"]) for other in simple)


def test_revise_prints_poems_for_people(cli, poem):
    out = cli("write", "--revise", "-", "--line", "2", "--count", "2", stdin=poem).out
    first, second = out.removesuffix("\n").split("\n\n")
    assert len(first.split("\n")) == len(second.split("\n")) == 4
    assert first[:6] == second[:6] == poem[:6]


def test_revising_a_faulty_poem_is_refused_with_the_line(cli, poem):
    broken = poem[:24] + "花花花花花" + poem[29:]
    refused = cli("write", "--revise", "-", "--line", "2", stdin=broken)
    refused.refused(2, "line 5, 花花花花花, does not fit")
    assert cli("write", "--revise", "-", "--line", "5", stdin=broken).code == 0
    assert cli("write", "--revise", "-", "--line", "2", "--free", stdin=broken).code == 0


REFUSED = {
    "pattern": (["--acrostic", "春夏秋冬東西南北", "--strict"], "line 2, 夏□□□□, does not fit"),
    "rhyme": (["□□□□□□□□□東", "--rhyme", "冬"], "line 2 ends on 東"),
    "word": (["--include", "花花花花花"], "花花花花花 cannot be placed"),
    "particles": (["--particles", "0"], "'--particles': 0 is not in the range 1<=x<=4096"),
    "line without revise": (["--line", "3"], "--line and --character go with --revise"),
    "revise without line": (["--revise", "-"], "the line of the poem to revise with --line N"),
    "revise and start": (["日", "--revise", "-", "--line", "1"], "leave them out"),
    "no such line": (["--revise", "-", "--line", "9"], "there is no line 9"),
    "no such file": (["--revise", "/nowhere", "--line", "1"], "/nowhere"),
    "rhyme of free verse": (["--free", "--rhyme", "東"], "rhyme belongs to regulated verse"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_impossible_is_refused_in_one_sentence_with_code_2(cli, name):
    words, part = REFUSED[name]
    poem = "白日依山盡，黃河入海流。遙憐小兒女，更上一層樓。" * 2
    cli("write", *words, stdin=poem).refused(2, part)
