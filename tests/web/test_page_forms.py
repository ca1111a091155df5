"""The forms beside the four on the page: 詞, 排律 and 對聯."""

import pytest
from playwright.sync_api import Page, expect

from tangyin.metre import check_any, check_couplet
from tangyin.verse.tune import tunes, variant_named
from tangyin.web.fixed import tunes as served_tunes

from .conftest import paste, rows_of, type_at, write

RUMENG = "昨夜雨疏風驟，濃睡不消殘酒。試問捲簾人，卻道海棠依舊。知否？知否！應是綠肥紅瘦。"


@pytest.fixture
def page(visit, strong_address) -> Page:
    """The page of a server whose model knows all forms."""
    opened: Page = visit(server=strong_address)
    return opened


def choose_tune(page: Page, words: str, name: str) -> None:
    """Look for a tune and choose it."""
    page.click("#more-forms")
    page.fill("#tune-search", words)
    page.click(f"[data-tune={name}]")


def test_a_tune_is_found_by_another_name_in_the_other_script_and_written(page):
    choose_tune(page, "忆仙姿", "憶仙姿")  # 如夢令
    expect(page.locator("#forms [aria-pressed=true]")).to_have_text("憶仙姿")
    assert [len(row) for row in rows_of(page)] == [6, 6, 5, 6, 2, 2, 6]
    expect(page.locator("#verdict")).to_contain_text("憶仙姿 · 還空 33 字")
    type_at(page, 1, 1, "昨夜雨疏風驟濃睡不消殘花")
    expect(page.locator("#findings")).to_contain_text("「花」平聲，此調此處當用仄聲")
    page.keyboard.press("Control+z")
    rows = write(page)
    expect(page.locator("#verdict .good")).to_have_text("合律")
    assert check_any("，".join(rows) + "。", tune="如夢令")[1].regulated
    page.reload()
    expect(page.locator("#colophon")).to_contain_text("strong")
    assert rows_of(page) == rows


def test_characters_and_lines_are_offered_for_lines_of_unequal_length(page):
    choose_tune(page, "如夢令", "如夢令")
    type_at(page, 1, 1, "昨夜雨疏風驟濃睡不消殘酒試問捲簾人卻道海棠依舊知否")
    expect(page.locator("#candidates .candidate").first).to_have_text("知○")
    page.keyboard.press("ArrowLeft")  # to the next line, which has a place as far down
    page.click("#advice-next")
    card = page.locator("#choices-list .choice-card")
    expect(card).not_to_have_count(0)
    card.first.click()
    assert "□" not in rows_of(page)[6] or rows_of(page)[5] == "知否"


def test_a_pasted_ci_is_laid_out_by_its_tune_and_checked_by_name(page):
    paste(page, 1, 1, f"如梦令·春晚\n{RUMENG}")
    expect(page.locator("#forms [aria-pressed=true]")).to_have_text("如夢令")
    expect(page.locator("#poem-title")).to_have_value("春晚")
    assert "".join(rows_of(page)) == "".join(c for c in RUMENG if c.isalpha())
    marks = [c for c in RUMENG if not c.isalpha()]
    assert page.locator("#poem .mark").all_text_contents() == marks
    page.click("#to-check")
    expect(page.locator("#reports h2")).to_contain_text("如夢令 1/6")
    page.click("text=到作詩頁")
    assert page.locator("#poem .mark").all_text_contents() == marks


def test_long_verse_has_as_many_lines_as_are_asked_for_and_a_line_is_answered(page):
    page.click("#more-forms")
    page.fill("#lines-wanted", "14")
    page.click("#forms-dialog [data-form=五言排律]")
    assert [len(row) for row in rows_of(page)] == [5] * 14
    assert page.locator("#poem .stanza").count() == 2
    assert "□" not in "".join(write(page))
    expect(page.locator("#verdict .good")).to_have_text("合律")
    page.click("#more-forms")
    page.fill("#upper-line", "爽氣西來，雲霧掃開天地憾")
    page.click("#couplet button[type=submit]")
    answer = page.locator("#answers .answer span").first.inner_text()
    upper, lower = answer.rstrip("。").split("；")
    assert check_couplet(upper, lower).regulated


def test_the_tunes_of_the_page_are_those_of_the_table():
    found = {row["names"][0]: row for row in served_tunes()}
    assert found.keys() == {tune.name for tune in tunes()}
    for name in ("浣溪沙", "水調歌頭", "如夢令"):
        usual = dict(found[name]["variants"])[found[name]["usual"]]
        lines = usual.replace("/", "").replace("、", "，").replace("。", "，").split("，")[:-1]
        assert [int(n) for n in lines] == [len(line.tones) for line in variant_named(name).lines]
    assert dict(found["浣溪沙"]["variants"])[1] == "7。7。7。/7，7。7。"
