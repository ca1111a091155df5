"""The façade: what `tangyin.load("report").write("日")` promises to other programs."""

import itertools
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from typing import Literal, get_type_hints

import pytest

import tangyin
from tangyin.errors import TangyinError, UsageError
from tangyin.metre import check_poem
from tangyin.model.file import save_model
from tangyin.verse import FORMS, QILV, WUJUE, WULV, form_token, to_simplified
from tangyin.web.bodies import SPRING
from tangyin.writing import Rule
from tangyin.writing.keywords import PoemsKeywords
from tangyin.writing.options import options

ROOT = Path(__file__).parents[1]
SEVEN = "日紅山夜湖海月"
WUJUE_POEM = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"
HANZI = "日紅山夜湖海月春江花朝秋風雨雲水"


@pytest.fixture(scope="module")
def writer():
    return tangyin.load("report")


@pytest.fixture(scope="module")
def mixed(random_model):
    """A model that knows two forms and is given the form."""
    prefixes = tuple(form_token(form) for form in FORMS)
    return tangyin.Writer(random_model(HANZI, FORMS, prefixes=prefixes))


def test_two_words_write_a_poem():
    verse = tangyin.load().write("日")
    assert verse.text.startswith("日")
    assert str(verse).count("\n") == 3


def test_a_poem_is_written_as_soon_as_it_is_asked_for(writer):
    began = time.perf_counter()
    poems = list(itertools.islice(writer.write_many("日", count=1_000_000, regulated=False), 2))
    assert time.perf_counter() - began < 5
    assert [verse.number for verse in poems] == [0, 1]


@pytest.mark.parametrize("regulated", [True, False])
@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("request.range", {"count": 0}),
        ("request.choice", {"script": "latin"}),
        ("request.unknown_option", {"colour": "red"}),
        ("form.not_trained", {"form": "七律"}),
        ("form.unknown", {"form": "sonnet"}),
        ("request.argmax_count", {"count": 5000, "rule": "argmax"}),
        ("text.foreign", {"start": "moon"}),
    ],
)
def test_what_is_impossible_is_refused_before_anything_is_written(writer, code, given, regulated):
    with pytest.raises(UsageError, check=lambda e: e.code == code):
        writer.write_many(regulated=regulated, **given)


def test_a_verse_reads_as_couplets_and_converts_to_simplified(writer):
    verse = writer.write("風", seed=1, regulated=False)
    assert str(verse).replace("\n", "") == verse.text
    assert [len(line) for line in str(verse).splitlines()] == [12] * 4
    assert verse.in_script("traditional") is verse
    simplified = verse.in_script("simplified")
    assert simplified.text == to_simplified(verse.text) != verse.text
    assert simplified == replace(
        verse, text=simplified.text, lines=tuple(map(to_simplified, verse.lines))
    )
    with pytest.raises(UsageError, check=lambda e: e.code == "request.choice"):
        verse.in_script("latin")


@pytest.mark.parametrize(("start", "shown"), [("為羣", "為羣"), ("群山", "群山"), ("众红", "衆紅")])
def test_given_characters_are_written_as_they_are_given(random_model, start, shown):
    writer = tangyin.Writer(random_model(HANZI + "爲羣衆", (WULV,)))
    verse = writer.write(start, seed=1, regulated=False)
    assert verse.text.startswith(shown)
    assert verse.lines[0].startswith(shown)
    assert verse.prosody.lines == verse.lines


def test_a_poem_is_checked_once_and_only_when_its_report_is_asked_for(random_model, monkeypatch):
    checked = []

    def counted(lines):
        checked.append(lines)
        return check_poem(lines)

    monkeypatch.setattr("tangyin.writing.verse.check_poem", counted)
    writer = tangyin.Writer(random_model(HANZI, (WULV,)))
    (verse,) = writer.write_many(count=1, seed=1, regulated=False)
    simplified = verse.in_script("simplified")
    assert not checked
    assert asdict(simplified)["prosody"] == asdict(check_poem(verse.lines))
    assert verse.prosody == simplified.prosody
    assert checked == [verse.lines]


def test_a_placeholder_is_left_open_and_never_written(random_model):
    """囗, which some editions print for a missing character, is in the shipped vocabularies."""
    model = random_model("囗日", (WUJUE,), scale=0.1)
    model.tensors["output.bias"][model.vocabulary.id("囗")] = 50
    writer = tangyin.Writer(model)
    for rule in ("argmax", "top-p", "random-k"):
        assert "囗" not in writer.write("囗日囗", rule=rule, seed=1, regulated=False).text
    with pytest.raises(UsageError):
        writer.write(acrostic="囗日囗日", regulated=False)


def test_each_form_of_a_mixed_model_is_written_and_scored(mixed):
    for form in FORMS:
        for name in (form.name, form.ascii_name):
            verse = mixed.write("日", form=name, seed=3, regulated=False)
            assert verse.form == form.name
            assert [len(line) for line in verse.lines] == [form.characters] * form.lines
        score = mixed.score(verse.text)
        assert score.form == form.name
        assert -score.nll == pytest.approx(verse.log_likelihood, rel=1e-5)


def test_the_form_is_wulv_where_the_model_knows_it_and_its_first_elsewhere(random_model, mixed):
    assert mixed.write(seed=1, regulated=False).form == WULV.name
    tokens = (form_token(QILV), form_token(WUJUE))
    other = tangyin.Writer(random_model(HANZI, (QILV, WUJUE), prefixes=tokens))
    assert other.write(seed=1, regulated=False).form == QILV.name


def test_a_poem_in_a_form_that_a_mixed_model_lacks_is_refused(random_model):
    writer = tangyin.Writer(random_model(HANZI, (QILV,), prefixes=(form_token(QILV),)))
    for ask in (lambda: writer.score(WUJUE_POEM), lambda: writer.evaluate("dev", "五絕")):
        with pytest.raises(UsageError) as refused:
            ask()
        assert (refused.value.code, refused.value.params["form"]) == ("form.not_trained", "五絕")


def test_texts_and_poems_are_scored_alike_alone_and_among_others(writer):
    texts = [str(writer.write(start, seed=2, regulated=False)) for start in SEVEN]
    texts.insert(3, WUJUE_POEM)
    mixed = [writer.read(text)[0] if n % 2 else text for n, text in enumerate(texts)]
    assert list(writer.score_many(mixed)) == [writer.score(text) for text in texts]


def test_what_was_done_to_a_poem_is_said(writer):
    poem, notes = writer.read("白日依山尽黄河入海流欲穷千里目更上一层楼")
    assert poem.text == WUJUE_POEM
    assert notes == ("text.converted", "text.marks_added")
    assert writer.read(WUJUE_POEM) == (poem, ())


def test_a_model_is_loaded_by_name_by_path_and_by_path_object(tmp_path, report_model):
    path = tmp_path / "other.safetensors"
    save_model(report_model, path)
    verses = [
        tangyin.load(given).write("日", seed=1, regulated=False)
        for given in ("report", str(path), path)
    ]
    assert verses[0] == verses[1] == verses[2]
    for missing in (tmp_path / "missing.safetensors", "missing"):
        with pytest.raises(UsageError):
            tangyin.load(missing)
    path.write_bytes(b"cut")
    with pytest.raises(TangyinError):
        tangyin.load(path)


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("request.choice", {"split": "train"}),
        ("request.choice", {"protocol": "kind"}),
        ("form.not_trained", {"form": "七律"}),
        ("request.form_of_protocol", {"form": "五律", "protocol": "tangshi-gpt"}),
    ],
)
def test_what_cannot_be_evaluated_is_refused(writer, code, options):
    with pytest.raises(UsageError, check=lambda e: e.code == code):
        writer.evaluate(**options)


def test_the_package_hands_on_its_public_names_and_no_other():
    names = {"Evaluation", "Report", "Score", "TangyinError", "UsageError", "Verse", "Writer"}
    assert names | {"check", "load"} <= set(tangyin.__all__)
    assert set(tangyin.__all__) == set(import_module("tangyin.api").__all__)
    for name in tangyin.__all__:
        assert getattr(tangyin, name) is getattr(import_module("tangyin.api"), name)
    with pytest.raises(AttributeError, match="module 'tangyin' has no attribute 'wirte'"):
        tangyin.wirte  # type: ignore[attr-defined]  # noqa: B018


def test_dir_has_all_public_names_and_what_was_imported():
    import tangyin.lstm

    shown = set(dir(tangyin))
    assert {*tangyin.__all__, "__version__", "lstm"} <= shown
    assert all(hasattr(tangyin, name) for name in shown)
    assert not shown & {"Any", "TYPE_CHECKING", "import_module"}


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("request.not_text", lambda writer: tangyin.check(None)),
        ("request.not_text", lambda writer: tangyin.check(b"text")),
        ("text.empty", lambda writer: tangyin.check("")),
        ("request.not_text", lambda writer: tangyin.load(None)),
        ("request.not_text", lambda writer: tangyin.load(b"report")),
        ("request.not_text", lambda writer: writer.score(None)),
        ("request.not_text", lambda writer: list(writer.score_many([7]))),
        ("request.not_text", lambda writer: writer.read(["日"])),
        ("request.not_text", lambda writer: writer.write(3)),
        ("request.not_text", lambda writer: writer.write(form=3)),
        ("request.not_text", lambda writer: writer.write(rhyme=None)),
        ("request.not_whole_number", lambda writer: writer.write(seed="x")),
        ("request.not_whole_number", lambda writer: writer.write(seed=1.5)),
        ("request.not_whole_number", lambda writer: writer.lines([SPRING[:5]], "x")),
        ("request.not_whole_number", lambda writer: writer.candidates([], 1, 1.5)),
        ("request.not_text", lambda writer: writer.evaluate(None)),
        ("request.not_text", lambda writer: writer.evaluate(form=3)),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_a_sentence(writer, code, call):
    with pytest.raises(UsageError) as refused:
        call(writer)
    assert refused.value.code == code
    assert "\n" not in str(refused.value)


def test_the_keywords_are_the_options_as_they_are_described():
    described = {}
    for name, option in options().items():
        kind = Literal[option.choices] if option.choices else option.kind
        kind = kind | list[kind] | tuple[kind, ...] if option.many else kind
        described[name] = kind | None if option.default is None else kind
    described["rule"] |= Rule
    assert get_type_hints(PoemsKeywords) == {
        name: kind for name, kind in described.items() if name not in ("start", "model")
    }


SNIPPET = """
import tangyin
writer = tangyin.load("report")
verse: tangyin.Verse = writer.write("日", form="五律", rhyme="東", seed=8, regulated=True)
several = list(writer.write_many("日", form=None, count=3, include=["明月"], rule="top-p", p=0.9))
writer.lines(verse.lines, 3, count=2, form="五律")
perplexity: float = writer.evaluate("dev").per_token
regulated: bool = tangyin.check("日").regulated
nll: float = writer.score("日").nll
writer.write("日", rhyme=3)
writer.write("日", ryhme="東")
writer.write("日", seed="x")
writer.write("日", rule="best")
writer.write("日", count=3)
writer.lines(verse.lines, 3, rhyme="東")
tangyin.check(None)
writer.evaluate("dev")["per_token"]
"""


def test_a_type_checker_checks_every_keyword(tmp_path):
    file = tmp_path / "snippet.py"
    file.write_text(SNIPPET, "utf-8")
    words = [
        "--strict", "--ignore-missing-imports", "--no-site-packages", "--follow-imports=silent",
        "--config-file=", "--cache-dir", str(ROOT / ".mypy_cache/snippet"), str(file),
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *words],
        env={**os.environ, "MYPYPATH": str(Path(tangyin.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.stderr == ""
    wrong = SNIPPET.splitlines().index('writer.write("日", rhyme=3)') + 1
    found = [int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line]
    assert sorted(found) == list(range(wrong, wrong + 8)), done.stdout
