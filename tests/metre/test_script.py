"""A verdict does not depend on the script in which a poem is typed."""

import pytest

from tangyin.metre import check_poem, check_text, traditional_lines
from tangyin.verse import QIJUE, WULV, read_verse, split_lines, to_simplified, to_traditional

WUTI = (
    "相见时难别亦难，东风无力百花残。春蚕到死丝方尽，蜡炬成灰泪始干。"
    "晓镜但愁云鬓改，夜吟应觉月光寒。蓬山此去无多路，青鸟殷勤为探看。"
)
QINGMING = "清明时节雨纷纷，路上行人欲断魂。借问酒家何处有，牧童遥指杏花村。"


def verdict(lines):
    report = check_poem(lines)
    faults = tuple((fault.line, fault.kind) for fault in report.faults)
    return report.form, report.regulated, report.pattern, report.rhyme, report.first_line, faults


@pytest.mark.corpus
def test_a_verdict_does_not_depend_on_the_script(corpus):
    """No dev poem is refused in simplified script, and at most 2 of 400 have another verdict."""
    texts = corpus.select(dynasties=["tang"], parts=["dev"]).text
    simplified = to_simplified("\n".join(texts)).split("\n")
    differ = []
    for text, other in zip(texts, simplified, strict=True):
        lines, shown = split_lines(text)[0], read_verse(other).lines
        # What is read as the same characters gets the same verdict.
        if traditional_lines(shown) != lines and verdict(shown) != verdict(lines):
            differ.append(text)
    print(f"{len(differ)} of {len(texts)} poems have another verdict in simplified script")
    assert 400 * len(differ) <= 2 * len(texts), differ


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        (WUTI, 4, "蠟炬成灰淚始乾"),
        (QINGMING, 2, "路上行人欲斷魂"),
        ("秦时明月汉时关，万里长征人未还。但使龙城飞将在，不教胡马度阴山。", 2, "萬里長征人未還"),
        ("汉家制度开麟阁，万里征人望玉关。", 1, "漢家制度開麟閣"),
        ("熏风自南来，殿阁生微凉。", 1, "熏風自南來"),
    ],
)
def test_an_ambiguous_character_is_what_words_and_rhymes_say(text, line, expected):
    assert check_text(text).read_as[line - 1] == expected


def test_a_form_whose_tone_fits_is_taken_before_a_commoner_one():
    text = "埽花虽恨夜来雨，把酒却怜晴后寒。吴质谩言愁得病，当时犹不凭阑干。"
    assert to_traditional(text).endswith("當時猶不憑闌干。")
    report = check_text(text)
    assert (report.read_as[3], report.regulated, report.rhyme) == ("當時猶不凭闌干", True, "寒")


def test_the_text_is_shown_as_it_came():
    report = check_text(WUTI.replace("月光寒", "月光长"))
    assert report.lines[5] == "夜吟应觉月光长"
    assert {finding.kind: finding.zh[6] for finding in report.faults} == {"出韻": "长"}
    named = [c for couplet in report.couplets for p in couplet.pairs for c in (p.upper, p.lower)]
    named += [reading.character for reading in report.readings]
    assert set(named) <= set("".join(report.lines))


@pytest.mark.parametrize("line", ["床前明月光", "牀前明月光", "群山萬壑赴", "羣山萬壑赴"])
def test_given_characters_do_not_change(line):
    report = check_poem([line, "舉頭望明月"])
    assert report.lines == report.read_as == (line, "舉頭望明月")


@pytest.mark.parametrize("form", [WULV, QIJUE])
def test_characters_beyond_the_first_plane_are_read(form):
    lines = ["𫏐𬬻〇𠀀㐀" + "山" * (form.characters - 5)] * form.lines
    report = check_text("\n".join(lines))
    assert report.lines == tuple(lines)
