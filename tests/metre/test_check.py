import json
import random
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangyin.errors import UsageError, catalogue
from tangyin.metre import Finding, check_any, check_ci, check_couplet, check_poem, check_text
from tangyin.metre.laws.avoid import Avoid
from tangyin.metre.laws.lines import Lines
from tangyin.metre.laws.rhyme import InRhyme
from tangyin.metre.laws.tones import LineTypes
from tangyin.metre.pattern import SEQUENCES
from tangyin.metre.rhyme import LEVEL_RHYMES
from tangyin.verse import WUJUE, is_hanzi, read_verse, to_simplified
from tangyin.web.bodies import SPRING

LINES = read_verse(SPRING).lines
COMMON = "山水月風明夜人日花落春東冬同中重看思過教勝望不去一地雪白玉天海青年有㐂"
HANZI = st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF).filter(is_hanzi)


def kinds(report):
    return {finding.kind for finding in report.faults}


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
    assert check_text(to_simplified(SPRING)).tones == whole.tones


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
    assert report.rhyme == "寒"


def test_the_chosen_readings_are_shown_with_what_speaks_for_them():
    reading = {(r.line, r.place): r for r in check_text(SPRING).readings}[8, 4]
    assert (reading.character, reading.tone) == ("勝", "平")
    assert 0 < reading.share <= 1


def test_repetition_is_a_warning_and_reduplication_is_not():
    report = check_poem(["離離原上草", "一歲一枯榮", "野火燒不盡", "春風吹又生"])
    (finding,) = report.warnings
    assert finding == Finding(0, "重字", (), "重用「一」字。", "Used more than once: 一.", 0)
    assert report.regulated


def test_each_sentence_of_the_catalogue_is_used_and_filled(monkeypatch):
    used = set()

    class Recording(dict):
        def __getitem__(self, code):
            used.add(code)
            return super().__getitem__(code)

    monkeypatch.setattr("tangyin.metre.finding.catalogue", lambda: Recording(catalogue()))
    generator = random.Random(1)
    for number in range(1200):
        length = 5 if number % 3 else 7
        lines = ["".join(generator.choices(COMMON, k=length)) for _ in range(4 + number % 6)]
        report = check_poem(lines)
        pair = ["".join(generator.choices("山水月風明之去一，", k=8)) + end for end in "天月"]
        for found in (report, check_couplet(*pair[:: 1 - number % 2 * 2])):
            for finding in (*found.licences, *found.faults, *found.warnings):
                assert "{" not in finding.zh + finding.en
    broken = json.loads(Path(__file__).with_name("ci_broken.json").read_text(encoding="utf-8"))
    ode = check_any("關關雎鳩，在河之洲。窈窕淑女，君子好逑。")
    for report in (ode, *(check_ci(text) for _, text, _ in broken)):
        for finding in (*report[1].faults, *report[1].warnings):
            assert "{" not in finding.zh + finding.en
    laws = (
        LineTypes(WUJUE, (), SEQUENCES[:1]), InRhyme(WUJUE, (), LEVEL_RHYMES.index("東")),
        Avoid(frozenset("春")), Lines(WUJUE, {"春眠不覺曉"}, ()),
    )  # fmt: skip
    poem = ("春眠不覺曉", "處處聞啼鳥", "夜來風雨聲", "花落知多少")
    regulated = ("白日依山盡", "黃河入海流", "欲窮千里目", "更上一層樓")
    assert all(law.check(poem) for law in laws)
    assert LineTypes(WUJUE, (), SEQUENCES[1:]).check(regulated)
    assert InRhyme(WUJUE, (), 0).check(regulated)
    assert used == {code for code in catalogue() if code.startswith("finding.")}


def clashing(*ends, head=""):
    """A poem whose feet are `ends`; `head` replaces the end of its first line."""
    lines = list((LINES * 2)[: 2 * len(ends)])
    lines[1::2] = [line[:-1] + end for line, end in zip(lines[1::2], ends, strict=True)]
    return check_poem([lines[0][:-1] + (head or lines[0][-1]), *lines[1:]])


@pytest.mark.parametrize(
    ("ends", "head", "rhyme", "lines"),
    [
        ("長心金簪", "", "侵", [2]),  # the first foot is the one that clashes
        ("深心金長", "", "侵", [8]),
        ("深長", "心", "侵", [4]),  # the first line decides
        ("深長", "芳", "陽", [2]),
        ("深長", "", "-", [4]),  # nothing does
        ("深去", "", "侵", [4]),  # an oblique foot does not count as a rhyme
    ],
)
def test_a_clash_is_named_by_the_rhyme_of_most_feet(ends, head, rhyme, lines):
    report = clashing(*ends, head=head)
    faults = [fault for fault in report.faults if fault.kind == "出韻"]
    assert (report.rhyme, [fault.line for fault in faults]) == (rhyme, lines)
    # The header and the sentences agree on whether there is a rhyme in common.
    assert all((f"全詩押{rhyme}韻" in fault.zh) == (rhyme != "-") for fault in faults)


@given(st.text(COMMON, min_size=2, max_size=6))
def test_no_sentence_names_the_rhyme_of_a_poem_without_one(ends):
    report = clashing(*ends)
    named = [fault for fault in report.faults if "押" in fault.zh]
    assert all(f"押{report.rhyme}韻" in f.zh or f"押仄聲{report.rhyme}韻" in f.zh for f in named)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("白日依山盡，黃河入海流。", "對聯"),
        ("松下問童子，言師採藥去。", "對聯"),
        ("群山萬壑赴荊門，生長明妃尚有村。", "聯"),
    ],
)
def test_two_lines_are_a_couplet_or_the_opening_of_a_poem(text, form):
    assert check_text(text).form == form
