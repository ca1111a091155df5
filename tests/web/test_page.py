"""The page in a real browser: each feature by clicking it."""

import pytest
from playwright.sync_api import expect

PHONE = {"viewport": {"width": 360, "height": 740}}


@pytest.mark.parametrize("name", ["compose", "check", "study"])
def test_the_head_of_a_page_is_skipped_from_the_keyboard(visit, name) -> None:
    page = visit(f"/#{name}")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator(f"#{name}-page")).to_be_visible()


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
    assert page.locator("button:not(.cell):visible").count() == 0
