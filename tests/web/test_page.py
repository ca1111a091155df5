"""The page in a real browser: each feature by clicking it."""

import re

import pytest
from playwright.sync_api import expect

from tangyin.web.bodies import SPRING

from .conftest import rows_of

PHONE = {"viewport": {"width": 360, "height": 740}}


@pytest.mark.parametrize("name", ["compose", "check", "study"])
def test_the_head_of_a_page_is_skipped_from_the_keyboard(visit, name) -> None:
    page = visit(f"/#{name}")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator(f"#{name}-page")).to_be_visible()


def test_a_fault_is_shown_explained_and_fixed(visit) -> None:
    page = visit("/#check")
    page.fill("#check-text", SPRING.replace("心", "間"))
    page.click("#given button[type=submit]")
    report = page.locator(".report")
    expect(report.locator("h2")).to_contain_text("不合律")
    assert report.locator(".cell").count() == 40
    assert set(report.locator(".sign").all_text_contents()) <= {*"○●◎◉"}
    expect(report.locator(".cell.faulty .glyph")).to_have_text("間")
    expect(report.locator(".faults li")).to_contain_text("出韻")
    assert report.locator(".tie.joined").count() == 2
    assert report.locator(".said").first.text_content() == "國破山河在 仄仄平平仄 a：仄仄平平仄"
    page.click("text=找改法")
    page.click(".fixes button:has-text('恨別鳥驚心')")
    expect(report.locator("h2 .good")).to_have_text("合律")
    assert page.input_value("#check-text").replace("\n", "") == SPRING
    page.click("text=到作詩頁")
    assert "，".join(rows_of(page)[:2]) == SPRING[:11]


def test_the_network_is_watched_while_it_reads(visit) -> None:
    page = visit("/#study")
    canvas = page.locator("canvas")
    expect(canvas).to_be_visible()
    assert canvas.evaluate("c => [c.width, c.height]") == [49, 128]
    assert page.locator("math").count() == 3
    pixels = "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer"
    colours = f"c => new Set(new Uint32Array({pixels})).size"
    assert canvas.evaluate(colours) > 50
    expect(page.locator("#study-page .status")).to_contain_text("「開始」單元")
    canvas.press("ArrowRight")
    expect(page.locator("#study-page .status")).to_contain_text("「國」單元")
    page.locator("#study-page textarea").fill("abc")
    page.click("#study-page .primary")
    expect(page.locator("#study-page .problem")).to_contain_text("U+0061")
    expect(canvas).to_be_hidden()
    page.locator("#study-page textarea").fill("城春草木深")
    page.locator("#study-page select").first.select_option("c")
    expect(page.locator("canvas")).to_have_attribute("aria-label", re.compile("細胞狀態.*6 步"))
    expect(page.locator("#study-page table").last).to_contain_text("report")


def test_the_report_opens_from_the_study_page_and_is_drawn_whole(visit) -> None:
    page = visit("/#study")
    refused: list[str] = []
    page.context.on("console", lambda message: refused.append(message.text))
    with page.expect_popup() as opened:
        page.click("#study-page a[href='/report']")
    report = opened.value
    report.wait_for_load_state()
    expect(report.locator("h1")).to_contain_text("LSTM")
    # Its own styles hold, in the page and in the drawings, or the policy would be too strict.
    assert report.evaluate("getComputedStyle(document.body).maxWidth") == "768px"
    assert report.locator("figure svg").count() > 10
    assert refused == []
    report.close()


def test_of_a_large_network_a_part_is_shown_and_the_rest_can_be_reached(visit) -> None:
    page = visit("/#study")
    page.locator("#study-page textarea").fill("城春草木深")
    page.locator("#study-page select").nth(2).select_option("strong")
    canvas = page.locator("canvas[aria-label*='1024 個單元，6 步']")
    expect(canvas).to_be_visible()
    assert canvas.evaluate("c => [c.width, c.height]") == [6, 128]
    assert canvas.evaluate("c => c.getBoundingClientRect().height / c.height") > 2.5  # pixels
    slider = page.get_by_role("slider", name="第 1 到 128 列，共 1024 個單元")
    slider.focus()
    slider.press("End")
    expect(page.get_by_role("slider", name="第 897 到 1024 列")).to_be_focused()
    value = page.locator("#study-page .status")
    last = value.text_content()
    canvas.press("ArrowUp")  # above the uppermost row that is shown
    expect(page.get_by_role("slider", name="第 896 到 1023 列")).to_have_count(1)
    assert value.text_content() != last


@pytest.mark.parametrize("at", ["/#check", "/#study"])
def test_nothing_is_wider_than_a_phone(visit, at) -> None:
    page = visit(at, **PHONE)
    if at == "/#check":
        page.click("#check-example")
        page.wait_for_selector(".report")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_on_paper_there_is_the_report_alone(visit) -> None:
    page = visit("/#check", color_scheme="dark")
    page.click("#check-example")
    page.wait_for_selector(".report")
    page.emulate_media(media="print")
    expect(page.locator(".faults li")).to_be_visible()
    assert page.locator("button:visible").count() == 0
