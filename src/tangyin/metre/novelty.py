"""Whether a line is in the corpus, or within one character of it: Bloom filters over all lines."""

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache

from tangyin.data.files import data_file
from tangyin.errors import TangyinError
from tangyin.verse import BLANK

BITS_PER_LINE, HASHES = 11, 8
"""With these a line that is not in the corpus is taken for one that is in 0.5 % of cases."""

NEAR_BITS = 9
"""Bits of each key of `near_lines`: 1.4 % of those that are not in it are taken for known."""

_HEADER = 16  # the number of bits, and a digest of them, eight bytes each


class LineFilter:
    """A set of lines that never misses one of its own and seldom takes a stranger for one.

    B. H. Bloom (1970), "Space/time trade-offs in hash coding with allowable errors"; the eight
    hash values are made of two (Kirsch and Mitzenmacher 2006).
    """

    def __init__(self, bits: bytes) -> None:
        self._bits, self._size = bits, 8 * len(bits)

    def __contains__(self, line: str) -> bool:
        return all(self._bits[at >> 3] >> (at & 7) & 1 for at in _positions(line, self._size))

    @classmethod
    def of(cls, lines: Iterable[str], bits_per_line: int = BITS_PER_LINE) -> "LineFilter":
        """The filter of some distinct lines."""
        known = list(lines)
        size = max(8, (len(known) * bits_per_line + 7) // 8 * 8)
        bits = bytearray(size // 8)
        for line in known:
            for at in _positions(line, size):
                bits[at >> 3] |= 1 << (at & 7)
        return cls(bytes(bits))

    def to_bytes(self) -> bytes:
        """The filter as it is stored: its size and a digest, eight bytes each, then the bits."""
        return self._header() + self._bits

    @classmethod
    def from_bytes(cls, stored: bytes) -> "LineFilter":
        """Read what `to_bytes` made, if it is whole and unaltered."""
        read = cls(stored[_HEADER:])
        if len(stored) <= _HEADER or read._header() != stored[:_HEADER]:
            raise TangyinError("writing.line_filter_damaged")
        return read

    def _header(self) -> bytes:
        digest = hashlib.blake2b(self._bits, digest_size=8).digest()
        return self._size.to_bytes(8, "little") + digest


@cache
def corpus_lines() -> LineFilter:
    """The filter over every line of five or seven characters of the whole collection."""
    return LineFilter.from_bytes(data_file("corpus_lines.bloom").read_bytes())


@cache
def near_lines() -> LineFilter:
    """The filter over lines with a hole (`with_hole`): Tang at every place, Song at the last."""
    return LineFilter.from_bytes(data_file("near_lines.bloom").read_bytes())


def with_hole(line: str, place: int) -> str:
    """A line without the character of a place; lines that differ there alone share it."""
    return f"{line[:place]}{BLANK}{line[place + 1 :]}"


def _positions(line: str, size: int) -> Iterator[int]:
    digest = hashlib.blake2b(line.encode(), digest_size=16).digest()
    at, step = int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little") | 1
    for _ in range(HASHES):
        yield at % size
        at += step
