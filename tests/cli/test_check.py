import io
import json

import pytest

from tangyin.cli.check import check
from tangyin.errors import UsageError, message
from tangyin.prosody import check_text

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
    for fault in check_text(FAULTY).faults:
        assert f"病 fault: {fault.zh} {fault.en}" in out
    assert "\x1b" not in out


def test_colours_are_for_a_terminal_that_wants_them(typed, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    typed(FAULTY)
    assert "\x1b[" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    typed(FAULTY)
    assert "\x1b" not in capsys.readouterr().out


def test_fail_makes_a_faulty_poem_exit_with_one(typed, capsys):
    typed(SPRING, "--fail")
    with pytest.raises(SystemExit) as stopped:
        typed(FAULTY, "--fail")
    assert stopped.value.code == 1
    assert capsys.readouterr().out


def test_what_was_done_to_a_poem_is_on_standard_error(typed, capsys):
    typed("春望\n杜甫\n国破山河在，城春草木深。感时花溅泪，恨别鸟惊心。", "--format", "json")
    captured = capsys.readouterr()
    assert json.loads(captured.out)[0]["lines"][0] == "國破山河在"
    heading, simplified = captured.err.splitlines()
    assert heading == message("text.heading", {"number": 1, "heading": ["春望", "杜甫"]})
    assert simplified == message("text.simplified", {"number": 1, "first": "國破山河在"})


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "text.none"),
        ("。。", "text.poem"),
        ("abc", "text.poem"),
        (b"\xff\xfe", "text.not_utf8"),
    ],
)
def test_what_is_not_a_poem_is_refused_with_exit_code_two(typed, content, code):
    with pytest.raises(UsageError) as refused:
        typed(content)
    assert (refused.value.exit_code, refused.value.code) == (2, code)


def test_one_bad_poem_among_good_ones_leaves_the_others_checked(typed, capsys):
    with pytest.raises(UsageError) as refused:
        typed(f"{SPRING}\n\n春眠，不覺曉\n\n{FAULTY}", "--format", "json")
    assert (refused.value.params["number"], refused.value.params["line"]) == (2, 3)
    assert [poem["number"] for poem in json.loads(capsys.readouterr().out)] == [1, 3]


def test_a_file_may_be_read_and_written(typed, tmp_path, capsys):
    source, target = tmp_path / "poems.txt", tmp_path / "report.json"
    source.write_text(SPRING, encoding="utf-8")
    typed("", str(source), "--format", "json", "-o", str(target))
    assert capsys.readouterr().out == ""
    assert json.loads(target.read_text(encoding="utf-8"))[0]["form"] == "五律"
