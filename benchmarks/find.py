"""How fast the lines with a word are found, and how fast and large the ways to index them are.

    python benchmarks/find.py

The corpus must be prepared. FTS5 has each line as a row without its content: as trigrams, as one
token per character (a word is then a phrase), and as one token per character and one per pair. It
says which lines match; our index also says where in the line. Times are CPU times: the median of
ten look-ups of all lines, after the first.
"""

import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tangyin import reference
from tangyin.corpus import load_corpus
from tangyin.reference.index import Index, index_path, open_index, store_index
from tangyin.verse import lookup_spelling

WORDS = ("明月", "山", "春風不度", "玉門關")
TIMES = 10


def pairs(text: str) -> list[str]:
    """The characters of a text and its pairs of neighbours."""
    return [*text, *(text[at : at + 2] for at in range(len(text) - 1))]


FTS5: dict[str, tuple[str, Callable[[str], str], Callable[[str], str]]] = {
    "FTS5, trigrams": ("tokenize='trigram'", str, lambda word: f'"{word}"'),
    "FTS5, characters": ("detail='full'", " ".join, lambda word: f'"{" ".join(word)}"'),
    "FTS5, pairs": (
        "detail='none'",
        lambda line: " ".join(pairs(line)),
        lambda word: " AND ".join(pairs(word)[len(word) :] or [word]),
    ),
}
"""By name: the options of the table, a line as it is indexed, and a requested word."""


def milliseconds(call: Callable[[], object]) -> float:
    """The median time of some calls after the first."""
    taken = []
    for _ in range(TIMES + 1):
        start = time.process_time()
        call()
        taken.append(1000 * (time.process_time() - start))
    return statistics.median(taken[1:])


def by_fts5(name: str, lines: list[str], folder: Path) -> tuple[float, float, list[float]]:
    """Seconds to build, megabytes, and milliseconds a word."""
    options, indexed, asked = FTS5[name]
    file = folder / "fts5.db"
    file.unlink(missing_ok=True)
    start = time.process_time()
    table = sqlite3.connect(file)
    table.execute("pragma synchronous=off")
    table.execute(f"create virtual table t using fts5(x, {options}, content='')")
    table.executemany("insert into t(rowid, x) values(?, ?)", enumerate(map(indexed, lines)))
    table.execute("insert into t(t) values('optimize')")
    table.commit()
    built = time.process_time() - start
    query = "select rowid from t where t match ?"
    times = [
        milliseconds(lambda word=word: table.execute(query, (asked(word),)).fetchall())  # type: ignore[misc]
        for word in WORDS
    ]
    table.close()
    return built, file.stat().st_size / 1e6, times


def by_index() -> tuple[float, float, list[float]]:
    """The same of our index, which has the poems and their titles too."""
    corpus = load_corpus()
    start = time.process_time()
    store_index(corpus)
    built = time.process_time() - start
    index: Index = open_index()
    words = [milliseconds(lambda word=word: index.places(word)) for word in WORDS]  # type: ignore[misc]
    return built, index_path().stat().st_size / 1e6, words


if __name__ == "__main__":
    print(f"{os.cpu_count()} processors, SQLite {sqlite3.sqlite_version}", file=sys.stderr)
    lines = [lookup_spelling(line) for poem in load_corpus().lines() for line in poem]
    rows = {"our index": by_index()}
    with tempfile.TemporaryDirectory() as folder:
        for name in FTS5:
            rows[name] = by_fts5(name, lines, Path(folder))
    print(f"| {len(lines):,} lines | build, s | MB | {' | '.join(WORDS)} |")
    print("| --- |" + " --- |" * (2 + len(WORDS)))
    for name, (built, size, times) in rows.items():
        shown = " | ".join(f"{taken:.1f} ms" for taken in times)
        print(f"| {name} | {built:.0f} | {size:.0f} | {shown} |")
    for look_up in (reference.rhymes, reference.characters, reference.find, reference.parallel):
        word = "明" if look_up in (reference.rhymes, reference.characters) else "明月"
        taken = milliseconds(lambda: look_up(word))  # noqa: B023
        print(f"{look_up.__name__} {word}: {taken:.0f} ms")
