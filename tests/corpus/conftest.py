"""An independent finder of near-duplicates, by sorted arrays, fast enough for the whole corpus."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tangyin.data.files import data_text
from tangyin.verse import FORMS

Table = tuple[np.ndarray, np.ndarray]
LINES = {form.targets - 1: form.lines for form in FORMS}


def _fold_table() -> np.ndarray:
    table = np.arange(0x10000, dtype=np.uint16)
    for line in data_text("character_variants.tsv").splitlines():
        variant, common = line.split("\t")[:2]
        table[ord(variant)] = ord(common)
    return table


def _lines(texts: Sequence[str]) -> dict[int, Table]:
    """By length of line: the folded code points (n, length), and (n, 2) poem and line numbers."""
    fold = _fold_table()
    tables: dict[int, list[Table]] = {}
    for form in FORMS:
        width = form.characters + 1
        places = np.flatnonzero([len(text) == form.lines * width for text in texts])
        joined = "".join(texts[int(i)] for i in places).encode("utf-16-le")
        codes = fold[np.frombuffer(joined, np.uint16)].reshape(-1, width)[:, :-1]
        numbers = np.stack(
            (np.repeat(places, form.lines), np.tile(np.arange(form.lines), len(places))), axis=1
        )
        tables.setdefault(form.characters, []).append((codes, numbers))
    return {
        length: (np.concatenate([t[0] for t in found]), np.concatenate([t[1] for t in found]))
        for length, found in tables.items()
    }


def _keys(codes: np.ndarray) -> np.ndarray:
    keys = np.zeros(len(codes), np.uint64)
    for column in codes.T:  # a hash, wrapping around; whatever it joins is compared afterwards
        keys = (keys ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return keys


def _matches(ours: Table, theirs: Table) -> np.ndarray:
    """(n, 4): our poem, our line, their poem, their line, for lines at most one place apart."""
    found = []
    for hole in range(ours[0].shape[1]):
        left, right = (_keys(np.delete(table[0], hole, axis=1)) for table in (ours, theirs))
        order = np.argsort(right, kind="stable")
        right = right[order]
        first = np.searchsorted(right, left, "left")
        count = np.searchsorted(right, left, "right") - first
        a = np.repeat(np.arange(len(left)), count)
        offset = np.arange(len(a)) - np.repeat(np.cumsum(count) - count, count)
        b = order[np.repeat(first, count) + offset]
        close = (ours[0][a] != theirs[0][b]).sum(axis=1) <= 1
        found.append(np.concatenate((ours[1][a[close]], theirs[1][b[close]]), axis=1))
    return np.concatenate(found)


@pytest.fixture(scope="session")
def near_ones() -> Callable[[Sequence[str], Sequence[str]], list[int]]:
    """Positions of the texts that are near-duplicates of one of the held-out texts."""

    def find(texts: Sequence[str], held: Sequence[str]) -> list[int]:
        ours, theirs = _lines(texts), _lines(held)
        pairs = np.concatenate([_matches(ours[length], theirs[length]) for length in ours])
        near: set[int] = set()
        for line, side, collection in ((1, 0, texts), (3, 2, held)):
            distinct = np.unique(pairs[:, [0, 2, line]], axis=0)
            both, lines = np.unique(distinct[:, :2], axis=0, return_counts=True)
            poems = both[:, 0 if side == 0 else 1]
            whole = np.array([LINES[len(collection[poem])] for poem in poems], dtype=int)
            near.update(both[2 * lines >= whole][:, 0].tolist())
        return sorted(near)

    return find
