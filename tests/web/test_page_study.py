"""學理 in a real browser: the cell that steps, the units, the map, the class room."""

import re

import pytest
from playwright.sync_api import Page, expect

SEVEN = (
    "昔人已乘黃鶴去，此地空餘黃鶴樓。黃鶴一去不復返，白雲千載空悠悠。"
    "晴川歷歷漢陽樹，芳草萋萋鸚鵡洲。日暮鄉關何處是，煙波江上使人愁。"
)


@pytest.fixture
def page(visit):
    """The page of study, which has read its example."""
    opened: Page = visit("/#study")
    expect(opened.locator(".story")).to_be_visible()
    return opened


def read(page: Page, text: str) -> None:
    """Let the network read a text."""
    page.locator("#study-page textarea").fill(text)
    page.click("#study-page .primary")


def test_the_cell_steps_through_the_poem_by_the_equations(page) -> None:
    values: list[dict[str, float]] = []
    value = "all => all.map(e => e.textContent)"
    for _ in range(4):
        page.click("text=進一字")
        f, i, g, o, before, c, h, _x = page.locator(".cell-drawing .value").evaluate_all(value)[:8]
        values.append(dict(zip("figobch", map(float, (f, i, g, o, before, c, h)), strict=True)))
    for now in values:
        assert now["c"] == pytest.approx(now["f"] * now["b"] + now["i"] * now["g"], abs=0.25)
    assert values[1]["b"] == values[0]["c"]
    expect(page.locator(".cell-drawing .read")).to_have_text("河")
    expect(page.locator(".verse-read .now")).to_have_text("河")
    expect(page.locator(".next li")).to_have_count(8)
    expect(page.locator(".story .status")).to_contain_text("讀了「河」")
    page.click("text=退一字")
    expect(page.locator(".verse-read .now")).to_have_text("山")
    height = "b => Number(b.getAttribute('height'))"
    assert page.locator(".level.f").evaluate(height) == pytest.approx(80 * values[2]["f"], abs=0.5)


def test_a_known_unit_is_chosen_with_its_figures_and_colours_the_poem(page) -> None:
    known = page.locator(".units button")
    assert known.count() >= 6
    line = page.locator(".units button:has-text('第幾句')")
    expect(line).to_contain_text(re.compile(r"單元.*200 首.*0\.9\d"))
    line.click()
    expect(line).to_have_attribute("aria-pressed", "true")
    expect(line).to_be_focused()
    page.get_by_role("slider", name="讀到哪裡").press("End")
    strength = "all => all.map(e => parseFloat(e.style.getPropertyValue('--strength')))"
    shades = page.locator(".verse-read span").evaluate_all(strength)
    assert abs(shades[46] - shades[1]) > 15


def test_the_map_shows_another_quantity_only_when_it_has_arrived(page) -> None:
    held = []
    page.route("**/api/trace", lambda route: held.append(route))
    quantity = page.locator("#study-page .whole select")
    quantity.select_option("h")
    expect(page.locator(".map")).to_have_attribute("aria-busy", "true")
    expect(page.locator(".sheet")).to_be_hidden()
    held.pop().continue_()
    expect(page.locator("canvas")).to_have_attribute("aria-label", re.compile("h 隱藏狀態"))
    expect(page.locator(".sheet")).to_be_visible()


def test_nothing_is_wider_than_a_phone(visit) -> None:
    page = visit("/#study", viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_whole_map_of_the_longest_form_fits_the_screen_and_paper(visit) -> None:
    page = visit("/#study", viewport={"width": 1920, "height": 900})
    expect(page.locator("canvas")).to_be_visible()
    page.locator("#study-page select").first.select_option("strong")
    read(page, SEVEN)
    expect(page.locator(".characters span")).to_have_count(65)
    # On paper, A4 without its margins.
    for media, width in (("screen", 1920), ("screen", 1280), ("print", 660)):
        page.emulate_media(media=media)
        page.set_viewport_size({"width": width, "height": 900})
        inside = page.locator(".heat").evaluate("h => h.scrollWidth <= h.clientWidth")
        assert inside, media
        last = page.locator(".characters span").last
        assert last.evaluate("s => s.scrollWidth <= s.clientWidth + 1"), media


def test_a_map_of_a_dark_page_is_printed_light(visit) -> None:
    page = visit("/#study", color_scheme="dark")
    swatch = page.locator(".scale i").first
    expect(swatch).to_have_css("background-color", "rgb(34, 29, 24)")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(swatch).to_have_css("background-color", "rgb(250, 245, 234)")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(swatch).to_have_css("background-color", "rgb(34, 29, 24)")


def test_a_few_large_values_do_not_wash_out_the_map(page) -> None:
    ends = page.evaluate("""async () => {
      const { HeatMap } = await import("/static/heatmap.js");
      const wave = (n) => Array.from({ length: 100 }, (_, unit) => Math.sin(n + unit));
      const map = new HeatMap(), values = Array.from({ length: 9 }, (_, n) => wave(n));
      values[4][50] = 1000;
      const trace = { quantity: "c", text: "國破山河在，城春", values, nll: Array(8).fill(1) };
      map.show({ ...trace, cell: {}, expected: [] }, false);
      return map.scale.textContent; }""")
    assert ends == "≤ −1.00≥ 1.00"


def test_in_the_class_room_the_keyboard_alone_is_enough(page) -> None:
    page.get_by_role("button", name="講堂模式").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".head")).to_be_hidden()
    expect(page.locator(".live")).to_be_hidden()
    expect(page.locator(".cell-drawing")).to_be_in_viewport()
    size = "e => parseFloat(getComputedStyle(e).fontSize)"
    assert page.locator(".verse-read").evaluate(size) >= 28
    for key in ("ArrowRight", "PageDown", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    expect(page.locator(".verse-read .now")).to_have_text("破")
    before = page.locator(".units [aria-pressed=true]").text_content()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".units [aria-pressed=true]")).not_to_have_text(before or "")
    page.keyboard.press("Escape")
    expect(page.locator(".head")).to_be_visible()


def test_from_a_checked_poem_one_press_leads_to_its_trace(visit) -> None:
    page = visit("/#check")
    page.fill("#check-text", "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。")
    page.click("#given button[type=submit]")
    page.click(".report >> text=看模型怎樣讀")
    expect(page.locator("#study-page")).to_be_visible()
    expect(page.locator(".verse-read")).to_contain_text("白日依山盡")


def test_what_cannot_be_read_is_refused_and_no_old_reading_stays(page) -> None:
    read(page, "abc")
    expect(page.locator("#study-page .problem")).to_contain_text("U+0061")
    expect(page.locator("canvas")).to_be_hidden()
    expect(page.locator(".story")).to_be_hidden()


def test_the_map_has_every_unit_and_is_read_from_the_keyboard(page) -> None:
    canvas = page.locator("canvas")
    assert canvas.evaluate("c => [c.width, c.height]") == [49, 128]
    assert page.locator("math").count() == 3
    pixels = "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer"
    assert canvas.evaluate(f"c => new Set(new Uint32Array({pixels})).size") > 50
    expect(page.locator(".map .status")).to_contain_text("「開始」單元")
    canvas.press("ArrowRight")
    expect(page.locator(".map .status")).to_contain_text("「國」單元")


def test_the_report_opens_from_the_study_page_and_is_drawn_whole(visit) -> None:
    page = visit("/#study")
    refused: list[str] = []
    page.context.on("console", lambda message: refused.append(message.text))
    with page.expect_popup() as opened:
        page.click("#study-page a[href='/report']")
    report = opened.value
    report.wait_for_load_state()
    expect(report.locator("h1")).to_contain_text("LSTM")
    # Its own styles hold, in the page and in the drawings, or the policy would be too strict.
    assert report.evaluate("getComputedStyle(document.body).maxWidth") == "768px"
    drawn = report.locator("img").evaluate_all("all => all.map(e => e.naturalWidth)")
    assert len(drawn) > 10
    assert min(drawn) > 0
    assert refused == []
    report.close()


def test_of_a_large_network_a_part_is_shown_and_the_rest_can_be_reached(visit) -> None:
    page = visit("/#study")
    page.locator("#study-page textarea").fill("城春草木深")
    page.locator("#study-page select").first.select_option("strong")
    canvas = page.locator("canvas[aria-label*='1024 個單元，6 步']")
    expect(canvas).to_be_visible()
    assert canvas.evaluate("c => [c.width, c.height]") == [6, 128]
    assert canvas.evaluate("c => c.getBoundingClientRect().height / c.height") > 2.5  # pixels
    slider = page.get_by_role("slider", name="第 1 到 128 列，共 1024 個單元")
    slider.focus()
    slider.press("End")
    expect(page.get_by_role("slider", name="第 897 到 1024 列")).to_be_focused()
    value = page.locator(".map .status")
    last = value.text_content()
    canvas.press("ArrowUp")  # above the uppermost row that is shown
    expect(page.get_by_role("slider", name="第 896 到 1023 列")).to_have_count(1)
    assert value.text_content() != last
