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


def on_the_report_model(words: tuple[str, ...]) -> tuple[str, ...]:
    """The same command with the report's model, which is small, where it names none."""
    if words and words[0] in ("write", "score", "eval") and "--model" not in words:
        return (words[0], "--model", "report", *words[1:])
    return words


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Run `tangyin WORDS` here: `cli("score", stdin="白日…")`, see `on_the_report_model`."""

    def call(*words: str, stdin: str | bytes = b"", terminal: bool = False) -> Outcome:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        kind = _Terminal if terminal else io.TextIOWrapper
        out, err = kind(io.BytesIO(), "ascii"), kind(io.BytesIO(), "ascii")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), "ascii"))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            try:
                run(list(on_the_report_model(words)))
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
    """Run `python -m tangyin WORDS` in a process of its own, its streams as bytes.

    See `on_the_report_model`.
    """

    def call(
        *words: str, stdin: bytes = b"", environment: dict[str, str] | None = None, **options: Any
    ) -> "subprocess.CompletedProcess[bytes]":
        # PYTHONPATH stays, so that the process runs the code that is tested.
        dropped = ("LC_", "LANG", "PYTHONIO", "PYTHONUTF8")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
        return subprocess.run(
            [sys.executable, "-m", "tangyin", *on_the_report_model(words)],
            input=stdin,
            env={**kept, "OMP_NUM_THREADS": "1", "LANG": "C.UTF-8", **(environment or {})},
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=subprocess.PIPE,
            timeout=100,
            **options,
        )

    return call
