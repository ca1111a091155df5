"""Rhyme books, and poems judged by them."""

import random

import pytest

import tangyin
from tangyin.data.files import data_text
from tangyin.errors import UsageError
from tangyin.metre import BOOKS, LEVEL_RHYMES, by_convention, check_poem, check_text, readings_of
from tangyin.metre.books import CILIN, PINGSHUI, TONGYUN, XINYUN, book_named
from tangyin.metre.lexicon import characters_of, lexicon_characters
from tangyin.verse import is_simplified, to_simplified, traditional_forms
from tangyin.web.bodies import SPRING

MODERN = {
    "大雪飛千里，清晨望北國。春來江水綠，處處有漁歌。": "新",
    "雨後新苗綠，村前舞彩蝶。兒童爭問我，幾日到佳節。": "新通",
    "小院無人到，窗前種翠竹。清風吹永夜，月下好讀書。": "新通",
    "夜色侵山路，牛歸響短笛。行人思故里，立馬過前溪。": "新通",
    "踏遍千山路，南枝未始發。東風吹夢醒，滿樹是梅花。": "新通",
    "海上生明月，天涯共此帆。歸心隨去雁，萬里到鄉關。": "新通",
    "老去逢新雨，登高憶故人。黃花開滿院，不改少年心。": "新通",
    "夜靜聞人語，窗前剪小燈。梅花經歲晚，雪後滿山紅。": "新",
    "柳岸鶯初囀，春深雨後詩。斜陽留不住，細浪下清溪。": "通詞",
    "春風又綠到天涯，小院籬邊種豆瓜。最是黃昏微雨後，桃枝萬朵向陽發。": "新通",
}
"""Poems made for this test, and the books that they hold by."""

SHORT = {"平水韻": "平", "詞林正韻": "詞", "中華新韻": "新", "中華通韻": "通"}


def parts(book, character) -> set[tuple[str, str]]:
    return {(place.part, place.tone) for place in book.places(character)}


@pytest.mark.parametrize(
    ("book", "characters", "expected"),
    [(PINGSHUI, "東", "東平"), (PINGSHUI, "冬", "冬平"), (CILIN, "東冬", "第一部平"),
     (CILIN, "江陽", "第二部平"), (CILIN, "灰", "第三部平"), (CILIN, "開來", "第五部平"),
     (CILIN, "魂門", "第六部平"), (CILIN, "元言", "第七部平"), (CILIN, "會最", "第三部去"),
     (CILIN, "帶", "第五部去"), (CILIN, "畫話", "第十部去"), (CILIN, "月雪", "第十八部入"),
     (CILIN, "屋綠", "第十五部入"), (XINYUN, "國德", "二波平"), (XINYUN, "月", "三皆去"),
     (XINYUN, "雪", "三皆上"), (XINYUN, "家花發", "一麻平"), (XINYUN, "風紅", "十一庚平"),
     (XINYUN, "詩", "十三支平"), (XINYUN, "兒魚溪", "十二齊平"), (TONGYUN, "國", "二喔平"),
     (TONGYUN, "德斜", "三鵝平"), (TONGYUN, "詩溪", "四衣平"), (TONGYUN, "魚", "六迂平"),
     (TONGYUN, "風", "十四英平"), (TONGYUN, "紅", "十五雍平"), (TONGYUN, "兒", "十六兒平")],
)  # fmt: skip
def test_a_book_has_a_character_where_its_readers_know_it(book, characters, expected):
    for character in characters:
        found = {part + tone for part, tone in parts(book, character)}
        assert expected in found
        assert len(found) == 1 or not book.modern


def test_the_books_have_the_parts_that_they_are_known_for():
    assert [len(book.parts) for book in BOOKS] == [106, 19, 14, 16]
    assert len(CILIN.level_rhymes) == 14


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.ascii_name)
def test_every_character_of_a_book_has_a_tone_and_a_part(book):
    for character in random.Random(1).sample(sorted(lexicon_characters()), 3000):
        for place in book.readings(character):
            assert place.tone in "平上去入"
            assert place.part in book.parts
            assert (place.rhyme in book.level_rhymes) == place.level
            assert not (book.modern and place.tone == "入")


def test_the_level_rhymes_of_pingshui_are_those_of_the_lexicon_and_cilin_covers_them():
    for rhyme in LEVEL_RHYMES:
        for character in characters_of(rhyme):
            assert (rhyme, "平") in {(r.part, r.tone) for r in PINGSHUI.readings(character)}
            assert any(reading.level for reading in CILIN.readings(character))


def test_a_book_gives_a_character_the_tones_of_its_simplified_form():
    random_ones = random.Random(3).sample(sorted(data_text("closed_vocabulary.txt")), 300)
    for character in random_ones:
        simplified = to_simplified(character)
        if is_simplified(simplified) and character in traditional_forms(simplified):
            for book in BOOKS:
                assert parts(book, character) <= parts(book, simplified)


def test_a_simplified_character_has_the_places_of_all_that_it_stands_for():
    assert parts(XINYUN, "发") == {("一麻", "平"), ("一麻", "去")}
    assert parts(XINYUN, "发") == parts(XINYUN, "發") | parts(XINYUN, "髮")
    assert parts(PINGSHUI, "后") == parts(PINGSHUI, "後")


@pytest.mark.parametrize(
    ("name", "book"),
    [
        ("平水", PINGSHUI), ("平水韵", PINGSHUI), ("pingshui", PINGSHUI), ("詞林", CILIN),
        ("词林正韵", CILIN), ("新韻", XINYUN), ("中华新韵", XINYUN), ("XinYun", XINYUN),
        ("通韵", TONGYUN), ("tongyun", TONGYUN),
    ],
)  # fmt: skip
def test_a_book_is_named_in_either_script(name, book):
    assert book_named(name) is book


def test_an_unknown_book_is_refused_with_the_names_of_all():
    with pytest.raises(UsageError, check=lambda e: e.code == "book.unknown") as refused:
        tangyin.check(SPRING, book="廣韻")
    assert refused.value.params["books"] == [book.name for book in BOOKS]


@pytest.mark.parametrize("text", MODERN)
def test_a_modern_poem_holds_by_its_books_and_not_by_pingshui(text):
    held = {SHORT[verdict.book] for verdict in check_text(text).books if verdict.holds}
    assert held == set(MODERN[text])
    for book in BOOKS:
        assert check_text(text, book).regulated == (SHORT[book.name] in held)
        assert check_text(to_simplified(text), book).regulated == (SHORT[book.name] in held)


def test_a_tang_poem_with_entering_tones_keeps_no_modern_tones():
    verdicts = {verdict.book: verdict for verdict in check_text(SPRING).books}
    assert verdicts["平水韻"].holds
    assert verdicts["詞林正韻"].holds
    assert not verdicts["中華新韻"].tones
    assert not verdicts["中華通韻"].tones


@pytest.mark.parametrize("seed", range(4))
def test_what_a_report_says_of_the_other_books_is_the_verdict_by_them(seed):
    """Lines of real and modern poems in any order, with characters exchanged."""
    draw = random.Random(seed)
    poems = [check_text(text).lines for text in (SPRING, *list(MODERN)[:-1])]
    for _ in range(40):
        lines = list(draw.choice(poems)) if draw.random() < 0.5 else [
            draw.choice(draw.choice(poems)) for _ in range(draw.choice([3, 4, 8]))
        ]  # fmt: skip
        at = draw.randrange(len(lines))
        lines[at] = lines[at][:-1] + draw.choice("看為東冬國月□中勝簪打")
        reports = {book.name: check_poem(lines, book=book) for book in BOOKS}
        for report in reports.values():
            assert {v.book: v.holds for v in report.books} == {
                name: other.regulated for name, other in reports.items()
            }


def test_conventions_judge_by_the_book_of_the_report():
    near = SPRING.replace("烽火連三月，家書抵萬金", "烽火連三月，家書抵萬鹽")
    report = check_text(near, CILIN)
    assert report.book == "詞林正韻"
    assert not by_convention(report, "loose").regulated


def test_a_character_that_a_book_lacks_is_named_with_the_book():
    unknown = next(c for c in lexicon_characters() if not XINYUN.readings(c) and readings_of(c))
    report = check_text(SPRING.replace("草木", "草" + unknown), XINYUN)
    (warning,) = (w for w in report.warnings if w.kind == "字書未收")
    assert (warning.line, warning.places) == (2, (4,))
    assert "中華新韻" in warning.zh


def test_a_ci_is_judged_by_the_book_that_is_asked_for():
    song = (
        "如夢令\n昨夜雨疏風驟，濃睡不消殘酒。試問捲簾人，卻道海棠依舊。知否，知否，應是綠肥紅瘦。"
    )
    report = tangyin.check(song)
    assert (report.form, report.book, report.regulated) == ("詞", "詞林正韻", True)
    assert {v.book for v in report.books if v.rhyme} >= {"詞林正韻", "中華新韻", "中華通韻"}
    modern = tangyin.check(song, book="通韻")
    assert (modern.book, modern.rhyme) == ("中華通韻", ("十歐仄",))
