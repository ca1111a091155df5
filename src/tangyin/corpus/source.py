"""Reading the raw collection: an unpacked npm package or a git checkout of it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tangyin.errors import TangyinError
from tangyin.files import read_regular
from tangyin.verse import to_traditional

DYNASTIES = ("tang", "song")

LARGEST = 16 * 2**20
"""Bytes of a file that are read at most; the largest of the collection has 0.7 million."""

# The folder of Tang and Song poems: as the npm package names it, and as the repository does.
_FOLDERS = ("dist/quantangshi", "quantangshi", "全唐诗", ".")
_CI_FOLDERS = ("../songci", "../宋词")


@dataclass(frozen=True)
class RawPoem:
    """One record of the collection, its paragraphs joined but not cleaned; `id` is a UUID."""

    id: str
    dynasty: str
    title: str
    author: str
    text: str


def poem_folder(source: Path) -> Path:
    """The folder of an unpacked package or a git checkout that holds `poet.tang.0.json`."""
    for folder in (base / name for base in (source, source / "package") for name in _FOLDERS):
        if (folder / "poet.tang.0.json").is_file():
            return folder
    raise TangyinError("corpus.not_the_collection", path=str(source))


def raw_poems(folder: Path, dynasty: str) -> Iterator[RawPoem]:
    """The records of one dynasty in the collection's own order."""
    for file in _files(folder, dynasty):
        for record in records(file):
            title, author = record.get("title") or "", record.get("author") or ""
            paragraphs = record.get("paragraphs")
            if not isinstance(paragraphs, list):
                raise TangyinError("corpus.no_paragraphs", path=str(file), id=record["id"])
            if not all(isinstance(value, str) for value in (title, author, *paragraphs)):
                raise TangyinError("corpus.no_text", path=str(file), id=record["id"])
            yield RawPoem(record["id"], dynasty, title, author, "".join(paragraphs))


def raw_ci(folder: Path) -> Iterator[RawPoem]:
    """The Song 詞 beside the folder of Tang and Song poems, in traditional characters.

    The title is the tune's name, or "" where it is lost. The collection gives no ids: they are the
    number of the record.
    """
    name = re.compile(r"ci\.song\.([0-9]+)y?\.json")
    number = 0
    for file in (f for at in _CI_FOLDERS for f in numbered(folder / at, name)):
        for record in records(file, ids=False):
            number += 1
            values = record.get("rhythmic"), record.get("author"), *record.get("paragraphs", "?")
            if not all(isinstance(value, str) for value in values):
                raise TangyinError("corpus.no_text", path=str(file), id=f"ci-{number}")
            tune, author, *paragraphs = map(str, values)
            title = "" if tune == "失调名" else to_traditional(re.split("[・·]", tune)[0])
            text = to_traditional(re.sub(r"\s", "", "".join(paragraphs)))
            text = text.replace("、", "，")
            yield RawPoem(f"ci-{number}", "song", title, to_traditional(author), text)


def blacklist(folder: Path) -> frozenset[str]:
    """Ids of the poems that the collection itself flags in its `error` folder."""
    files = (file for dynasty in DYNASTIES for file in _files(folder / "error", dynasty))
    return frozenset(record["id"] for file in files for record in records(file))


def _files(folder: Path, dynasty: str) -> list[Path]:
    """The files of one dynasty by number; a checkout may hold simplified copies beside them."""
    return numbered(folder, re.compile(rf"poet\.{dynasty}\.([0-9]+)\.json"))


def numbered(folder: Path, name: re.Pattern[str]) -> list[Path]:
    """The files of a folder with such names, by the number in the first group."""
    if not folder.is_dir():
        return []
    numbered = [(match, path) for path in folder.iterdir() if (match := name.fullmatch(path.name))]
    return [path for _, path in sorted(numbered, key=lambda pair: int(pair[0][1]))]


def records(file: Path, *, ids: bool = True) -> list[dict[str, Any]]:
    """The records of a JSON file of the collection."""
    try:
        records = json.loads(read_regular(file, LARGEST))
    except (ValueError, OSError, RecursionError) as error:
        raise TangyinError("corpus.not_json", path=str(file), reason=str(error)) from error
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise TangyinError("corpus.no_records", path=str(file))
    if ids and not all(isinstance(record.get("id"), str) for record in records):
        raise TangyinError("corpus.no_id", path=str(file))
    return records
