"""The files of the page: all there, small, nothing inline, every word in both languages."""

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
            source = file.read_text("utf-8")
            used |= set(re.findall(r'(?:from |import ?\(?|href: )"(?:\.|static)/([\w.]+)"', source))
    assert used | {"reference.css"} == {file.name for file in FILES}
    for file in FILES:
        answer = client.get(f"/static/{file.name}")
        assert answer.status_code == 200
        if file.suffix != ".js":
            assert answer.content == file.read_bytes()
        assert TYPES[file.suffix] in answer.headers["content-type"]
        again = client.get(
            f"/static/{file.name}", headers={"If-None-Match": answer.headers["etag"]}
        )
        assert again.status_code == 304


def test_the_page_is_served_with_one_sheet(client) -> None:
    answer = client.get("/")
    assert client.head("/").status_code == 200
    sheets = re.findall(
        r'<link rel="stylesheet" href="static/([\w.]+)"( media="print")?>', answer.text
    )
    # What is printed has the last word.
    assert sheets == [("page.css", ""), ("print.css", ' media="print"')]
    sheet = client.get("/static/page.css").text
    for name in re.findall(r'"static/(\w+\.css)">', PAGE):
        assert (HERE / "static" / name).read_text("utf-8") in sheet


@pytest.mark.parametrize("name", ["page.js", "study.js", "english.js"])
def test_joined_scripts_are_valid_and_have_no_comments(client, tmp_path, name) -> None:
    text = client.get(f"/static/{name}").text
    assert not re.search(r"^\s*(//|/\*)", text, re.MULTILINE)
    assert set(re.findall(r'from "\./([\w.]+)"', text)) <= {"page.js"}
    script = tmp_path / f"{name}.mjs"
    script.write_text(text, "utf-8")
    node = shutil.which("node")
    if not node:
        pytest.skip("no node to read the script with")
    subprocess.run([node, "--check", str(script)], check=True, timeout=60)


def test_nothing_is_inline_and_nothing_comes_from_another_host() -> None:
    assert not re.search(r"<style|\son\w+=|style=|javascript:", PAGE)
    assert re.findall(r"<script[^>]*>", PAGE) == ['<script type="module" src="static/page.js">']
    for text in (PAGE, *(file.read_text("utf-8") for file in FILES)):
        hosts = set(re.findall(r"https?://[\w.]+", text))
        assert hosts <= {"http://www.w3.org"}  # the names of SVG and MathML
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text
        )


def words_of_the_page() -> dict[str, dict[str, str]]:
    """The words of the interface by language and key."""
    node = shutil.which("node")
    if not node:
        pytest.skip("no node to read the words with")
    files = (HERE / "static" / f"{name}.js" for name in ("language", "english", "terms"))
    source = "\n".join(file.read_text("utf-8") for file in files)
    source = re.sub(r"^import .*", "", source, flags=re.MULTILINE)
    script = f"{source}\nprocess.stdout.write(JSON.stringify({{ ...WORDS, en: ENGLISH }}));"
    command = [node, "--input-type=module", "-e", script]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    found: dict[str, dict[str, str]] = json.loads(done.stdout)
    return found


def test_every_word_is_there_in_both_languages() -> None:
    words = words_of_the_page()
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
