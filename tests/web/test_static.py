"""The files of the page: all there, small, nothing inline, every word in both languages."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

import tangyin.web
from tangyin.errors import catalogue
from tangyin.verse import to_simplified
from tangyin.web import files
from tangyin.web.bodies import served_options
from tangyin.web.fixed import simplified

from .conftest import serving

HERE = Path(tangyin.web.__file__).parent
ROOT = HERE.parents[2]
FILES = sorted((HERE / "static").iterdir())
PAGE = (HERE / "index.html").read_text("utf-8")
TYPES = {".js": "javascript", ".css": "text/css", ".svg": "image/svg+xml"}
HOME = {"page.js", "page.css", "reference.css", "seal.svg"}
"""What pages name, and all that a bundle has."""


@pytest.fixture
def modules(monkeypatch):
    """The page as its modules."""
    monkeypatch.setattr(files, "is_bundled", lambda: False)
    files.files.cache_clear()
    yield files.files()
    files.files.cache_clear()


def test_the_page_names_one_script_and_one_sheet() -> None:
    named = {Path(name).name for name in re.findall(r'(?:href|src)="(static/[^"]+)"', PAGE)}
    assert named == HOME - {"reference.css"}
    assert re.findall(r"<script[^>]*>", PAGE) == ['<script type="module" src="static/page.js">']


def test_every_source_is_used(modules) -> None:
    used, found = set(), {*HOME}
    while found:
        name = found.pop()
        used.add(name)
        text = modules[name][0].decode()
        found |= set(re.findall(r'(?:from |import ?\(?)"\./([\w.]+)"', text)) - used
    assert used == {file.name for file in FILES} == {*modules}


def test_the_modules_themselves_run_in_a_browser(modules, browser) -> None:
    with serving("report") as address:
        page = browser.new_page(locale="zh-CN")
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        expect(page.locator("#verdict")).to_contain_text("从哪一格写起都可以")
        page.click("nav [data-page=check]")
        page.click("#check-example")
        expect(page.locator(".report")).to_be_visible()
        page.close()
    assert wrong == []


def test_what_is_sent_has_its_type_and_is_asked_for_once(client) -> None:
    for name in files.files():
        answer = client.get(f"/static/{name}")
        assert TYPES.get(Path(name).suffix, "javascript") in answer.headers["content-type"]
        again = client.get(f"/static/{name}", headers={"If-None-Match": answer.headers["etag"]})
        assert (answer.status_code, again.status_code) == (200, 304)
    assert client.get("/static/sources.sha256").status_code == 404


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """A copy of the sources, and how to bundle it."""
    if not (ROOT / "node_modules/.bin/esbuild").exists():
        pytest.skip("no esbuild: npm ci")
    sys.path.insert(0, str(ROOT / "scripts"))
    monkeypatch.setattr(sys, "path", sys.path)
    import bundle as script

    shutil.copytree(files.STATIC, tmp_path / "static")
    for module in (files, script):
        monkeypatch.setattr(module, "STATIC", tmp_path / "static")
        monkeypatch.setattr(module, "BUNDLE", tmp_path / "bundle")
    files.files.cache_clear()
    yield script.main, tmp_path / "static"
    files.files.cache_clear()


def test_a_bundle_of_older_sources_is_not_sent(bundle) -> None:
    make, sources = bundle
    assert not files.is_bundled()
    make()
    assert files.is_bundled()
    assert {*files.files()} == HOME
    page = files.files()["page.js"][0].decode()
    assert "import" not in re.sub(r"import\(", "", page).partition("{")[0]
    assert not re.search(r"^\s*//", page, re.MULTILINE)
    with (sources / "page.js").open("a") as file:
        file.write("\n")
    files.files.cache_clear()
    assert not files.is_bundled()
    assert "draft.js" in files.files()


def test_nothing_is_inline_and_nothing_comes_from_another_host() -> None:
    assert not re.search(r"<style|\son\w+=|style=|javascript:", PAGE)
    for text in (PAGE, *(file.read_text("utf-8") for file in FILES)):
        hosts = set(re.findall(r"https?://[\w.]+", text))
        assert hosts <= {"http://www.w3.org"}  # the names of SVG and MathML
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text
        )


def words_of_the_page() -> dict[str, list[str]]:
    """The words of the interface by key: in Chinese, and in English."""
    found: dict[str, list[str]] = json.loads((HERE / "static/words.json").read_text("utf-8"))
    return found


def test_every_word_is_there_in_both_languages_and_used() -> None:
    words = words_of_the_page()
    for key, (chinese, english) in words.items():
        names = set(re.findall(r"\{\w+\}", chinese))
        assert set(re.findall(r"\{\w+\}", english)) == names, key
    scripts = "".join(file.read_text("utf-8") for file in FILES if file.suffix == ".js")
    calls = (
        r"(?:\bt|\bsay|refuse|Refusal|status|"
        r'\bshowWords\(\s*(?:byId\("[\w-]+"\)|[\w.]+),)\s*\(?"([\w-]+)"'
    )
    used = set(re.findall(r'data-t(?:-\w+)?="([^"]+)"', PAGE)) | set(re.findall(calls, scripts))
    known = {*words, "server", *(key.removeprefix("forms-") for key in words)}
    assert used <= known
    built = (
        "wants_", "type_", "rule_", "tone_", "tone-name_", "pattern_", "convention_", "book_",
        "forms-",
    )  # fmt: skip
    asked = PAGE + scripts + (HERE / "browser/engine.js").read_text("utf-8")
    unused = [
        key
        for key in words
        if not key.startswith(built)
        and not key.endswith("-hint")
        and not re.search(rf"[\"'`{{ ]{re.escape(key)}[\"'`:]", asked)
    ]
    assert unused == []


def test_the_page_simplifies_verse_as_opencc_does(corpus) -> None:
    node = shutil.which("node")
    if not node:
        pytest.skip("no node to simplify with")
    texts = [*corpus.text[::20], "乾坤乾涸瞭望瞭解著名著書沈吟沈約", "國\n破"]
    code = f"""import {{ simplifiersOf }} from {json.dumps((HERE / "static/simplify.js").as_uri())};
        const {{ tables, texts }} = JSON.parse(await new Response(process.stdin).text());
        process.stdout.write(JSON.stringify(texts.map(simplifiersOf(tables).verse)));"""
    done = subprocess.run(
        [node, "--input-type=module", "-e", code],
        input=json.dumps({"tables": simplified(), "texts": texts}).encode(),
        capture_output=True,
        check=True,
        timeout=120,
    )
    shown = json.loads(done.stdout)
    assert shown == [to_simplified(text) for text in texts]


def test_simplified_words_are_those_of_the_projects_conversion() -> None:
    tables = simplified()
    pairs = iter(tables["characters"])
    alone = dict(zip(pairs, pairs, strict=True))
    words = [chinese for chinese, _ in words_of_the_page().values()]
    words += [sentences["zh"] for sentences in catalogue().values()]
    for option in served_options().values():
        words += [option.label["zh"], option.help["zh"]]
    for text in words:
        assert "".join(alone.get(c, c) for c in text) == to_simplified(text)
