"""The prepared corpus: clean, distinct poems in columns, and its file."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tangyin.errors import TangyinError
from tangyin.files import write_whole
from tangyin.verse import Form
from tangyin.verse.punctuation import LINE

FORMAT = 5
"""Version of the prepared file."""

LONGEST_HEADER = 1000
"""Bytes of its first line that are read."""


@dataclass
class Corpus:
    """Poems in columns: the same position in every list is the same poem.

    An id is a UUID of the collection, `ci-N`, `later-N` or `own-N`; a dynasty "tang", "song", one
    of `later_source.LATER` or "own"; a part one of `split.PARTS`. `facts` are how the corpus was
    made and counted (see `prepare.prepare`).
    """

    id: list[str] = field(default_factory=list)
    dynasty: list[str] = field(default_factory=list)
    form: list[str] = field(default_factory=list)
    part: list[str] = field(default_factory=list)
    title: list[str] = field(default_factory=list)
    author: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.text)

    def append(self, **poem: str) -> None:
        """Add one poem: a value for each of `COLUMNS`."""
        for name in COLUMNS:
            getattr(self, name).append(poem[name])

    def select(
        self,
        *,
        forms: Iterable[Form | str] | None = None,
        dynasties: Iterable[str] | None = None,
        parts: Iterable[str] | None = None,
    ) -> "Corpus":
        """The poems that are in all the given sets, in the same order; None accepts everything."""
        keep: Iterable[int] = range(len(self))
        accepted = (self.form, forms), (self.dynasty, dynasties), (self.part, parts)
        for column, values in accepted:
            if values is not None:
                names = set(map(str, values))
                keep = [i for i in keep if column[i] in names]
        chosen = {name: [getattr(self, name)[i] for i in keep] for name in COLUMNS}
        return Corpus(**chosen, facts=self.facts)

    def joined(self, other: "Corpus") -> "Corpus":
        """These poems and those of another corpus, with the facts of this one."""
        columns = {name: getattr(self, name) + getattr(other, name) for name in COLUMNS}
        return Corpus(**columns, facts=self.facts)

    def lines(self) -> list[tuple[str, ...]]:
        """The lines of each poem without their marks."""
        return [tuple(line for line, _ in LINE.findall(text)) for text in self.text]


COLUMNS = tuple(f.name for f in fields(Corpus) if f.name != "facts")


def save(corpus: Corpus, path: Path) -> None:
    """Write a header line with the digest of the rest, the facts and the columns, atomically."""
    columns = {name: getattr(corpus, name) for name in COLUMNS}
    payload = b"\n".join(
        json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode()
        for part in (corpus.facts, columns)
    )
    header = {"format": FORMAT, "sha256": hashlib.sha256(payload).hexdigest()}
    write_whole(path, json.dumps(header).encode() + b"\n" + payload)


def load(path: Path) -> Corpus:
    """Read a prepared corpus that is whole and of this version."""
    digest = digest_of(path)
    payload = path.read_bytes().partition(b"\n")[2]
    if hashlib.sha256(payload).hexdigest() != digest:
        raise TangyinError("corpus.damaged", path=str(path))
    facts, columns = payload.split(b"\n")
    return Corpus(**json.loads(columns), facts=json.loads(facts))


def digest_of(path: Path) -> str:
    """The digest that the header of a prepared corpus of this version states."""
    with path.open("rb") as file:
        line = file.readline(LONGEST_HEADER)
    try:
        header = json.loads(line)
        version, digest = header["format"], str(header["sha256"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise TangyinError("corpus.damaged", path=str(path)) from None
    if version != FORMAT:
        raise TangyinError("corpus.version", path=str(path))
    return digest
