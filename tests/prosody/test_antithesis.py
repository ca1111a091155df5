from tangyin.prosody import check_poem, couplet_score, pair_score

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


def test_the_pairs_that_carry_a_couplet_are_named_best_first():
    couplet = check_poem(HEIGHTS).couplets[2]
    assert (couplet.lines, couplet.expected) == ((5, 6), True)
    assert ("萬", "百") in {(pair.upper, pair.lower) for pair in couplet.pairs}
    scores = [pair.score for pair in couplet.pairs]
    assert scores == sorted(scores, reverse=True)


def test_antithesis_is_expected_between_the_first_and_the_last_couplet_only():
    expected = [couplet.expected for couplet in check_poem(HEIGHTS).couplets]
    assert expected == [False, True, True, False]
    assert not any(couplet.expected for couplet in check_poem(HEIGHTS[:4]).couplets)


def test_a_character_set_against_itself_is_named():
    lines = [*HEIGHTS[:4], "萬里悲秋常作客", "萬年多病獨登臺", *HEIGHTS[6:]]
    report = check_poem(lines)
    assert report.couplets[2].same == ("萬",)
    assert [(f.line, f.places) for f in report.warnings if f.kind == "同字相對"] == [(6, (1,))]
