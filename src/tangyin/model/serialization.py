"""Arrays as the bytes of a safetensors file, piece by piece, and mapped from one.

The library's own writer holds everything in memory once more, and aborts the process where that is
too much. It also writes metadata in the order of a hash table; here one model is always one file.
Its reader is compiled, and there is none for a browser.
"""

import json
import math
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

DTYPES = {"uint8": "U8", "int8": "I8", "uint16": "U16", "float16": "F16", "int32": "I32",
          "float32": "F32", "float64": "F64", "int64": "I64"}  # fmt: skip
"""The format's names by NumPy's, in the library's order; it writes the arrays of the last first."""

NAMES = {name: dtype for dtype, name in DTYPES.items()}
"""NumPy's names by the format's."""


def serialized(
    arrays: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, str] | None = None
) -> Iterator[bytes | memoryview]:
    """The header (its length as uint64, and JSON filled up to a multiple of 8 bytes), the arrays.

    https://github.com/huggingface/safetensors#format
    """
    order = list(DTYPES)
    names = sorted(arrays, key=lambda name: (-order.index(arrays[name].dtype.name), name))
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    end = 0
    for name in names:
        array, start = arrays[name], end
        end += array.nbytes
        dtype, shape = DTYPES[array.dtype.name], list(array.shape)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    yield struct.pack("<Q", len(text)) + text
    for name in names:
        yield np.ascontiguousarray(arrays[name]).reshape(-1).view(np.uint8).data


@dataclass(frozen=True)
class Entry:
    """An array in a file: its type by the format's name, its shape, its bytes from the start."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def read_header(path: Path) -> tuple[dict[str, str], dict[str, Entry]]:
    """The metadata of a file, and its arrays by name.

    Raises:
        ValueError: it is not a whole safetensors file.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = 8 + int.from_bytes(file.read(8), "little")
        if not 8 < start <= size:
            raise ValueError("the header is cut short")
        try:
            header = json.loads(file.read(start - 8))
            metadata = header.pop("__metadata__", {})
            entries = {name: _entry(start, **entry) for name, entry in header.items()}
        except (TypeError, AttributeError, RecursionError) as error:
            raise ValueError("the header is damaged") from error
    if not all(isinstance(text, str) for text in (*metadata, *metadata.values())):
        raise ValueError("the metadata is damaged")
    end = start
    for entry in sorted(entries.values(), key=lambda entry: (entry.start, entry.end)):
        if entry.start != end:
            raise ValueError("the arrays do not follow one another")
        end = entry.end
    if end != size:
        raise ValueError(f"{size} bytes instead of {end}")
    return metadata, entries


def _entry(header: int, dtype: str, shape: list[int], data_offsets: list[int]) -> Entry:
    if not all(type(number) is int and number >= 0 for number in (*shape, *data_offsets)):
        raise ValueError("a shape or an offset is not a whole number")
    first, last = data_offsets
    known = NAMES.get(dtype)
    if known and last - first != math.prod(shape) * np.dtype(known).itemsize:
        raise ValueError("an array does not fill its place")
    return Entry(dtype, tuple(shape), header + first, header + last)


def mapped(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a file of types that NumPy has, mapped and not copied."""
    content = np.asarray(np.memmap(path, np.uint8, "r"))
    return {
        name: content[of.start : of.end].view(NAMES[of.dtype]).reshape(of.shape)
        for name, of in read_header(path)[1].items()
        if of.dtype in NAMES
    }
