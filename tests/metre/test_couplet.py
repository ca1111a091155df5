import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangyin.errors import UsageError
from tangyin.metre import book_named, check_any, check_couplet, couplet_in, couplet_score
from tangyin.metre.lian import places_that_count, rhythms
from tangyin.verse.collection import find_poems

COMMON = "山水月風明夜人日花落春東冬同中重看思過教勝望不去一地雪白玉天海青年有㐂之"
STANZAS = "汴水流，泗水流，流到瓜洲古渡頭，吳山點點愁。思悠悠，恨悠悠，恨到歸時方始休，月明人倚樓。"


def kinds(findings):
    return [(finding.kind, finding.places) for finding in findings]


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ("世事洞明皆學問", "人情練達即文章"),
        ("明月松間照", "清泉石上流"),
        ("沧海月明珠有泪", "蓝田日暖玉生烟"),
        ("爽氣西來，雲霧掃開天地憾", "大江東去，波濤洗盡古今愁"),
        ("門對千竿竹短", "家藏萬卷書長"),
    ],
)
def test_couplets_of_the_tradition_keep_the_rules(upper, lower):
    report = check_couplet(upper, lower)
    assert (report.form, report.regulated, report.faults) == ("對聯", True, ())
    assert report.couplets[0].score > 0.2


@pytest.mark.parametrize(
    ("upper", "lower", "faults"),
    [
        ("明月松間照", "清泉石上", [("字數不等", ())]),
        ("山高，水長流月", "海闊天空，飛花", [("句讀不同", ())]),
        ("人情練達即文章", "世事洞明皆學問", [("上聯收平", (7,)), ("下聯收仄", (7,))]),
        ("明月松間照", "清夜石上流", [("失對", (2,))]),
        ("明月松間照", "明泉石上流", [("同字相對", (1,))]),
        ("明月松間照", "清泉石上松", [("重字", (5,))]),
        ("處處松間照", "清泉石上流", [("複字不對", (1, 2))]),
    ],
)
def test_each_fault_is_named_with_its_places(upper, lower, faults):
    found = kinds(check_couplet(upper, lower).faults)
    assert all(fault in found for fault in faults)
    assert len(found) == len(faults) or faults[0][0] in ("字數不等", "句讀不同", "複字不對")


@pytest.mark.parametrize(
    ("upper", "lower", "licence"),
    [
        ("落霞之孤鶩", "秋水之長天", ("虛字同位", (3,))),
        ("月落烏啼春已去", "烏啼月落夜初長", ("交股", (1,))),
        ("山中有流水", "嶺外多高雲", ("特定句式", (3, 4))),
    ],
)
def test_licences_are_named_and_no_faults(upper, lower, licence):
    report = check_couplet(upper, lower)
    assert licence in kinds(report.licences)
    assert report.regulated


def test_a_line_without_pauses_is_heard_in_the_rhythm_that_fits():
    plain = check_couplet("爽氣西來雲霧掃開天地憾", "大江東去波濤洗盡古今愁")
    paused = check_couplet("爽氣西來，雲霧掃開天地憾", "大江東去，波濤洗盡古今愁")
    assert plain.regulated
    assert plain.tones == paused.tones
    assert paused.pauses == ((4,), (4,))


@given(st.integers(1, 60))
def test_a_rhythm_covers_its_segment_and_its_end_counts(length):
    for way in rhythms(length):
        assert sum(way) == length
        assert all(places_that_count(part)[-1:] == (part - 1,) for part in way if part > 1)


@given(
    st.text(COMMON + "，", min_size=1, max_size=20), st.text(COMMON + "，", min_size=1, max_size=20)
)
def test_any_two_lines_get_a_sound_report(upper, lower):
    if not upper.strip("，") or not lower.strip("，"):
        with pytest.raises(UsageError):
            check_couplet(upper, lower)
        return
    report = check_couplet(upper, lower)
    assert report.regulated == (not report.faults)
    assert [len(line) for line in report.lines] == [len(tones) for tones in report.tones]
    for finding in (*report.faults, *report.licences, *report.warnings):
        assert all(1 <= at <= len(report.lines[finding.line - 1]) for at in finding.places) or (
            finding.kind == "複字不對"
        )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("海納百川，有容乃大；壁立千仞，無欲則剛。", ("海納百川，有容乃大", "壁立千仞，無欲則剛")),
        ("明月松間照\n清泉石上流", ("明月松間照", "清泉石上流")),
        ("上聯：春風得意馬蹄疾\n下联：一日看盡", ("春風得意馬蹄疾", "一日看盡")),
        ("白日依山盡，黃河入海流。欲窮千里目，更上一層樓。", None),
        ("群山萬壑赴荊門，生長明妃尚有村", None),
        ("山\n水", None),
        ("hello\nworld", None),
        (
            "汴水流，泗水流，流到瓜洲古渡頭，吳山點點愁。思悠悠，恨悠悠，恨到歸時方始休，月明人倚樓。",
            None,
        ),
    ],
)
def test_a_couplet_is_recognised_by_its_halves(text, found):
    assert couplet_in(text) == found


REAL = [
    line.split("；")
    for line in (Path(__file__).parent / "couplets.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(
    "layout",
    [
        "{0}；{1}。", "{0}\n{1}", "{0}　{1}", "上聯：{0}\n下聯：{1}\n橫批：四季長安",
        "上联 {0}\n下联 {1}", "上聯：{0}；下聯：{1}。", "題堂聯\n{0}\n{1}",
        "《楹聯》\n{0}，\n{1}。",
    ],
)  # fmt: skip
def test_a_famous_couplet_is_one_as_it_is_pasted(layout):
    texts = [layout.format(*lines) for lines in REAL]
    reports = [check_any(text)[1] for text in texts]
    assert [text for text, one in zip(texts, reports, strict=True) if one.form != "對聯"] == []
    assert sum(report.regulated for report in reports) >= 0.85 * len(reports)


def test_the_title_above_a_couplet_is_no_line_of_it():
    poem, report = check_any("岳陽樓\n四面湖山歸眼底\n萬家憂樂到心頭")
    assert (poem.title, report.form, report.regulated) == ("岳陽樓", "對聯", True)


def test_famous_couplets_score_above_the_shuffles_of_their_lower_lines():
    generator = random.Random(1)
    true, shuffled = [], []
    for lines in REAL:
        upper, lower = (line.replace("，", "") for line in lines)
        other = "".join(generator.sample(lower, len(lower)))
        for answer, scores in ((lower, true), (other, shuffled)):
            scores.append(couplet_score(upper, answer))
    pairs = [(a > b) + (a == b) / 2 for a in true for b in shuffled]
    assert sum(pairs) >= 0.9 * len(pairs)


def test_a_quatrain_in_two_rows_without_marks_is_no_couplet():
    for text, form in (
        ("白日依山盡黃河入海流\n欲窮千里目更上一層樓", "五絕"),
        ("两个黄鹂鸣翠柳一行白鹭上青天\n窗含西岭千秋雪门泊东吴万里船", "七絕"),
    ):
        assert check_any(text)[1].form == form


def test_couplets_in_a_file_are_found_one_by_one():
    text = (
        "海納百川，有容乃大；壁立千仞，無欲則剛。\n\n"
        "爽氣西來，雲霧掃開天地憾\n大江東去，波濤洗盡古今愁\n\n"
        "上聯：世事洞明皆學問\n下聯：人情練達即文章\n"
    )
    reports = [check_any(found.text)[1] for found in find_poems(text.splitlines())]
    assert [report.form for report in reports] == ["對聯"] * 3
    assert [report.pauses[0] for report in reports] == [(4,), (4,), ()]


def test_a_couplet_says_by_which_books_it_holds():
    report = check_couplet("世事洞明皆學問", "人情練達即文章")
    assert report.book == "平水韻"
    assert len(report.books) == 4
    for verdict in report.books:
        own = check_couplet(*report.lines, book=book_named(verdict.book))
        assert verdict.tones == own.regulated


def test_a_character_that_leads_a_segment_of_a_long_couplet_has_any_tone():
    # 孫髯, 大觀樓長聯 (about 1770): 喜 and 歎 lead 茫茫空闊無邊 and 滾滾英雄誰在.
    upper = "五百里滇池，奔來眼底，披襟岸幘，喜茫茫空闊無邊。看：東驤神駿，西翥靈儀，北走蜿蜒"
    lower = "數千年往事，注到心頭，把酒凌虛，歎滾滾英雄誰在。想：漢習樓船，唐標鐵柱，宋揮玉斧"
    assert not {fault.kind for fault in check_couplet(upper, lower).faults} & {"失對"}
    alone = check_couplet("歎滾滾英雄誰在", "喜茫茫空闊無邊")
    assert "失對" in {fault.kind for fault in alone.faults}
