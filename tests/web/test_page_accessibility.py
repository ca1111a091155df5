"""The page as axe-core judges it: nothing serious, in light and dark, in both languages."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

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
