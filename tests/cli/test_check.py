import json

import pytest

from tangyin.errors import message
from tangyin.prosody import check_text
from tangyin.web.bodies import SPRING

FAULTY = "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。"
FIELDS = {
    "form", "regulated", "pattern", "line_types", "tones", "rhyme", "first_line", "licences",
    "faults", "warnings", "couplets", "readings", "lines", "read_as", "number",
}  # fmt: skip


def test_json_is_an_array_with_the_fields_of_the_contract(cli):
    first, second = json.loads(cli("check", "--format", "json", stdin=f"{SPRING}\n\n{FAULTY}").out)
    assert set(first) == FIELDS
    assert (first["regulated"], first["line_types"], first["rhyme"]) == (True, "aBbAaBbA", "侵")
    assert not second["regulated"]
    assert {"line", "kind", "places", "zh", "en"} == set(second["faults"][0])
    assert (first["number"], second["number"]) == (1, 2)


def test_text_marks_tones_and_says_faults_in_both_languages(cli):
    out = cli("check", stdin=FAULTY).out
    assert "●●○○" not in out
    assert "○○○●○" in out
    for fault in check_text(FAULTY).faults:
        assert f"病 fault: {fault.zh} {fault.en}" in out
    assert "\x1b" not in out


def test_colours_are_for_a_terminal_that_accepts_them(cli, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in cli("check", stdin=FAULTY, terminal=True).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in cli("check", stdin=FAULTY, terminal=True).out


def test_fail_makes_a_faulty_poem_exit_with_one(cli):
    assert cli("check", "--fail", stdin=SPRING).code == 0
    done = cli("check", "--fail", stdin=FAULTY)
    assert (done.code, done.out) == (1, cli("check", stdin=FAULTY).out)


def test_what_was_done_to_a_poem_is_on_standard_error(cli):
    poem = "春望\n杜甫\n国破山河在，城春草木深。感时花溅泪，恨别鸟惊心。"
    done = cli("check", "--format", "json", stdin=poem)
    (report,) = json.loads(done.out)
    assert (report["lines"][0], report["read_as"][0]) == ("国破山河在", "國破山河在")
    assert done.err.splitlines() == [
        message("text.heading", {"number": 1, "heading": ["春望", "杜甫"]}),
        message("text.simplified", {"number": 1, "first": "國破山河在"}),
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", message("text.none", {})),
        ("。。", message("text.poem", {"number": 1, "line": 1, "error": ""})),
        ("abc", message("text.poem", {"number": 1, "line": 1, "error": ""})),
        (b"\xff\xfe", message("text.not_utf8", {"name": "standard input"})),
    ],
)
def test_what_is_not_a_poem_is_refused_with_exit_code_two(cli, content, sentence):
    cli("check", stdin=content).refused(2, sentence)


def test_one_bad_poem_among_good_ones_leaves_the_others_checked(cli):
    done = cli("check", "--format", "json", stdin=f"{SPRING}\n\n春眠，不覺曉\n\n{FAULTY}")
    sentence = message("text.poem", {"number": 2, "line": 3, "error": ""})
    assert done.code == 2
    assert done.err.startswith(f"tangyin: {sentence}")
    assert [poem["number"] for poem in json.loads(done.out)] == [1, 3]
