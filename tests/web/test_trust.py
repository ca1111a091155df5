"""What writers must be able to trust: locked lines stay, and no lost request breaks the page."""

import json
import random
import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from .conftest import paste, rows_of, type_at, until
from .test_desk import LINES, OPEN, cell

SHELL = ("static/page.css", "api/options", "api/models", "api/forms", "worker.js")
POEMS = (
    "登鸛雀樓\n王之渙\n白日依山盡，黃河入海流。\n欲窮千里目，更上一層樓。",
    "國破山河□，城春草木深。\n感時花濺淚",
    "昔人已乘黃鶴去，此地空餘黃鶴樓。黃鶴一去不復返，白雲千載空悠悠。",
)


def ready(page: Page) -> None:
    page.wait_for_selector("#request [name=model] option", state="attached")
    expect(page.locator("#verdict")).not_to_be_empty()


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_the_page_begins_although_each_request_fails_once(browser, address, locale) -> None:
    context = browser.new_context(locale=locale, service_workers="block")
    context.set_default_timeout(60_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    for name in (*SHELL, "static/simplified.json", "api/sheet", "api/candidates"):
        context.route(f"**/{name}", lambda route: route.abort(), times=1)
    page.goto(address)
    ready(page)
    type_at(page, 1, 1, "國破山河在")
    expect(page.locator("#verdict")).to_contain_text("還空" if locale != "en-GB" else "open")
    for name in (*SHELL, "static/simplified.json", "api/sheet", "api/candidates"):
        context.route(f"**/{name}", lambda route: route.abort(), times=1)
    page.reload()
    ready(page)
    assert rows_of(page)[0][1:] == "破山河在"
    assert wrong == []
    context.close()


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_language_that_is_chosen_without_a_network_leaves_a_page_that_works(
    visit, served, language
) -> None:
    page = visit("/", served.address, service_workers="allow")
    until(page, "async () => Boolean(await caches.match('/api/models'))")
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.reload()
    ready(page)
    type_at(page, 1, 1, "國破山河在")
    served.crash()
    page.select_option("#language", language)
    page.reload()
    page.wait_for_selector("#request [name=model] option", state="attached")
    expect(page.locator("html")).to_have_attribute("lang", language)
    if language == "en":
        expect(page.locator("#write")).to_have_text("Complete it")
    assert rows_of(page)[0] == "國破山河在"
    type_at(page, 2, 1, "城春草木深")
    assert rows_of(page)[1] == "城春草木深"


def state_of(page: Page) -> dict:
    """The draft that is kept, as it is shown."""
    kept = page.evaluate(
        "localStorage.getItem('tangyin.draft.' + sessionStorage['tangyin.current'])"
    )
    draft = json.loads(kept)
    return draft["states"][draft["at"]]


class Person:
    """Somebody who does things at random on the page."""

    def __init__(self, page: Page, seed: int) -> None:
        self.page, self.chance = page, random.Random(seed)

    def press(self, selector: str) -> None:
        self.page.evaluate("s => { document.querySelector(s)?.click(); }", selector)

    def place(self) -> tuple[int, int]:
        rows = rows_of(self.page)
        line = self.chance.randrange(len(rows))
        return line + 1, self.chance.randrange(len(rows[line])) + 1

    def answer(self) -> None:
        """Settle a question, if there is one."""
        way = self.chance.choice(["paste-here", "form-keep", "cancel"])
        self.press(f"dialog.question [data-choice={way}]")
        self.press("dialog.question [data-choice=cancel]")
        expect(self.page.locator("dialog.question")).to_have_count(0)

    def type(self) -> None:
        text = self.chance.choice(["山", "花落", "，", "國破山河在城春草木深"])
        type_at(self.page, *self.place(), text)

    def erase(self) -> None:
        cell(self.page, *self.place()).focus()
        self.page.keyboard.press(self.chance.choice(["Backspace", "Delete"]))

    def paste(self) -> None:
        paste(self.page, *self.place(), self.chance.choice(POEMS))
        self.answer()

    def form(self) -> None:
        self.press(f"#forms [data-form={self.chance.choice(['五律', '五絕', '七絕'])}]")
        self.answer()

    def candidate(self) -> None:
        cell(self.page, *self.place()).focus()
        self.page.wait_for_selector("#advice[aria-busy=false]", state="attached")
        self.press(f"#candidates li:nth-child({self.chance.randrange(1, 6)}) button")

    def lock(self) -> None:
        self.press(f".lock[data-line='{self.place()[0] - 1}']")

    def turn(self) -> None:
        self.press(self.chance.choice(["#undo", "#redo"]))


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_done_at_random_changes_no_locked_line_and_can_all_be_undone(page, seed) -> None:
    person = Person(page, seed)
    type_at(page, 1, 1, "".join(LINES))
    acts = ["type", "erase", "paste", "form", "candidate", "lock", "lock", "turn"]
    for _ in range(40):
        act, before = person.chance.choice(acts), state_of(page)
        getattr(person, act)()
        after = state_of(page)
        for line, is_locked in enumerate(before["locked"]):
            if is_locked and act != "turn":
                assert after["rows"][line] == before["rows"][line], act
    shown = rows_of(page)
    page.reload()
    ready(page)
    assert rows_of(page) == shown
    while page.locator("#undo").is_enabled():
        person.press("#undo")
    assert rows_of(page) == [OPEN] * 8


@pytest.fixture
def page(visit):
    """The page of a server with the small model."""
    return visit()


def test_the_documented_events_are_those_that_are_sent(client: httpx.Client) -> None:
    text = client.get("/api").text
    streams = text.partition('id="streams"')[2].partition("<h2")[0].partition("each with")[0]
    documented = set(re.findall(r"<code>(\w+)</code>", streams))
    example = client.get("/openapi.json").json()["paths"]["/api/write"]["post"]["responses"]["200"]
    named = set(
        re.findall(r"^event: (\w+)", example["content"]["text/event-stream"]["example"], re.M)
    )
    sent: set[str] = set()
    head = {"Accept": "text/event-stream"}
    for body in ({"seed": 1}, {"seed": 1, "regulated": False}):
        answer = client.post("/api/write", json=body, headers=head)
        sent |= set(re.findall(r"^event: (\w+)", answer.text, re.M))
    assert sent == named
    assert documented == sent | {"error"}
