"""A server in this process, and a browser."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from tangyin.model import DEFAULT
from tangyin.web import create_app
from tangyin.web.connections import PatientProtocol


@contextmanager
def serving(model: str) -> Iterator[str]:
    """A server on a free port of this machine."""
    config = uvicorn.Config(
        create_app(model),
        log_level="warning",
        lifespan="on",
        ws="none",
        http=PatientProtocol,
        # A client that was busy meanwhile finds its connection as it was.
        timeout_keep_alive=600,
    )
    server = uvicorn.Server(config)
    with pytest.MonkeyPatch.context() as patch, socket.create_server(("127.0.0.1", 0)) as listener:
        # What is answered is tested here, and not how quick a busy machine is.
        patch.setattr("tangyin.web.answers.SECONDS", 600.0)
        patch.setattr("tangyin.web.pool.PATIENCE", 600.0)
        patch.setattr("tangyin.web.guards.BODY_SECONDS", 600.0)
        patch.setattr("tangyin.web.connections.HEAD_SECONDS", 600.0)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


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


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[httpx.Client]:
    """A client of that server."""
    with httpx.Client(base_url=address, timeout=600) as client:
        yield client


@pytest.fixture(scope="session")
def in_loop() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Runs a coroutine in a thread of its own: the browser's driver keeps a loop in this one."""

    def run(work: Coroutine[Any, Any, None]) -> None:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, work).result()

    return run


PATIENCE = 300_000
"""Milliseconds to wait for what must come: the machine may have other work."""


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens the page in a window of its own; at the end nothing must have gone wrong in any.

    No error stands on the console, and no request went to another host.
    """
    expect.set_options(timeout=PATIENCE)
    wrong: list[str] = []
    contexts = []

    def open_page(at: str = "/", server: str = address, **options: Any) -> Page:
        settings = {"locale": "zh-TW", "reduced_motion": "reduce", "accept_downloads": True}
        context = browser.new_context(**{**settings, **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else 0)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request",
            lambda r: None if r.url.startswith((server, "blob:")) else wrong.append(r.url),
        )
        page.goto(server + at)
        page.wait_for_selector("#wishes [name=model] option", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    # A refusal (422) that a test asks for is told by the browser as well.
    assert [text for text in wrong if "status of 422" not in text] == []
