"""A server in this process or in one of its own, a client, and a browser."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from httpx import AsyncClient
from playwright.sync_api import Browser, Page, expect

from tangyin.model import DEFAULT
from tangyin.web.app import create_app
from tangyin.web.guards import PatientProtocol

PATIENCE = 60_000
"""Milliseconds to wait for what must happen: the machine may have other work."""


@contextmanager
def serving(model: str) -> Iterator[str]:
    """A server on a free port of this machine."""
    config = uvicorn.Config(
        create_app(model),
        log_level="warning",
        lifespan="on",
        ws="none",
        http=PatientProtocol,
        # Connections stay open for a client that is busy meanwhile.
        timeout_keep_alive=600,
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)
    with pytest.MonkeyPatch.context() as patch, socket.create_server(("127.0.0.1", 0)) as listener:
        # The tests are about answers, and not about the speed of a busy machine.
        for limit in (
            "answers.SECONDS", "pool.PATIENCE", "guards.BODY_SECONDS", "guards.HEAD_SECONDS",
        ):  # fmt: skip
            patch.setattr(f"tangyin.web.{limit}", 600.0)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        end = time.monotonic() + PATIENCE / 1000
        while not server.started:
            assert thread.is_alive()
            assert time.monotonic() < end
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(PATIENCE / 1000)
            assert not thread.is_alive()


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """A server with the small model."""
    with serving("report") as address:
        yield address


@pytest.fixture(scope="session")
def strong_address() -> Iterator[str]:
    """A server as it is started, with the default model."""
    with serving(DEFAULT) as address:
        yield address


class Served:
    """A server in processes of its own, which can crash."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tangyin", "serve", "--model", "report"]
        self.server = subprocess.Popen(
            [*command, "--port", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + PATIENCE / 1000
        while True:
            try:
                httpx.get(f"{self.address}/healthz", timeout=10)
                return
            except httpx.TransportError:
                assert self.server.poll() is None
                assert time.monotonic() < end
                time.sleep(0.1)

    def crash(self) -> None:
        if self.server.poll() is None:
            pid = self.server.pid
            tasks = Path(f"/proc/{pid}/task/{pid}/children")
            serving = tasks.read_text().split() if tasks.exists() else []
            os.killpg(pid, signal.SIGKILL)
            # Without their parent they would answer what they have begun, and end then.
            for child in map(int, serving):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            self.server.wait(60)


@pytest.fixture
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.crash()


def within(app: FastAPI, base: str = "http://localhost", *, fails: bool = True) -> AsyncClient:
    """A client of an application without a server; `fails` is whether its exceptions are raised."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=fails)
    return AsyncClient(transport=transport, base_url=base)


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[httpx.Client]:
    """A client of that server.

    It keeps no connection: tests of the server's limits close those that are idle.
    """
    limits = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(base_url=address, timeout=60, limits=limits) as client:
        yield client


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine in a thread of its own: the browser's driver keeps a loop in this one.

    It has a minute. Where it does not even hear that, its thread is left behind.
    """
    if not asyncio.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    work = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
    done: Future[None] = Future()

    def run() -> None:
        try:
            done.set_result(asyncio.run(asyncio.wait_for(work, PATIENCE / 1000)))
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    done.result(1.5 * PATIENCE / 1000)
    return True


expect.set_options(timeout=PATIENCE)


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens the page in a window of its own; fails at the end if anything went wrong in one.

    There must be no error on the console, and no request to another host.
    """
    wrong: list[str] = []
    contexts = []

    def open_page(at: str = "/", server: str = address, **options: Any) -> Page:
        settings = {
            "locale": "zh-TW", "reduced_motion": "reduce", "accept_downloads": True,
            "service_workers": "block",  # it would answer in the place of routes
        }  # fmt: skip
        context = browser.new_context(**{**settings, **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()

        # Other browsers warn of properties that they do not know yet.
        bad = ("error", "warning") if browser.browser_type.name == "chromium" else ("error",)
        page.on("console", lambda m: wrong.append(m.text) if m.type in bad else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        own = (server, "blob:")
        page.on("request", lambda r: None if r.url.startswith(own) else wrong.append(r.url))
        page.goto(server + at)
        page.wait_for_selector("#request [name=model] option", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    # The browser reports a refusal (422) and a lost server that a test asks for as well.
    wanted = (
        "status of 422",
        "net::ERR_FAILED",
        "net::ERR_CONNECTION_",
        "net::ERR_EMPTY_RESPONSE",
        "blocked by Playwright",
    )
    assert [text for text in wrong if not any(known in text for known in wanted)] == []


def fill(page: Page, **given: str) -> None:
    """Fill in the form of options."""
    page.locator("#wishes").evaluate("details => { details.open = true; }")
    for name, value in given.items():
        field = page.locator(f"#request [name={name}]")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def rows_of(page: Page) -> list[str]:
    """The lines on the sheet, without their marks; □ for an open place."""
    lines = "lines => lines.map(l => [...l.querySelectorAll('input')].map(c => c.value || '□'))"
    rows: list[list[str]] = page.locator("#poem .line").evaluate_all(lines)
    return ["".join(row) for row in rows]


def type_at(page: Page, line: int, place: int, text: str) -> None:
    """Type from a place on (both from 1), as an input method gives whole words."""
    page.locator(f"#poem [data-line='{line - 1}'][data-at='{place - 1}']").focus()
    page.keyboard.insert_text(text)


def paste(page: Page, line: int, place: int, text: str) -> None:
    """Paste a text at a place, both from 1."""
    if line:  # else where the keyboard is
        page.locator(f"#poem [data-line='{line - 1}'][data-at='{place - 1}']").focus()
    page.evaluate(
        """text => {
          const data = new DataTransfer();
          data.setData("text", text);
          const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true });
          // Firefox takes no data from a script with the event itself.
          Object.defineProperty(event, "clipboardData", { value: data });
          document.activeElement.dispatchEvent(event); }""",
        text,
    )
    said = (
        "#status:is([data-t=pasted], [data-t=too-long], [data-t=text-too-long], [data-t=no-verse])"
    )
    page.locator(f"{said}, dialog.question").first.wait_for(state="attached")


def until(page: Page, condition: str) -> None:
    """Wait until an async function is true; `wait_for_function` takes its promise for true."""
    end = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


def write(page: Page, said: str = "寫好 1 首") -> list[str]:
    """Have the sheet completed."""
    page.click("#write")
    expect(page.locator("#status")).to_have_text(said)
    return rows_of(page)
