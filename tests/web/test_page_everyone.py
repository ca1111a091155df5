"""The page for everyone: scripts, languages, slow lines, a server that is gone, other sites."""

import re
import shutil
import socket
import subprocess
import sys
import time
from html import unescape

import httpx
import pytest
from playwright.sync_api import expect

from tangyin.errors import catalogue
from tangyin.verse import to_simplified
from tangyin.web.app import create_app, simplified_characters
from tangyin.web.bodies import SPRING, served_options

from .conftest import PATIENCE
from .test_static import words_of_the_page


def test_the_interface_is_simplified_where_the_browser_is(visit) -> None:
    page = visit("/#check", locale="zh-CN")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("nav [data-page=compose]")).to_have_text("作诗")
    expect(page.locator("#language")).to_have_value("zh-Hans")
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


def test_simplified_words_are_those_of_the_projects_conversion() -> None:
    table = simplified_characters()
    words = [*words_of_the_page()["zh"].values()]
    words += [sentences["zh"] for sentences in catalogue().values()]
    for option in served_options().values():
        words += [option.label["zh"], option.help["zh"]]
    for text in words:
        assert "".join(table.get(c, c) for c in text) == to_simplified(text)


def test_a_visit_is_small_and_few_requests(visit, address) -> None:
    page = visit(service_workers="allow")
    page.wait_for_function("async () => Boolean(await caches.match('/api/models'))")
    sizes = page.evaluate("""() => [...performance.getEntriesByType("navigation"),
      ...performance.getEntriesByType("resource")].map((e) => [e.name, e.transferSize])""")
    assert sum(size > 0 for _, size in sizes) <= 14
    assert sum(size for _, size in sizes) <= 60_000
    # Before anything can be done there are fewer: the others keep it for the next time.
    assert len({name for name, _ in sizes}) <= 10


def test_joined_scripts_keep_what_modules_share(visit) -> None:
    page = visit("/#study", locale="en-GB")
    # The module that was loaded later speaks the language of the first.
    expect(page.locator("#study-page h2").first).to_have_text("Watch it read")


def test_the_page_and_its_check_open_when_the_server_is_gone(browser, tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tangyin", "serve", "--port", str(port), "--model", "report"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    context = browser.new_context(locale="zh-CN", service_workers="allow")
    context.set_default_timeout(PATIENCE)
    try:
        at = f"http://127.0.0.1:{port}/"
        for _ in range(600):
            try:
                httpx.get(at + "healthz")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        page = context.new_page()
        page.goto(at + "#check")
        page.wait_for_selector("#request [name=model] option", state="attached")
        files = "['/', '/static/page.js', '/static/page.css', '/api/options', '/api/models']"
        kept = f"Promise.all({files}.map((file) => caches.match(file, {{ ignoreVary: true }})))"
        page.wait_for_function(f"async () => (await {kept}).every(Boolean)")
        page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        page.fill("#check-text", SPRING)
        expect(page.locator("#offline")).to_be_hidden()
        server.terminate()
        server.wait(60)
        page.reload()
        expect(page.locator("#check-page")).to_be_visible()
        expect(page.locator("#check-text")).to_have_value(SPRING)
        expect(page.locator("#offline")).to_contain_text("没有回应")
        page.click("#given button[type=submit]")
        expect(page.locator("#check-problem")).to_contain_text("失去联络")
    finally:
        server.kill()
        context.close()


async def test_only_pages_of_allowed_sites_may_use_the_api() -> None:
    async def ask(origin: str, *, preflight: bool = False) -> httpx.Response:
        transport = httpx.ASGITransport(create_app("report", origins=["https://good.example"]))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
            if preflight:
                headers |= {"Access-Control-Request-Method": "POST"}
                return await client.options("/api/script", headers=headers)
            body = {"text": "國", "script": "simplified"}
            return await client.post("/api/script", json=body, headers=headers)

    good = await ask("https://good.example")
    assert good.json() == {"text": "国"}
    assert good.headers["access-control-allow-origin"] == "https://good.example"
    assert (await ask("https://good.example", preflight=True)).status_code == 200
    bad = await ask("https://bad.example")
    assert bad.json()["code"] == "server.foreign_page"
    assert "access-control-allow-origin" not in bad.headers


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
        done = subprocess.run([*start, command], capture_output=True, timeout=600, check=False)
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
