"""Paths, and functions that write tables and results."""

import argparse
import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tangyin.files import write_whole

ROOT = Path(__file__).parents[1]
DATA, DOCS = ROOT / "src/tangyin/data", ROOT / "docs"
RESULTS, SAMPLES = DOCS / "results", DOCS / "samples"


def write_rows(name: str, rows: Iterable[Iterable[object]]) -> None:
    """Write a table of the packaged data, its columns separated by tabs."""
    write_whole(DATA / name, "".join("\t".join(map(str, row)) + "\n" for row in rows))


def pack(name: str, text: str) -> int:
    """Compress a text into the packaged data, to the same bytes each time; return their number."""
    packed = gzip.compress(text.encode(), 9, mtime=0)
    write_whole(DATA / name, packed)
    return len(packed)


def keep(name: str, results: Any, *, indent: int = 1) -> None:
    """Write `docs/results/NAME.json`."""
    text = json.dumps(results, ensure_ascii=False, indent=indent)
    write_whole(RESULTS / f"{name}.json", text + "\n")


def kept(name: str) -> Any:
    """Read `docs/results/NAME.json`."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser that shows the first line of a docstring."""
    return argparse.ArgumentParser(description=(description or "").partition("\n")[0])


def print_only(options: argparse.ArgumentParser) -> None:
    """Add --print: show what was kept, without measuring again."""
    options.add_argument("--print", dest="only", action="store_true", help="measure nothing")


def table(head: Sequence[object], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown."""
    every = [head, ["---"] * len(head), *rows]
    lines = (f"| {' | '.join(map(str, row))} |" for row in every)
    return "\n".join(lines).replace("|  |", "| |")
