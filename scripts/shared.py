"""What the scripts share: where files lie, how tables and results are written, how we train."""

import argparse
import gzip
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import platformdirs

from tangyin.files import write_whole

ROOT = Path(__file__).parents[1]
DATA, DOCS = ROOT / "src/tangyin/data", ROOT / "docs"
RESULTS, SAMPLES = DOCS / "results", DOCS / "samples"


def write_rows(name: str, rows: Iterable[Iterable[object]]) -> None:
    """Write a table of the packaged data, its columns separated by tabs."""
    write_whole(DATA / name, "".join("\t".join(map(str, row)) + "\n" for row in rows))


def pack(name: str, text: str) -> int:
    """Compress a text into the packaged data, to the same bytes each time; return how many."""
    packed = gzip.compress(text.encode(), 9, mtime=0)
    write_whole(DATA / name, packed)
    return len(packed)


def keep(name: str, results: Any, *, indent: int = 1) -> None:
    """Write `docs/results/NAME.json`."""
    text = json.dumps(results, ensure_ascii=False, indent=indent)
    write_whole(RESULTS / f"{name}.json", text + "\n")


def kept(name: str) -> Any:
    """What `docs/results/NAME.json` has."""
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


def fill(page: Path, name: str, text: str) -> None:
    """Put a text between `<!-- NAME -->` and `<!-- /NAME -->` of a page."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, _, rest = page.read_text("utf-8").partition(begin)
    _, _, after = rest.partition(end)
    write_whole(page, f"{before}{begin}\n{text}\n{end}{after}")


def trained(folder: str, *words: str, launcher: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Train `configs/report.toml` with more words, and give the metrics of each epoch.

    The run is kept in the user's cache folder and resumes where it was stopped.
    """
    run = platformdirs.user_cache_path("tangyin") / "runs" / folder
    command = [
        sys.executable, *launcher, "-m", "tangyin", "train", str(ROOT / "configs/report.toml"),
        "-o", str(run), "--resume", *words,
    ]  # fmt: skip
    subprocess.run(command, check=True)
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
