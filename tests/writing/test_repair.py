import pytest

from tangyin.metre import check_poem
from tangyin.verse import read_poem
from tangyin.web.bodies import SPRING
from tangyin.writing.repair import fix_character


@pytest.mark.parametrize(
    ("wrong", "line", "kind"),
    [
        (SPRING.replace("心", "間"), 4, "出韻"),
        (SPRING.replace("淚", "心。恨別鳥驚深", 1)[:24] + SPRING[24:], 3, "單句平收"),
        (SPRING.replace("家書抵萬金", "明月照高岑"), 6, "失對"),
        (SPRING.replace("家書抵萬金", "明月照高岑"), 7, "失粘"),
    ],
)
def test_each_way_takes_the_fault_away_by_one_character(report_engine, wrong, line, kind):
    poem, _ = read_poem(wrong)
    before = check_poem(poem.lines)
    assert (line, kind) in {(fault.line, fault.kind) for fault in before.faults}
    ways = fix_character(report_engine, poem, line, kind, 5)
    assert ways
    for changed, _ in ways:
        assert sum(a != b for a, b in zip(poem.text, changed.text, strict=True)) == 1
        after = check_poem(changed.lines)
        assert (line, kind) not in {(fault.line, fault.kind) for fault in after.faults}
        assert len(after.faults) < len(before.faults)
        assert len(after.warnings) <= len(before.warnings)
    likelihoods = [likelihood for _, likelihood in ways]
    assert likelihoods == sorted(likelihoods, reverse=True)


def test_the_rhyme_that_was_spoilt_is_found_again(report_engine):
    poem, _ = read_poem(SPRING.replace("心", "間"))
    ways = fix_character(report_engine, poem, 4, "出韻", 5)
    assert SPRING in [changed.text for changed, _ in ways]


def test_what_one_character_cannot_fix_has_no_way(report_engine):
    # With another end the line would rhyme, and be of no type.
    poem, _ = read_poem(SPRING.replace("城春草木深", "獨坐清江水"))
    assert (2, "出韻") in {(f.line, f.kind) for f in check_poem(poem.lines).faults}
    assert fix_character(report_engine, poem, 2, "出韻", 5) == []
