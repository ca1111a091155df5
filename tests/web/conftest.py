"""A server in this process, and a browser."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import uvicorn

from tangyin.web import create_app


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """A server on a free port of this machine."""
    config = uvicorn.Config(create_app(), log_level="warning", lifespan="on", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[httpx.Client]:
    """A client of that server."""
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def in_loop() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Runs a coroutine in a thread of its own: the browser's driver keeps a loop in this one."""

    def run(work: Coroutine[Any, Any, None]) -> None:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, work).result()

    return run
