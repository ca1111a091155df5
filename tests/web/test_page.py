"""The page in a real browser: each feature by clicking it."""

import io
import re
import struct
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from playwright.sync_api import Page, expect

from tangyin.prosody import check_text
from tangyin.web.bodies import SPRING

from .conftest import fill

PHONE = {"viewport": {"width": 360, "height": 740}}


def poem_of(page: Page) -> str:
    """The poem on the leaf."""
    return "".join(page.locator("#poem .line").all_text_contents())


def write(page: Page, count: int = 1, /, *, said: str = "", **given: str) -> str:
    """Write by the form."""
    fill(page, **given)
    page.click("#write")
    expect(page.locator("#status")).to_have_text(said or f"寫好 {count} 首")
    return poem_of(page)


def by_hand(page: Page, text: str) -> None:
    """Type a poem, and take it."""
    if page.locator("#writing").is_hidden():
        page.click("#by-hand")
    page.fill("#by-hand-text", text)
    page.click("#take")


def compose_checked(page: Page, text: str) -> None:
    """Check a poem, and take it to the page of writing."""
    page.click("nav [data-page=check]")
    page.fill("#check-text", text)
    page.click("#given button[type=submit]")
    page.click("text=到作詩頁")


def rewrite(page: Page, place: int, what: str) -> None:
    """Select a character, and have it or what belongs to it rewritten."""
    page.locator(".hanzi").nth(place).click()
    page.click(f"#touch button:text-is('{what}')")


@pytest.fixture
def page(visit):
    """The page of a server with the small model."""
    opened: Page = visit()
    return opened


@pytest.fixture
def poem(page):
    """A poem that is on the leaf."""
    return write(page, start="明月", seed="16")


def on_api(address: str, path: str, **body: Any) -> Any:
    return httpx.post(f"{address}/api/{path}", json=body, timeout=600).json()


def test_a_poem_is_written_in_columns_is_the_apis_and_can_be_checked(page, poem, address) -> None:
    (wanted,) = on_api(address, "write", start="明月", seed=16, p=0.9)
    assert poem == wanted["text"]
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text(wanted["prosody"]["pattern"])
    expect(verdict).to_contain_text("合律")
    columns = page.locator(".line").evaluate_all("l => l.map(e => e.getBoundingClientRect().x)")
    assert columns == sorted(columns, reverse=True)
    expect(page.locator("#frame")).to_have_css("writing-mode", "vertical-rl")
    page.click("#to-check")
    expect(page.locator(".report h2 .good")).to_have_text("合律")


def test_a_regulated_poem_on_a_title_arrives(visit, strong_address) -> None:
    page = visit(server=strong_address)
    expect(page.locator("[name=model]")).to_have_value("strong")
    forms = page.locator("[name=form] option").all_text_contents()
    assert forms == ["五律", "七律", "五絕", "七絕"]
    poem = write(page, title="秋夜宿山寺", form="七絕", seed="1")
    report = check_text(poem)
    assert (report.form, report.regulated) == ("七絕", True)
    expect(page.locator("#poem-title")).to_have_text("秋夜宿山寺七絕")
    expect(page.locator("#colophon")).to_have_text(re.compile("strong.*№ 1"))
    # Requests about the poem go to the model that knows its title.
    with page.expect_request("**/api/place") as asked:
        page.locator(".hanzi").nth(6).click()
    body = asked.value.post_data_json
    assert (body["title"], body["model"], body["form"]) == ("秋夜宿山寺", "strong", "七絕")
    expect(page.locator(".candidates li")).to_have_count(10)
    page.click("#touch button:text-is('改後面全部')")
    expect(page.locator("#status")).to_have_text("寫好 1 首")
    changed = poem_of(page)
    assert changed[:7] == poem[:7]
    assert check_text(changed).regulated
    expect(page.locator("#poem-title")).to_contain_text("秋夜宿山寺")
    # A model without titles is not offered one.
    page.select_option("[name=model]", "report")
    expect(page.locator("[name=title]")).to_be_hidden()
    assert page.locator("[name=form] option").all_text_contents() == ["五律"]


def test_poems_have_what_was_asked_for_and_are_turned_from_the_keyboard(page) -> None:
    fill(page, acrostic="春夏秋冬", rhyme="東", avoid="山", include="明月", count="2")
    poem = write(page, 2, pattern="平起首句不入韻", seed="1")
    report = check_text(poem)
    assert [report.lines[n][0] for n in (0, 2, 4, 6)] == [*"春夏秋冬"]
    assert (report.rhyme, report.pattern) == ("東", "平起首句不入韻")
    assert "明月" in poem
    assert "山" not in poem
    page.locator("#pager button").nth(1).focus()
    page.keyboard.press("Enter")
    focused = page.locator("#pager button:focus")
    expect(focused).to_have_text("其二")
    expect(focused).to_have_attribute("aria-pressed", "true")
    assert poem_of(page) != poem


def test_free_verse_and_the_slider_of_inspiration(page, address) -> None:
    page.check("[name=regulated][value=no]")
    expect(page.locator("[name=rhyme]")).to_be_hidden()
    fill(page, rule="random-k")
    expect(page.locator("#amount")).to_have_text("k = 5")
    page.locator("#amount-input").press("ArrowRight")
    expect(page.locator("#amount")).to_have_text("k = 6")
    poem = write(page, start="山", seed="3")
    body = {"start": "山", "seed": 3, "rule": "random-k", "k": 6, "regulated": False}
    assert poem == on_api(address, "write", **body)[0]["text"]
    fill(page, rule="argmax")
    expect(page.locator("#amount-field")).to_be_hidden()


def test_an_error_is_shown_as_text_and_never_as_html(page) -> None:
    fill(page, start="<img src=x onerror=alert(1)>")
    page.click("#write")
    expect(page.locator("#problem")).to_contain_text("U+003C")
    assert page.locator("#problem img").count() == 0


def test_a_touched_character_is_explained_replaced_and_comes_back(page, poem, address) -> None:
    page.locator(".hanzi").nth(7).click()
    panel = page.locator("#touch")
    expect(panel.locator("h2")).to_contain_text(poem[8])
    expect(panel.locator(".readings")).to_contain_text("韻")
    candidates = panel.locator(".candidates button:enabled")
    body = {"text": poem, "form": "五律", "line": 2, "character": 3, "count": 10}
    wanted = on_api(address, "place", **body)["candidates"]
    assert panel.locator(".glyph").all_text_contents() == [c["character"] for c in wanted]
    other = candidates.first.locator(".glyph").text_content()
    candidates.first.click()
    expect(page.locator(".hanzi").nth(7)).to_have_text(other or "")
    expect(page.locator("#verdict")).to_contain_text("有改動")
    page.click("#undo")
    assert poem_of(page) == poem
    page.click("#redo")
    assert poem_of(page) == poem[:8] + str(other) + poem[9:]
    expect(page.locator("#redo")).to_be_disabled()


@pytest.mark.parametrize("what", ["改這個字", "改這一句"])
def test_a_character_or_a_line_is_written_anew(page, poem, what) -> None:
    rewrite(page, 11, what)
    page.locator("#touch .others button").first.click()
    expect(page.locator("#status")).to_have_text("已修改")
    changed = poem_of(page)
    places = [n for n, (a, b) in enumerate(zip(poem, changed, strict=True)) if a != b]
    assert places
    assert set(places) <= ({13} if what == "改這個字" else {*range(12, 17)})
    assert check_text(changed).regulated


def test_everything_after_a_place_is_written_anew(page, poem) -> None:
    fill(page, seed="")
    rewrite(page, 11, "改後面全部")
    expect(page.locator("#status")).to_have_text("寫好 1 首")
    changed = poem_of(page)
    assert changed[:14] == poem[:14]
    assert changed != poem
    assert check_text(changed).regulated
    page.click("#undo")
    assert poem_of(page) == poem


def test_lines_are_typed_and_the_poem_goes_on_from_them(page) -> None:
    by_hand(page, "國破山河在\n城春草")
    expect(page.locator("#status")).to_have_text("已修改")
    assert poem_of(page) == "國破山河在，城春草"
    expect(page.locator("#verdict")).to_have_text("未完成")
    page.click("#by-hand")
    page.click("#go-on")
    expect(page.locator("#status")).to_have_text("寫好 1 首")
    assert re.match(r"國破山河在.城春草", poem_of(page))
    assert check_text(poem_of(page)).regulated
    by_hand(page, "國破山河在人\n城春草")
    expect(page.locator("#problem")).to_contain_text("第1句有 6 個字")
    page.click("#drop")
    expect(page.locator("#frame")).to_be_visible()


def test_what_is_typed_in_simplified_characters_is_kept_in_traditional_ones(page) -> None:
    by_hand(page, "国破山河在\n城春草木深")
    expect(page.locator("#status")).to_have_text("已修改")
    assert poem_of(page) == "國破山河在，城春草木深"
    page.click("#script")
    expect(page.locator(".hanzi").first).to_have_text("国")
    page.click("#by-hand")
    expect(page.locator("#by-hand-text")).to_have_value("国破山河在，\n城春草木深")
    by_hand(page, "国破山河在，\n城春鸟自飞")
    page.click("#script")
    expect(page.locator(".hanzi").first).to_have_text("國")
    assert poem_of(page) == "國破山河在，城春鳥自飛"
    by_hand(page, "國破b山河在")
    expect(page.locator("#problem")).to_have_text("「b」不是漢字；請刪去。")


def test_while_a_poem_is_set_it_cannot_be_touched_and_another_takes_its_place(visit) -> None:
    page = visit(reduced_motion="no-preference")
    old = write(page, start="明月", seed="16")
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)
    write_button = page.locator("#write")
    fill(page, start="日")
    write_button.click()
    expect(page.locator(".line.new")).to_have_count(1)
    page.locator(".hanzi").first.dispatch_event("click")
    expect(page.locator("#touch")).to_be_hidden()
    for tool in ("#undo", "#by-hand", "#share", "#copy", "#print", "#to-check"):
        expect(page.locator(tool)).to_be_disabled()
    expect(page.locator("#verdict")).to_have_text("")
    page.clock.run_for(300)
    expect(page.locator(".line:not(.blank-line)")).to_have_count(2)
    # After a stop the leaf shows the old poem again.
    page.click("#stop")
    page.clock.run_for(300)
    expect(page.locator("#status")).to_have_text("已停止")
    expect(page.locator("#stop")).to_be_hidden()
    assert poem_of(page) == old
    # Asked for another, it is that one that comes, and nothing of the first any more.
    write_button.click()
    expect(page.locator(".line.new")).to_have_count(1)
    fill(page, start="山", seed="3")
    write_button.click()
    for _ in range(40):
        page.clock.run_for(300)
        if page.locator("#stop").is_hidden():
            break
        page.wait_for_timeout(100)
    expect(page.locator("#status")).to_have_text("寫好 1 首")
    assert poem_of(page).startswith("山")
    expect(page.locator("#pager")).to_be_hidden()


def test_an_answer_that_is_cut_off_is_an_error(page) -> None:
    cut = 'event: line\ndata: {"number": 0, "line": 1, "text": "國破山河在，"}\n\n'
    kind = "text/event-stream"
    page.route("**/api/write", lambda route: route.fulfill(body=cut, content_type=kind))
    page.click("#write")
    expect(page.locator("#problem")).to_contain_text("與伺服器失去聯絡")
    expect(page.locator("#stop")).to_be_hidden()
    expect(page.locator(".hanzi")).to_have_count(0)


def test_a_wrong_field_that_is_folded_away_is_shown(page) -> None:
    fill(page, seed="-5")
    folded = page.locator("details").first
    folded.evaluate("details => { details.open = false; }")
    page.click("#write")
    expect(page.locator("[name=seed]")).to_be_visible()
    expect(page.locator("[name=seed]")).to_be_focused()
    expect(page.locator("#stop")).to_be_hidden()


def test_a_poem_that_comes_from_elsewhere_ends_what_is_typed(page) -> None:
    page.click("#by-hand")
    page.fill("#by-hand-text", "國破山河在")
    expect(page.locator("#to-check")).to_be_disabled()
    compose_checked(page, SPRING)
    expect(page.locator("#frame")).to_be_visible()
    expect(page.locator("#writing")).to_be_hidden()
    assert poem_of(page) == SPRING


def test_a_poem_is_asked_about_of_a_model_that_knows_its_form(page) -> None:
    four = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"
    compose_checked(page, four)
    assert page.locator("[name=model]").input_value() == "report"  # which knows 五律 alone
    page.locator(".hanzi").nth(4).click()
    expect(page.locator(".candidates li")).to_have_count(10)
    page.click("#touch button:text-is('改這個字')")
    expect(page.locator("#touch .others button").first).to_be_visible()


def test_the_rhyme_of_the_next_poem_does_not_affect_revising_this_one(page) -> None:
    write(page, start="明月", seed="16", rhyme="陽")
    fill(page, rhyme="東", pattern="平起首句入韻")
    rewrite(page, 11, "改這一句")
    expect(page.locator("#touch .others button").first).to_be_visible()


def test_columns_script_and_tones_can_be_changed(page) -> None:
    poem = write(page, start="國", seed="1")
    page.click("#direction")
    expect(page.locator("#frame")).to_have_css("writing-mode", "horizontal-tb")
    page.click("#script")
    expect(page.locator(".hanzi").first).to_have_text("国")
    page.click("#tones")
    sign = "h => getComputedStyle(h, '::after').content"
    assert page.locator(".hanzi").first.evaluate(sign) == '"●"'
    page.click("#share")
    drawn = page.locator("#card svg text").all_text_contents()
    assert "国" in drawn
    assert "國" not in drawn
    page.keyboard.press("Escape")
    page.click("#script")
    expect(page.locator(".hanzi").first).to_have_text("國")
    assert poem_of(page) == poem
    page.reload()
    expect(page.locator("#direction")).to_have_attribute("aria-pressed", "true")


def test_everything_on_the_leaf_can_be_done_from_the_keyboard(page, poem) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "hanzi":
            break
    place = "[document.activeElement.dataset.line, document.activeElement.dataset.at].join()"
    assert page.evaluate(place) == "0,0"
    for key in ("ArrowDown", "ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    assert page.evaluate(place) == "2,0"
    page.keyboard.press("Enter")
    expect(page.locator("#touch h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#touch")).to_be_hidden()
    assert page.evaluate(place) == "2,0"
    assert page.locator(".hanzi:focus").get_attribute("aria-label")
    # Whoever takes a candidate stays in the panel, and finds the way back to the place.
    page.keyboard.press("Enter")
    page.wait_for_selector(".candidates")
    page.locator(".candidates button:enabled").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text("已修改")
    expect(page.locator("#touch h2")).to_be_focused()
    page.keyboard.press("Escape")
    assert page.evaluate(place) == "2,0"


@pytest.mark.parametrize("name", ["compose", "check", "study"])
def test_the_head_of_a_page_is_skipped_from_the_keyboard(visit, name) -> None:
    page = visit(f"/#{name}")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator(f"#{name}-page")).to_be_visible()


def test_a_link_brings_the_poem_back_without_writing_it(page, poem, address, visit) -> None:
    page.click("#share")
    link = page.input_value("#link")
    asked: list[str] = []
    other = visit(link.removeprefix(address))
    other.on("request", lambda request: asked.append(request.url))
    other.reload()
    expect(other.locator("#status")).to_have_text("這首詩來自連結")
    expect(other.locator("#verdict")).to_contain_text("合律")
    assert poem_of(other) == poem
    expect(other.locator("#colophon")).to_contain_text("16")
    assert not [url for url in asked if url.endswith("/write")]
    other.click("#share")
    assert other.input_value("#link") == link


def test_going_back_to_a_link_shows_the_poem_as_it_was_left(page, poem, address, visit) -> None:
    page.click("#share")
    link = page.input_value("#link")
    other = visit(link.removeprefix(address))
    other.locator(".hanzi").nth(7).click()
    other.locator(".candidates button:enabled").first.click()
    expect(other.locator("#status")).to_have_text("已修改")
    changed = poem_of(other)
    other.click("nav [data-page=study]")
    other.go_back()
    expect(other.locator("#compose-page")).to_be_visible()
    assert poem_of(other) == changed
    expect(other.locator("#undo")).to_be_enabled()


@pytest.mark.parametrize("fragment", ["p=", "p=!!!", "p=eyJ2IjoxfQ", "p=bnVsbA", "p=" + "A" * 5000])
def test_a_damaged_link_is_an_error(visit, fragment) -> None:
    page = visit(f"/#{fragment}")
    expect(page.locator("#problem")).to_contain_text("連結已損壞")


def test_a_hostile_link_is_shown_as_text(page, visit) -> None:
    fragment = page.evaluate("""async () => {
      const { linkOf } = await import("/static/share.js");
      const poem = { lines: ["國破山河在"], marks: ["，"], form: "五律", model: "<b>x</b>",
        title: "<img src=x onerror=alert(1)>", seed: 1, number: 0, options: {} };
      return linkOf(poem).split("#")[1]; }""")
    other = visit(f"/#{fragment}")
    expect(other.locator("#poem-title")).to_contain_text("<img")
    assert other.locator("#frame img, #frame b").count() == 0
    other.click("#share")
    assert other.locator("#card img, #card b").count() == 0


def test_a_poem_is_saved_as_a_picture_and_copied(visit) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    poem = write(page, start="明月", seed="16")
    page.click("#copy")
    expect(page.locator("#status")).to_have_text("已複製")
    assert page.evaluate("navigator.clipboard.readText()").replace("\n", "") == poem
    page.click("#share")
    with page.expect_download() as waiting:
        page.click("#save-png")
    png = waiting.value.path().read_bytes()
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    assert min(width, height) > 600
    with page.expect_download() as waiting:
        page.click("#save-svg")
    svg = waiting.value.path().read_bytes()
    drawn = [e.text for e in ElementTree.parse(io.BytesIO(svg)).iter() if e.tag.endswith("text")]
    assert "".join(t for t in drawn if t and len(t) == 1).startswith("無題" + poem)
    page.click("#copy-link")
    assert page.evaluate("navigator.clipboard.readText()") == page.input_value("#link")


def test_the_interface_speaks_english_and_turns_dark(visit) -> None:
    page = visit(locale="en-GB")
    expect(page.locator("#write")).to_have_text("Write")
    write(page, start="明月", seed="16", said="1 written")
    page.locator(".hanzi").first.click()
    expect(page.locator("#touch h3").first).to_have_text("The model")
    expect(page.locator(".readings")).to_contain_text("tone")
    page.select_option("#language", "zh-Hant")
    expect(page.locator("#write")).to_have_text("作詩")
    expect(page.locator("#status")).to_have_text("寫好 1 首")
    expect(page.locator("#touch h3").first).to_have_text("模型的看法")
    fill(page, start="x")
    page.click("#write")
    expect(page.locator("#problem")).to_contain_text("不是漢字")
    page.select_option("#language", "en")
    page.click("#write")
    expect(page.locator("#problem")).to_contain_text("Chinese character")
    page.select_option("#language", "zh-Hant")
    page.reload()
    expect(page.locator("#write")).to_have_text("作詩")
    paper = "getComputedStyle(document.querySelector('.leaf')).backgroundColor"
    light = page.evaluate(paper)
    page.click("#theme")
    assert page.evaluate(paper) != light
    page.reload()
    assert page.evaluate(paper) != light


@pytest.mark.parametrize("at", ["/", "/#check", "/#study"])
def test_nothing_is_wider_than_a_phone(visit, at) -> None:
    page = visit(at, **PHONE)
    if at == "/":
        write(page, start="明月", seed="16")
    elif at == "/#check":
        page.click("#check-example")
        page.wait_for_selector(".report")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    if at == "/":
        page.locator(".hanzi").nth(3).click()
        page.wait_for_selector(".candidates")
        expect(page.locator(".hanzi").nth(3)).to_be_in_viewport()
        page.click("#touch .close")
        page.click("#direction")
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_on_paper_there_is_the_poem_alone(visit) -> None:
    page = visit(color_scheme="dark")
    write(page, start="明月", seed="16")
    page.emulate_media(media="print", color_scheme="dark")
    for hidden in ("#request", "#tools", ".head", ".foot"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator("#poem")).to_be_visible()
    expect(page.locator(".leaf")).to_have_css("background-color", "rgb(255, 255, 255)")
    page.emulate_media(media="screen")
    page.click("nav [data-page=check]")
    page.click("#check-example")
    page.wait_for_selector(".report")
    page.emulate_media(media="print")
    expect(page.locator(".faults li")).to_be_visible()
    assert page.locator("button:visible").count() == 0
