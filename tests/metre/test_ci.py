import json
import random
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from tangyin.errors import UsageError
from tangyin.metre import CiReport, check_any, check_ci
from tangyin.verse import split_poems, to_simplified
from tangyin.verse.tune import tunes, tunes_named

HERE = Path(__file__).parent
BLOCKS = (HERE / "ci_vectors.txt").read_text(encoding="utf-8").split("\n@ ")[1:]
VECTORS = [(block.split()[0], block.partition("\n")[2].strip()) for block in BLOCKS]
BROKEN = json.loads((HERE / "ci_broken.json").read_text(encoding="utf-8"))
TEXT_OF = dict(reversed(VECTORS))
SHUIDIAO = TEXT_OF["水調歌頭"]
names = [f"{tune}{number}" for number, (tune, _) in enumerate(VECTORS)]


@pytest.mark.parametrize(("tune", "text"), VECTORS, ids=names)
def test_the_tune_of_a_famous_ci_is_found_from_the_text_alone(tune, text):
    report = check_ci(text)[1]
    assert report.tune == tune
    # What editions differ in, or what critics name as a liberty of the poet: little or nothing.
    assert len(report.faults) <= 3
    assert "".join(report.lines) == "".join(c for c in text if c.isalpha())
    assert report.regulated == (not report.faults)


def test_most_famous_ci_keep_to_their_tune():
    kept = [check_ci(text)[1].regulated for _, text in VECTORS]
    assert sum(kept) >= 0.95 * len(kept)


PRACTISED = ("臨江仙", "青玉案", "念奴嬌", "醉花陰", "永遇樂", "滿江紅", "長相思", "南鄉子")
"""Tunes of which 欽定詞譜 fixes tones or rhymes that many Song poets do not keep."""


@pytest.mark.parametrize("vector", [(name, text) for name, text in VECTORS if name in PRACTISED])
def test_what_song_practice_leaves_open_is_no_fault(vector):
    tune, text = vector
    report = check_ci(text)[1]
    assert (report.tune, report.faults) == (tune, ())


def test_a_tone_that_the_first_variant_leaves_open_is_open_in_the_others():
    # 吳文英 (宋詞三百首): 76 characters, as in the fourth variant, without open tones there.
    text = (
        "聽風聽雨過清明，愁草瘞花銘。樓前綠暗分攜路，一絲柳、一寸柔情。料峭春寒中酒，交加曉夢啼鶯。"
        "西園日日掃林亭，依舊賞新晴。黃蜂頻撲鞦韆索，有當時、纖手香凝。惆悵雙鴛不到，幽階一夜苔生。"
    )
    report = check_ci(text)[1]
    assert (report.tune, report.variant, report.faults) == ("風入松", 4, ())
    assert report.warnings == ()


def test_marks_of_another_variant_are_no_warning():
    # 張惠言 (詞選, 1797) divides 東皇一笑相語，芳意在誰家 as 6 and 5, other variants as 4 and 7.
    text = (
        "東風無一事，妝出萬重花。閒來閱遍花影，惟有月鉤斜。我有江南鐵笛，要倚一枝香雪，吹徹玉城霞。"
        "清影渺難即，飛絮滿天涯。飄然去，吾與汝，泛雲槎。東皇一笑相語，芳意在誰家。難道春花開落，"
        "更是春風來去，便了卻韶華。花外春來路，芳草不曾遮。"
    )
    report = check_ci(text)[1]
    assert (report.tune, report.faults, report.warnings) == ("水調歌頭", (), ())


def test_lines_of_the_right_lengths_are_neither_too_long_nor_too_short():
    # 李煜 (全唐五代詞): 教坊猶奏別離歌，垂淚對宮娥 has the lengths of the tune, but not its tones.
    text = (
        "四十年來家國，三千里地山河。鳳閣龍樓連霄漢，玉樹瓊枝作煙蘿，幾曾識干戈。"
        "一旦歸爲臣虜，沈腰潘鬢消磨。最是倉皇辭廟日，教坊猶奏別離歌，垂淚對宮娥。"
    )
    report = check_ci(text)[1]
    assert report.tune == "破陣子"
    assert {fault.kind for fault in report.faults} == {"出律"}


def test_parts_that_song_poets_rhyme_together_are_a_warning_that_names_both():
    text = TEXT_OF["念奴嬌"]
    (warning,) = check_ci(text)[1].warnings
    assert (warning.kind, warning.line) == ("通押", 6)
    assert "第十七部" in warning.zh
    assert "第十八部" in warning.zh
    other = check_ci(text.replace("赤壁", "赤馬"))[1]
    assert [fault.kind for fault in other.faults] == ["出韻"]


@pytest.mark.parametrize(("tune", "text", "found"), BROKEN)
def test_what_departs_from_a_tune_is_named_with_its_place(tune, text, found):
    report = check_ci(text)[1]
    assert report.tune == tune
    findings = [*report.faults, *report.warnings]
    named = [[one.line, one.kind, list(one.places)] for one in findings]
    assert all(one in named for one in found), named
    assert len(report.faults) <= 4


def test_script_marks_and_breaks_do_not_change_the_verdict():
    report = check_ci(SHUIDIAO)[1]
    assert (report.tune, report.regulated) == ("水調歌頭", True)
    rows = SHUIDIAO.replace("。", "。\n")
    for same in (to_simplified(SHUIDIAO), rows, rows.replace("\n", "\n\n"), f"水調歌頭\n{rows}"):
        other = check_ci(same)[1]
        # 欽定詞譜 has this poem as its third variant, for 去、宇 and 合、缺.
        assert (other.tune, other.variant, other.tones) == ("水調歌頭", 3, report.tones)
    bare = "".join(c for c in SHUIDIAO if c.isalpha())
    assert check_any(bare)[1].tune == "水調歌頭"


@pytest.mark.parametrize("tune", ["水調歌頭", "念奴嬌", "菩薩蠻", "聲聲慢", "西江月", "臨江仙"])
def test_a_ci_without_marks_is_found_though_it_could_be_cut_into_equal_lines(tune):
    text = to_simplified(TEXT_OF[tune])
    rows = re.sub("[，。？！；、]+", "\n", text)
    stanzas = "\n".join("".join(c for c in row if c.isalpha()) for row in text.split("\n"))
    bare = stanzas.replace("\n", "")
    for layout in (rows, re.sub("[，。？！；、]+", " ", text), stanzas, bare, f"{tune}\n{bare}"):
        assert check_any(layout)[1].tune == tune, layout


def test_a_name_that_is_also_the_first_line_is_read_as_verse():
    rows = re.sub("[，。？！；、]+", "\n", TEXT_OF["念奴嬌"])
    assert check_any(rows)[1].lines[0] == "大江東去"


def test_a_ci_whose_halves_and_most_lines_are_like_verse_is_neither_a_couplet_nor_refused():
    # 毛澤東, 答李淑一 (毛主席詩詞, 1963).
    text = (
        "我失驕楊君失柳，楊柳輕颺直上重霄九。問訊吳剛何所有，吳剛捧出桂花酒。"
        "寂寞嫦娥舒廣袖，萬里長空且爲忠魂舞。忽報人間曾伏虎，淚飛頓作傾盆雨。"
    )
    assert check_any(text)[1].tune == "蝶戀花"


def test_a_lvshi_with_a_fault_is_not_called_by_the_tune_that_has_its_lines():
    # 毛澤東, 長征: 難 rhymes with 閒, which 平水韻 keeps apart; 瑞鷓鴣 has the same lines.
    text = (
        "紅軍不怕遠征難，萬水千山只等閒。五嶺逶迤騰細浪，烏蒙磅礴走泥丸。"
        "金沙水拍雲崖暖，大渡橋橫鐵索寒。更喜岷山千里雪，三軍過後盡開顏。"
    )
    report = check_any(text)[1]
    assert (report.form, {fault.kind for fault in report.faults}) == ("七律", {"出韻"})
    assert check_any(f"瑞鷓鴣\n{text}")[1].form == "詞"


@pytest.mark.parametrize(
    ("heading", "title"),
    [("水調歌頭\n", "水調歌頭"), ("水调歌头·明月几时有\n", "水调歌头·明月几时有"),
     ("《水調歌頭 丙辰中秋》\n", "水調歌頭 丙辰中秋"), ("水調歌頭 ", "水調歌頭"),
     ("【水調歌頭】", "水調歌頭"), ("詞牌：水調歌頭\n蘇軾\n", "詞牌：水調歌頭")],
)  # fmt: skip
def test_the_name_of_a_tune_is_read_from_the_heading(heading, title):
    poem, report = check_any(heading + SHUIDIAO)
    assert (poem.title, report.tune, report.regulated) == (title, "水調歌頭", True)


def test_a_preface_is_no_verse():
    text = f"水調歌頭\n丙辰中秋，歡飲達旦，大醉，作此篇，兼懷子由。\n{SHUIDIAO}"
    assert check_any(text)[1].regulated


def test_the_first_stanza_of_a_text_cut_short_is_no_heading():
    text = to_simplified(SHUIDIAO).partition("但愿")[0]
    poem, report = check_any(text)
    assert (poem.title, report.tune, report.lines[0]) == ("", "水調歌頭", "明月几时有")


def test_a_tune_that_is_asked_for_is_what_the_text_is_checked_against():
    report = check_ci(TEXT_OF["菩薩蠻"], "清平樂")[1]
    assert report.tune == "清平樂"
    assert report.faults
    with pytest.raises(UsageError, check=lambda error: error.code == "tune.unknown"):
        check_ci(SHUIDIAO, "水調歌")


def test_every_example_of_the_table_is_found_by_its_own_tune_or_one_alike():
    """Every fortieth variant; the names of the examples' tunes are not in the text."""
    variants = [variant for tune in tunes() for variant in tune.variants][::40]
    found = [check_ci(variant.example)[1] for variant in variants]
    right = [one.tune == variant.name for one, variant in zip(found, variants, strict=True)]
    assert sum(right) >= 0.9 * len(right)
    for report, variant in zip(found, variants, strict=True):
        assert report.tune == variant.name or report.excess <= 6 or variant.hanzi < 20


def test_any_text_gets_a_sound_report():
    generator = random.Random(5)
    for _ in range(20):
        lines = [
            "".join(generator.choices("山水月風明夜人日花落春東重看過", k=generator.randint(1, 9)))
            for _ in range(generator.randint(2, 14))
        ]
        report = check_ci("，".join(lines) + "。")[1]
        assert "".join(report.lines) == "".join(lines)
        count = len(report.patterns)
        assert len(report.lines) == len(report.tones) == len(report.ends) == count
        for one in (*report.faults, *report.warnings):
            assert 0 <= one.line <= count
            assert "{" not in one.zh + one.en
        assert json.loads(json.dumps(asdict(report)))["tune"] == report.tune


@pytest.mark.parametrize(
    ("text", "form"),
    [("海內存知己，天涯若比鄰。", "對聯"),
     ("關關雎鳩，在河之洲。窈窕淑女，君子好逑。", "古體"),
     ("桃紅復含宿雨，柳綠更帶朝煙。花落家童未掃，鶯啼山客猶眠。", "古體"),
     (TEXT_OF["浣溪沙"], "詞"), (TEXT_OF["生查子"], "詞"), (TEXT_OF["如夢令"], "詞"),
     (TEXT_OF["虞美人"], "詞"), (TEXT_OF["臨江仙"], "詞"), (TEXT_OF["長相思"], "詞"),
     ("玉樓春\n" + TEXT_OF["玉樓春"], "詞"),
     ("白日依山盡，黃河入海流。欲窮千里目，更上一層樓。", "五絕")],
)  # fmt: skip
def test_the_form_of_any_text_is_found(text, form):
    assert check_any(text)[1].form == form


def test_unequal_lines_that_fit_no_tune_are_answered_with_the_nearest():
    text = (
        "噫吁嚱，危乎高哉。蜀道之難，難於上青天。蠶叢及魚鳧，開國何茫然。爾來四萬八千歲，"
        "不與秦塞通人煙。西當太白有鳥道，可以橫絕峨眉巔。地崩山摧壯士死，然後天梯石棧相鉤連。"
    )
    with pytest.raises(UsageError, check=lambda error: error.code == "tune.none") as error:
        check_any(text)
    assert tunes_named(error.value.params["nearest"])
    report = check_any(f"水調歌頭\n{text}")[1]
    assert isinstance(report, CiReport)


def test_a_line_too_short_in_a_poem_of_equal_lines_is_still_named():
    with pytest.raises(UsageError) as error:
        check_any("床前明月光，疑是地上霜。舉頭望明月，低頭思故。")
    assert (error.value.code, error.value.params["line"]) == ("text.unequal", 4)


def test_stanzas_of_a_ci_are_one_poem_and_ci_in_rows_are_several():
    first, second = SHUIDIAO.split("\n")
    three = [TEXT_OF["如夢令"], TEXT_OF["憶江南"], TEXT_OF["卜算子"]]
    poem = TEXT_OF["水調歌頭"].replace("\n", "")
    for between in ("\n", "\n\n"):
        assert len(list(split_poems(f"{first}{between}{second}"))) == 1
        assert len(list(split_poems(between.join(three)))) == 3
        assert len(list(split_poems(between.join([poem, *three, first, second])))) == 5
    shorter = second.replace("照無眠", "無眠")
    assert len(list(split_poems(f"{first}\n{shorter}"))) == 1
    assert len(list(split_poems(TEXT_OF["浣溪沙"].replace("\n", "\n\n")))) == 1


def test_a_ci_is_one_poem_of_a_file_below_its_preface_and_without_marks():
    preface = "水調歌頭·明月幾時有\n蘇軾\n丙辰中秋，歡飲達旦，大醉，作此篇，兼懷子由。\n"
    rows = re.sub("[，。？！；、]+", "\n", SHUIDIAO)
    first = f"滿江紅\n岳飛\n\n{TEXT_OF['滿江紅']}"
    for text, tune in (
        (preface + SHUIDIAO, "水調歌頭"), (rows, "水調歌頭"), ("水調歌頭\n\n" + rows, "水調歌頭"),
        (first, "滿江紅"), (TEXT_OF["清平樂"].replace("\n", "\n\n"), "清平樂"),
        ("清平樂.村居\n" + TEXT_OF["清平樂"], "清平樂"),
    ):  # fmt: skip
        ((_, one),) = split_poems(text)
        assert check_any(one)[1].tune == tune


def test_a_text_longer_than_any_tune_is_refused_before_it_is_compared_with_them():
    with pytest.raises(UsageError, check=lambda error: error.code == "text.too_long"):
        check_ci("春眠不覺曉，處處聞啼鳥啊。" * 100)
