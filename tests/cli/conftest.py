"""Running the command line: in this process, which is fast, and in one of its own."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tangyin.cli.main import run


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str

    def refused(self, code: int, *parts: str) -> None:
        """See that it said one sentence on standard error, with these parts, and nothing else."""
        assert self.out == ""
        assert self.err.startswith("tangyin: ")
        assert self.err.endswith("\n")
        assert len(self.err.splitlines()) == 1
        assert len(self.err) < 1200
        assert "Traceback" not in self.err
        for part in parts:
            assert part in self.err
        assert self.code == code


class _Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Run `tangyin WORDS` here: `cli("score", stdin="白日…")`."""

    def call(*words: str, stdin: str | bytes = b"", terminal: bool = False) -> Outcome:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        kind = _Terminal if terminal else io.TextIOWrapper
        out, err = kind(io.BytesIO(), "ascii"), kind(io.BytesIO(), "ascii")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), "ascii"))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            try:
                run(list(words))
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
        out.flush()
        err.flush()
        streams: list[Any] = [out.buffer, err.buffer]
        return Outcome(code, *(stream.getvalue().decode("utf-8") for stream in streams))

    return call


@pytest.fixture
def process() -> Callable[..., "subprocess.CompletedProcess[bytes]"]:
    """Run `python -m tangyin WORDS` in a process of its own, its streams as bytes."""

    def call(
        *words: str, stdin: bytes = b"", environment: dict[str, str] | None = None, **options: Any
    ) -> "subprocess.CompletedProcess[bytes]":
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHON"))}
        return subprocess.run(
            [sys.executable, "-m", "tangyin", *words],
            input=stdin,
            env={**kept, "OMP_NUM_THREADS": "1", "LANG": "C.UTF-8", **(environment or {})},
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=subprocess.PIPE,
            timeout=120,
            **options,
        )

    return call
