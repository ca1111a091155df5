"""The site as a reader has it before them, in a real browser."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

Look = Callable[..., Any]
PHONE = {"viewport": {"width": 360, "height": 760}, "is_mobile": True, "has_touch": True}
MAIN = [
    "index", "getting-started", "compose", "check", "own-poems", "derivation", "prosody",
    "protocol", "model", "benchmarks", "faq", "numbers", "cli", "api/index", "api/lstm",
    "architecture",
]  # fmt: skip


@pytest.mark.parametrize("page", MAIN)
def test_page_fits_a_phone_and_asks_no_other_host(look: Look, page: str) -> None:
    def sideways(page: Page) -> int:
        # Of the whole page: tables, code and formulas may move inside their own place.
        return page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert look(f"{page}.html", sideways, **PHONE) <= 0


def test_every_formula_is_set_without_an_error(look: Look, built: Path) -> None:
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


def test_no_formula_of_the_derivation_is_left_in_dollars(look: Look) -> None:
    def prose(page: Page) -> str:
        return page.evaluate(
            """() => {
              const article = document.querySelector("article").cloneNode(true);
              article.querySelectorAll("code, .arithmatex").forEach((e) => e.remove());
              return article.textContent;
            }"""
        )

    assert "$" not in look("derivation.html", prose)


def test_formulas_are_set_in_fonts_of_the_site(look: Look) -> None:
    def faces(page: Page) -> list[str]:
        page.evaluate("document.fonts.ready.then(() => 0)")
        return page.evaluate(
            "[...document.fonts].filter(f => f.status == 'loaded').map(f => f.family)"
        )

    loaded = set(look("derivation.html", faces))
    assert "KaTeX_Math" in {name.strip('"') for name in loaded}
    assert all(name.strip('"').startswith("KaTeX_") for name in loaded)


def test_names_of_code_in_the_derivation_lead_to_its_documentation(look: Look) -> None:
    def follow(page: Page) -> tuple[str, str]:
        page.click("article a:has-text('step.py:step_forward') >> nth=0")
        page.wait_for_url("**/api/lstm.html*")
        heading = page.locator('[id="tangyin.lstm.step.step_forward"]')
        return page.url, heading.inner_text()

    url, heading = look("derivation.html", follow)
    assert url.endswith("#tangyin.lstm.step.step_forward")
    assert "step_forward" in heading


def test_the_python_api_shows_signatures_and_what_arguments_mean(look: Look) -> None:
    text = look("api/index.html", lambda page: page.inner_text("article"))
    words = " ".join(text.split())
    assert re.search(r"load\( ?model: str \| PathLike\[str\] = DEFAULT,? ?\) -> Writer", words)
    assert '    start: str = "",\n    *,\n    form: str | None = None,\n' in text
    assert "first characters or lines, traditional or simplified" in words
    assert "log_likelihood (float)" in words.replace(" ( ", " (")


def search(query: str) -> Callable[[Page], list[str]]:
    """Types a query and gives the titles of the pages found."""

    def ask(page: Page) -> list[str]:
        page.focus("[name=query]")
        page.wait_for_timeout(200)
        page.keyboard.insert_text(query)  # as an input method does
        page.keyboard.press("End")
        meta = page.locator(".md-search-result__meta")
        page.wait_for_function("e => /match|No/.test(e.innerText)", arg=meta.element_handle())
        return page.locator(".md-search-result__item > a h1").all_inner_texts()

    return ask


@pytest.mark.parametrize("served", [True, False], ids=["served", "from the disk"])
def test_search_finds_terms_in_chinese_and_english(
    look: Look, address: str, built: Path, served: bool
) -> None:
    at = address if served else built.as_uri()
    assert any("Prosody" in title for title in look("index.html", search("平仄"), at=at))
    assert any("LSTM" in title for title in look("index.html", search("Jacobian"), at=at))


def test_search_wants_every_character_of_a_chinese_word(look: Look) -> None:
    assert look("index.html", search("拗"))
    assert look("index.html", search("拗救"))
    assert look("index.html", search("拗龘")) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_site_is_light_or_dark_as_the_reader_s_system(look: Look, scheme: str) -> None:
    def brightness(page: Page) -> int:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    assert (look("index.html", brightness, color_scheme=scheme) > 384) == (scheme == "light")


def test_pictures_follow_the_reader_s_choice_of_dark(look: Look) -> None:
    def scheme(page: Page) -> str:
        for _ in range(2):  # from the system's, through light, to dark
            page.click("[data-md-component=palette] label:not([hidden])")
        return page.evaluate("getComputedStyle(document.querySelector('article img')).colorScheme")

    assert look("architecture.html", scheme, color_scheme="light") == "dark"


def test_the_architecture_can_be_read_on_a_phone(look: Look) -> None:
    def width(page: Page) -> float:
        return page.locator("img[src$='architecture.svg']").bounding_box()["width"]

    assert look("architecture.html", width, **PHONE) >= 700
