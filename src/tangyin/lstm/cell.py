"""The base class of recurrent cells, written once for NumPy and PyTorch, and their discovery.

A cell is one file in `tangyin/lstm/cells/`, or in any folder on that package's `__path__`. Its name
is the file's, with hyphens: `layer_norm.py` is "layer-norm". The file defines one subclass of
`Cell`. Training, model files, the engine and the tests find it there.
"""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from tangyin.errors import UsageError

EPS = 1e-5
"""Added to the variance in `Operations.layer_norm`: a constant row has a finite gradient."""


@dataclass(frozen=True)
class Operations:
    """The functions a cell may use beside arithmetic: of NumPy in the engine, of PyTorch in `nn`.

    Attributes:
        linear: `linear(x, weight, bias=None)`: x Wᵀ + b, (…, I) → (…, O), for a weight (O, I).
        sigmoid: elementwise.
        tanh: elementwise.
        split: `split(y, parts)`: the last axis cut into equal parts.
        layer_norm: `layer_norm(y, gain, bias=None)`: over the last axis, mean 0 and variance 1,
            then gain and bias.
        lstm: `lstm(inputs, recurrent, c)`: the plain LSTM's h and c from both its products, where
            one pass computes them.
    """

    linear: Callable[..., Any]
    sigmoid: Callable[[Any], Any]
    tanh: Callable[[Any], Any]
    split: Callable[[Any, int], Any]
    layer_norm: Callable[..., Any]
    lstm: Callable[[Any, Any, Any], tuple[Any, Any]] | None = None


class Cell(ABC):
    """A recurrent cell with a hidden state h and a cell state c, each (B, H).

    Every parameter is named `weight…`, `bias…` or `gain…`. Initializations draw the weights and
    `bias`; gains start at 1, other biases at 0. `weights` below holds the parameters as attributes;
    biases may be None.

    Attributes:
        gates: a letter for each gate, in the order in which `weight_ih`, `weight_hh` and `bias`
            stack them; "f" is the forget gate, "i" the input gate.
    """

    gates: ClassVar[str] = "ifgo"

    def shapes(self, input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter: these three (G gates), and those a subclass adds."""
        rows = len(self.gates) * hidden_size
        return {"weight_ih": (rows, input_size), "weight_hh": (rows, hidden_size), "bias": (rows,)}

    def project(self, ops: Operations, weights: Any, x: Any) -> Any:
        """The part of all steps that depends on their input alone: (…, I) → (…, G·H)."""
        return ops.linear(x, weights.weight_ih, weights.bias)

    @abstractmethod
    def step(self, ops: Operations, weights: Any, inputs: Any, h: Any, c: Any) -> tuple[Any, Any]:
        """One step: inputs, (B, ·) from `project`, and the state before → the h and c after."""

    def preactivations(self, ops: Operations, weights: Any, inputs: Any, h: Any) -> Any:
        """Y = inputs + W_hh h, split into the gates, (B, H) each."""
        return ops.split(inputs + ops.linear(h, weights.weight_hh), len(self.gates))


def names() -> list[str]:
    """The names of all cells, sorted."""
    folders = importlib.import_module("tangyin.lstm.cells").__path__
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(folders))


def cell_named(name: str, **options: Any) -> Cell:
    """Make a cell; options are arguments of its class, such as the `rounds` of the Mogrifier.

    Raises:
        UsageError: no cell has this name.
        ValueError: its file does not define one cell.
    """
    if name not in names():
        raise UsageError("nn.cell_unknown", cell=name, cells=names())
    module = importlib.import_module(f"tangyin.lstm.cells.{name.replace('-', '_')}")
    kinds = [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Cell) and kind.__module__ == module.__name__
    ]
    if len(kinds) != 1:
        raise ValueError(f"{module.__file__} defines {len(kinds)} subclasses of Cell; define one")
    cell: Cell = kinds[0](**options)
    return cell
