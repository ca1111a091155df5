"""Reading the verse of the Jin, Yuan, Ming and Qing, in simplified characters.

It is a checkout of github.com/snowtraces/poetry-source (MIT), or a table made from it.
"""

import lzma
import re
from collections.abc import Iterator
from pathlib import Path

from tangyin.corpus.source import RawPoem, numbered, records
from tangyin.errors import TangyinError
from tangyin.verse import CI

REPOSITORY = "https://github.com/snowtraces/poetry-source"
COMMIT = "17c276bc0247a9f31dd23f8d0ecdd97ae4aa73ab"

_NAMES = {"金": "jin", "元": "yuan", "明": "ming", "清": "qing"}

LATER = tuple(_NAMES.values())
"""The dynasties, the earliest first."""

_KINDS = {"诗": "poetry", "词": "ci"}


def raw_later(source: Path) -> Iterator[tuple[RawPoem, bool]]:
    """The records, uncleaned and in simplified characters, and whether each is a 詞.

    `source` is a checkout, or a file in TSV, which may be compressed by xz, with the columns
    dynasty, form, author, title and text. Of other dynasties nothing is read.

    Raises:
        TangyinError: it is neither, or damaged.
    """
    rows = _of_checkout(source) if source.is_dir() else _of_table(source)
    for number, (dynasty, is_ci, title, author, text) in enumerate(rows, 1):
        yield RawPoem(f"later-{number}", _NAMES[dynasty], title, author, text), is_ci


Row = tuple[str, bool, str, str, str]
"""Dynasty as the source names it, whether it is a 詞, title, author and text."""


def _of_table(path: Path) -> Iterator[Row]:
    if not path.is_file():  # a pipe would never end
        raise TangyinError("corpus.not_later", path=path, commit=COMMIT)
    try:
        opened = (lzma.open if path.suffix == ".xz" else open)(path, "rt", encoding="utf-8")
        with opened as file:
            for line in file:
                dynasty, form, author, title, text = line.rstrip("\n").split("\t")
                if dynasty in _NAMES:
                    yield dynasty, form == CI.name, title, author, text
    except (OSError, lzma.LZMAError, EOFError, ValueError) as error:
        raise TangyinError("corpus.not_later", path=path, commit=COMMIT) from error


def _of_checkout(source: Path) -> Iterator[Row]:
    found = False
    for kind, prefix in _KINDS.items():
        for dynasty in _NAMES:
            name = re.compile(rf"{prefix}\.{dynasty}\.([0-9]+)\.json")
            for file in numbered(source / "source" / kind / dynasty, name):
                found = True
                for record in records(file):
                    title, author = record.get("title") or "", record.get("authorName") or ""
                    lines = record.get("content")
                    values = (title, author, *(lines if isinstance(lines, list) else [None]))
                    if not all(isinstance(value, str) for value in values):
                        raise TangyinError("corpus.no_text", path=str(file), id=record["id"])
                    yield dynasty, kind == "词", title, author, "".join(values[2:])
    if not found:
        raise TangyinError("corpus.not_later", path=source, commit=COMMIT)
