"""校律 in a real browser: what people paste, what is said of it, and the way back."""

import re

import pytest
from playwright.sync_api import Page, expect

from tangyin.web.bodies import SPRING
from tangyin.web.limits import TEXT

SPOILT = SPRING.replace("心", "間")
PASTED = """1.
《春望》
杜甫
國破山河在[1]，城春草木深。
感時花濺淚，恨別鳥驚間。

烽火連三月，家書抵萬金。
白頭搔更短，渾欲不勝簪。
"""
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def check(page: Page, text: str) -> None:
    """Paste a text, and check it."""
    page.fill("#check-text", text)
    page.click("#given button[type=submit]")
    expect(page.locator("#check-status")).to_contain_text("檢查了")


@pytest.fixture
def page(visit):
    """The page of checks."""
    opened: Page = visit("/#check")
    return opened


def test_a_fault_is_shown_explained_fixed_and_the_fix_undone(page) -> None:
    check(page, SPOILT)
    report = page.locator(".report")
    expect(report.locator("h2")).to_contain_text("不合律")
    expect(report.locator("h2")).to_contain_text("侵韻")
    assert report.locator(".cell").count() == 40
    assert set(report.locator(".sign").all_text_contents()) <= {*"○●◎◉"}
    expect(report.locator(".cell.faulty .glyph")).to_have_text("間")
    expect(report.locator(".culprit")).to_contain_text("應改這一句")
    expect(report.locator(".faults li")).to_contain_text("全詩押侵韻")
    assert report.locator(".tie.joined").count() == 8
    page.click("text=找改法")
    page.click(".fixes button:has-text('恨別鳥驚心')")
    expect(report.locator("h2 .good")).to_have_text("合律")
    assert page.input_value("#check-text") == SPRING
    expect(report.locator("h2")).to_be_focused()
    page.click("#check-undo")
    expect(report.locator("h2 .bad")).to_have_text("不合律")
    assert page.input_value("#check-text") == SPOILT
    page.click("#check-redo")
    expect(report.locator("h2 .good")).to_have_text("合律")


def test_a_fix_leaves_title_notes_and_the_other_poems_as_they_were_pasted(page) -> None:
    other = "《登鸛雀樓》王之渙\n白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"
    text = f"{PASTED.replace(chr(10) * 2 + '烽', chr(10) + '烽')}\n\n{other}"
    check(page, text)
    report = page.locator(".report").first
    expect(report.locator(".heading-of-poem")).to_have_text("春望　杜甫")
    page.click("text=找改法")
    page.click(".fixes button:has-text('恨別鳥驚心')")
    expect(report.locator("h2 .good")).to_have_text("合律")
    assert page.input_value("#check-text") == text.replace("驚間", "驚心")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("guó pò shān hé zài\n國破山河在\nchéng chūn cǎo mù shēn\n城春草木深", "國破山河在"),
        ("國破山河在，\n\n城春草木深。", "國破山河在"),
        ("国破山河在，城春草木深。", "国破山河在"),
        ("𠀋破山河在，城春草木深。", "𠀋破山河在"),
        ("題目：春望\n作者：杜甫\n國破山河在（注），城春草木深。", "國破山河在"),
    ],
)
def test_what_people_paste_is_read_and_shown_as_it_came(page, text, first) -> None:
    check(page, text)
    line = "".join(page.locator(".judged").first.locator(".glyph").all_text_contents())
    assert line == first


def test_of_several_poems_a_broken_one_hides_no_other(page) -> None:
    check(page, f"{SPRING}\n\n白日依山盡，黃河。欲窮千里目，更上一層樓。\n\n{SPOILT}")
    expect(page.locator("#check-status")).to_have_text("檢查了 3 首，2 首有毛病")
    reports = page.locator(".report")
    expect(reports).to_have_count(3)
    expect(reports.nth(0).locator("h2 .good")).to_have_text("合律")
    expect(reports.nth(1)).to_contain_text("第2首")
    expect(reports.nth(1).locator(".problem")).to_contain_text("第2句")
    expect(reports.nth(2).locator("h2 .bad")).to_have_text("不合律")


def test_a_text_that_is_too_long_is_said_to_be_and_not_cut(page) -> None:
    text = "\n\n".join([SPRING] * (TEXT // len(SPRING) + 2))
    page.fill("#check-text", text)
    page.click("#given button[type=submit]")
    expect(page.locator("#check-problem")).to_contain_text(str(len(text)))
    assert page.input_value("#check-text") == text


def test_under_each_line_is_the_nearest_pattern_and_feet_are_marked(page) -> None:
    check(page, "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。")
    second = page.locator(".judged").nth(1)
    expect(second.locator(".type")).to_contain_text("? A")
    assert "".join(second.locator(".wanted").all_text_contents()) == "●●●○○"
    expect(second.locator(".wanted.other")).to_have_count(2)
    assert page.locator(".rhymes .glyph").all_text_contents() == ["光", "霜", "鄉"]


def test_a_character_of_two_readings_opens_to_all_of_them(page) -> None:
    check(page, SPRING)
    place = page.get_by_role("button", name="「勝」有平仄兩讀，看讀音")
    place.click()
    opened = page.locator(".opened:not(:empty)")
    expect(opened).to_have_text(re.compile("「勝」：去聲 徑韻 \\d+%，平聲 蒸韻 \\d+%。在這裡讀平"))
    expect(opened).to_have_attribute("role", "status")


def test_the_legend_explains_every_sign(page) -> None:
    check(page, SPRING)
    page.click(".legend summary")
    terms = page.locator(".legend dt").all_text_contents()
    assert {*"○●?abAB"} <= {*terms}
    types = page.locator(".legend dd").all_text_contents()
    assert any("●●○○●" in words and "仄仄平平仄" in words for words in types)


def test_antithesis_is_shown_on_a_scale_between_random_lines_and_the_poets(page) -> None:
    check(page, SPRING)
    scale = page.locator(".antithesis.expected").first
    expect(scale).to_contain_text("詩人平均 0.32")
    left = "i => parseFloat(getComputedStyle(i).left)"
    random, poets, score = (
        scale.locator(f".{name}").evaluate(left) for name in ("random", "poets", "score")
    )
    assert random < poets < score


def test_another_convention_is_one_press_away(page) -> None:
    near = (
        "淮水東南闊，無風渡亦難。孤煙生乍直，遠樹望多圓。"
        "春浪櫂聲急，夕陽帆影殘。清流宜映月，今夜重吟看。"
    )
    check(page, near)
    verdict = page.locator(".report h2 span")
    expect(verdict).to_have_text("不合律")
    page.check("[name=convention][value=loose]")
    expect(verdict).to_have_text("合律")
    page.check("[name=convention][value=strict]")
    expect(verdict).to_have_text("不合律")
    expect(page.locator(".faults li")).not_to_have_count(1)


def test_a_simplified_poem_is_fixed_in_simplified_characters(page) -> None:
    check(page, "国破山河在，城春草木深。感时花溅泪，恨别鸟惊间。")
    page.click("text=找改法")
    page.locator(".fixes li button").first.click()
    expect(page.locator(".report h2 .good")).to_have_text("合律")
    assert page.input_value("#check-text").startswith("国破山河在，城春草木深。感时花溅泪，")
    assert "惊" in page.input_value("#check-text")


def test_a_poem_goes_to_the_desk_with_its_script_and_marks(page) -> None:
    check(page, f"{SPRING}\n\n登鹳雀楼\n白日依山尽，黄河入海流！欲穷千里目？更上一层楼；")
    page.locator("text=到作詩頁").last.click()
    expect(page.locator("#poem-title")).to_have_value("登鹳雀楼")
    assert page.locator("#poem .mark").all_text_contents() == [*"，！？；"]
    assert page.locator("#poem [data-line='0']").first.input_value() == "白"
    assert page.locator("#poem [data-line='0'][data-at='4']").input_value() == "尽"


def test_nothing_is_lost_on_the_way_to_the_desk_and_back_or_at_a_reload(page) -> None:
    text = f"《春望》\n{SPOILT}\n\n白日依山盡，黃河入海流。"
    check(page, text)
    page.locator("text=到作詩頁").first.click()
    expect(page.locator("#compose-page")).to_be_visible()
    expect(page.locator("#poem-title")).to_have_value("春望")
    page.click("nav [data-page=check]")
    assert page.input_value("#check-text") == text
    expect(page.locator(".report")).to_have_count(2)
    page.reload()
    expect(page.locator(".report")).to_have_count(2)
    assert page.input_value("#check-text") == text


def test_a_screen_reader_gets_each_line_as_text(page) -> None:
    check(page, SPOILT)
    said = page.locator(".said").all_text_contents()
    assert said[0] == "第1句 國破山河在 仄仄平平仄 a：仄仄平平仄"
    assert said[3].endswith("應改這一句")
    assert page.locator("#check-status").get_attribute("role") == "status"


def test_on_a_phone_characters_and_targets_are_large_and_the_verdict_stays_in_view(visit) -> None:
    page = visit("/#check", **PHONE)
    seven = "清明時節雨紛紛，路上行人欲斷魂。借問酒家何處有，牧童遙指杏花村。"
    check(page, f"{seven}\n\n{SPOILT}")
    page.locator("text=找改法").first.click()
    page.wait_for_selector(".fixes button")
    size = "all => Math.min(...all.map(e => parseFloat(getComputedStyle(e).fontSize)))"
    assert page.locator(".glyph").evaluate_all(size) >= 24
    boxes = "all => all.map(e => e.getBoundingClientRect()).filter(b => b.width)"
    small = page.locator("#check-page button, #check-page summary, .head a, .head select")
    heights = small.evaluate_all(f"all => ({boxes})(all).map(b => Math.min(b.width, b.height))")
    assert min(heights) >= 44
    last = page.locator(".report").last
    last.locator(".actions").scroll_into_view_if_needed()
    expect(last.locator("h2")).to_be_in_viewport(ratio=0.9)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_on_paper_there_is_the_report_alone(visit) -> None:
    page = visit("/#check", color_scheme="dark")
    page.click("#check-example")
    page.wait_for_selector(".report")
    page.emulate_media(media="print")
    expect(page.locator(".faults li")).to_be_visible()
    assert page.locator("button:not(.cell):visible").count() == 0
