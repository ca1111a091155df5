"""The page as axe-core judges it, in light and dark and both languages, and from the keyboard."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tangyin.web.bodies import SPRING

from .conftest import type_at

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")


def judge(page: Page) -> None:
    """Judge the page as it is, and its colours in the dark as well."""
    page.evaluate(AXE)
    for scheme, only in (("dark", ", runOnly: ['color-contrast']"), ("light", "")):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(f"axe.run({{ preload: false, resultTypes: ['violations']{only} }})")
        serious = [
            (violation["id"], [node["html"] for node in violation["nodes"]][:3])
            for violation in found["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        assert serious == [], scheme


def test_composing_has_no_serious_finding(visit) -> None:
    page = visit(locale="en-GB")
    judge(page)  # an empty sheet
    type_at(page, 1, 1, "國破山河在")
    type_at(page, 2, 1, "月月月月月")  # with faults
    expect(page.locator("#findings li").first).to_be_visible()
    expect(page.locator("#words .candidate").first).to_be_visible()
    page.click(".asking summary")
    judge(page)
    page.click("#undo")
    page.click("#advice-next")
    expect(page.locator(".choice-card").first).to_be_visible()
    page.click("#advice-lock")
    judge(page)
    page.click("#choices-close")
    page.click("#shelf-open")
    judge(page)
    page.keyboard.press("Escape")
    page.click("#share")
    expect(page.locator("#card svg")).to_be_visible()
    judge(page)


def test_a_phone_and_a_poem_that_is_being_written_have_none(visit) -> None:
    page = visit(viewport={"width": 360, "height": 740}, has_touch=True)
    type_at(page, 1, 1, "國破山河在")
    page.click("#write")  # the poem may be there before it is judged: it takes a moment
    judge(page)
    expect(page.locator("#status")).to_have_text("寫好 1 首")
    page.click("#direction")
    judge(page)
    page.click("#advice-open")
    page.click("#references summary")
    judge(page)
    type_at(page, 2, 1, "月月月月月")
    page.click("#shelf-open")
    page.click(".versions summary")
    judge(page)


def test_checking_has_none_either(visit) -> None:
    page = visit("/#check", viewport={"width": 360, "height": 740})
    page.click("#check-example")
    page.click(".faults button")
    page.wait_for_selector(".fixes button")
    judge(page)


@pytest.mark.parametrize("at", ["/report", "/api"])
def test_the_report_and_the_reference_have_none(browser, address, at) -> None:
    context = browser.new_context(bypass_csp=True)  # the report runs no script
    page = context.new_page()
    page.goto(address + at)
    judge(page)
    context.close()


def test_neither_has_a_broken_poem_or_an_opened_reading(visit) -> None:
    page = visit("/#check", locale="zh-CN")
    page.fill("#check-text", f"{SPRING}\n\n白日依山盡，黃河。欲窮千里目。")
    page.click("#given button[type=submit]")
    page.locator("button.cell").first.click()
    page.click(".legend summary")
    page.check("[name=convention][value=strict]")
    page.wait_for_selector(".report.broken")
    judge(page)


@pytest.mark.parametrize("at", ["/#check", "/"])
def test_at_200_per_cent_and_in_forced_colours_nothing_is_cut_off(visit, at) -> None:
    page = visit(at, viewport={"width": 640, "height": 400}, forced_colors="active")
    if at == "/#check":
        page.click("#check-example")
        page.wait_for_selector(".report")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    judge(page)


SMALL = """() => [...document.querySelectorAll("button, summary, select, p > a, dialog input")]
  .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < 43.5 || box.height < 43.5))
  .map(([html]) => html)"""


def test_what_is_touched_on_a_phone_has_44_pixels(visit) -> None:
    page = visit(viewport={"width": 360, "height": 740}, has_touch=True)
    type_at(page, 1, 1, "國破山河在")
    page.click("#advice-next")
    expect(page.locator(".choice-card").first).to_be_visible()
    page.click("#advice-open")
    page.click("#references summary")
    page.fill("#look-word", "山")
    page.click("#look-rhyme")
    expect(page.locator("#looked .candidate").first).to_be_visible()
    assert page.evaluate(SMALL) == []
    page.click("#advice-open")
    for opens, seen in (("#share", "#card svg"), ("#shelf-open", "#shelf-list li")):
        page.click(opens)
        expect(page.locator(seen).first).to_be_visible()
        assert page.evaluate(SMALL) == []
        page.keyboard.press("Escape")


@pytest.mark.parametrize("name", ["compose", "check"])
def test_the_head_of_a_page_is_skipped_from_the_keyboard(visit, name) -> None:
    page = visit(f"/#{name}")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator(f"#{name}-page")).to_be_visible()
