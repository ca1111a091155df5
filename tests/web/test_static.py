"""The files of the page: all there, small, nothing inline, every word in both languages."""

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import tangyin.web

HERE = Path(tangyin.web.__file__).parent
FILES = sorted((HERE / "static").iterdir())
PAGE = (HERE / "index.html").read_text("utf-8")
TYPES = {".js": "javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def test_every_file_of_the_page_is_used_and_served(client) -> None:
    used = {Path(name).name for name in re.findall(r'(?:href|src)="(static/[^"]+)"', PAGE)}
    for file in FILES:
        if file.suffix == ".js":
            used |= set(re.findall(r'from "\./([\w.]+)"', file.read_text("utf-8")))
    assert used == {file.name for file in FILES}
    for file in FILES:
        answer = client.get(f"/static/{file.name}")
        assert answer.status_code == 200
        assert answer.content == file.read_bytes()
        assert TYPES[file.suffix] in answer.headers["content-type"]
        again = client.get(
            f"/static/{file.name}", headers={"If-None-Match": answer.headers["etag"]}
        )
        assert again.status_code == 304


def test_the_page_is_served_and_small(client) -> None:
    answer = client.get("/")
    assert answer.text == PAGE
    assert client.head("/").status_code == 200
    # A visit to the desk; the study's own files are loaded with it.
    study = ("study.js", "study.css", "heatmap.js", "mathematics.js")
    files = [file.read_bytes() for file in FILES if file.name not in study]
    assert sum(len(gzip.compress(text)) for text in (PAGE.encode(), *files)) < 60_000


def test_nothing_is_inline_and_nothing_comes_from_another_host() -> None:
    assert not re.search(r"<style|\son\w+=|style=|javascript:", PAGE)
    assert re.findall(r"<script[^>]*>", PAGE) == ['<script type="module" src="static/page.js">']
    for text in (PAGE, *(file.read_text("utf-8") for file in FILES)):
        hosts = set(re.findall(r"https?://[\w.]+", text))
        assert hosts <= {"http://www.w3.org"}  # the names of SVG and MathML
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text
        )


def test_every_word_is_there_in_both_languages(tmp_path) -> None:
    node = shutil.which("node")
    if not node:
        pytest.skip("no node to read the words with")
    source = (HERE / "static" / "language.js").read_text("utf-8")
    script = tmp_path / "words.mjs"
    script.write_text(source + "\nprocess.stdout.write(JSON.stringify(WORDS));", "utf-8")
    done = subprocess.run([node, str(script)], capture_output=True, check=True, timeout=60)
    words = json.loads(done.stdout)
    assert words["zh"].keys() == words["en"].keys()
    for key, chinese in words["zh"].items():
        names = set(re.findall(r"\{\w+\}", chinese))
        assert set(re.findall(r"\{\w+\}", words["en"][key])) == names, key
    scripts = "".join(file.read_text("utf-8") for file in FILES if file.suffix == ".js")
    calls = (
        r'(?:\bt|#say|refuse|Refusal|status|#action|field|figure|\bshowWords\((?:byId\("[\w-]+"\)|[\w.]+),)'
        r'\s?\(?"([\w-]+)"'
    )
    used = re.findall(r'data-t(?:-\w+)?="([^"]+)"', PAGE) + re.findall(calls, scripts)
    assert set(used) <= {*words["zh"], "server", "per_token", "per_token_closed"}
