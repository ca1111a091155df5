"""The page for everyone: scripts, languages, slow lines, a server that is gone, other sites."""

import re
import shutil
import subprocess
import sys
from html import unescape

import httpx
import pytest
from playwright.sync_api import expect

from tangyin.web.bodies import SPRING
from tangyin.web.files import is_bundled

from .conftest import paste, until


def test_the_interface_is_simplified_where_the_browser_is(visit) -> None:
    page = visit("/#check", locale="zh-CN")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("nav [data-page=compose]")).to_have_text("作诗")
    expect(page.locator("#language")).to_have_value("zh-Hans")
    expect(page.locator("[data-t=undo]").first).to_contain_text("撤销")
    page.fill("#check-text", SPRING.replace("草木深", "草木寒"))
    page.click("#given button[type=submit]")
    # The sentence is simplified, and not what it quotes.
    expect(page.locator(".faults li")).to_contain_text("韵脚「寒」属寒韵")
    expect(page.locator(".report .glyph").first).to_have_text("國")
    page.select_option("#language", "zh-Hant")
    expect(page.locator("nav [data-page=compose]")).to_have_text("作詩")
    page.reload()
    expect(page.locator("nav [data-page=compose]")).to_have_text("作詩")
    page.select_option("#language", "en")
    expect(page.locator("nav [data-page=compose]")).to_have_text("Compose")


@pytest.mark.parametrize(
    ("languages", "preloaded"),
    [
        ("zh-CN,zh;q=0.9", True),
        ("zh", True),
        ("zh-Hans-HK", True),
        ("zh-TW", False),
        ("en,zh", False),
    ],
)
def test_simplified_words_come_beside_the_scripts(client, languages, preloaded) -> None:
    headers = client.get("/", headers={"Accept-Language": languages}).headers
    assert ("static/simplified.json" in headers.get("Link", "")) == preloaded


def test_a_visit_is_small_and_few_requests(visit, address) -> None:
    if not is_bundled():
        pytest.skip("the modules themselves are sent: make bundle")
    page = visit(service_workers="allow")
    until(page, "async () => Boolean(await caches.match('/api/models'))")
    expect(page.locator(".candidate").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    sizes = page.evaluate("""() => [...performance.getEntriesByType("navigation"),
      ...performance.getEntriesByType("resource")]
      .map((e) => [e.name.split("/").at(-1), e.transferSize])""")
    assert sum(size for _, size in sizes) <= 60_000
    assert len({name for name, _ in sizes}) <= 10


def test_showing_another_script_asks_once(visit) -> None:
    asked: list[str] = []
    page = visit()
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    paste(page, 1, 1, SPRING)
    for shown in ("国", "國", "国"):
        page.click("#script")
        expect(page.locator("#poem .hanzi").first).to_have_value(shown)
        expect(page.locator("#frame")).to_have_attribute(
            "lang", "zh-Hans" if shown == "国" else "zh-Hant"
        )
    page.click("#share")
    expect(page.locator("#card svg")).to_be_visible()
    assert asked.count("simplified.json") == 1
    assert "script" not in asked


def test_the_page_and_its_check_open_when_the_server_is_gone(visit, served) -> None:
    page = visit("/#check", served.address, locale="zh-CN", service_workers="allow")
    shell = ["/", "/static/page.js", "/static/page.css"]
    files = [*shell, "/api/options", "/api/models", "/api/forms"]
    kept = f"Promise.all({files}.map((file) => caches.match(file, {{ ignoreVary: true }})))"
    until(page, f"async () => (await {kept}).every(Boolean)")
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.fill("#check-text", SPRING)
    expect(page.locator("#offline")).to_be_hidden()
    served.crash()
    page.reload()
    expect(page.locator("#check-page")).to_be_visible()
    expect(page.locator("#check-text")).to_have_value(SPRING)
    expect(page.locator("#offline")).to_contain_text("没有回应")
    page.click("#given button[type=submit]")
    expect(page.locator("#check-problem")).to_contain_text("失去联络")


def examples(client: httpx.Client, kind: str) -> list[str]:
    found = re.findall(f'<pre class="{kind}"[^>]*>(.*?)</pre>', client.get("/api").text, re.DOTALL)
    return [unescape(example) for example in found]


@pytest.mark.parametrize("kind", ["curl", "python"])
def test_the_examples_of_the_reference_run(client, kind) -> None:
    if kind == "curl" and not shutil.which("curl"):
        pytest.skip("no curl")
    found = examples(client, kind)
    assert len(found) >= 10
    start = ["bash", "-c"] if kind == "curl" else [sys.executable, "-c"]
    for example in found:
        command = example.replace("curl -s", "curl -sf")
        done = subprocess.run([*start, command], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, (example, done.stderr)
        assert done.stdout[:1] in (b"[", b"{")


def test_the_reference_names_every_address_and_field(client) -> None:
    text = client.get("/api").text
    description = client.get("/openapi.json").json()
    for path in description["paths"]:
        assert path in text
    for name, schema in description["components"]["schemas"].items():
        if name.endswith("Body"):
            assert all(f"<code>{field}</code>" in text for field in schema["properties"])
    assert "<script" not in text
