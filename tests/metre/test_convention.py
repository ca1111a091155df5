"""Conventions, and the line that is really at fault."""

from tangyin.metre import by_convention, check_poem, check_text
from tangyin.web.bodies import SPRING

LICENSED = (
    "人事有代謝，往來成古今。江山留勝跡，我輩復登臨。"
    "水落魚梁淺，天寒夢澤深。羊公碑尚在，讀罷淚沾襟。"
)
NEIGHBOUR = (
    "淮水東南闊，無風渡亦難。孤煙生乍直，遠樹望多圓。"
    "春浪櫂聲急，夕陽帆影殘。清流宜映月，今夜重吟看。"
)


def kinds(findings) -> list[tuple[int, str]]:
    return [(finding.line, finding.kind) for finding in findings]


def test_a_strict_reader_allows_no_licence():
    usual = check_text(LICENSED)
    strict = by_convention(usual, "strict")
    assert usual.regulated
    assert not strict.regulated
    assert kinds(strict.faults) == [(1, "大拗"), (2, "孤平拗救")]
    assert strict.licences == ()
    assert by_convention(check_text(SPRING), "strict").regulated


def test_a_loose_reader_allows_a_neighbouring_rhyme_and_no_other():
    usual = check_text(NEIGHBOUR)
    assert kinds(usual.faults) == [(4, "出韻")]
    loose = by_convention(usual, "loose")
    assert loose.regulated
    assert (4, "出韻") in kinds(loose.licences)
    assert not by_convention(check_text(SPRING.replace("心", "間")), "loose").regulated


def test_the_line_that_is_out_of_order_is_blamed_for_both_clashes():
    lines = ["國破山河在", "國破草木深", "感時花濺淚", "恨別鳥驚心"]
    clashes = [f for f in check_poem(lines).faults if f.kind in ("失對", "失粘")]
    assert [(f.line, f.culprit) for f in clashes] == [(2, 2), (3, 2)]
    assert "第2句" in clashes[1].zh
    assert "line 2" in clashes[1].en


def test_without_a_majority_the_later_line_is_blamed():
    lines = ["國破山河在", "城春草木深", "烽火連三月", "家書抵萬金"]
    (fault,) = check_poem(lines).faults
    assert (fault.kind, fault.line, fault.culprit) == ("失粘", 3, 3)


def test_a_line_of_no_type_is_shown_beside_the_nearest_one():
    report = check_text("床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。")
    assert (report.line_types, report.nearest) == ("B?bB", "BAbB")
