"""The index of the corpus: every place of a character or a word, found without reading the poems.

The texts of all poems follow one another in `codes`; `order` has the places of their characters,
sorted by the character and the next one. A word is a range of it, found by bisection. This is a
suffix array that compares two characters: what it leaves equal is in the order of the poems, and
longer words are compared within the range.
"""

import hashlib
import json
import re
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tangyin.corpus import COLUMNS, TRAIN, Corpus, corpus_digest, prepared_path
from tangyin.corpus.corpus import load
from tangyin.data.files import data_file
from tangyin.errors import TangyinError
from tangyin.files import whole_file
from tangyin.metre import LEVEL_RHYMES, rhyme_of_poem
from tangyin.model.serialization import mapped, read_header, serialized
from tangyin.paths import corpus_home
from tangyin.verse import CI, MARKS, QILV, WULV, lookup_spelling

FORMAT = 2
"""Version of the file."""

TABLES = (
    "character_variants.tsv", "later_readings.tsv", "lexicon.tsv", "orthography.tsv",
    "spellings.tsv",
)  # fmt: skip
"""Packaged data that an index depends on: spelling, and the rhymes of the poems."""

NAMES = tuple(name for name in COLUMNS if name != "text")

UNRHYMED = len(LEVEL_RHYMES)
"""The rhyme of a poem whose even lines do not rhyme on a level tone."""

COUPLETS = range(2, 6)
"""Lines of a poem of eight, from 0, that are in antithesis."""

Places = NDArray[np.int32]


@dataclass(frozen=True)
class Record:
    """A poem of the corpus; `text` has its marks."""

    id: str
    dynasty: str
    form: str
    part: str
    title: str
    author: str
    text: str

    @property
    def couplets(self) -> tuple[str, ...]:
        """The text two lines at a time."""
        lines = re.findall(f"[^{MARKS}]+[{MARKS}]", self.text)
        return tuple(map("".join, zip_longest(lines[::2], lines[1::2], fillvalue="")))


@dataclass(frozen=True, eq=False)
class Index:
    """The arrays of an index of P poems with L lines and N characters and marks.

    Attributes:
        codes: the texts in UTF-16, (N,) uint16.
        order: the places of all characters, sorted.
        couplets: those of `order` in `COUPLETS` of the training 律詩.
        starts: where each line begins, and the end, (L + 1,).
        first_lines: number of the first line of each poem, and the end, (P + 1,).
        rhymes: the rhyme of each 詩 by its number in `LEVEL_RHYMES`, or `UNRHYMED`, (P,) uint8.
        train: whether it is in the training part, (P,) uint8.
        ids: a digest of each id, (P,) int64.
        rows: a line of JSON a poem, all columns but the text, as bytes.
        row_starts: where each begins, and the end, (P + 1,).
    """

    codes: NDArray[np.uint16]
    order: Places
    couplets: Places
    starts: Places
    first_lines: Places
    rhymes: NDArray[np.uint8]
    train: NDArray[np.uint8]
    ids: NDArray[np.int64]
    rows: NDArray[np.uint8]
    row_starts: Places

    @classmethod
    def of(cls, corpus: Corpus) -> "Index":
        """The index of a prepared corpus, in memory."""
        codes = _codes("".join(corpus.text))
        poems = corpus.lines()
        lengths = [len(line) + 1 for lines in poems for line in lines]
        starts = np.cumsum([0, *lengths], dtype=np.int32)
        first_lines = np.cumsum([0, *map(len, poems)], dtype=np.int32)
        songs = [form == CI.name for form in corpus.form]
        rhymes = [None if song else rhyme_of_poem(p) for song, p in zip(songs, poems, strict=True)]
        train = np.array([part == TRAIN for part in corpus.part], np.uint8)
        columns = [getattr(corpus, name) for name in NAMES]
        rows = [json.dumps(row, ensure_ascii=False).encode() for row in zip(*columns, strict=True)]
        order = _sorted(codes)
        paired = (train > 0) & np.isin(corpus.form, [WULV.name, QILV.name])
        numbers = np.add.outer(first_lines[:-1][paired], COUPLETS).ravel()
        inside = np.zeros(len(lengths), dtype=bool)
        inside[numbers] = True
        return cls(
            codes=codes,
            order=order,
            couplets=order[np.repeat(inside, lengths)[order]],
            starts=starts,
            first_lines=first_lines,
            rhymes=np.array(
                [LEVEL_RHYMES.index(rhyme) if rhyme else UNRHYMED for rhyme in rhymes], np.uint8
            ),
            train=train,
            ids=np.array(list(map(_digest, corpus.id)), np.int64),
            rows=np.frombuffer(b"\n".join([*rows, b""]), np.uint8),
            row_starts=np.cumsum([0, *(len(row) + 1 for row in rows)], dtype=np.int32),
        )

    def __len__(self) -> int:
        return len(self.train)

    def places(self, word: str, order: Places | None = None) -> Places:
        """Where a word of characters begins within a line, from the first poem to the last.

        `order` is `couplets` or, by default, all places.
        """
        order = self.order if order is None else order
        found = order[self._range(word, order)]
        for at, character in enumerate(word[2:], 2):
            found = found[spelling()[self.codes[found + at]] == ord(character)]
        return np.sort(found) if len(word) == 1 else found

    def count(self, word: str, order: Places | None = None) -> int:
        """How many `places` a word has."""
        if len(word) > 2:
            return len(self.places(word, order))
        found = self._range(word, self.order if order is None else order)
        return int(found.stop - found.start)

    def located(self, places: Places) -> tuple[Places, Places, Places]:
        """The poem, line and character of each place, all from 0."""
        numbers = (np.searchsorted(self.starts, places, "right") - 1).astype(np.int32)
        poems = (np.searchsorted(self.first_lines, numbers, "right") - 1).astype(np.int32)
        return poems, numbers - self.first_lines[poems], places - self.starts[numbers]

    def text(self, start: int, end: int) -> str:
        """The poems from one place to another as they are written."""
        return self.codes[start:end].tobytes().decode("utf-16-le")

    def line(self, poem: int, line: int) -> str:
        """A line of a poem without its mark."""
        number = self.first_lines[poem] + line
        return self.text(self.starts[number], self.starts[number + 1] - 1)

    def record(self, poem: int) -> Record:
        """A poem by its number."""
        row = self.rows[self.row_starts[poem] : self.row_starts[poem + 1]].tobytes()
        start, end = self.starts[self.first_lines[poem : poem + 2]]
        values = dict(zip(NAMES, json.loads(row), strict=True))
        return Record(**values, text=self.text(start, end))

    def number_of(self, id_: str) -> int | None:
        """The number of the poem with an id."""
        found = np.flatnonzero(self.ids == _digest(id_)).tolist()
        return next((poem for poem in found if self.record(poem).id == id_), None)

    def _range(self, word: str, order: Places) -> slice:
        """Where `order` has the first two characters of a word."""
        first = ord(word[0]) << 16
        low, high = (first | ord(word[1]),) * 2 if len(word) > 1 else (first, first | 0xFFFF)
        start = bisect_left(order, low, key=self._key)
        return slice(start, bisect_right(order, high, start, key=self._key))

    def _key(self, place: int) -> int:
        first, second = spelling()[self.codes[place : place + 2]].tolist()
        return int(first << 16 | second)


def index_if_fetched() -> Index | None:
    """The index, or None where the corpus was never fetched."""
    try:
        return open_index()
    except TangyinError as error:
        if error.code != "corpus.none":
            raise
        return None


def open_index() -> Index:
    """The index of the prepared corpus, which is made if it is missing, damaged or out of date.

    Raises:
        TangyinError: the corpus is not prepared, or the index cannot be stored.
    """
    stamp = _stamp()
    with _lock:
        if not is_current(stamp):
            _announce.get()()
            store_index(load(prepared_path()), stamp)
        path = index_path()
        return _opened(path, path.stat().st_mtime_ns)


@contextmanager
def announcing(announce: Callable[[], None]) -> Iterator[None]:
    """Have `announce` called before an index is made inside, which takes some seconds."""
    token = _announce.set(announce)
    try:
        yield
    finally:
        _announce.reset(token)


def is_current(stamp: str | None = None) -> bool:
    """Whether there is a whole index of the prepared corpus by this version.

    Raises:
        TangyinError: the corpus is not prepared.
    """
    stamp = stamp or _stamp()
    try:
        return read_header(index_path())[0].get("stamp") == stamp
    except (ValueError, OSError):
        return False


def store_index(corpus: Corpus, stamp: str | None = None) -> None:
    """Write the index of the corpus that is prepared, whole or not at all."""
    index = Index.of(corpus)
    arrays = {field.name: getattr(index, field.name) for field in fields(Index)}
    with whole_file(index_path()) as file:
        file.writelines(serialized(arrays, {"stamp": stamp or _stamp()}))


def index_path() -> Path:
    """The file of the index."""
    return corpus_home() / f"index-{FORMAT}.safetensors"


@cache
def spelling() -> NDArray[np.uint16]:
    """The code that each one is compared by: variants as one, marks as 0; (65,536,)."""
    table = np.arange(0x10000, dtype=np.uint16)
    hanzi = "".join(map(chr, range(0x3400, 0xA000)))
    table[0x3400:0xA000] = _codes(lookup_spelling(hanzi))
    table[_codes(MARKS)] = 0
    return table


_lock = threading.Lock()
_announce: ContextVar[Callable[[], None]] = ContextVar("announce", default=lambda: None)


@lru_cache(maxsize=1)
def _opened(path: Path, _changed: int) -> Index:
    # As plain arrays, whose items are read twice as fast.
    return Index(**{name: np.asarray(array) for name, array in mapped(path).items()})


def _stamp() -> str:
    """What an index is made of: the corpus and the tables."""
    digest = hashlib.sha256(corpus_digest().encode())
    for name in TABLES:
        digest.update(data_file(name).read_bytes())
    return digest.hexdigest()


def _digest(id_: str) -> int:
    digest = hashlib.blake2b(id_.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _codes(text: str) -> NDArray[np.uint16]:
    return np.frombuffer(text.encode("utf-16-le"), np.uint16)


def _sorted(codes: NDArray[np.uint16]) -> Places:
    keys = spelling()[codes]  # (N,)
    places = np.flatnonzero(keys).astype(np.int32)
    # Each pass sorts 16 bits, which NumPy does in linear time. A mark follows the last character.
    places = places[np.argsort(keys[places + 1], kind="stable")]
    return places[np.argsort(keys[places], kind="stable")]
