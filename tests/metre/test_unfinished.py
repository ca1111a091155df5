import pytest

from tangyin.metre import check_poem, readings_of
from tangyin.web.bodies import SPRING

LINES = tuple(SPRING.replace("，", "。").split("。")[:-1])
OPEN = "□□□□□"


def test_an_open_place_takes_no_part_in_any_finding():
    report = check_poem((OPEN,) * 8)
    assert report.regulated
    assert (report.rhyme, report.faults, report.warnings, report.readings) == ("-", (), (), ())
    assert all(not couplet.same and couplet.score is None for couplet in report.couplets)


@pytest.mark.parametrize("line", range(8))
def test_opening_places_of_a_regulated_poem_adds_no_finding(line):
    opened = (*LINES[:line], OPEN, *LINES[line + 1 :])
    report = check_poem(opened)
    assert (report.faults, report.warnings) == ((), ())
    assert report.pattern == check_poem(LINES).pattern
    assert report.rhyme == "侵"


def test_a_fault_between_given_characters_is_found_before_the_poem_is_finished():
    (broken,) = check_poem(("□□□□□", "□山□天□")).faults
    assert (broken.line, broken.kind) == (2, "出律")
    (stray,) = check_poem(("□" * 5, "□□□□心", "□" * 5, "□□□□深", "□" * 5, "□□□□間")).faults
    assert (stray.line, stray.kind) == (6, "出韻")


def test_an_oblique_foot_of_an_unfinished_poem_is_a_fault_and_no_other_kind_of_verse():
    report = check_poem((OPEN, "□□□□月", OPEN, OPEN))
    assert [(fault.line, fault.kind) for fault in report.faults] == [(2, "出韻")]
    assert report.line_types != "----"
    assert all(not reading.level for reading in readings_of("月"))
