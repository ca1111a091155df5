"""The arithmetic of the engine, which gives the same bits on every path.

A product takes int8 weights with one scale per row, as model files store them, and activations that
are rounded to int8 row by row. Its sums are of whole numbers, so they are exact in any order: a
poem comes out the same alone or among others, on any processor, with any number of threads.
Probabilities are whole numbers too (`Arithmetic.weigh`). Everything else is single IEEE operations,
row by row.

`Arithmetic` is the definition, in NumPy. `Native` calls the same in C (`kernel.c`), which is built
once where there is a compiler; a browser has none, and gets it compiled (`data/kernel.wasm`).
"""

import ctypes
import os
import sys
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tangyin.data.files import data_file
from tangyin.errors import UsageError
from tangyin.lstm.cell import EPS, Operations
from tangyin.native import built_library

Array = npt.NDArray[np.float32]
Weights = npt.NDArray[np.int32]
Sums = npt.NDArray[np.int64]
Columns = npt.NDArray[np.int32]

SOURCE = Path(__file__).with_name("kernel.c")
FLAGS = [
    "-std=gnu11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math",
    "-fno-thread-jumps",
]  # fmt: skip
"""For no processor in particular: the kernel chooses its path when it runs. Threaded jumps would
compute `exponential` once for each of its limits too."""

PATHS = (
    "amx", "vnni", "avx512", "avx_vnni", "avx2", "sdot", "neon", "wasm", "portable", "numpy",
)  # fmt: skip
"""The paths of the kernel, the fastest of each kind of processor first; numpy is the definition.

The environment variable `TANGYIN_KERNEL` caps the instruction set: the fastest path from the one it
names on is used."""

ONE = 2**29
"""The weight of the likeliest candidate. The next power of two would not fit beside a sign."""

LARGEST = 127
"""Of int8 weights and activations, in magnitude."""

FEW = 12
"""Up to this many largest values are found one after the other."""

_EXACT = 2**24 // LARGEST**2  # products whose sum float32 holds exactly: 1,040
_TAYLOR = [np.float32(1) / np.float32(n) for n in (5040, 720, 120, 24, 6, 2, 1, 1)]


@dataclass(frozen=True)
class Matrix:
    """Weights (N, K) int8, of which each row is multiplied by its scale, (N,) float32."""

    weights: npt.NDArray[np.int8]
    scales: Array

    @classmethod
    def of(cls, weights: Array) -> "Matrix":
        """Round each row to whole multiples of the scale that its largest weight just fits.

        A smaller scale, by search or least squares, took at most 5 % off the squared error of the
        report model's weights.
        """
        scales = (np.abs(weights).max(axis=1, initial=0) / LARGEST).astype(np.float32)
        scales[scales == 0] = 1  # a row of zeros, or of numbers that fp32 rounds to zero
        rounded = np.clip(np.rint(weights / scales[:, None]), -LARGEST, LARGEST)
        return cls(rounded.astype(np.int8), scales)

    def rows(self, numbers: Any) -> Array:
        """Some of the rows in float32."""
        rows: Array = self.weights[numbers].astype(np.float32) * self.scales[numbers][..., None]
        return rows

    def first(self, count: int) -> "Matrix":
        """The first rows, as a view."""
        return Matrix(self.weights[:count], self.scales[:count])

    @cached_property
    def sums(self) -> Weights:
        """Sums of the rows, (N,)."""
        sums: Weights = self.weights.sum(axis=1, dtype=np.int32)
        return sums

    @cached_property
    def addresses(self) -> tuple[ctypes.c_void_p, ...]:
        """Where `weights`, `scales` and `sums` lie."""
        return _address(self.weights), _address(self.scales), _address(self.sums)

    @cached_property
    def wide(self) -> list[Array]:
        """The weights in float32, in blocks of at most `_EXACT` columns."""
        columns = range(0, self.weights.shape[1], _EXACT)
        return [self.weights[:, k : k + _EXACT].astype(np.float32) for k in columns]


class Arithmetic:
    """The definition, in NumPy.

    `operations` are those of a cell (`tangyin.lstm.cell.Operations`), with a `Matrix` for each
    weight matrix.
    """

    name = "numpy"

    def __init__(self) -> None:
        self.operations = Operations(
            self.linear, self.sigmoid, self.tanh, partial(np.split, axis=-1), _layer_norm
        )

    def linear(self, x: Array, matrix: Matrix, bias: Array | None = None) -> Array:
        """X Wᵀ + b, (…, K) → (…, N), of activations rounded to int8 a row at a time."""
        rows = np.ascontiguousarray(x.reshape(-1, x.shape[-1]), dtype=np.float32)
        return self._linear(rows, matrix, bias).reshape(*x.shape[:-1], -1)

    def _linear(self, rows: Array, matrix: Matrix, bias: Array | None) -> Array:
        scales = np.abs(rows).max(axis=1, keepdims=True, initial=0) / np.float32(LARGEST)
        scales[scales == 0] = 1
        whole = np.rint(rows / scales)
        sums = np.zeros((len(rows), len(matrix.scales)), np.int32)
        start = 0
        for block in matrix.wide:
            # Products and sums of these whole numbers are exact in float32.
            sums += (whole[:, start : start + block.shape[1]] @ block.T).astype(np.int32)
            start += block.shape[1]
        result: Array = sums.astype(np.float32) * scales * matrix.scales
        return result if bias is None else result + bias

    def sigmoid(self, x: Array) -> Array:
        """1 / (1 + e⁻ˣ), elementwise."""
        one = np.float32(1)
        result: Array = one / (one + _exponential(-x))
        return result

    def tanh(self, x: Array) -> Array:
        """1 - 2 / (1 + e²ˣ), elementwise."""
        one, two = np.float32(1), np.float32(2)
        result: Array = one - two / (one + _exponential(two * x))
        return result

    def weigh(self, logits: Array, temperature: float) -> tuple[Weights, Array, Sums]:
        """Probabilities as whole numbers, up to a factor per row: `ONE` · exp((x - largest) / T).

        Args:
            logits: (B, V), -inf for a weight of 0.
            temperature: T.

        Returns:
            The weights (B, V), the largest logits (B,), 0 where none is finite, and the sums of the
            weights (B,).
        """
        return self._weigh(np.ascontiguousarray(logits), 1 / temperature)

    def totals(self, logits: Array, temperature: float) -> tuple[Array, Sums]:
        """The largest logits and the sums of the weights alone, as `weigh` gives them."""
        return self._totals(np.ascontiguousarray(logits), 1 / temperature)

    def _totals(self, logits: Array, inverse: float) -> tuple[Array, Sums]:
        return self._weigh(logits, inverse)[1:]

    def guided(self, given: Array, without: Array, strength: float) -> Array:
        """Guided log-probabilities l + strength · (l - m), of l `given` a title and m `without`."""
        guided = given - without
        guided *= np.float32(strength)
        guided += given
        return guided

    def normalize(self, logits: Array) -> None:
        """Put log-probabilities in place of logits, (B, V), of which each row has a finite one."""
        largest, totals = self._totals(logits, 1.0)
        logits -= (largest + np.log(totals / ONE)).astype(np.float32)[:, None]

    def _weigh(self, logits: Array, inverse: float) -> tuple[Weights, Array, Sums]:
        largest = logits.max(axis=1)
        largest[largest == -np.inf] = 0
        scaled = _exponential((logits - largest[:, None]) * np.float32(inverse)) * np.float32(ONE)
        weights = np.rint(scaled).astype(np.int32)
        return weights, largest, weights.sum(axis=1, dtype=np.int64)

    def nucleus(self, logits: Array, temperature: float, p: float) -> tuple[Columns, Array]:
        """The fewest candidates of each row, largest first, that have the share p of the weights.

        Args:
            logits: (B, V).
            temperature: T.
            p: share in (0, 1].

        Returns:
            Their columns, in order, and their logits, both (B, M), M being the most candidates of a
            row; behind the last candidate of a row the logits are -inf. Without weight there is
            none.
        """
        weights, _, totals = self.weigh(logits, temperature)
        ranked = -np.sort(-weights, axis=1)
        shares = np.ceil(p * totals)[:, None]
        reached = np.cumsum(ranked, axis=1, dtype=np.int64) >= shares
        least = ranked[np.arange(len(ranked)), reached.argmax(axis=1)]
        rows, columns = np.nonzero(weights >= np.maximum(least, 1)[:, None])
        counts = np.bincount(rows, minlength=len(weights))
        ranks = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        places = np.zeros((len(weights), max(int(counts.max(initial=0)), 1)), np.int32)
        values = np.full(places.shape, -np.inf, np.float32)
        places[rows, ranks], values[rows, ranks] = columns, logits[rows, columns]
        return places, values

    def largest(self, values: Array, k: int) -> tuple[Columns, Array]:
        """Columns and values of the k largest of each row, largest first; ties by column.

        Args:
            values: (B, V).
            k: at least 1, at most V.

        Returns:
            Both (B, k); behind the finite ones the values are -inf, and the columns 0.
        """
        if k > FEW:
            columns = np.argsort(-values, axis=1, kind="stable")[:, :k].astype(np.int32)
            best = np.take_along_axis(values, columns, axis=1)
            columns[best == -np.inf] = 0
            return columns, best
        # A few passes for the maximum are faster than sorting the whole row.
        rows, rest = np.arange(len(values)), values.copy()
        columns, best = np.empty((len(values), k), np.int32), np.empty((len(values), k), np.float32)
        for rank in range(k):
            columns[:, rank] = rest.argmax(axis=1)
            best[:, rank] = rest[rows, columns[:, rank]]
            rest[rows, columns[:, rank]] = -np.inf
        return columns, best


class Native(Arithmetic):
    """The same in C."""

    def __init__(self, library: Path, path: str | None = None) -> None:
        """Load the library and choose a path, such as avx2 or portable; None for the fastest.

        On a processor that lacks the path, the next simpler one is chosen.

        Raises:
            OSError: the library cannot be loaded, or has no such path for this kind of processor.
        """
        super().__init__()
        self._library = loaded = ctypes.CDLL(str(library))
        loaded.tangyin_chosen.restype = ctypes.c_char_p
        if not loaded.tangyin_choose(path and path.encode()):
            raise OSError(f"no path {path}")
        self.name = loaded.tangyin_chosen().decode()
        self.operations = replace(self.operations, lstm=self._lstm)

    def _lstm(self, inputs: Array, recurrent: Array, c: Array) -> tuple[Array, Array]:
        c = c.astype(np.float32)  # a copy, which becomes the new one
        h = np.empty_like(c)
        arrays = map(_address, (np.ascontiguousarray(inputs), recurrent, c, h))
        self._library.tangyin_lstm(*map(ctypes.c_long, c.shape), *arrays)
        return h, c

    def guided(self, given: Array, without: Array, strength: float) -> Array:
        """As in `Arithmetic`."""
        guided = np.empty_like(given)
        arrays = _address(given), _address(without), ctypes.c_float(strength), _address(guided)
        self._library.tangyin_guide(ctypes.c_long(given.size), *arrays)
        return guided

    def _linear(self, rows: Array, matrix: Matrix, bias: Array | None) -> Array:
        result = np.empty((len(rows), len(matrix.scales)), np.float32)
        sizes = *result.shape, rows.shape[1]
        given = _address(rows), *matrix.addresses, _address(bias), _address(result)
        if not self._library.tangyin_linear(*map(ctypes.c_long, sizes), *given):
            raise MemoryError
        return result

    def sigmoid(self, x: Array) -> Array:
        """As in `Arithmetic`."""
        return self._elementwise(self._library.tangyin_sigmoid, x)

    def tanh(self, x: Array) -> Array:
        """As in `Arithmetic`."""
        return self._elementwise(self._library.tangyin_tanh, x)

    @staticmethod
    def _elementwise(function: Any, x: Array) -> Array:
        x = np.ascontiguousarray(x, dtype=np.float32)
        result = np.empty_like(x)
        function(ctypes.c_long(x.size), _address(x), _address(result))
        return result

    def _weigh(self, logits: Array, inverse: float) -> tuple[Weights, Array, Sums]:
        weights = np.empty(logits.shape, np.int32)
        return weights, *self._totals(logits, inverse, weights)

    def _totals(
        self, logits: Array, inverse: float, weights: Weights | None = None
    ) -> tuple[Array, Sums]:
        B, V = logits.shape
        result = np.empty(B, np.float32), np.empty(B, np.int64)
        sizes = ctypes.c_long(B), ctypes.c_long(V)
        how = _address(logits), ctypes.c_float(inverse)
        self._library.tangyin_weigh(*sizes, *how, *map(_address, (weights, *result)))
        return result

    def normalize(self, logits: Array) -> None:
        """As in `Arithmetic`."""
        self._library.tangyin_normalize(*map(ctypes.c_long, logits.shape), _address(logits))

    def nucleus(self, logits: Array, temperature: float, p: float) -> tuple[Columns, Array]:
        """As in `Arithmetic`."""
        logits, (B, V) = _without_gaps(logits), logits.shape
        columns, values = np.empty((B, V), np.int32), np.empty((B, V), np.float32)
        counts = np.empty(B, np.int64)
        how = ctypes.c_float(1 / temperature), ctypes.c_double(p)
        given = *_rows(logits), *how
        if not self._library.tangyin_nucleus(*given, *map(_address, (columns, values, counts))):
            raise MemoryError
        most = max(int(counts.max(initial=0)), 1)
        return columns[:, :most], values[:, :most]

    def largest(self, values: Array, k: int) -> tuple[Columns, Array]:
        """As in `Arithmetic`."""
        if k > FEW:
            return super().largest(values, k)
        values = _without_gaps(values)
        columns, best = np.empty((len(values), k), np.int32), np.empty((len(values), k), np.float32)
        given = *_rows(values), ctypes.c_long(k), _address(columns), _address(best)
        self._library.tangyin_largest(*given)
        return columns, best


@lru_cache(maxsize=1)
def arithmetic() -> Arithmetic:
    """The fastest arithmetic of this machine, or the fastest that `TANGYIN_KERNEL` admits.

    Raises:
        UsageError: `TANGYIN_KERNEL` names no path of the kernel.
    """
    cap = os.environ.get("TANGYIN_KERNEL") or None
    if cap not in (None, *PATHS):
        raise UsageError("engine.kernel_unknown", given=cap, paths=PATHS)
    browser = sys.platform == "emscripten"
    library = Path(str(data_file("kernel.wasm"))) if browser else built_library(SOURCE, FLAGS)
    try:
        return Native(library, cap) if library and cap != "numpy" else Arithmetic()
    except (OSError, AttributeError):
        return Arithmetic()


def _without_gaps(array: Array) -> Array:
    """The array if the elements of each row are neighbours, otherwise a copy."""
    return array if array.strides[1] == array.itemsize else np.ascontiguousarray(array)


def _rows(array: Array) -> tuple[Any, ...]:
    """Sizes of an array, (B, V), the elements from row to row, and where it lies."""
    sizes = *array.shape, array.strides[0] // array.itemsize
    return *map(ctypes.c_long, sizes), _address(array)


def _address(array: Any) -> ctypes.c_void_p:
    if array is None:
        return ctypes.c_void_p(None)
    try:  # a third of the time of the other way, which takes arrays that are mapped or have gaps
        return ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(array)))
    except (TypeError, ValueError):
        return ctypes.c_void_p(array.ctypes.data)


def _exponential(x: Array) -> Array:
    """Eˣ = 2ⁿ eʳ for x within ±87, with n whole and eʳ by its Taylor polynomial, |r| ≤ ln 2 / 2."""
    x = np.clip(x, np.float32(-87), np.float32(87))
    n = np.rint(x * np.float32(1.44269504))
    # ln 2 in two parts, of which the first has few digits, so that n times it is exact.
    r = x - n * np.float32(0.693359375)
    r -= n * np.float32(-2.12194440e-4)
    p = np.full_like(r, _TAYLOR[0])
    for coefficient in _TAYLOR[1:]:
        p *= r
        p += coefficient
    result: Array = p * ((n.astype(np.int32) + 127) << 23).view(np.float32)
    return result


def _layer_norm(rows: Array, gain: Array, bias: Array | None = None) -> Array:
    rows = np.ascontiguousarray(rows)  # sums of rows round by how these lie in memory
    centred = rows - rows.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    normal: Array = centred / np.sqrt(variance + np.float32(EPS)) * gain
    return normal if bias is None else normal + bias
