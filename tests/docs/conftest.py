"""The documentation site, built once, served, and looked at in a browser."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tangyin.files import lock

ROOT = Path(__file__).parents[2]
PATIENCE = 60_000
"""Milliseconds to wait for what must happen: the machine may have other work."""

BUILD = 300.0
"""Seconds to wait for the site."""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Whichever test comes first builds the site."""
    for item in items:
        if "mkdocs" in item.fixturenames:
            item.add_marker(pytest.mark.timeout(2 * BUILD))


@pytest.fixture(scope="session")
def mkdocs() -> Run:
    """Builds a site in strict mode, as `make docs` does."""

    def build(folder: Path, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
            cwd=cwd,
            capture_output=True,
            text=True,
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
            timeout=BUILD,
        )

    return build


@pytest.fixture(scope="session")
def built(
    mkdocs: Run, tmp_path_factory: pytest.TempPathFactory, wait_until: Callable[..., None]
) -> Path:
    """The folder of the site, built in strict mode by the first process that asks for it."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    site, done = base / "site", base / "site.built"
    with (base / "site.lock").open("ab") as file:
        wait_until(lambda: lock(file), BUILD)
        if not done.exists():
            run = mkdocs(site)
            assert run.returncode == 0, run.stdout + run.stderr
            done.touch()
    return site


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *words: Any) -> None:
        pass


@pytest.fixture(scope="session")
def address(built: Path) -> Iterator[str]:
    """Where the site is served on this machine."""
    handler = partial(_Quiet, directory=str(built))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def look(browser: Browser, address: str) -> Callable[..., Any]:
    """Opens a page of the site and gives what a function finds on it.

    No error may be on the console, and no request may leave the site, whether it is served
    (the default) or opened from the disk (`at` its folder's address).
    """

    def ask(path: str, question: Callable[[Page], Any], at: str = address, **options: Any) -> Any:
        wrong: list[str] = []
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request",
            lambda r: None if r.url.startswith((at, "data:")) else wrong.append(r.url),
        )
        page.goto(f"{at}/{path}")
        found = question(page)
        context.close()
        assert wrong == []
        return found

    return ask
