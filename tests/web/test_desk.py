"""The desk in a real browser, as stories: what a person does on the sheet, and what comes of it."""

import io
import json
import re
import struct
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from playwright.sync_api import Page, expect

from tangyin.prosody import check_poem, readings_of
from tangyin.web.bodies import SPRING

from .conftest import fill, rows_of, type_at, write

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
LINES = SPRING.replace("，", "。").split("。")[:-1]
OPEN = "□□□□□"


@pytest.fixture
def page(visit):
    """The page of a server with the small model."""
    opened: Page = visit()
    return opened


def cell(page: Page, line: int, place: int) -> Any:
    """A place of the sheet, both from 1."""
    return page.locator(f"#poem [data-line='{line - 1}'][data-at='{place - 1}']")


def at(page: Page) -> list[int]:
    """Line and place that have the keyboard, from 1."""
    place = "[Number(document.activeElement.dataset.line) + 1, "
    place += "Number(document.activeElement.dataset.at) + 1]"
    found: list[int] = page.evaluate(place)
    return found


def paste(page: Page, line: int, place: int, text: str) -> None:
    """Paste a text at a place."""
    cell(page, line, place).focus()
    page.evaluate(
        """text => {
          const data = new DataTransfer();
          data.setData("text", text);
          const event = { clipboardData: data, bubbles: true, cancelable: true };
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", event)); }""",
        text,
    )


def lose_server(page: Page) -> None:
    """From now on the server does not answer."""
    page.route("**/api/**", lambda route: route.abort())


def test_eight_lines_are_written_from_nothing_through_a_crash_and_a_reload(page) -> None:
    """Three lines are typed, the others chosen; nothing is lost on the way."""
    page.fill("#poem-title", "春望")
    type_at(page, 1, 1, "國破山河在，城春草木深。")
    lose_server(page)
    type_at(page, 3, 1, "感時花濺淚")
    expect(page.locator("#status")).to_contain_text("保存在這個瀏覽器裡")
    page.unroute("**/api/**")
    page.reload()
    expect(page.locator("#verdict")).to_contain_text("還空 25 字")
    assert rows_of(page) == [*LINES[:3], *[OPEN] * 5]
    expect(page.locator("#poem-title")).to_have_value("春望")
    # A second line in answer, then a line character by character, then the rest.
    cell(page, 3, 5).focus()
    page.click("#advice-next")
    expect(page.locator(".choice-card")).to_have_count(3)
    page.locator(".choice-card").first.click()
    cell(page, 5, 1).focus()
    for place in range(1, 6):
        expect(page.locator("#advice-place")).to_have_text(f"第5句第{place}字")
        expect(page.locator("#advice")).to_have_attribute("aria-busy", "false")
        page.locator("#candidates .candidate").first.click()
    rows = write(page)
    assert rows[:3] == LINES[:3]
    assert check_poem(rows).regulated
    expect(page.locator("#verdict")).to_contain_text("合律")
    page.reload()
    expect(page.locator("#verdict")).to_contain_text("合律")
    assert rows_of(page) == rows


def test_the_pattern_and_faults_follow_what_is_typed_without_a_button(page) -> None:
    expect(page.locator("#verdict")).to_contain_text("仄起首句不入韻")
    first = [cell(page, 1, n).get_attribute("placeholder") for n in range(1, 6)]
    assert first == [*"◎●○○●"]
    type_at(page, 1, 1, "山花照塢紅")  # a level start, rhymed
    expect(page.locator("#verdict")).to_contain_text("平起首句入韻")
    expect(page.locator("#poem .square.rhymes")).to_have_count(5)
    assert cell(page, 2, 2).get_attribute("placeholder") == "●"
    expect(page.locator(".square").first).to_have_attribute("data-sign", "○")
    type_at(page, 2, 1, "月月月月月")
    expect(page.locator("#findings li").first).to_be_visible()
    spoilt = cell(page, 2, 5)
    expect(spoilt).to_have_attribute("aria-invalid", "true")
    expect(spoilt).to_have_attribute("aria-label", re.compile("第2句第5字，.*韻腳，.*出韻"))
    page.locator("#findings button").last.click()
    assert at(page)[0] == 2
    for _ in range(2):
        page.keyboard.press("Control+z")
    expect(page.locator("#findings li")).to_have_count(0)
    assert rows_of(page) == [OPEN] * 8
    page.keyboard.press("Control+Shift+z")
    assert rows_of(page)[0] == "山花照塢紅"
    page.click("#redo")
    assert rows_of(page)[1] == "月月月月月"


def test_an_input_method_composes_in_a_place_and_gives_words(page) -> None:
    session = page.context.new_cdp_session(page)
    cell(page, 1, 5).focus()
    session.send("Input.imeSetComposition", {"text": "guo", "selectionStart": 3, "selectionEnd": 3})
    expect(page.locator(".square.composing")).to_have_count(1)
    assert page.evaluate("localStorage.length") <= 3  # nothing is a draft yet
    session.send("Input.insertText", {"text": "國破"})
    expect(page.locator(".square.composing")).to_have_count(0)
    assert rows_of(page)[:2] == ["□□□□國", "破□□□□"]
    assert at(page) == [2, 2]


@pytest.mark.parametrize("direction", ["columns", "across"])
def test_the_sheet_is_typed_on_from_the_keyboard_alone(page, direction) -> None:
    if direction == "across":
        page.click("#direction")
    cell(page, 1, 1).focus()
    page.keyboard.type("國破山，河在，城")
    assert rows_of(page)[:2] == ["國破山河在", "城□□□□"]
    forth, back, line = (
        ("ArrowDown", "ArrowUp", "ArrowLeft") if direction == "columns"
        else ("ArrowRight", "ArrowLeft", "ArrowDown")
    )  # fmt: skip
    assert at(page) == [2, 2]
    page.keyboard.press("Backspace")  # the place is open: that before it is opened
    assert rows_of(page)[1] == OPEN
    for key, place in ((back, [1, 5]), (line, [2, 5]), ("Home", [2, 1]), ("End", [2, 5]),
                       ("Enter", [3, 1]), (forth, [3, 2]), (" ", [3, 3])):  # fmt: skip
        page.keyboard.press(key)
        assert at(page) == place
    cell(page, 1, 2).focus()
    page.keyboard.type("家")  # over what is there
    assert rows_of(page)[0] == "國家山河在"
    assert at(page) == [1, 3]
    page.keyboard.press("Delete")
    assert rows_of(page)[0] == "國家□河在"
    expect(page.locator(".line").first.locator(".mark")).to_have_text("，")
    cell(page, 1, 1).focus()
    page.keyboard.press("Control+x")
    assert rows_of(page)[0] == "□家□河在"
    page.keyboard.type("a")  # no Chinese character
    cell(page, 1, 2).focus()
    page.keyboard.type("b")
    assert rows_of(page)[0] == "□家□河在"


def test_a_whole_poem_is_pasted_with_its_title_as_it_came(page) -> None:
    paste(
        page,
        3,
        2,
        "春望\n国破山河在，城春草木深[1]。\n感时花溅泪，恨别鸟惊心。\n烽火连三月，家书抵万金。\n白头搔更短，浑欲不胜簪。",
    )
    expect(page.locator("#status")).to_have_text("已貼上整首詩；可以復原")
    assert rows_of(page)[0] == "国破山河在"
    expect(page.locator("#poem-title")).to_have_value("春望")
    expect(page.locator("#verdict")).to_contain_text("侵韻")
    expect(page.locator("#verdict .good")).to_have_text("合律")
    # A poem of another form is a draft of its own; what was there stays on the shelf.
    paste(page, 1, 1, "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。")
    expect(page.locator("#forms [aria-pressed=true]")).to_have_text("五絕")
    page.click("#shelf-open")
    expect(page.locator("#shelf-list li")).to_have_count(2)


def test_a_paste_that_does_not_fit_says_how_much_is_left_out(page) -> None:
    paste(page, 1, 1, "山" * 2600)
    expect(page.locator("#status")).to_have_text("有 2560 個字放不下，沒有寫進來")
    assert rows_of(page) == ["山山山山山"] * 8
    page.click("#undo")
    assert rows_of(page) == [OPEN] * 8


def test_the_rest_is_written_around_what_was_typed(page, address) -> None:
    type_at(page, 3, 1, "感時")
    type_at(page, 8, 5, "簪")
    rows = write(page)
    assert rows[2].startswith("感時")
    assert rows[7].endswith("簪")
    assert check_poem(rows).regulated
    page.click("#undo")
    assert rows_of(page) == [OPEN, OPEN, "感時□□□", OPEN, OPEN, OPEN, OPEN, "□□□□簪"]
    page.click("#redo")
    assert rows_of(page) == rows
    # Another one is a draft of its own.
    expect(page.locator("#write")).to_have_text("另寫一首")
    other = write(page)
    assert other != rows
    page.click("#shelf-open")
    page.locator(".draft-open").nth(1).click()
    assert rows_of(page) == rows
    assert httpx.get(f"{address}/healthz").status_code == 200


def test_the_same_seed_gives_the_apis_poem(page, address) -> None:
    fill(page, seed="16")
    rows = write(page)
    (wanted,) = httpx.post(f"{address}/api/write", json={"seed": 16, "p": 0.9}, timeout=600).json()
    assert rows == wanted["lines"]
    expect(page.locator("#colophon")).to_have_text(re.compile("report.*№ 16"))


def test_a_place_gets_what_fits_it_and_a_reason_for_what_does_not(page) -> None:
    type_at(page, 2, 1, "暮山催客歸")
    type_at(page, 6, 1, "寒窗人影微")
    with page.expect_response("**/api/candidates"):
        cell(page, 2, 5).focus()
    expect(page.locator("#reason")).to_contain_text("「歸」排第")
    offered = page.locator("#candidates .glyph").all_text_contents()
    assert len(offered) == 12
    assert all("微" in {r.rhyme for r in readings_of(c) if r.level} for c in offered)
    expect(page.locator("#candidates [aria-pressed=true] .glyph")).to_have_text("歸")
    page.click(".asking summary")
    page.fill("#why", "同")
    page.press("#why", "Enter")
    expect(page.locator("#reason")).to_have_text("第2句韻腳「同」屬東韻，全詩押微韻，出韻。")
    expect(page.locator("#allowed")).to_contain_text("合格律的有")
    page.check("#loosened")
    expect(page.locator("#allowed")).not_to_contain_text(f"有 {len(offered)} 字")
    # An open place is offered characters and words; taking one goes on to the next place.
    page.uncheck("#loosened")
    cell(page, 1, 1).focus()
    expect(page.locator("#words .candidate").first).to_be_visible()
    word = page.locator("#words .candidate").first
    text = word.locator(".glyph").text_content() or ""
    word.click()
    assert rows_of(page)[0] == text + "□□□"
    expect(page.locator("#advice-place")).to_have_text("第1句第3字")


def test_a_line_is_chosen_among_several_and_a_locked_one_stays(page) -> None:
    paste(page, 1, 1, SPRING)
    cell(page, 5, 2).focus()
    page.click("#advice-line")
    expect(page.locator(".choice-card")).to_have_count(3)
    cards = [c.replace("\n", "") for c in page.locator(".choice-line").all_text_contents()]
    assert len({*cards, LINES[4]}) == 4
    page.locator(".choice-card").nth(1).click()
    assert rows_of(page) == [*LINES[:4], cards[1], *LINES[5:]]
    page.click("#undo")
    assert rows_of(page) == LINES
    page.click("#advice-lock")
    expect(page.locator(".line.locked")).to_have_count(1)
    page.click("#advice-line")
    expect(page.locator("#status")).to_have_text("第5句已鎖住；先解開。")
    expect(page.locator("#write")).to_have_text("重寫其餘各句")
    rows = write(page)
    assert rows[4] == LINES[4]
    assert all(new != old for n, (new, old) in enumerate(zip(rows, LINES, strict=True)) if n != 4)
    page.locator(".line").nth(4).hover()
    page.locator(".lock").nth(4).click()
    expect(page.locator(".line.locked")).to_have_count(0)


def test_a_whole_poem_gets_another_rhyme(page) -> None:
    paste(page, 1, 1, SPRING)
    expect(page.locator("#verdict")).to_contain_text("侵韻")
    fill(page, rhyme="陽")
    expect(page.locator("#choices-heading")).to_have_text("換韻：選一首")
    expect(page.locator("#status")).to_have_text("寫好 3 首")
    page.locator(".choice-card").first.click()
    rows = rows_of(page)
    assert check_poem(rows).rhyme == "陽"
    assert rows[::2] == LINES[::2]
    expect(page.locator("#verdict")).to_contain_text("陽韻")


def test_three_poems_are_side_by_side_and_one_is_taken(page) -> None:
    type_at(page, 1, 1, "明月")
    page.click("#several")
    expect(page.locator("#status")).to_have_text("寫好 3 首")
    assert rows_of(page)[0] == "明月□□□"
    cards = page.locator(".choice-card").all_text_contents()
    assert len(set(cards)) == 3
    page.locator(".choice-card").nth(2).click()
    assert "".join(rows_of(page)) == cards[2]
    expect(page.locator("#choices")).to_be_hidden()


def test_lines_arrive_one_by_one_and_can_be_stopped(page) -> None:
    line = 'event: line\ndata: {"number": 0, "line": 1, "text": "國破山河在，"}\n\n'
    kind = "text/event-stream"
    page.route("**/api/write", lambda route: route.fulfill(body=line, content_type=kind))
    type_at(page, 1, 2, "破")
    page.click("#write")
    expect(page.locator("#problem")).to_contain_text("與伺服器失去聯絡")
    expect(page.locator("#stop")).to_be_hidden()
    assert rows_of(page)[0] == "□破□□□"  # what came in part is not kept
    page.unroute("**/api/write")
    page.route("**/api/write", lambda _route: None)  # never answered
    page.click("#write")
    expect(page.locator("#working")).to_be_visible()
    page.click("#stop")
    expect(page.locator("#status")).to_have_text("已停止")
    expect(page.locator("#working")).to_be_hidden()
    assert rows_of(page)[0] == "□破□□□"


def test_the_report_and_back_and_other_pages_change_nothing(page) -> None:
    type_at(page, 2, 3, "草木")
    page.click("nav [data-page=check]")
    page.go_back()
    page.goto(page.url.split("#")[0] + "report")
    page.go_back()
    page.wait_for_selector("#poem .hanzi")
    assert rows_of(page)[1] == "□□草木□"
    expect(page.locator("#undo")).to_be_enabled()
    page.click("#undo")
    assert rows_of(page)[1] == OPEN


def test_drafts_are_found_renamed_deleted_and_brought_back(page) -> None:
    for text, title in (("國破山河", "春望"), ("白日依山", ""), ("明月出天", "關山月")):
        if text != "國破山河":
            page.click("#new-draft")
            assert rows_of(page)[0] == OPEN
        type_at(page, 1, 1, text)
        page.fill("#poem-title", title)
    page.click("#shelf-open")
    items = page.locator("#shelf-list li")
    expect(items).to_have_count(3)
    page.fill("#shelf-search", "白日")
    expect(items).to_have_count(1)
    items.locator("input").fill("登樓")
    items.locator("input").blur()
    page.fill("#shelf-search", "登樓")
    expect(items).to_have_count(1)
    page.fill("#shelf-search", "關山")
    items.get_by_text("刪除").click()
    expect(page.locator("#shelf-none")).to_be_visible()
    page.click("#shelf-undo")
    expect(items).to_have_count(1)
    items.locator(".draft-open").click()
    assert rows_of(page)[0] == "明月出天□"
    page.click("#shelf-open")
    page.fill("#shelf-search", "春望")
    items.locator(".draft-open").click()
    expect(page.locator("#poem-title")).to_have_value("春望")
    assert rows_of(page)[0] == "國破山河□"


def test_another_form_keeps_the_text_or_leaves_the_draft_on_the_shelf(page) -> None:
    type_at(page, 1, 1, "國破山河在城春草木深")
    page.click("#forms button:text-is('七絕')")
    assert rows_of(page)[:2] == ["國破山河在□□", "城春草木深□□"]
    page.click("#undo")
    expect(page.locator("#forms [aria-pressed=true]")).to_have_text("五律")
    type_at(page, 8, 1, "渾")
    page.click("#forms button:text-is('五絕')")
    expect(page.locator("#status")).to_contain_text("仍在詩稿裡")
    assert rows_of(page) == [OPEN] * 4
    page.click("#shelf-open")
    page.locator(".draft-open").first.click()
    assert rows_of(page)[7] == "渾□□□□"


def test_a_link_is_a_draft_that_stays_as_it_was_left(page, address, visit) -> None:
    fill(page, seed="16")
    rows = write(page)
    page.click("#share")
    link = page.input_value("#link")
    expect(page.locator("#link-local")).to_be_visible()
    asked: list[str] = []
    other = visit(link.removeprefix(address))
    other.on("request", lambda request: asked.append(request.url))
    expect(other.locator("#status")).to_have_text("這首詩來自連結")
    assert rows_of(other) == rows
    expect(other.locator("#colophon")).to_contain_text("16")
    type_at(other, 1, 1, "山")
    expect(other.locator("#verdict")).not_to_be_empty()
    other.reload()
    other.wait_for_selector("#poem .hanzi")
    assert rows_of(other)[0] == "山" + rows[0][1:]
    assert not [url for url in asked if url.endswith("/write")]
    other.click("nav [data-page=study]")
    other.go_back()
    assert rows_of(other)[0] == "山" + rows[0][1:]


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
    expect(other.locator("#poem-title")).to_have_value(re.compile("<img"))
    assert other.locator("#frame img, #frame b").count() == 0
    other.click("#share")
    assert other.locator("#card img, #card b").count() == 0


def test_an_error_is_shown_as_text_and_never_as_html(page) -> None:
    fill(page, avoid="國")
    type_at(page, 1, 1, "國")
    page.route("**/api/write", lambda route: route.fulfill(
        status=422, json={"code": "x", "message": "<img src=x onerror=alert(1)>"}
    ))  # fmt: skip
    page.click("#write")
    expect(page.locator("#problem")).to_have_text("<img src=x onerror=alert(1)>")
    assert page.locator("#problem img").count() == 0


def test_a_poem_is_saved_in_every_way_and_copied(visit) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    paste(page, 1, 1, SPRING)
    page.click("#copy")
    expect(page.locator("#status")).to_have_text("已複製")
    assert page.evaluate("navigator.clipboard.readText()").replace("\n", "") == SPRING
    page.fill("#poem-title", "春望")
    page.click("#share")
    saved = {}
    for kind in ("txt", "md", "html", "json", "png", "svg"):
        with page.expect_download() as waiting:
            page.click(f"#exports [data-kind={kind}]")
        assert waiting.value.suggested_filename == f"春望.{kind}"
        saved[kind] = waiting.value.path().read_bytes()
    assert saved["txt"].decode().replace("\n", "") == "春望" + SPRING
    assert saved["md"].decode().startswith("# 春望\n\n國破山河在")
    assert json.loads(saved["json"])["text"] == SPRING
    assert "<svg" in saved["html"].decode()
    assert not re.search(r"src=|href=", saved["html"].decode())
    width, height = struct.unpack(">II", saved["png"][16:24])
    assert min(width, height) > 600
    tree = ElementTree.parse(io.BytesIO(saved["svg"]))
    drawn = [e.text for e in tree.iter() if e.tag.endswith("text")]
    assert "".join(t for t in drawn if t and len(t) == 1).startswith("春望" + SPRING)
    page.click("#copy-link")
    assert page.evaluate("navigator.clipboard.readText()") == page.input_value("#link")


def test_columns_script_and_tones_can_be_changed(page) -> None:
    paste(page, 1, 1, SPRING)
    expect(page.locator("#frame")).to_have_css("writing-mode", "vertical-rl")
    columns = page.locator(".line").evaluate_all("l => l.map(e => e.getBoundingClientRect().x)")
    assert columns == sorted(columns, reverse=True)
    page.click("#direction")
    expect(page.locator("#frame")).to_have_css("writing-mode", "horizontal-tb")
    page.click("#script")
    expect(cell(page, 1, 1)).to_have_value("国")
    page.click("#share")
    expect(page.locator("#card svg text").first).to_be_visible()
    drawn = page.locator("#card svg text").all_text_contents()
    assert "国" in drawn
    assert "國" not in drawn
    page.keyboard.press("Escape")
    page.click("#script")
    expect(cell(page, 1, 1)).to_have_value("國")
    sign = "s => getComputedStyle(s, '::after').content"
    expect(page.locator("#verdict")).to_contain_text("合律")
    assert page.locator(".square").first.evaluate(sign) == '"●"'
    page.click("#tones")
    assert page.locator(".square").first.evaluate(sign) == "none"
    page.reload()
    expect(page.locator("#direction")).to_have_attribute("aria-pressed", "true")


def test_a_title_and_seven_characters_with_the_default_model(visit, strong_address) -> None:
    page = visit(server=strong_address)
    page.click("#forms button:text-is('七絕')")
    page.fill("#poem-title", "秋夜宿山寺")
    with page.expect_request("**/api/write") as asked:
        page.click("#write")
    body = asked.value.post_data_json
    assert (body["title"], body["model"], body["form"]) == ("秋夜宿山寺", "strong", "七絕")
    expect(page.locator("#status")).to_have_text("寫好 1 首")
    report = check_poem(rows_of(page))
    assert (report.form, report.regulated) == ("七絕", True)
    with page.expect_request("**/api/candidates") as asked:
        cell(page, 1, 6).focus()
    assert asked.value.post_data_json["title"] == "秋夜宿山寺"


def test_free_verse_has_no_pattern_and_no_faults(page) -> None:
    fill(page)
    page.check("[name=regulated][value=no]")
    expect(page.locator("[name=rhyme]")).to_be_hidden()
    type_at(page, 1, 1, "山山山山山")
    assert cell(page, 2, 1).get_attribute("placeholder") == "□"
    expect(page.locator("#findings li")).to_have_count(0)
    fill(page, rule="random-k")
    expect(page.locator("#amount")).to_have_text("k = 5")
    page.locator("#amount-input").press("ArrowRight")
    expect(page.locator("#amount")).to_have_text("k = 6")
    assert write(page)[0] == "山山山山山"
    fill(page, rule="argmax")
    expect(page.locator("#amount-field")).to_be_hidden()


def test_a_wrong_field_that_is_folded_away_is_shown(page) -> None:
    fill(page, seed="-5")
    page.locator("#wishes").evaluate("details => { details.open = false; }")
    page.click("#write")
    expect(page.locator("[name=seed]")).to_be_visible()
    expect(page.locator("#stop")).to_be_hidden()
    assert rows_of(page) == [OPEN] * 8


def test_the_interface_speaks_english_and_turns_dark(visit) -> None:
    page = visit(locale="en-GB")
    expect(page.locator("#write")).to_have_text("Write")
    type_at(page, 1, 1, "國破山河在")
    expect(page.locator("#verdict")).to_contain_text("regulated so far")
    expect(page.locator("#write")).to_have_text("Complete it")
    assert (cell(page, 1, 1).get_attribute("aria-label") or "").startswith("Line 1, character 1")
    paper = "getComputedStyle(document.querySelector('.leaf')).backgroundColor"
    light = page.evaluate(paper)
    page.click("#theme")
    assert page.evaluate(paper) != light
    page.reload()
    assert page.evaluate(paper) != light


@pytest.mark.parametrize("form", ["五律", "七律"])
@pytest.mark.parametrize("direction", ["across", "columns"])
def test_on_a_phone_the_sheet_is_first_and_fingers_have_room(visit, direction, form) -> None:
    page = visit(**PHONE)
    page.click(f"#forms button:text-is('{form}')")
    if direction == "columns":
        page.click("#direction")
    cell(page, 1, 2).tap()
    assert at(page) == [1, 2]
    page.keyboard.insert_text("破")
    expect(page.locator("#candidates .candidate").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    expect(page.locator("#advice-line")).to_be_in_viewport()
    expect(cell(page, 1, 3)).to_be_in_viewport()
    expect(page.locator("#advice")).to_have_attribute("aria-busy", "false")
    least = "e => { const b = e.getBoundingClientRect(); return Math.min(b.width, b.height); }"
    assert page.locator("#candidates .candidate").first.evaluate(least) >= 44
    glyph = "e => parseFloat(getComputedStyle(e).fontSize)"
    assert cell(page, 1, 2).evaluate(glyph) >= (24 if direction == "across" else 16)
    tall = "e => e.getBoundingClientRect().height"
    assert cell(page, 1, 2).evaluate(tall) >= 43.9


def test_on_paper_there_is_the_poem_alone(visit) -> None:
    page = visit(color_scheme="dark")
    paste(page, 1, 1, SPRING)
    page.emulate_media(media="print", color_scheme="dark")
    for hidden in ("#request", "#tools", "#advice", ".head", "body > .foot", ".above"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator("#poem")).to_be_visible()
    expect(page.locator(".leaf")).to_have_css("background-color", "rgb(255, 255, 255)")
    assert page.locator("button:visible").count() == 0


def test_words_are_looked_up_beside_the_sheet(page) -> None:
    type_at(page, 1, 1, "青山")
    cell(page, 1, 2).focus()
    page.click("#references summary")
    expect(page.locator("#look-word")).to_have_value("山")
    page.click("#look-character")
    expect(page.locator("#looked")).to_contain_text("平 刪")
    page.click("#look-rhyme")
    expect(page.locator("#looked h4").first).to_contain_text("刪")
    page.locator("#looked .candidate", has_text="間").first.click()
    assert rows_of(page)[0] == "青間□□□"
    line = {"text": "青山橫北郭", "place": 1, "line": 1, "form": "五律", "dynasty": "tang",
            "author": "李白", "title": "送友人", "id": "7"}  # fmt: skip
    source = [{"zh": "來源", "en": "source"}]
    lines = {"count": 1, "poems": 1, "lines": [line], "source": source}
    word = {"word": "白水", "tones": "ZZ", "count": 9, "by_chance": 1, "association": 2, "score": 1}
    opposites = {"often": [word], "telling": [], "candidates": [], "source": source}
    poem = {**line, "text": "青山橫北郭，白水繞東城。"}
    answers = {"find": lines, "parallel": opposites, "poem": poem}
    asked = re.compile("/api/(find|parallel|poem)[?]")

    def answer(route: Any) -> None:
        found = asked.search(route.request.url)
        route.fulfill(json=answers[found[1]] if found else None)

    page.route(asked, answer)
    cell(page, 1, 1).focus()
    page.fill("#look-word", "青山")
    page.click("#look-find")
    page.click("#looked .quoted")
    expect(page.locator(".quoted-poem")).to_contain_text("白水繞東城")
    page.click("#look-parallel")
    page.locator("#looked .candidate", has_text="白水").click()
    assert rows_of(page)[1] == "白水□□□"
