"""What the rules ask of the open places of an unfinished poem."""

import pytest

from tangyin.metre import SEQUENCES
from tangyin.verse import QILV, WULV
from tangyin.web.bodies import SPRING
from tangyin.writing import Sheet, report_on

ROWS = [line + "。" for line in SPRING.replace("，", "。").split("。")[:-1]]


def test_rows_may_end_early_have_marks_and_be_missing():
    sheet = Sheet.of(WULV, ["國破山河在？", "城春", "", "囗別"])
    assert sheet.lines == ("國破山河在", "城春□□□", "□□□□□", "□別□□□", *["□□□□□"] * 4)
    assert sheet.marks == "？。，。，。，。"


def test_simplified_rows_are_shown_as_they_came_and_read_beside_traditional_ones():
    sheet = Sheet.of(WULV, ["国破山河在", "城春草木深", "", "恨別鸟驚心", "頭搔更短"])
    assert sheet.lines[0] == "国破山河在"
    assert sheet.read_as[0] == "國破山河在"
    assert sheet.read_as[3] == "恨別鳥驚心"  # one character of a line
    report = report_on(sheet).report
    assert report is not None
    assert report.lines[0] == "国破山河在"


@pytest.mark.parametrize("form", [WULV, QILV], ids=str)
@pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda sequence: sequence.types)
def test_the_signs_of_an_empty_sheet_are_those_of_the_pattern_that_is_asked_for(form, sequence):
    name = sequence.name(form.characters)
    found = report_on(Sheet.of(form, []), name)
    assert found.pattern == name
    assert found.open == form.hanzi
    assert found.rhyming == ((1,) if sequence.rhymed_start else ()) + (2, 4, 6, 8)
    assert {signs[-1] for signs in found.signs[1::2]} == {"平"}
    assert (found.signs[0][-1] == "平") == sequence.rhymed_start


def test_the_signs_adapt_to_what_is_written():
    level = report_on(Sheet.of(WULV, ["□□□□□", "□山"]))
    assert level.signs[1] == "平平中仄平"
    assert report_on(Sheet.of(WULV, ["□□□□□", "月山"])).signs[1][2] == "平"  # not 孤平
    whole = report_on(Sheet.of(WULV, ROWS))
    assert (whole.open, whole.pattern) == (0, "仄起首句不入韻")


@pytest.mark.parametrize(
    ("rows", "code"),
    [(["國"] * 9, "text.too_many_rows"), (["國破山河在城"], "text.row_long"),
     (["國，破"], "text.foreign")],
)  # fmt: skip
def test_rows_that_are_no_part_of_a_poem_are_refused(refused, rows, code):
    with refused(code):
        Sheet.of(WULV, rows)
