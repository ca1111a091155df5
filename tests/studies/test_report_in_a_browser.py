"""The report page in Chromium."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tangyin.studies import all_studies, build, read_results

PATIENCE = 60_000
"""Milliseconds to wait: the machine may have other work."""

SHOWN = ("update-rules", "capacity")
"""Studies with formulas and with wide tables."""

Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page of some studies."""
    folder = tmp_path_factory.mktemp("report")
    results = read_results(Path(__file__).parents[2] / "docs/report/results.json")
    results["studies"] = {name: results["studies"][name] for name in SHOWN}
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
        own = (address, "data:")
        page.on("request", lambda r: r.url.startswith(own) or wrong.append(r.url))
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


def test_on_a_phone_nothing_moves_sideways_but_tables(visit: Visit) -> None:
    page = visit(viewport={"width": 360, "height": 740}, device_scale_factor=2)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    # What moves can be reached by keyboard.
    assert any(each(page, "table[tabindex='0']", "e.scrollWidth > e.clientWidth"))


def test_headings_skip_no_level_and_every_picture_is_drawn_and_says_what_is_on_it(visit) -> None:
    page = visit()
    levels = each(page, "h1, h2, h3, h4", "Number(e.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert min(each(page, "img", "e.alt.length && e.naturalWidth")) > 0
