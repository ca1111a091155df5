"""What all tests share: the corpus of this machine, models, and a miniature of the collection."""

import base64
import gzip
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from importlib import invalidate_caches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import settings

from tangyin.corpus import Corpus, load_corpus
from tangyin.metre import tone_classes
from tangyin.model import Architecture, Engine, ModelFile, find_model
from tangyin.verse import (
    BOS,
    FORMS,
    Form,
    Vocabulary,
    form_named,
    forms,
    to_simplified,
)
from tangyin.verse.form import all_forms

if TYPE_CHECKING:
    from playwright.sync_api import Browser

settings.register_profile("tangyin", max_examples=50, deadline=None)
settings.load_profile("tangyin")

# A shell in the background, or one with `trap "" INT`, has its children ignore the interrupt, and
# they have theirs. The tests send it, so what they start must not ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)

HERE = Path(__file__).parent
PATIENCE = 60.0
"""Seconds to wait for what must happen: the machine may have other work."""
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The poems in the four forms of the prepared corpus of this machine."""
    return load_corpus().select(forms=FORMS)


@pytest.fixture(scope="session")
def report_model() -> ModelFile:
    """The shipped model `report`."""
    return find_model("report")


@pytest.fixture(scope="session")
def report_engine(report_model: ModelFile) -> Engine:
    """The writing engine with the shipped model."""
    return Engine(report_model)


@pytest.fixture(scope="session")
def random_model() -> Callable[..., ModelFile]:
    """Builds a model of random weights; the larger `scale`, the surer it is of itself.

    `features` are further fields of `Architecture`, such as `tied` and `place_size`.
    """

    def build(
        hanzi: str,
        forms: tuple[Form, ...],
        *,
        seed: int = 0,
        embedding_size: int = 12,
        hidden_size: int = 20,
        layers: int = 1,
        scale: float = 0.6,
        prefixes: tuple[str, ...] = (BOS,),
        **features: Any,
    ) -> ModelFile:
        generator = np.random.default_rng(seed)
        architecture = Architecture(embedding_size, hidden_size, layers, **features)
        vocabulary = Vocabulary(hanzi, prefixes)
        tensors: dict[str, Any] = {
            name: (scale * generator.standard_normal(shape)).astype(np.float32)
            for name, shape in architecture.shapes(vocabulary).items()
        }
        if architecture.follows_text:
            tensors["tones"] = tone_classes(vocabulary)
        return ModelFile("random", architecture, vocabulary, forms, tensors)

    return build


@pytest.fixture(scope="session")
def launched() -> Iterator[Callable[[str], "Browser"]]:
    """Starts chromium, that of the system, or firefox or webkit as Playwright installs them.

    TANGYIN_FIREFOX names the program of another Firefox, which is driven by WebDriver BiDi.
    """
    from playwright.sync_api import sync_playwright  # most tests need no browser

    options = (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
    )  # fmt: skip
    with sync_playwright() as driver:
        running: dict[str, Browser] = {}

        def launch(name: str) -> "Browser":
            if name == "chromium" and not CHROMIUM:
                pytest.skip("no Chromium; install it with: apt-get install chromium fonts-noto-cjk")
            if name not in running:
                own: dict[str, Any] = {}
                if name == "chromium":
                    own = {"executable_path": CHROMIUM, "args": list(options)}
                elif name == "firefox" and (firefox := os.environ.get("TANGYIN_FIREFOX")):
                    own = {"executable_path": firefox, "channel": "moz-firefox"}
                running[name] = getattr(driver, name).launch(**own)
            return running[name]

        yield launch
        for browser in running.values():
            browser.close()


@pytest.fixture(scope="session")
def browser(launched: Callable[[str], "Browser"]) -> "Browser":
    """Chromium."""
    return launched("chromium")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty TANGYIN_HOME for one test."""
    path = tmp_path / "home"
    monkeypatch.setenv("TANGYIN_HOME", str(path))
    return path


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """Waits for a condition, at most a minute or so many seconds."""

    def wait(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.002)

    return wait


@pytest.fixture
def spawn() -> Iterator[Callable[..., "subprocess.Popen[Any]"]]:
    """Starts a process as `subprocess.Popen` does; it is killed with the test, or after a minute.

    So whoever reads from it, or waits for it, goes on.
    """
    with ExitStack() as stack:

        def start(words: Sequence[object], **options: Any) -> "subprocess.Popen[Any]":
            process = subprocess.Popen(list(map(str, words)), **options)
            stack.callback(_end, process)
            killer = threading.Timer(PATIENCE, process.kill)
            killer.start()
            stack.callback(killer.cancel)
            return process

        yield start


def _end(process: "subprocess.Popen[Any]") -> None:
    process.kill()
    process.wait(PATIENCE)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            with suppress(OSError):  # what nobody has read
                stream.close()


class SmallPackage:
    """A miniature of the npm package chinese-poetry: 262 of its records (`small_package.jsonl`).

    Every record names its outcome: the part it comes to ("train", "dev", "test", "near") or why it
    is dropped. The 16 near-duplicates stand there with the held-out poems they are near to, the
    duplicates with the records they repeat.
    """

    # Read in the order of their names, 10000 would come before 2000.
    NUMBERS = (0, 2000, 10000)

    def __init__(self) -> None:
        text = (HERE / "small_package.jsonl").read_text(encoding="utf-8")
        self.records: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]

    def outcomes(self, dynasty: str) -> Counter[str]:
        """Records of a dynasty by outcome."""
        return Counter(r["outcome"] for r in self.records if r["dynasty"] == dynasty)

    def files(self, folder: str) -> dict[str, bytes]:
        """The files of the package by path, the poems being in `folder`."""
        files = {}
        for dynasty in ("tang", "song"):
            records = [
                {key: record[key] for key in ("author", "paragraphs", "title", "id")}
                for record in self.records
                if record["dynasty"] == dynasty
            ]
            flagged = {r["id"] for r in self.records if r["outcome"] == "blacklisted"}
            size = -(-len(records) // len(self.NUMBERS))
            for place, number in enumerate(self.NUMBERS):
                chunk = records[place * size : (place + 1) * size]
                name = f"poet.{dynasty}.{number}.json"
                files[f"{folder}/{name}"] = _json(chunk)
                files[f"{folder}/error/{name}"] = _json([r for r in chunk if r["id"] in flagged])
        return files

    def lay_out(self, path: Path, layout: str = "npm") -> Path:
        """Write the collection below `path`, unpacked.

        Args:
            path: the folder to make.
            layout: "npm" (dist/quantangshi), "git" (全唐诗, with simplified copies beside the
                files, as the repository once had them) or "flat" (the poems in `path` itself).
        """
        folder = {"npm": "dist/quantangshi", "git": "全唐诗", "flat": "."}[layout]
        files = self.files(folder)
        if layout == "git":
            files |= {
                name.replace(".json", ".simplified.json"): to_simplified(content.decode()).encode()
                for name, content in files.items()
            }
        for name, content in files.items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return path

    def pack(self, path: Path) -> str:
        """Write the package file (tgz) to `path` and return its npm integrity value."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            for name, data in {"LICENSE": b"MIT\n", **self.files("dist/quantangshi")}.items():
                member = tarfile.TarInfo(f"package/{name}")
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        path.write_bytes(gzip.compress(content.getvalue(), mtime=0))
        digest = hashlib.sha512(path.read_bytes()).digest()
        return "sha512-" + base64.b64encode(digest).decode()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()


@pytest.fixture(scope="session")
def small_package() -> SmallPackage:
    """A miniature of the collection, to be laid out or packed anywhere."""
    return SmallPackage()


@pytest.fixture
def extra_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Form]]:
    """Add a form for one test, as a file in a folder beside `tangyin/verse/forms`."""
    folder = tmp_path / "forms"
    folder.mkdir()
    monkeypatch.setattr(forms, "__path__", [*forms.__path__, str(folder)])

    def add(name: str, ascii_name: str, **fields: int) -> Form:
        form = f"Form({name!r}, {ascii_name!r}, **{fields})"
        source = f"from tangyin.verse import Form\nFORMS = ({form},)\n"
        (folder / f"{ascii_name}.py").write_text(source, encoding="utf-8")
        invalidate_caches()
        all_forms.cache_clear()
        return form_named(name)

    yield add
    for path in folder.glob("*.py"):
        sys.modules.pop(f"{forms.__name__}.{path.stem}", None)
    all_forms.cache_clear()
