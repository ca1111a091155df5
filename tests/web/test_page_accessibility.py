"""The page as axe-core judges it: nothing serious, in light and dark, in both languages."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import type_at

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
