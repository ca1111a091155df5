"""The page that runs in a browser alone, in Chromium, and how far it agrees with the command line.

    python benchmarks/browser_alone.py [--site DIR] [--poems N] [--checks N] [--mbit 10]

DIR is a site that `tangyin site` wrote; without it one is built. It is served by a server of static
files that sends so many megabits a second, for the first visit alone. Times are of a clock; beside
poems and checks stands the processor's time of the browser, which other work does not lengthen.
Poems are regulated 五律 of the default way, by seed, beside the native engine in this process.
"""

import functools
import json
import platform
import tempfile
import threading
import time
from dataclasses import asdict
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from measuring import parser, run
from tangyin.api import load
from tangyin.corpus import load_corpus
from tangyin.model.arithmetic import FLAGS, SOURCE, Native
from tangyin.model.engine import Engine
from tangyin.native import built_library
from tangyin.web.desk import Desk
from tangyin.web.site import build_site

ASK = """async ([name, bodies]) => {
    const { ask, listen } = await import(document.baseURI + "static/alone.js"), found = [];
    for (const body of bodies) {
        const take = async (event, value) => { if (event === "poem") found.push(value); };
        const answer = await listen(name, body, take, new AbortController().signal);
        if (name !== "write") found.push(...answer);
    }
    return JSON.stringify(found);
}"""
TOGETHER = 20  # poems of one request to check
TICKS = 100  # of the processor's time in /proc, a second


class Served(SimpleHTTPRequestHandler):
    """Static files, slowly."""

    bytes_a_second = 0.0
    lock = threading.Lock()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send a file; all connections together have the rate."""
        while piece := source.read(16_384):
            if self.bytes_a_second:
                with self.lock:
                    time.sleep(len(piece) / self.bytes_a_second)
            outputfile.write(piece)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def renderers() -> dict[int, str]:
    """Command lines of the processes that show pages, by their ids."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_text("utf-8", "replace")
        except OSError:
            continue
        if "--type=renderer" in line and "extension-process" not in line:
            found[int(folder.name)] = line
    return found


def spent(process: int) -> float:
    """Seconds of the processor that a process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(process: int) -> float:
    """Megabytes of a process, pages that it shares counted in part."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line[:4] == "Pss:") / 1e3


def first_poem(page: Page, address: str) -> float:
    """Seconds from the address to the first poem, which is requested at once."""
    start = time.monotonic()
    page.goto(address)
    page.click("#write")
    page.locator("#status", has_text="寫好").wait_for()
    return time.monotonic() - start


def measured(site: Path, poems: int, checks: int, mbit: float) -> dict[str, Any]:
    """All figures."""
    found: dict[str, Any] = {"mbit": mbit, "bytes": sizes(site)}
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Served, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/"
    with sync_playwright() as playwright:
        before = renderers()
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        context = browser.new_context(locale="zh-TW")
        context.set_default_timeout(600_000)
        page = context.new_page()
        found["memory of a blank page, MB"] = max(map(memory, renderers().keys() - before.keys()))
        Served.bytes_a_second = mbit * 1e6 / 8
        found["first visit"] = first_poem(page, address)
        page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        server.shutdown()
        server.server_close()
        process = max((renderers().keys() - before.keys()), key=memory)
        cpu = spent(process)
        found["later visit, offline"] = first_poem(page, address)
        found["later visit, cpu"] = spent(process) - cpu
        found["memory, MB"] = memory(process)
        found |= writing(page, process, poems)
        found |= checking(page, process, checks)
        found["memory after that, MB"] = memory(process)
        browser.close()
    return found


def sizes(site: Path) -> dict[str, int]:
    """Bytes of what is downloaded before the first poem."""
    parts = json.loads((site / "parts.json").read_text("utf-8"))["files"]
    own = sum(file.stat().st_size for file in site.rglob("*.*") if file.suffix != ".bin")
    compressed = {name: sum(part["bytes"] for part in of) for name, of in parts.items()}
    return {"page and Pyodide's scripts": own, **compressed}


def writing(page: Page, process: int, poems: int) -> dict[str, Any]:
    """Regulated 五律 by seed: seconds of each, and how many are those of the command line."""
    bodies = [{"seed": seed} for seed in range(poems)]
    cpu, clock = spent(process), time.monotonic()
    written = json.loads(page.evaluate(ASK, ["write", bodies]))
    found = {"poem, cpu": (spent(process) - cpu) / poems}
    found["poem"] = (time.monotonic() - clock) / poems
    writer = load()
    writer.write()
    cpu, clock = time.process_time(), time.monotonic()
    native = [asdict(writer.write(seed=seed)) for seed in range(poems)]
    found["native poem, cpu"] = (time.process_time() - cpu) / poems
    found["native poem"] = (time.monotonic() - clock) / poems
    library = built_library(SOURCE, FLAGS)
    if library and platform.machine() == "x86_64":  # what most laptops have
        writer.engine = Engine(writer.model, Native(library, "avx2"))
        cpu = time.process_time()
        for seed in range(poems):
            writer.write(seed=seed)
        found["native poem, avx2, cpu"] = (time.process_time() - cpu) / poems
    return {**found, "poems alike": alike(written, native)}


def checking(page: Page, process: int, checks: int) -> dict[str, Any]:
    """Poems of the corpus checked: how many a second, and how many verdicts are the same."""
    corpus = load_corpus().text
    texts = corpus[:: max(1, len(corpus) // checks)][:checks]
    asked = ["\n".join(texts[n : n + TOGETHER]) for n in range(0, len(texts), TOGETHER)]
    requests = [{"text": text} for text in asked]
    page.evaluate(ASK, ["check", requests[:2]])
    cpu, clock = spent(process), time.monotonic()
    reports = json.loads(page.evaluate(ASK, ["check", requests]))
    found = {"checks a second of cpu": len(reports) / (spent(process) - cpu)}
    found["checks a second"] = len(reports) / (time.monotonic() - clock)
    desk = Desk(None, "zh")  # type: ignore[arg-type]
    cpu = time.process_time()
    native = [report for request in requests for report in desk.check(request["text"])]
    found["native checks a second of cpu"] = len(native) / (time.process_time() - cpu)
    return {**found, "checks alike": alike(reports, native)}


def alike(found: list[Any], native: list[Any]) -> str:
    """How many of some results are the same to the bit."""
    pairs = zip(found, json.loads(json.dumps(native)), strict=True)
    return f"{sum(a == b for a, b in pairs)} of {len(native)}"


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("--site", type=Path)
    options.add_argument("--poems", type=int, default=20)
    options.add_argument("--checks", type=int, default=2000)
    options.add_argument("--mbit", type=float, default=10.0)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.site or Path(scratch) / "site"
        if not given.site:
            build_site(folder)
        run(lambda: measured(folder, given.poems, given.checks, given.mbit), given)
