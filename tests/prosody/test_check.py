import json
import random
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.errors import UsageError, catalogue
from tangyin.prosody import Finding, check_poem, check_text
from tangyin.verse import read_verse

SPRING = (
    "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。"
    "烽火連三月，家書抵萬金。白頭搔更短，渾欲不勝簪。"
)
LINES = read_verse(SPRING).lines
COMMON = "山水月風明夜人日花落春東冬同中重看思過教勝望不去一地雪白玉天海青年有㐂"
HANZI = st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF)


def kinds(report):
    return {finding.kind for finding in report.faults}


@settings(deadline=None, max_examples=100)
@given(st.integers(2, 14), st.sampled_from([5, 7]), st.data())
def test_any_lines_of_five_or_seven_characters_get_a_sound_report(lines, length, data):
    poem = [data.draw(st.text(HANZI, min_size=length, max_size=length)) for _ in range(lines)]
    report = check_poem(poem)
    assert report.regulated == (not report.faults)
    assert len(report.line_types) == len(report.tones) == lines
    assert len(report.couplets) == lines // 2
    assert {f.line for f in (*report.faults, *report.licences)} <= set(range(lines + 1))
    assert all(1 <= place <= length for f in report.faults for place in f.places)
    assert json.loads(json.dumps(asdict(report)))["line_types"] == report.line_types


@pytest.mark.parametrize(
    "lines", [[], ["國破山河在"], ["國破山河在", "城春草木"], ["國破", "山河"]]
)
def test_other_shapes_are_refused(lines):
    with pytest.raises(UsageError, check=lambda e: e.code == "prosody.shape") as refused:
        check_poem(lines)
    assert refused.value.params["lengths"] == [len(line) for line in lines]


def test_marks_breaks_and_simplified_script_do_not_change_the_verdict():
    whole = check_text(SPRING)
    assert check_text(SPRING.replace("，", "").replace("。", "\n")) == whole
    simplified = (
        "国破山河在，城春草木深。感时花溅泪，恨别鸟惊心。"
        "烽火连三月，家书抵万金。白头搔更短，浑欲不胜簪。"
    )
    assert check_text(simplified).tones == whole.tones


@pytest.mark.parametrize(
    ("lines", "form", "faults"),
    [
        (LINES + LINES[:4], "排律", set()),
        (LINES[:5], "古體", {"單數句"}),
        ((LINES[:2] + LINES[4:6]) * 2, "古體", {"失粘"}),  # without any adhesion
    ],
)
def test_the_form_of_other_numbers_of_lines_and_of_ancient_verse(lines, form, faults):
    report = check_poem(lines)
    assert (report.form, kinds(report)) == (form, faults)
    assert form != "排律" or report.line_types == "aBbAaBbAaBbA"


def test_changed_rhymes_make_ancient_verse_and_one_stray_rhyme_a_fault():
    lines = list(LINES)
    lines[1] = "城春草木長"
    assert check_poem(lines).form == "五律"
    assert kinds(check_poem(lines)) == {"出韻"}
    lines[3] = "恨別鳥驚忙"
    assert check_poem(lines).form == "古體"


def test_shuffled_lines_are_not_regulated():
    generator = random.Random(3)
    shuffled = [generator.sample(LINES, len(LINES)) for _ in range(200)]
    assert sum(check_poem(lines).regulated for lines in shuffled) <= 4


def test_a_misprint_at_the_rhyme_is_reported():
    moon = ["今夜鄜州月", "閨中只獨看", "遙憐小兒女", "未解憶長安",
            "香霧雲鬟濕", "清輝玉臂寒", "何時倚虛幌", "雙照淚痕幹"]  # fmt: skip
    report = check_poem(moon)
    assert (8, "出韻") in {(finding.line, finding.kind) for finding in report.faults}
    assert report.rhyme == "-"


def test_the_chosen_readings_are_shown_with_what_speaks_for_them():
    reading = {(r.line, r.place): r for r in check_text(SPRING).readings}[8, 4]
    assert (reading.character, reading.tone) == ("勝", "平")
    assert 0 < reading.share <= 1


def test_repetition_is_a_warning_and_reduplication_is_not():
    report = check_poem(["離離原上草", "一歲一枯榮", "野火燒不盡", "春風吹又生"])
    (finding,) = report.warnings
    assert finding == Finding(0, "重字", (), "重用「一」字。", "Used more than once: 一.")
    assert report.regulated


def test_each_sentence_of_the_catalogue_is_used_and_filled(monkeypatch):
    used = set()

    class Recording(dict):
        def __getitem__(self, code):
            used.add(code)
            return super().__getitem__(code)

    monkeypatch.setattr("tangyin.prosody.report.catalogue", lambda: Recording(catalogue()))
    generator = random.Random(1)
    for number in range(3000):
        length = 5 if number % 3 else 7
        lines = ["".join(generator.choices(COMMON, k=length)) for _ in range(4 + number % 6)]
        report = check_poem(lines)
        for finding in (*report.licences, *report.faults, *report.warnings):
            assert "{" not in finding.zh + finding.en
    assert used == {code for code in catalogue() if code.startswith("finding.")}
