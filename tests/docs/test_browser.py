"""The site in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

Look = Callable[..., Any]
PHONE = {"viewport": {"width": 360, "height": 760}, "is_mobile": True, "has_touch": True}
MAIN = "index derivation prosody performance cli api/lstm architecture zh/check"


@pytest.mark.parametrize("page", MAIN.split())
def test_page_fits_a_phone_and_asks_no_other_host(look, page) -> None:
    # Of the whole page: tables, code and formulas may scroll by themselves.
    sideways = "document.documentElement.scrollWidth - innerWidth"
    assert look(f"{page}.html", lambda page: page.evaluate(sideways), **PHONE) <= 0


def test_every_formula_is_set_without_an_error(look, built) -> None:
    def count(page: Page) -> list[int]:
        kinds = (".arithmatex", ".arithmatex:has(.katex-html)", ".katex-error")
        return [page.locator(kind).count() for kind in kinds]

    pages = [
        path.relative_to(built).as_posix()
        for path in built.rglob("*.html")
        if 'class="arithmatex"' in path.read_text(encoding="utf-8")
    ]
    assert "derivation.html" in pages
    for page in pages:
        formulas, rendered, errors = look(page, count)
        assert errors == 0, page
        assert rendered == formulas, page
        if page == "derivation.html":
            assert formulas > 400


PROSE = """() => {
  const article = document.querySelector("article").cloneNode(true);
  article.querySelectorAll("code, .arithmatex").forEach((e) => e.remove());
  return article.textContent;
}"""
FONTS = """document.fonts.ready.then(fonts =>
  [...fonts].filter(f => f.status == "loaded").map(f => f.family.replaceAll('"', "")))"""


@pytest.mark.parametrize("path", ["derivation.html", "zh/derivation.html"])
def test_the_derivation_is_set_in_fonts_of_the_site_and_leaves_no_formula_in_dollars(
    look, path
) -> None:
    def ask(page: Page) -> tuple[str, list[str]]:
        return page.evaluate(PROSE), page.evaluate(FONTS)

    prose, fonts = look(path, ask)
    assert "$" not in prose
    assert "KaTeX_Math" in fonts
    assert all(name.startswith("KaTeX_") for name in fonts)


def test_names_of_code_in_the_derivation_lead_to_its_documentation(look) -> None:
    def follow(page: Page) -> tuple[str, str]:
        page.click("article a:has-text('step.py:step_forward') >> nth=0")
        page.wait_for_url("**/api/lstm.html*")
        heading = page.locator('[id="tangyin.lstm.step.step_forward"]')
        return page.url, heading.inner_text()

    url, heading = look("derivation.html", follow)
    assert url.endswith("#tangyin.lstm.step.step_forward")
    assert "step_forward" in heading


def test_the_python_api_shows_signatures_and_what_arguments_mean(look) -> None:
    text = look("api/index.html", lambda page: page.inner_text("article"))
    words = " ".join(text.split())
    assert re.search(r"load\( ?model: str \| PathLike\[str\] = DEFAULT,? ?\) -> Writer", words)
    assert "    line: int,\n    place: int,\n    *,\n    form: str | None = None,\n" in text
    assert "first characters or lines, with □ for each character left open" in words
    assert "log_likelihood (float)" in words.replace(" ( ", " (")


def search(query: str) -> Callable[[Page], list[str]]:
    """Types a query and gives the titles of the pages found."""

    def ask(page: Page) -> list[str]:
        page.focus("[name=query]")
        page.wait_for_timeout(200)
        page.keyboard.insert_text(query)  # as an input method does
        page.keyboard.press("End")
        meta = page.locator(".md-search-result__meta")
        page.wait_for_function("e => /match|No|结果/.test(e.innerText)", arg=meta.element_handle())
        return page.locator(".md-search-result__item > a h1").all_inner_texts()

    return ask


@pytest.mark.parametrize("served", [True, False], ids=["served", "from the disk"])
def test_search_finds_english_and_every_character_of_chinese(look, address, built, served) -> None:
    at = address if served else built.as_uri()
    assert look("index.html", search("拗救"), at=at)
    assert look("index.html", search("拗龘"), at=at) == []
    assert any("Prosody" in title for title in look("index.html", search("平仄"), at=at))
    assert any("LSTM" in title for title in look("index.html", search("Jacobian"), at=at))
    assert look("zh/index.html", search("遗忘门"), at=at)
    assert look("index.html", search("遗忘门"), at=at) == []


def test_the_site_is_light_or_dark_as_the_reader_s_system_or_choice(look) -> None:
    def brightness(page: Page) -> int:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    def scheme_of_picture(page: Page) -> str:
        for _ in range(2):  # from the system's, through light, to dark
            page.click("[data-md-component=palette] label:not([hidden])")
        return page.evaluate("getComputedStyle(document.querySelector('article img')).colorScheme")

    assert look("index.html", brightness, color_scheme="light") > 384
    assert look("index.html", brightness, color_scheme="dark") <= 384
    assert look("architecture.html", scheme_of_picture, color_scheme="light") == "dark"


def test_the_architecture_can_be_read_on_a_phone(look) -> None:
    picture = "img[src$='architecture.svg']"
    box = look("architecture.html", lambda page: page.locator(picture).bounding_box(), **PHONE)
    assert box["width"] >= 700
