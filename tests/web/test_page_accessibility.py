"""The page as axe-core judges it: nothing serious, in light and dark, in both languages."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tangyin.web.bodies import SPRING

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")


def judge(page: Page) -> None:
    page.evaluate(AXE)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    serious = [
        (violation["id"], [node["html"] for node in violation["nodes"]][:3])
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("light", ["light", "dark"])
def test_composing_has_no_serious_finding(visit, light) -> None:
    page = visit(color_scheme=light, locale="zh-TW" if light == "light" else "en-GB")
    judge(page)
    page.click("#write")
    page.wait_for_selector(".hanzi")
    page.wait_for_selector("#stop", state="hidden")
    page.locator(".hanzi").first.click()
    page.wait_for_selector(".candidates")
    judge(page)
    page.keyboard.press("Escape")
    page.click("#tones")
    page.click("#share")
    judge(page)


@pytest.mark.parametrize("light", ["light", "dark"])
def test_checking_and_studying_have_none_either(visit, light) -> None:
    page = visit("/#check", color_scheme=light, viewport={"width": 360, "height": 740})
    page.click("#check-example")
    page.click(".faults button")
    page.wait_for_selector(".fixes button")
    judge(page)
    page.click("nav [data-page=study]")
    page.wait_for_selector("canvas")
    judge(page)


@pytest.mark.parametrize("light", ["light", "dark"])
@pytest.mark.parametrize("at", ["/report", "/api"])
def test_the_report_and_the_reference_have_none(browser, address, light, at) -> None:
    context = browser.new_context(color_scheme=light, bypass_csp=True)  # the report runs no script
    page = context.new_page()
    page.goto(address + at)
    judge(page)
    context.close()


@pytest.mark.parametrize("light", ["light", "dark"])
def test_neither_has_a_broken_poem_an_opened_reading_or_the_class_room(visit, light) -> None:
    page = visit("/#check", color_scheme=light, locale="zh-CN")
    page.fill("#check-text", f"{SPRING}\n\n白日依山盡，黃河。欲窮千里目。")
    page.click("#given button[type=submit]")
    page.locator("button.cell").first.click()
    page.click(".legend summary")
    page.check("[name=convention][value=strict]")
    page.wait_for_selector(".report.broken")
    judge(page)
    page.click("nav [data-page=study]")
    page.wait_for_selector(".story:not([hidden])")
    page.click(".story .actions button:last-of-type")
    page.keyboard.press("ArrowRight")
    judge(page)
    page.keyboard.press("Escape")


@pytest.mark.parametrize("at", ["/#check", "/#study", "/"])
def test_at_200_per_cent_and_in_forced_colours_nothing_is_cut_off(visit, at) -> None:
    page = visit(at, viewport={"width": 640, "height": 400}, forced_colors="active")
    if at == "/#check":
        page.click("#check-example")
        page.wait_for_selector(".report")
    elif at == "/#study":
        page.wait_for_selector(".story:not([hidden])")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    judge(page)
