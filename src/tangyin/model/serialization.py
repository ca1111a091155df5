"""Arrays as the bytes of a safetensors file, piece by piece, and mapped from one.

The library's own writer holds everything in memory once more, and aborts the process where that is
too much. It also writes metadata in the order of a hash table; here one model is always one file.
"""

import json
import struct
from collections.abc import Iterator, Mapping
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


def mapped(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a file that safetensors has opened without complaint, mapped and not copied."""
    content = np.memmap(path, np.uint8, "r")
    end = 8 + struct.unpack("<Q", content[:8].tobytes())[0]
    found = {}
    for name, entry in json.loads(content[8:end].tobytes()).items():
        if entry.get("dtype") in NAMES:
            first, last = (end + offset for offset in entry["data_offsets"])
            found[name] = content[first:last].view(NAMES[entry["dtype"]]).reshape(entry["shape"])
    return found
