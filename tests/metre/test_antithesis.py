import pytest

from tangyin.metre import check_poem, couplet_score, pair_score
from tangyin.metre.antithesis import couplet_of, reason_of
from tangyin.verse import lookup_spelling

HEIGHTS = ["風急天高猿嘯哀", "渚清沙白鳥飛迴", "無邊落木蕭蕭下", "不盡長江滾滾來",
           "萬里悲秋常作客", "百年多病獨登臺", "艱難苦恨繁霜鬢", "潦倒新停濁酒杯"]  # fmt: skip


def test_words_of_one_kind_make_better_pairs_than_strangers():
    for upper, good, bad in (("月", "雲", "不"), ("三", "萬", "花"), ("白", "青", "來")):
        assert pair_score(upper, good) > pair_score(upper, bad) + 0.3


def test_a_pair_scores_the_same_both_ways_and_at_most_one():
    for upper, lower in ("月雲", "三萬", "山水"):
        assert abs(pair_score(upper, lower) - pair_score(lower, upper)) < 1e-6
        assert pair_score(upper, lower) <= 1
    assert pair_score("月", "㐂") is None


def test_a_famous_couplet_scores_above_the_same_line_with_a_stranger():
    true = couplet_score(HEIGHTS[4], HEIGHTS[5])
    assert true > couplet_score(HEIGHTS[4], HEIGHTS[7])
    assert true > couplet_score(HEIGHTS[4], HEIGHTS[1])


def test_every_pair_of_a_couplet_has_its_reason_in_order():
    couplet = check_poem(HEIGHTS).couplets[2]
    singles = [pair for pair in couplet.pairs if len(pair.upper) == 1]
    assert (couplet.lines, couplet.expected) == ((5, 6), True)
    assert [pair.place for pair in singles] == list(range(1, 8))
    assert [(pair.reason, pair.kind) for pair in singles[:2]] == [
        ("class", "number"),
        ("poets", ""),
    ]
    assert all(bool(pair.zh) == bool(pair.en) == bool(pair.reason) for pair in couplet.pairs)


@pytest.mark.parametrize(
    ("upper", "lower", "reason", "kind"),
    [
        ("南", "北", "opposite", ""), ("有", "無", "opposite", ""), ("三", "萬", "class", "number"),
        ("白", "青", "class", "colour"), ("春", "秋", "class", "time"),
        ("柳", "花", "class", "plant"),
        ("江", "天", "poets", ""), ("山", "山", "same", ""), ("慨", "豆", "", ""),
    ],
)  # fmt: skip
def test_a_pair_has_the_strongest_reason_there_is(upper, lower, reason, kind):
    for way in (upper + lower, lower + upper):
        assert reason_of(*way)[:2] == (reason, kind)


def test_doubled_characters_are_a_pair_for_being_doubled():
    pairs = check_poem([*HEIGHTS[:2], HEIGHTS[2], HEIGHTS[3], *HEIGHTS[4:]]).couplets[1].pairs
    assert [pair.place for pair in pairs if pair.reason == "reduplicated"] == [5, 6]


def test_words_that_poets_set_opposite_follow_the_characters():
    couplet = couplet_of(("明月松間照", "清泉石上流"), ("明月松间照", "清泉石上流"))
    words = [pair for pair in couplet.pairs if len(pair.upper) == 2]
    assert [(pair.place, pair.upper, pair.lower) for pair in words] == [(3, "松间", "石上")]
    assert words[0].count >= 5


def test_variants_of_a_character_are_one_character():
    for a, b in (("烟", "煙"), ("黄", "黃"), ("為", "爲")):
        assert pair_score(a, "雲") == pair_score(b, "雲")
        assert reason_of(lookup_spelling(a), "雲") == reason_of(lookup_spelling(b), "雲")


def test_antithesis_is_expected_between_the_first_and_the_last_couplet_only():
    expected = [couplet.expected for couplet in check_poem(HEIGHTS).couplets]
    assert expected == [False, True, True, False]
    assert not any(couplet.expected for couplet in check_poem(HEIGHTS[:4]).couplets)


def test_a_character_set_against_itself_is_named():
    lines = [*HEIGHTS[:4], "萬里悲秋常作客", "萬年多病獨登臺", *HEIGHTS[6:]]
    report = check_poem(lines)
    assert report.couplets[2].same == ("萬",)
    assert [(f.line, f.places) for f in report.warnings if f.kind == "同字相對"] == [(6, (1,))]


def test_a_character_opposite_itself_is_found_in_both_scripts() -> None:
    lines = ("㐀㐀㐀㐀㐀",) * 3 + ("㐀㐀㐀㐀㑩", "㐀㐀㑇㐀㐀", "㐀㐀㑳㐀㐀") + ("㐀㐀㐀㐀㐀",) * 2
    opposite = [f for f in check_poem(lines).warnings if f.kind == "同字相對"]
    assert [(f.line, f.places) for f in opposite] == [(4, (1, 2, 3, 4)), (6, (1, 2, 3, 4, 5))]
