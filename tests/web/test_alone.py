"""The page without a server: it answers as the server and the command line do."""

import functools
import hashlib
import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

import tangyin.web
from tangyin.api import load
from tangyin.errors import TangyinError, UsageError
from tangyin.model import arithmetic
from tangyin.web import site
from tangyin.web.alone import QUESTIONS, WITHOUT_MODEL, Alone
from tangyin.web.desk import Desk
from tangyin.web.library import Library
from tangyin.web.packing import POEM
from tangyin.web.packing import QUESTIONS as ASKED

HERE = Path(tangyin.web.__file__).parent


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Alone:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TANGYIN_HOME", "")
        patch.setenv("OMP_NUM_THREADS", "1")
        made = Alone()
    made.load("report")
    return made


def answers(
    alone: Alone, name: str, body: object, language: str = "en"
) -> list[tuple[str, object]]:
    events: list[tuple[str, object]] = []
    send = lambda event, value: events.append((event, json.loads(value)))  # noqa: E731
    list(alone.ask(name, json.dumps(body), language, send))
    return events


def test_every_question_of_the_page_can_be_asked() -> None:
    scripts = "".join(file.read_text("utf-8") for file in (HERE / "static").glob("*.js"))
    posted = set(re.findall(r'\b(?:ask|listen)\(\s*"(\w+)",\s', scripts))
    assert posted >= {"write", "check", "sheet", "candidates"}
    assert posted <= set(QUESTIONS)
    assert set(WITHOUT_MODEL) <= set(QUESTIONS) == {name for name, _ in ASKED}


@pytest.mark.parametrize(
    ("name", "body"),
    [one for one in ASKED if one[0] not in ("write", "lines", "couplet", "fix")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_is_that_of_the_server(alone, client, name, body) -> None:
    served = client.post(f"/api/{name}", json=body)
    ((event, value),) = answers(alone, name, body)
    assert served.status_code == 200
    assert (event, value) == ("answer", served.json())


def test_what_a_site_stores_is_what_the_server_answers(client) -> None:
    for address, answer in site._answers(Library("report")).items():
        found, served = json.loads(answer), client.get(f"/{address}").json()
        if address == "api/models":
            served = [row for row in served if row["default"]]
        assert found == served, address


def test_poems_come_one_by_one_as_from_the_command_line(alone) -> None:
    events = answers(alone, "write", {"seed": 3, "count": 2, "particles": 4})
    assert events[-1] == ("end", {"poems": 2})
    written = list(load("report").write_many(seed=3, count=2, particles=4))
    expected = json.loads(json.dumps(list(map(asdict, written))))
    assert [value for event, value in events if event == "poem"] == expected
    drafts = [value["text"] for event, value in events if event == "draft"]
    assert drafts == sorted(drafts, key=len)
    assert drafts


def test_a_refusal_is_an_event_in_the_language_of_the_page(alone) -> None:
    for name, body in (("write", {"form": "none"}), ("check", {"text": ""}), ("none", {})):
        for language in ("zh", "en"):
            ((event, error),) = answers(alone, name, body, language)
            assert event == "error"
            assert (
                re.search("[\u4e00-\u9fff]", error["message"].split("none")[0]) or language == "en"
            )


def test_the_kernel_for_browsers_was_built_from_this_source() -> None:
    built = (site.DATA / "kernel.wasm").read_bytes()
    assert built.startswith(b"\0asm")
    assert built.endswith(b"\x07tangyin" + hashlib.sha256(arithmetic.SOURCE.read_bytes()).digest())


def test_a_folder_with_other_files_is_left_alone(tmp_path) -> None:
    (tmp_path / "poems.txt").write_text("春")
    with pytest.raises(UsageError, check=lambda e: e.code == "site.folder"):
        site.build_site(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["poems.txt"]


def test_without_node_one_sentence_says_so(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("TANGYIN_HOME", str(tmp_path / "home"))
    with pytest.raises(TangyinError, check=lambda e: e.code == "site.no_program"):
        site.build_site(tmp_path / "site", "report")
    assert not (tmp_path / "site").exists()


def test_what_was_fetched_is_refused_unless_it_is_the_pinned_file() -> None:
    with pytest.raises(TangyinError, check=lambda e: e.code == "site.integrity"):
        site._check(b"other", site.INTEGRITY, site.PYODIDE)


# In a browser


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """The address of a server of static files, and how to stop it."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def stop() -> None:
        if thread.is_alive():
            server.shutdown()
            server.server_close()
            thread.join(60)

    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", stop
    finally:
        stop()


def write_shell(folder: Path, content: bytes = b"model") -> None:
    """The page of a site, whose worker cannot start."""
    pyodide = folder.parent / "pyodide"
    pyodide.mkdir(exist_ok=True)
    for name in ("pyodide.mjs", "pyodide.asm.js"):
        (pyodide / name).write_text("throw new Error('no Python');")
    (pyodide / "pyodide-lock.json").write_text('{"info": {}}')
    placed = [("m", "/m")]
    site._write_site(folder, pyodide, {"m": content}, placed, Library("report"))


@pytest.fixture
def shell(tmp_path):
    write_shell(tmp_path / "site")
    with serving(tmp_path / "site") as (address, _):
        yield address


@pytest.fixture
def window(browser):
    """A new page in a window of its own."""
    context = browser.new_context(locale="zh-TW")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def test_an_old_browser_gets_a_sentence_and_keeps_what_is_typed(shell, window) -> None:
    window.add_init_script("WebAssembly.validate = () => false;")
    window.goto(shell)
    expect(window.locator("#engine")).to_contain_text("太舊")
    window.fill("#poem-title", "春望")
    window.reload()
    expect(window.locator("#poem-title")).to_have_value("春望")
    window.click("#write")
    expect(window.locator("#problem")).to_contain_text("太舊")


def test_a_download_that_breaks_off_can_be_tried_again(tmp_path, shell, window) -> None:
    parts = (tmp_path / "site/parts.json").rename(tmp_path / "parts.json")
    window.goto(shell)
    expect(window.locator("#engine")).to_contain_text("下載中斷")
    parts.rename(tmp_path / "site/parts.json")
    window.click("#engine button")
    expect(window.locator("#engine")).to_contain_text("程式停了")


def test_what_the_page_does_not_carry_is_refused_even_before_its_script_is_there(
    shell, window
) -> None:
    window.goto(shell)
    window.locator("#references").evaluate(
        """details => {
            details.open = true;
            details.querySelector("#look-word").value = "明月";
            details.querySelector("#look-find").click();
        }"""
    )
    expect(window.locator("#look-problem")).to_contain_text("tangyin serve")


def test_a_new_version_waits_until_the_writer_takes_it(tmp_path, shell, window) -> None:
    window.goto(shell)
    window.evaluate("async () => { await navigator.serviceWorker.ready; }")
    window.reload()
    expect(window.locator("#version")).to_be_hidden()
    write_shell(tmp_path / "site", b"another model")
    # A reload would do, but it may also let the new version take over from a page that is gone.
    window.evaluate("async () => (await navigator.serviceWorker.ready).update()")
    expect(window.locator("#version")).to_contain_text("新版本")
    window.fill("#poem-title", "春望")
    window.click("#version button")
    expect(window.locator("#version")).to_be_hidden()
    expect(window.locator("#poem-title")).to_have_value("春望")
    kept = window.evaluate("async () => (await caches.keys()).filter(n => /shell/.test(n)).length")
    assert kept == 1


# The one test that runs Python in a browser; it takes half a minute.

POEMS = (
    {"seed": 1, "title": "春望"},
    {"seed": 2, "form": "七絕", "rhyme": "陽", "particles": 8},
    {"seed": 3, "regulated": False, "rule": "random-k", "start": "明月", "count": 3},
    {"seed": 4, "form": "五絕", "script": "simplified", "acrostic": "春夏秋冬"},
)


@pytest.fixture
def served(tmp_path):
    """A site below another address of a server of static files, and how to stop that."""
    for program in ("npm", "node", "chromium"):
        if not shutil.which(program):
            pytest.skip(f"a site needs {program}")
    try:
        site.build_site(tmp_path / "sub" / "site")
    except TangyinError as error:
        if error.code != "site.not_fetched":
            raise
        pytest.skip(error.message())
    with serving(tmp_path) as (address, stop):
        yield f"{address}sub/site/", stop


@pytest.mark.timeout(600)
def test_a_browser_alone_agrees_with_the_command_line_and_works_offline(
    served, window, corpus
) -> None:
    (address, stop), page, wrong = served, window, []
    page.set_default_timeout(60_000)
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(address) else wrong.append(r.url))
    page.add_init_script(
        """window.Worker = class extends Worker {
            constructor(...given) { super(...given); window.engine = this; }
        };"""
    )
    page.goto(address)

    ask = """([name, body]) => new Promise((resolve) => {
        const id = crypto.randomUUID(), poems = [];
        engine.addEventListener("message", ({ data: { id: of, event, value } }) => {
            if (of !== id) return;
            if (event === "poem") poems.push(value);
            else if (event === "answer" || event === "end")
                resolve(JSON.stringify(poems.length ? poems : value));
        });
        engine.postMessage({ id, name, body: JSON.stringify(body), language: "zh" });
    })"""
    texts = [*corpus.text[::2400], "國破山河在", "无", POEM.replace("心", "間")]
    desk, writer = Desk(None, "zh"), load()  # type: ignore[arg-type]
    for start in range(0, len(texts), 20):
        body = {"text": "\n".join(texts[start : start + 20])}
        found = json.loads(page.evaluate(ask, ["check", body]))
        assert found == json.loads(json.dumps(desk.check(**body)))
    for body in POEMS:
        expected = list(map(asdict, writer.write_many(**body)))  # type: ignore[arg-type]
        found = json.loads(page.evaluate(ask, ["write", body]))
        assert found == json.loads(json.dumps(expected))

    page.locator("#engine").wait_for(state="hidden")
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    stop()
    page.reload()
    page.locator("#poem [contenteditable], #poem input").first.wait_for()
    page.click("#write")
    page.locator("#status", has_text="寫好").wait_for()
    assert wrong == []
