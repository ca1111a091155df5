"""The desk in a real browser, as stories: what a person does on the sheet, and what comes of it."""

import base64
import io
import json
import re
import struct
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from playwright.sync_api import Page, expect

from tangyin.metre import check_poem, readings_of
from tangyin.verse import to_simplified
from tangyin.web.bodies import SPRING

from .conftest import fill, paste, rows_of, type_at, write

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


def test_an_input_method_that_is_left_without_a_choice_changes_nothing(page) -> None:
    session = page.context.new_cdp_session(page)
    type_at(page, 1, 1, "國破山河在")
    cell(page, 1, 2).focus()
    for letters in ("huo", ""):
        place = {"selectionStart": len(letters), "selectionEnd": len(letters)}
        session.send("Input.imeSetComposition", {"text": letters, **place})
    expect(page.locator(".square.composing")).to_have_count(0)
    assert rows_of(page)[0] == "國破山河在"


def test_undo_reaches_the_title_that_is_being_typed(page) -> None:
    page.fill("#poem-title", "春望")
    page.keyboard.press("Control+z")
    expect(page.locator("#poem-title")).to_have_value("")
    page.keyboard.press("Control+y")
    expect(page.locator("#poem-title")).to_have_value("春望")


def test_a_sheet_typed_in_simplified_characters_stays_so_until_it_is_turned(page) -> None:
    type_at(page, 1, 1, "国破山河在城春草木深感时花溅泪恨别")
    script = page.locator("#script")
    expect(script).to_have_attribute("aria-pressed", "true")
    rows = write(page)
    whole = "\n".join(rows)
    assert whole == to_simplified(whole)
    expect(page.locator("#verdict .good")).to_have_text("合律")
    cell(page, 1, 1).focus()
    expect(page.locator("#reason")).to_contain_text("「國」")
    page.click("#to-check")
    page.click("text=到作詩頁")
    assert rows_of(page) == rows
    page.click("#shelf-open")
    expect(page.locator("#shelf-list > li")).to_have_count(1)  # no other draft came of it
    page.keyboard.press("Escape")
    script.click()
    expect(script).to_have_attribute("aria-pressed", "false")
    assert rows_of(page)[0] == "國破山河在"
    expect(page.locator("#verdict .good")).to_have_text("合律")
    page.click("#undo")
    expect(cell(page, 1, 1)).to_have_value("国")


def test_a_poem_is_seen_before_it_is_said_to_be_written(visit) -> None:
    page = visit(locale="zh-CN")

    def late(route) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/api/script", late)
    rows = write(page, "写好 1 首")
    page.unroute_all(behavior="wait")
    assert "□" not in "".join(rows)


def test_verse_is_shown_in_the_script_of_the_interface(visit) -> None:
    page = visit(locale="zh-CN")
    paste(page, 1, 1, SPRING)
    expect(cell(page, 1, 1)).to_have_value("国")
    page.click("#script")
    expect(cell(page, 1, 1)).to_have_value("國")
    page.reload()
    expect(cell(page, 1, 1)).to_have_value("國")


def test_a_new_draft_says_nothing_of_the_one_before(page) -> None:
    paste(page, 1, 1, SPRING)
    expect(page.locator("#status")).not_to_be_empty()
    page.click("#new-draft")
    expect(page.locator("#status")).to_be_empty()


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
    expect(page.locator("#status")).to_have_text("已貼上：五律，《春望》；可以復原")
    assert rows_of(page)[0] == "国破山河在"
    expect(page.locator("#poem-title")).to_have_value("春望")
    expect(page.locator("#verdict")).to_contain_text("侵韻")
    expect(page.locator("#verdict .good")).to_have_text("合律")


GUANQUE = "登鸛雀樓\n王之渙\n白日依山盡，黃河入海流。\n欲窮千里目，更上一層樓。"


@pytest.mark.parametrize("name", ["#poem-title", "#poem [data-line='2'][data-at='1']"])
def test_a_paste_over_a_draft_shows_what_it_is_and_one_step_back_restores_all(page, name) -> None:
    page.fill("#poem-title", "春望")
    page.fill("#poem-author", "杜甫")
    type_at(page, 1, 1, "國破山河在城春")
    before = names_and_rows(page)
    for chosen, after in (
        ("cancel", before),
        (
            "paste-here",
            ["登鸛雀樓", "王之渙", "白日依山盡", "黃河入海流", "欲窮千里目", "更上一層樓"],
        ),
    ):
        page.locator(name).focus()
        paste(page, 0, 0, GUANQUE)
        question = page.locator("dialog.question")
        expect(question).to_contain_text("五絕，《登鸛雀樓》，王之渙")
        expect(question.locator("[data-choice=paste-here]")).to_be_focused()
        question.locator(f"[data-choice={chosen}]").click()
        expect(question).to_have_count(0)
        assert names_and_rows(page) == after
    page.click("#undo")
    assert names_and_rows(page) == before
    page.reload()
    expect(cell(page, 1, 1)).to_have_value("國")
    assert names_and_rows(page) == before


def test_a_paste_may_be_a_draft_of_its_own_and_several_poems_are_several(page) -> None:
    type_at(page, 1, 1, "國破山河在")
    paste(page, 1, 1, GUANQUE)
    page.click("[data-choice=paste-new]")
    expect(page.locator("#forms [aria-pressed=true]")).to_have_text("五絕")
    paste(page, 1, 1, f"{GUANQUE}\n\n春曉\n春眠不覺曉，處處聞啼鳥。夜來風雨聲，花落知多少。")
    expect(page.locator("dialog.question figure")).to_have_count(2)
    page.click("[data-choice=paste-each]")
    page.click("#shelf-open")
    expect(page.locator("#shelf-list > li")).to_have_count(4)


def test_a_paste_never_changes_a_locked_line(page) -> None:
    type_at(page, 2, 1, "城春草木寒")
    cell(page, 2, 1).focus()
    page.click("#advice-lock")
    paste(page, 1, 1, SPRING)
    expect(page.locator("dialog.question")).to_contain_text("鎖住的句子不會改變")
    page.click("[data-choice=paste-here]")
    assert rows_of(page) == [LINES[0], "城春草木寒", *LINES[2:]]
    paste(page, 1, 1, "昔人已乘黃鶴去，此地空餘黃鶴樓。黃鶴一去不復返，白雲千載空悠悠。")
    expect(page.locator("[data-choice=paste-here]")).to_have_count(0)
    page.click("[data-choice=cancel]")


def test_an_unfinished_poem_is_pasted_with_its_open_places(page) -> None:
    paste(page, 5, 3, "春望\n\n國破山河□，\n＿＿＿＿＿。\n感？花濺淚")
    expect(page.locator("#status")).to_have_text("已貼上：五律，《春望》，還空 32 字；可以復原")
    assert rows_of(page) == ["國破山河□", OPEN, "感□花濺淚", *[OPEN] * 5]


def test_a_text_is_read_again_where_the_server_did_not_answer(page) -> None:
    page.route("**/api/paste", lambda route: route.abort(), times=1)
    cell(page, 1, 1).focus()
    page.evaluate(
        """text => {
          const data = new DataTransfer();
          data.setData("text", text);
          const given = { bubbles: true, cancelable: true, clipboardData: data };
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", given)); }""",
        SPRING,
    )
    expect(page.locator("#problem")).to_contain_text("失去聯絡")
    assert rows_of(page) == [OPEN] * 8
    paste(page, 1, 1, SPRING)
    assert rows_of(page) == LINES
    expect(page.locator("#problem")).to_be_empty()


def names_and_rows(page: Page) -> list[str]:
    """Title, author and lines of the sheet."""
    return [page.input_value("#poem-title"), page.input_value("#poem-author"), *rows_of(page)]


def test_a_paste_that_does_not_fit_says_how_much_is_left_out(page) -> None:
    paste(page, 1, 1, "山" * 2001)
    expect(page.locator("#status")).to_contain_text("2001 個字")
    assert rows_of(page) == [OPEN] * 8
    paste(page, 1, 1, "山" * 1600)
    expect(page.locator("#status")).to_have_text("有 1560 個字放不下，沒有寫進來")
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


WATCHED = """() => {
  const seen = (window.seen = []), cells = [...document.querySelectorAll("#poem .hanzi")];
  new MutationObserver(() => {
    const coming = cells.filter((cell) => cell.closest(".coming"));
    const settled = coming.filter((cell) => !cell.closest(".unsettled"));
    seen.push([coming.length, settled.length]);
  }).observe(document.getElementById("poem"), { subtree: true, attributes: true });
}"""


@pytest.mark.parametrize("regulated", ["yes", "no"])
def test_characters_appear_as_they_are_decided(page, regulated) -> None:
    fill(page)
    page.check(f"[name=regulated][value={regulated}]")
    type_at(page, 1, 2, "破")
    page.evaluate(WATCHED)
    # A quick poem would come in one frame.
    slow = {"offline": False, "latency": 0, "downloadThroughput": 4000, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    rows = write(page)
    assert rows[0][1] == "破"
    seen = page.evaluate("window.seen")
    assert all(settled <= coming for coming, settled in seen)
    if regulated == "no":  # each character is final as soon as it is there
        assert all(settled == coming for coming, settled in seen)
    else:
        assert len({coming for coming, _ in seen}) > 3  # many steps, not one poem
        assert any(settled < coming for coming, settled in seen)
    expect(page.locator(".coming, .unsettled")).to_have_count(0)


def test_what_is_being_written_can_be_stopped(page) -> None:
    draft = 'event: draft\ndata: {"number": 0, "text": "國破山河", "settled": 2}\n\n'
    kind = "text/event-stream"
    page.route("**/api/write", lambda route: route.fulfill(body=draft, content_type=kind))
    type_at(page, 1, 2, "破")
    page.click("#write")
    expect(page.locator("#problem")).to_contain_text("與伺服器失去聯絡")
    expect(page.locator("#stop")).to_be_hidden()
    expect(page.locator("#write")).to_be_focused()
    assert rows_of(page)[0] == "□破□□□"  # what came in part is not kept
    page.unroute("**/api/write")
    page.route("**/api/write", lambda _route: None)  # never answered
    page.click("#write")
    expect(page.locator("#working")).to_be_visible()
    expect(page.locator("#write")).to_be_hidden()
    expect(page.locator("#stop")).to_be_focused()
    page.keyboard.press("Enter")
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
    items = page.locator("#shelf-list > li")
    expect(items).to_have_count(3)
    page.fill("#shelf-search", "白日")
    expect(items).to_have_count(1)
    items.locator("input").fill("登樓")
    items.locator("input").blur()
    page.fill("#shelf-search", "登樓")
    expect(items).to_have_count(1)
    page.fill("#shelf-search", "關山")
    items.get_by_text("刪除", exact=True).click()
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


def test_versions_of_a_draft_are_kept_compared_and_restored(page) -> None:
    page.clock.install()
    type_at(page, 1, 1, "國破山河在")
    page.clock.fast_forward("02:00")  # after a pause what was there is a version
    type_at(page, 1, 5, "遠")
    rows = write(page)  # and so is what was there before the model wrote, and what it wrote
    type_at(page, 1, 1, "家")
    page.click("#shelf-open")
    page.click(".versions summary")
    versions = page.locator(".versions li")
    expect(versions).to_have_count(3)
    expect(versions.nth(0).locator("em")).to_have_text(rows[0][0])
    shown = [text[:5] for text in page.locator(".versions li div").all_text_contents()]
    assert shown == [rows[0], "國破山河遠", "國破山河在"]
    versions.nth(2).get_by_role("button").click()
    expect(page.locator("#shelf")).to_be_hidden()
    assert rows_of(page) == ["國破山河在", *[OPEN] * 7]
    page.click("#undo")
    assert rows_of(page)[0] == "家" + rows[0][1:]
    page.click("#shelf-open")
    page.click(".versions summary")
    expect(versions).to_have_count(3)


def test_a_draft_and_the_shelf_are_exported_and_imported(page, visit, tmp_path) -> None:
    for text, title in (("國破山河在", "春望"), ("白日依山盡", "登樓")):
        page.click("#new-draft")
        type_at(page, 1, 1, text)
        page.fill("#poem-title", title)
    page.click("#shelf-open")

    def saved(name: str) -> Any:
        with page.expect_download() as waiting:
            page.locator(name).first.click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path

    whole, text = saved("#shelf-json"), saved("#shelf-txt")
    one = saved(".draft-acts button")
    assert one.name == "登樓.json"
    assert text.read_text("utf-8") == "登樓\n白日依山盡，\n\n春望\n國破山河在，\n"
    other = visit()
    other.click("#shelf-open")
    expect(other.locator("#shelf-json")).to_be_visible()
    items = other.locator("#shelf-list > li")
    shared = tmp_path / "shared.json"
    shared.write_text(json.dumps({"form": "五律", "title": "題", "text": SPRING}), "utf-8")
    plain = tmp_path / "plain.txt"
    plain.write_text(f"詩\n{SPRING.replace('國', '家')}\n\n不是詩", "utf-8")
    shape = {"widths": [6, 6], "marks": ["，", "。"], "breaks": [], "kind": "詞"}
    lyric = {"form": "如夢令", "shape": shape, "title": "", "lines": ["昨夜雨疏風驟", "□□□□殘酒"]}
    ci = tmp_path / "ci.json"
    ci.write_text(json.dumps({**lyric, "marks": ["，", "？"], "text": "……"}), "utf-8")
    broken = tmp_path / "broken.json"
    broken.write_text('{"drafts": [{"states": [{"form": "x"}]}, null, 3]}', "utf-8")
    for file, said, count in (
        (one, "匯入 1 首，0 首原來就有", 1), (whole, "匯入 1 首，1 首原來就有", 2),
        (whole, "匯入 0 首，2 首原來就有", 2), (shared, "匯入 1 首", 3), (plain, "1 段讀不了", 4),
        (broken, "沒有詩稿", 4), (ci, "匯入 1 首", 5),
    ):  # fmt: skip
        other.set_input_files("#shelf-file", file)
        expect(other.locator("#shelf-status")).to_contain_text(said)
        expect(items).to_have_count(count)
    other.fill("#shelf-search", "国破")  # in the other script
    expect(items).to_have_count(2)


def test_a_change_of_form_asks_and_squeezes_nothing(page) -> None:
    type_at(page, 1, 1, "國破山河在城春草木深")
    rows = rows_of(page)
    page.click("#forms button:text-is('七絕')")  # it has no line of five
    expect(page.locator("[data-choice=form-keep]")).to_have_count(0)
    page.click("[data-choice=cancel]")
    assert rows_of(page) == rows
    page.click("#forms button:text-is('五絕')")
    page.click("[data-choice=form-keep]")
    assert rows_of(page) == [*rows[:2], OPEN, OPEN]
    page.click("#undo")
    expect(page.locator("#forms [aria-pressed=true]")).to_have_text("五律")
    assert rows_of(page) == rows
    page.click("#forms button:text-is('七絕')")
    page.click("[data-choice=form-new]")
    assert rows_of(page) == ["□" * 7] * 4
    page.click("#shelf-open")
    page.locator(".draft-open").first.click()
    assert rows_of(page) == rows


def test_the_apis_poem_is_shared_by_a_link_that_stays_as_it_was_left(page, address, visit) -> None:
    fill(page, seed="16")
    rows = write(page)
    (wanted,) = httpx.post(f"{address}/api/write", json={"seed": 16, "p": 0.9}, timeout=60).json()
    assert rows == wanted["lines"]
    expect(page.locator("#colophon")).to_have_text(re.compile("report.*№ 16"))
    page.click("#share")
    expect(page.locator("#sharing")).to_be_visible()
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
    other.click("nav [data-page=check]")
    other.go_back()
    assert rows_of(other)[0] == "山" + rows[0][1:]


def test_a_damaged_link_is_an_error(visit, address) -> None:
    page = visit()
    for fragment in ("p=", "p=!!!", "p=eyJ2IjoxfQ", "p=bnVsbA", "p=" + "A" * 5000):
        page.goto("about:blank")
        page.goto(f"{address}/#{fragment}")
        expect(page.locator("#problem")).to_contain_text("連結已損壞")


def test_a_hostile_link_is_shown_as_text(visit) -> None:
    poem = {
        "v": 1, "text": "國破山河在，", "form": "五律", "model": "<b>x</b>", "seed": 1,
        "title": "<img src=x onerror=alert(1)>", "author": "<b>y</b>", "number": 0, "options": {},
    }  # fmt: skip
    fragment = "p=" + base64.urlsafe_b64encode(json.dumps(poem).encode()).decode().rstrip("=")
    other = visit(f"/#{fragment}")
    expect(other.locator("#poem-title")).to_have_value(re.compile("<img"))
    assert other.locator("#frame img, #frame b").count() == 0
    other.click("#share")
    expect(other.locator("#card svg")).to_be_visible()
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


def test_the_whole_poem_is_selected_copied_and_cut_like_a_text(visit) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    paste(page, 1, 1, GUANQUE)
    cell(page, 2, 3).focus()
    page.keyboard.press("Control+a")
    expect(page.locator("#poem.all")).to_have_count(1)
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == GUANQUE
    page.keyboard.press("Control+x")
    assert rows_of(page) == [OPEN] * 4
    page.click("#undo")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#poem.all")).to_have_count(0)
    page.click("#copy")
    expect(page.locator("#status")).to_have_text("已複製")
    assert page.evaluate("navigator.clipboard.readText()") == GUANQUE


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


def test_a_drawn_title_is_on_the_sheet_and_makes_room_for_the_next(visit, strong_address) -> None:
    page = visit(server=strong_address)
    title, drawn = page.locator("#poem-title"), set()
    for _ in range(3):
        write(page)
        expect(title).not_to_have_value("")
        drawn.add(title.input_value())
    assert len(drawn) > 1
    page.reload()
    expect(title).to_have_value(re.compile("."))
    page.fill("#poem-title", "春望")
    write(page)
    expect(title).to_have_value("春望")


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


def test_options_are_seen_when_their_panel_is_closed(page) -> None:
    fill(page, rhyme="陽", acrostic="春夏秋冬")
    page.check("[name=regulated][value=no]")
    page.check("[name=regulated][value=yes]")
    page.locator("#wishes").evaluate("details => { details.open = false; }")
    expect(page.locator("#active-options")).to_be_visible()
    expect(page.locator("#active-options")).to_contain_text("陽")
    expect(page.locator("#active-options")).to_contain_text("春夏秋冬")
    page.select_option("#language", "en")
    expect(page.locator("#active-options")).to_contain_text("Rhyme 陽")


def test_on_a_laptop_the_actions_are_above_the_fold(visit) -> None:
    page = visit(viewport={"width": 1366, "height": 657})
    for name in ("#verdict", "#write", "#undo", "#advice-lock"):
        expect(page.locator(name)).to_be_in_viewport(ratio=1)


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


@pytest.mark.parametrize(("direction", "form"), [("across", "五律"), ("columns", "七律")])
def test_on_a_phone_the_sheet_is_first_and_fingers_have_room(visit, direction, form) -> None:
    page = visit(**PHONE)
    page.click(f"#forms button:text-is('{form}')")
    if direction == "columns":
        page.click("#direction")
    page.fill("#poem-title", "送孟浩然之廣陵")
    cut = "e => Math.max(e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight)"
    assert page.locator("#poem-title").evaluate(cut) <= 0
    cell(page, 1, 2).tap()
    assert at(page) == [1, 2]
    page.keyboard.insert_text("破")
    expect(page.locator("#candidates .candidate").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    expect(cell(page, 1, 3)).to_be_in_viewport()
    expect(page.locator("#advice")).to_have_attribute("aria-busy", "false")
    glyphs = "all => all.map(e => parseFloat(getComputedStyle(e).fontSize))"
    assert min(page.locator("#poem .hanzi, .candidate .glyph").evaluate_all(glyphs)) >= 24
    boxes = "all => all.map(e => e.getBoundingClientRect()).filter(b => b.width)"
    sizes = f"all => ({boxes})(all).map(b => Math.min(b.width, b.height))"
    targets = page.locator("#poem .hanzi, #dock button, .above button, .tools button, .head a")
    assert min(targets.evaluate_all(sizes)) >= 43.9
    # Wherever one looks, the verdict, what fits and the actions are there, and cover no place.
    for where in ("0", "document.body.scrollHeight"):
        page.evaluate(f"scrollTo(0, {where})")
        for name in ("#verdict", "#write", "#advice-next", "#advice-line", "#undo", ".candidate"):
            expect(page.locator(name).first).to_be_in_viewport(ratio=0.99)
    last = cell(page, *map(int, page.locator("#poem .hanzi").last.evaluate(
        "e => [Number(e.dataset.line) + 1, Number(e.dataset.at) + 1]"))
    )  # fmt: skip
    last.focus()
    bottom = last.evaluate("e => e.getBoundingClientRect().bottom")
    assert bottom <= page.locator("#dock").evaluate("e => e.getBoundingClientRect().top")
    page.click("#advice-open")
    expect(page.locator("#look-find")).to_be_hidden()
    page.click("#references summary")
    expect(page.locator("#look-find")).to_be_in_viewport()


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
    page.set_viewport_size({"width": 1280, "height": 560})
    page.locator("#advice").evaluate("panel => panel.scrollTo(0, 0)")
    page.locator("#look-find").evaluate("button => button.click()")
    expect(page.locator("#looked .quoted")).to_be_in_viewport()  # it is below all that helps
