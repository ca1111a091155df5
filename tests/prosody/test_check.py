import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.errors import UsageError
from tangyin.prosody import check_poem, check_text, poems_in, read_verse

SPRING = (
    "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。"
    "烽火連三月，家書抵萬金。白頭搔更短，渾欲不勝簪。"
)
HANZI = st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF)


def kinds(report):
    return {finding.kind for finding in report.faults}


@settings(deadline=None, max_examples=150)
@given(st.text() | st.text(st.characters(categories=None)))
def test_any_text_is_checked_or_refused_in_one_sentence(text):
    for poem in [text, *poems_in(text)]:
        try:
            check_text(poem)
        except UsageError as error:
            sentence = str(error)
        else:
            continue
        assert "\n" not in sentence


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
    assert json.loads(json.dumps(report.to_json()))["line_types"] == report.line_types


@pytest.mark.parametrize(
    "lines", [[], ["國破山河在"], ["國破山河在", "城春草木"], ["國破", "山河"]]
)
def test_other_shapes_are_refused(lines):
    with pytest.raises(UsageError, match="5"):
        check_poem(lines)


def test_marks_breaks_and_simplified_script_do_not_change_the_verdict():
    whole = check_text(SPRING)
    bare = SPRING.replace("，", "").replace("。", "")
    assert check_text(bare) == whole
    assert check_text(SPRING.replace("，", "，\n").replace("。", "\n")) == whole
    simplified = (
        "国破山河在，城春草木深。感时花溅泪，恨别鸟惊心。"
        "烽火连三月，家书抵万金。白头搔更短，浑欲不胜簪。"
    )
    assert check_text(simplified).tones == whole.tones


def test_a_poem_that_goes_on_in_the_same_order_is_a_pailu():
    lines = read_verse(SPRING)
    report = check_poem(lines + lines[:4])
    assert report.form == "排律"
    assert report.regulated
    assert report.line_types == "aBbAaBbAaBbA"


def test_an_odd_number_of_lines_is_ancient():
    report = check_poem(read_verse(SPRING)[:5])
    assert report.form == "古體"
    assert kinds(report) == {"單數句"}


def test_a_poem_without_any_adhesion_is_ancient():
    first, second = read_verse(SPRING)[:2], read_verse(SPRING)[4:6]
    report = check_poem(first + second + first + second)
    assert report.form == "古體"
    assert kinds(report) == {"失粘"}


def test_changed_rhymes_make_ancient_verse_and_one_stray_rhyme_a_fault():
    lines = list(read_verse(SPRING))
    lines[1] = "城春草木長"
    assert check_poem(lines).form == "五律"
    assert kinds(check_poem(lines)) == {"出韻"}
    lines[3] = "恨別鳥驚忙"
    assert check_poem(lines).form == "古體"


def test_shuffled_lines_are_not_regulated():
    lines = list(read_verse(SPRING))
    generator = random.Random(3)
    verdicts = []
    for _ in range(200):
        generator.shuffle(lines)
        verdicts.append(check_poem(lines).regulated)
    assert sum(verdicts) <= 4


def test_a_misprint_at_the_rhyme_is_reported():
    moon = ["今夜鄜州月", "閨中只獨看", "遙憐小兒女", "未解憶長安",
            "香霧雲鬟濕", "清輝玉臂寒", "何時倚虛幌", "雙照淚痕幹"]  # fmt: skip
    report = check_poem(moon)
    assert (8, "出韻") in {(finding.line, finding.kind) for finding in report.faults}
    assert report.rhyme == "-"


def test_the_chosen_readings_are_shown_with_what_speaks_for_them():
    readings = {(r.line, r.place): r for r in check_text(SPRING).readings}
    assert readings[8, 4].character == "勝"
    assert readings[8, 4].tone == "平"
    assert 0 < readings[8, 4].share <= 1


def test_repetition_is_a_warning_and_reduplication_is_not():
    report = check_poem(["離離原上草", "一歲一枯榮", "野火燒不盡", "春風吹又生"])
    said = [finding.zh for finding in report.warnings if finding.kind == "重字"]
    assert said == ["重用「一」字。"]
    assert report.regulated


def test_poems_of_any_length_may_stand_one_a_line():
    long = SPRING + SPRING[:24]
    assert poems_in(f"{long}\n{long}\n{SPRING}") == [long, long, SPRING]
    assert len(poems_in("白日依山盡，黃河入海流。\n欲窮千里目，更上一層樓。")) == 1


@pytest.mark.parametrize(
    "finding", check_text("床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。").faults
)
def test_each_fault_has_a_sentence_in_both_languages(finding):
    assert finding.zh.endswith("。")
    assert finding.en.endswith(".")
    assert str(finding.line) in finding.en
