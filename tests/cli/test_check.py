import io
import json

import click
import pytest

from tangyin.cli.check import check
from tangyin.errors import UsageError

SPRING = (
    "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。"
    "烽火連三月，家書抵萬金。白頭搔更短，渾欲不勝簪。"
)
FAULTY = "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。"
FIELDS = {
    "form", "regulated", "pattern", "line_types", "tones", "rhyme", "first_line", "licences",
    "faults", "warnings", "couplets", "readings", "lines", "number",
}  # fmt: skip


@pytest.fixture
def typed(monkeypatch):
    """Run `check` on the given standard input and arguments."""

    def run(content, *arguments):
        data = content if isinstance(content, bytes) else content.encode()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        check.main(list(arguments), standalone_mode=False)

    return run


def test_json_is_an_array_with_the_fields_of_the_contract(typed, capsys):
    typed(SPRING + "\n\n" + FAULTY, "--format", "json")
    first, second = json.loads(capsys.readouterr().out)
    assert set(first) == FIELDS
    assert first["regulated"]
    assert first["line_types"] == "aBbAaBbA"
    assert first["rhyme"] == "侵"
    assert not second["regulated"]
    assert {"line", "kind", "places", "zh", "en"} == set(second["faults"][0])
    assert (first["number"], second["number"]) == (1, 2)


def test_text_marks_tones_and_says_faults_in_both_languages(typed, capsys):
    typed(FAULTY)
    out = capsys.readouterr().out
    assert "●●○○" not in out
    assert "○○○●○" in out
    assert "失粘" in out
    assert "does not" in out or "should agree" in out
    assert "\x1b" not in out


def test_colours_are_for_a_terminal_that_wants_them(typed, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    typed(FAULTY)
    assert "\x1b[" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    typed(FAULTY)
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(("poem", "code"), [(FAULTY, 1), (SPRING, 0)])
def test_fail_makes_a_faulty_poem_exit_with_one(typed, capsys, poem, code):
    if code:
        with pytest.raises(SystemExit) as stopped:
            typed(poem, "--fail")
        assert stopped.value.code == code
    else:
        typed(poem, "--fail")
    assert capsys.readouterr().out


def test_simplified_characters_are_converted_and_that_is_said(typed, capsys):
    typed("国破山河在，城春草木深。感时花溅泪，恨别鸟惊心。", "--format", "json")
    captured = capsys.readouterr()
    assert json.loads(captured.out)[0]["lines"][0] == "國破山河在"
    assert "simplified" in captured.err


@pytest.mark.parametrize(
    "content", ["", "。。", "abc", "春眠不覺曉", "春眠，不覺曉", b"\xff\xfe", "\x00"]
)
def test_what_is_no_poem_is_refused_in_one_sentence(typed, content):
    with pytest.raises((UsageError, click.UsageError)) as refused:
        typed(content)
    assert refused.value.exit_code == 2
    assert "\n" not in str(refused.value)


def test_one_bad_poem_among_good_ones_leaves_the_others_checked(typed, capsys):
    with pytest.raises(UsageError, match="poem 2"):
        typed(f"{SPRING}\n\n春眠，不覺曉\n\n{FAULTY}", "--format", "json")
    assert [poem["number"] for poem in json.loads(capsys.readouterr().out)] == [1, 3]


def test_a_file_may_be_read_and_written(typed, tmp_path, capsys):
    source, target = tmp_path / "poems.txt", tmp_path / "report.json"
    source.write_text(SPRING, encoding="utf-8")
    typed("", str(source), "--format", "json", "-o", str(target))
    assert capsys.readouterr().out == ""
    assert json.loads(target.read_text(encoding="utf-8"))[0]["form"] == "五律"
