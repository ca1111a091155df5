"""The report page in Chromium: on a phone, by keyboard, in the dark, at rest and on paper."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tangyin.studies import all_studies, build

PATIENCE = 300_000
"""Milliseconds to wait: the machine may have other work."""

SHOWN = ("update-rules", "cells", "sampling")
"""Studies that together have all a page can have: formulas, what moves, wide tables and poems."""

Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def address(quick: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page of some quick sizes."""
    folder = tmp_path_factory.mktemp("report")
    found = {name: quick(name).found for name in SHOWN}
    results = {"format": 1, "matplotlib": "as it is", "studies": found}
    build(results, {name: all_studies()[name] for name in SHOWN}, folder)
    return (folder / "index.html").as_uri()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """Opens the page; nothing may go wrong on its console."""
    wrong: list[str] = []
    contexts = []

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: request.url == address or wrong.append(request.url))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def each(page: Page, selector: str, what: str) -> list[Any]:
    """A JavaScript expression of every element `e`."""
    found: list[Any] = page.locator(selector).evaluate_all(f"all => all.map(e => {what})")
    return found


def test_on_a_phone_nothing_moves_sideways_but_plots_and_tables(visit: Visit) -> None:
    page = visit(viewport={"width": 360, "height": 740}, device_scale_factor=2)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert any(each(page, ".drawing, .cells", "e.scrollWidth > e.clientWidth"))
    # What moves can be reached by keyboard, and the text does not lie in it.
    assert page.locator(":is(.drawing, .cells):not([tabindex='0'])").count() == 0
    text = "p, li, figcaption, .claims td"
    assert max(each(page, text, "e.getBoundingClientRect().right")) <= 361


def test_the_first_key_leads_past_the_summary(visit: Visit) -> None:
    page = visit(viewport={"width": 1280, "height": 900})
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the studies"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_headings_skip_no_level_and_every_picture_says_what_is_on_it(visit: Visit) -> None:
    page = visit()
    levels = each(page, "h1, h2, h3, h4", "Number(e.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    labels = each(page, "svg[role=img]", "e.getAttribute('aria-label')")
    assert len(labels) == page.locator("svg").count() - 1  # the letters, which are hidden
    assert all(len(label) > 10 for label in labels)
    assert page.locator("th:not([scope])").count() == 0


def test_the_dots_run_until_they_are_stopped_and_not_where_motion_is_unwanted(visit) -> None:
    def states(page: Page) -> set[str]:
        style = "getComputedStyle(e)"
        state = f"{style}.animationName === 'none' ? 'none' : {style}.animationPlayState"
        found = each(page, "[class^=run-]", state)
        assert len(found) == 10  # five rules on two surfaces
        return set(found)

    page = visit()
    assert states(page) == {"running"}
    page.get_by_label("Stop the moving dots").check()
    assert states(page) == {"paused"}
    assert states(visit(reduced_motion="reduce")) == {"none"}
    printed = visit()
    printed.emulate_media(media="print")
    assert states(printed) == {"none"}


def test_plots_follow_light_and_dark_and_paper_is_light(visit: Visit) -> None:
    def inks(page: Page) -> tuple[str, str]:
        variable = "getComputedStyle(e).getPropertyValue('--vermilion').trim()"
        (colour,) = each(page, "html", variable)
        return each(page, ".drawing svg", "getComputedStyle(e).color")[0], colour

    light, dark = inks(visit(color_scheme="light")), inks(visit(color_scheme="dark"))
    assert light[0] == "rgb(34, 34, 34)"
    assert dark[0] == "rgb(228, 226, 220)"
    assert light[1] != dark[1]
    printed = visit(color_scheme="dark")
    printed.emulate_media(media="print", color_scheme="dark")
    assert inks(printed) == ("rgb(0, 0, 0)", light[1])


def test_chinese_is_marked_as_such_and_is_no_box(visit: Visit) -> None:
    page = visit()
    page.evaluate("document.querySelectorAll('body [lang], code, svg').forEach(e => e.remove())")
    texts = each(page, "p, h2, td, th, figcaption", "e.textContent")
    assert [text for text in texts if re.search("[㐀-鿿]", text)] == []


def test_it_prints_on_some_sheets(visit: Visit) -> None:
    pages = visit().pdf(format="A4")
    assert pages.startswith(b"%PDF")
    assert 4 < len(re.findall(rb"/Type\s*/Page[^s]", pages)) < 20
