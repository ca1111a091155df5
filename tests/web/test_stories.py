"""What people come for, from beginning to end, in every browser that TANGYIN_BROWSERS names.

python -m playwright install firefox webkit
TANGYIN_BROWSERS="chromium firefox webkit" python -m pytest tests/web/test_stories.py

Debian's Firefox 153 works too, with playwright < 1.62 (later ones send it a command it lacks):
TANGYIN_FIREFOX=/usr/bin/firefox-esr TANGYIN_BROWSERS=firefox python -m pytest …
"""

import os
import re
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tangyin.metre import check_poem
from tangyin.web.bodies import SPRING

from .conftest import paste, rows_of, type_at, write

LINES = SPRING.replace("，", "。").split("。")[:-1]
OPEN = "□□□□□"
PAPER = {"width": 658, "height": 980}  # A4 at 96 dpi without its margins


@pytest.fixture(params=os.environ.get("TANGYIN_BROWSERS", "chromium").split())
def browser(request: pytest.FixtureRequest, launched: Callable[[str], Browser]) -> Browser:
    """Each of the browsers."""
    return launched(request.param)


def place(page: Page, line: int, at: int) -> None:
    """Go to a place, both from 1."""
    page.locator(f"#poem [data-line='{line - 1}'][data-at='{at - 1}']").focus()


def choose_line(page: Page) -> None:
    """Have the next line offered, and take the first."""
    page.click("#advice-next")
    page.locator(".choice-card").first.click()


@pytest.mark.skipif(sys.platform == "win32", reason="processes are not killed in groups there")
def test_eight_lines_are_written_through_a_crash_of_the_server_and_a_reload(visit, served) -> None:
    """Three lines are typed, the others chosen; nothing is lost on the way."""
    page = visit(server=served.address)
    page.fill("#poem-title", "春望")
    type_at(page, 1, 1, "國破山河在，城春草木深。")
    expect(page.locator("#verdict")).to_contain_text("還空 30 字")
    served.crash()
    type_at(page, 3, 1, "感時花濺淚")
    expect(page.locator("#status")).to_contain_text("保存在這個瀏覽器裡")
    page.click("#advice-next")
    expect(page.locator("#problem")).to_contain_text("與伺服器失去聯絡")
    served.start()
    page.reload()
    expect(page.locator("#verdict")).to_contain_text("還空 25 字")
    assert rows_of(page) == [*LINES[:3], *[OPEN] * 5]
    expect(page.locator("#poem-title")).to_have_value("春望")
    # A second line in answer, then a line character by character, then the rest.
    place(page, 3, 5)
    choose_line(page)
    place(page, 5, 1)
    for at in range(1, 6):
        expect(page.locator("#advice-place")).to_have_text(f"第5句第{at}字")
        expect(page.locator("#advice")).to_have_attribute("aria-busy", "false")
        page.locator("#candidates .candidate").first.click()
    choose_line(page)
    rows = write(page)
    assert rows[:3] == LINES[:3]
    assert check_poem(rows).regulated
    expect(page.locator("#verdict")).to_contain_text("合律")
    page.reload()
    expect(page.locator("#verdict")).to_contain_text("合律")
    assert rows_of(page) == rows


def test_a_beginners_faulty_poem_is_fixed_and_goes_to_the_desk_and_back(visit) -> None:
    page = visit("/#check")
    beginner = SPRING.replace("心", "間").replace("草木深", "花草深")
    page.fill("#check-text", f"《春望》\n{beginner}")
    page.click("#given button[type=submit]")
    faults = page.locator(".faults li")
    expect(faults.first).to_be_visible()
    assert re.search("「.+」", faults.first.inner_text())  # it quotes what is at fault
    for _ in range(4):
        if not faults.count():
            break
        before = page.input_value("#check-text")
        faults.first.get_by_role("button").first.click()
        page.locator(".fixes li button").first.click()
        expect(page.locator("#check-text")).not_to_have_value(before)
        expect(page.locator("#reports")).to_have_attribute("aria-busy", "false")
    expect(page.locator(".report h2 .good")).to_have_text("合律")
    fixed = page.input_value("#check-text")
    assert fixed.startswith("《春望》\n")
    assert sum(a != b for a, b in zip(fixed[5:], beginner, strict=True)) <= 4
    page.click("text=到作詩頁")
    expect(page.locator("#poem-title")).to_have_value("春望")
    expect(page.locator("#verdict")).to_contain_text("合律")
    page.go_back()
    expect(page.locator("#check-text")).to_have_value(fixed)


def test_a_poem_is_printed_alone(visit) -> None:
    page = visit(color_scheme="dark")
    paste(page, 1, 1, SPRING)
    expect(page.locator("#verdict")).to_contain_text("合律")
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print", color_scheme="dark")
    if not page.evaluate("matchMedia('print').matches"):
        pytest.skip("this browser cannot be asked to show what it would print")
    inside = "e => { const b = e.getBoundingClientRect(); return [b.left, b.right, b.top]; }"
    left, right, top = page.locator("#frame").evaluate(inside)
    assert left >= 0
    assert right <= PAPER["width"]
    ends = [cell.evaluate(inside) for cell in page.locator("#poem .hanzi").all()]
    assert all(left <= a and b <= right and c >= top for a, b, c in ends)
    assert page.locator("#dock").evaluate("e => getComputedStyle(e).position") == "static"
    assert page.locator("button:visible, progress:visible").count() == 0
    for hidden in ("#request", "#tools", "#advice", ".head", "body > .foot", ".above"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator(".leaf")).to_have_css("background-color", "rgb(255, 255, 255)")
    hint = "title => getComputedStyle(title, '::placeholder').color"
    assert page.locator("#poem-title").evaluate(hint) == "rgba(0, 0, 0, 0)"


def test_no_sheet_of_paper_is_wasted(visit) -> None:
    page = visit()
    paste(page, 1, 1, SPRING)
    expect(page.locator("#verdict")).to_contain_text("合律")
    assert pages(page) == 1
    page.click("#to-check")
    expect(page.locator(".report")).to_be_visible()
    assert pages(page) == 1


def pages(page: Page) -> int:
    """How many sheets of A4 a page is printed on."""
    if page.context.browser and page.context.browser.browser_type.name != "chromium":
        pytest.skip("the driver takes other measures of paper")
    return len(re.findall(rb"/Type /Page\b", page.pdf(format="A4")))
