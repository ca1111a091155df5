"""The server under load, over loopback: latency, poems a second, memory.

    python benchmarks/serve.py [--model report] [--flat 10000] [--parts load,checks,crowd]

Starts `tangyin serve` and sends it requests. `load`: 200 free poems with 32 in flight; regulated
poems from 32 and 96 clients for some seconds, which wait as long as Retry-After says when they are
refused; then many free poems, while the server's memory is read. `checks`: the checks of one client
while two others ask for 20 regulated poems each, and again while these must hold ten words that
hardly fit, with 100 particles. `crowd`: 1,000 clients at once, of which 700 send
their request a byte a second, and the others a whole one.
"""

import asyncio
import itertools
import json
import re
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from measuring import parser, run

IN_FLIGHT = 32
WORDS = [
    "家書", "渾欲", "花濺淚", "山河在", "連三月", "城春", "草木深", "抵萬金", "搔更短", "鳥驚心",
]  # fmt: skip
SPRING = (
    "國破山河在，城春草木深。感時花濺淚，恨別鳥驚心。"
    "烽火連三月，家書抵萬金。白頭搔更短，渾欲不勝簪。"
)


class Server:
    """`tangyin serve` on a free port."""

    def __init__(self, model: str) -> None:
        start = time.monotonic()
        command = [sys.executable, "-m", "tangyin", "serve", "--port", "0", "--model", model]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr
        self.port = int(re.findall(r":(\d+)/", self.process.stderr.readline())[0])
        asyncio.run(self.ask("GET", "/healthz"))
        self.seconds = time.monotonic() - start

    @property
    def megabytes(self) -> float:
        """Memory of the processes that serve, what they share counted once."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
        maps = (Path(f"/proc/{child}/smaps_rollup").read_text("utf-8") for child in children)
        return sum(int(re.findall(r"Pss:\s+(\d+)", text)[0]) for text in maps) / 1024

    async def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, link: Any = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer."""
        reader, writer = link or await asyncio.open_connection("127.0.0.1", self.port)
        content = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        writer.write(head.encode() + content)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        answer = await reader.readexactly(int(headers["content-length"]))
        if not link:
            writer.close()
        return int(lines[0].split()[1]), headers, answer

    def stop(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait()


async def many(server: Server, count: int, body: dict[str, Any]) -> tuple[list[float], int]:
    """Seconds of each of many requests, 32 in flight, and how many failed."""
    seeds, seconds, failed = iter(range(count)), [], 0

    async def client() -> None:
        nonlocal failed
        link = await asyncio.open_connection("127.0.0.1", server.port)
        for seed in seeds:
            start = time.monotonic()
            status, _, _ = await server.ask("POST", "/api/write", {**body, "seed": seed}, link)
            seconds.append(time.monotonic() - start)
            failed += status != 200
        link[1].close()

    await asyncio.gather(*(client() for _ in range(IN_FLIGHT)))
    return seconds, failed


async def sustained(server: Server, seconds: float, clients: int) -> dict[str, float]:
    """Regulated poems a second, and the number of refusals (429)."""
    end, seeds = time.monotonic() + seconds, itertools.count()
    counts = {200: 0, 429: 0}

    async def client() -> None:
        while time.monotonic() < end:
            body = {"start": "日", "seed": next(seeds)}
            status, headers, _ = await server.ask("POST", "/api/write", body)
            counts[status] = counts.get(status, 0) + 1
            if status == 429:
                wait = float(headers["retry-after"])
                await asyncio.sleep(max(0.0, min(wait, end - time.monotonic())))

    start = time.monotonic()
    await asyncio.gather(*(client() for _ in range(clients)))
    others = sum(count for status, count in counts.items() if status not in (200, 429))
    poems = counts[200] / (time.monotonic() - start)
    return {"poems_per_second": round(poems, 2), "refused": counts[429], "failed": others}


async def beside_writers(server: Server, **body: Any) -> dict[str, Any]:
    """Seconds of checks, one after the other, while two clients are written 20 poems each."""
    body |= {"count": 20}
    writing = [
        asyncio.create_task(server.ask("POST", "/api/write", {**body, "seed": seed}))
        for seed in range(2)
    ]
    await asyncio.sleep(0.2)
    seconds: list[float] = []
    statuses: set[int] = set()
    while not any(task.done() for task in writing) or len(seconds) < 10:
        start = time.monotonic()
        status, _, _ = await server.ask("POST", "/api/check", {"text": SPRING})
        seconds.append(time.monotonic() - start)
        statuses.add(status)
        await asyncio.sleep(0.05)
    writers = [status for status, _, _ in await asyncio.gather(*writing)]
    found = {"checks": len(seconds), "median": statistics.median(seconds), "longest": max(seconds)}
    return {**found, "statuses": sorted(statuses), "of_the_writers": writers}


async def crowd(server: Server, clients: int = 1000, slow: int = 700) -> dict[str, Any]:
    """How many whole requests are answered 200 while `slow` of all clients send slowly."""
    over = asyncio.Event()

    async def trickle() -> None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for byte in b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n":
                writer.write(bytes([byte]))
                with suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), 1)
                    break
            writer.close()

    async def whole(at: int) -> bool:
        await asyncio.sleep(3 * at / clients)
        body = {"text": SPRING} if at % 2 else None
        path = ("GET", "/healthz") if body is None else ("POST", "/api/check")
        try:
            return (await asyncio.wait_for(server.ask(*path, body), 30))[0] == 200
        except (OSError, EOFError, TimeoutError):
            return False

    trickles = [asyncio.create_task(trickle()) for _ in range(slow)]
    answered = sum(await asyncio.gather(*(whole(at) for at in range(clients - slow))))
    over.set()
    await asyncio.gather(*trickles)
    return {"clients": clients, "slow": slow, "whole": clients - slow, "answered": answered}


def measure(model: str, flat: int, seconds: float, parts: list[str]) -> dict[str, Any]:
    """All figures of the parts."""
    server = Server(model)
    found: dict[str, Any] = {"model": model}
    try:
        if "load" in parts:
            found |= load(server, flat, seconds)
        if "checks" in parts:
            two = asyncio.run(beside_writers(server, start="日"))
            words = asyncio.run(beside_writers(server, include=WORDS, particles=100))
            found |= {"checks_beside_two_writers": two, "checks_beside_ten_words": words}
        if "crowd" in parts:
            found["crowd"] = asyncio.run(crowd(server))
    finally:
        server.stop()
    return found


def load(server: Server, flat: int, seconds: float) -> dict[str, Any]:
    """Latency, poems a second and memory."""
    free = {"start": "日", "regulated": False}
    asyncio.run(many(server, IN_FLIGHT, free))  # a first round, to warm up
    taken, failed = asyncio.run(many(server, 200, free))
    regulated = {clients: asyncio.run(sustained(server, seconds, clients)) for clients in (32, 96)}
    memory = [round(server.megabytes, 1)]
    for _ in range(10 if flat else 0):
        asyncio.run(many(server, flat // 10, free))
        memory.append(round(server.megabytes, 1))
    quantiles = statistics.quantiles(taken, n=20)
    return {
        "start_seconds": round(server.seconds, 2),
        "free_200_at_32": {
            "failed": failed,
            "p50": round(statistics.median(taken), 3),
            "p95": round(quantiles[18], 3),
            "longest": round(max(taken), 3),
        },
        "regulated_by_clients": regulated,
        "memory_mb_each_tenth_of": {"requests": flat, "megabytes": memory},
    }


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("--model", default="report", help="the model to write with")
    options.add_argument("--flat", type=int, default=10_000, help="requests while memory is read")
    options.add_argument("--parts", default="load,checks,crowd", help="what is measured")
    options.add_argument("--seconds", type=float, default=10, help="of regulated writing")
    given = options.parse_args()
    run(lambda: measure(given.model, given.flat, given.seconds, given.parts.split(",")), given)
