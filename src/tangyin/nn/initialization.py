"""Initializations of recurrent cells, each a function with a name.

Each fills the weights (`weight…`) and the gates' biases (`bias`) of one cell in place; gains stay 1
and the biases of a normalisation 0. Where a gate has two biases, only the first gets a value that
is not drawn. `report`, `xavier` and `orthogonal` also set the forget bias. `initialize` applies one
by name to every cell of a module.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from tangyin.errors import UsageError
from tangyin.nn.cell import HoldsCells, RecurrentCell


def _fill(cell: RecurrentCell, weights: Callable[[Tensor], object], bias: float = 0.0) -> None:
    """Fill each weight by a function, and each gate's block of a stacked weight separately."""
    cell.reset_parameters()
    with torch.no_grad():
        for name, parameter in cell.named_parameters(recurse=False):
            if name in ("weight_ih", "weight_hh"):
                for block in parameter.chunk(len(cell.gates)):
                    weights(block)
            elif name.startswith("weight"):
                weights(parameter)
        for n, gates in enumerate(cell.gate_biases()):
            gates.fill_(0.0 if n else bias)


def report(cell: RecurrentCell) -> None:
    """Draw weights and biases from U(±1/√H) and set the forget bias to 1, as the report does.

    The bounds are torch.nn.LSTM's; the forget bias is that of Jozefowicz, Zaremba and Sutskever
    (2015, "An empirical exploration of recurrent network architectures").
    """
    cell.reset_parameters()


def uniform(cell: RecurrentCell) -> None:
    """Draw weights and biases from U(±1/√H), as torch.nn.LSTM does.

    From the same seed come the same numbers.
    """
    cell.draw_uniformly()


def zeros(cell: RecurrentCell) -> None:
    """Set all weights and biases to 0: every gate is ½, all units are equal, and h stays 0."""
    _fill(cell, nn.init.zeros_)


def constant(cell: RecurrentCell, value: float = 0.1) -> None:
    """Set all weights and biases to one value, which makes all H units equal."""
    _fill(cell, lambda weight: weight.fill_(value), bias=value)


def too_small(cell: RecurrentCell, factor: float = 1e-3) -> None:
    """Draw weights from U(±factor/√H), biases 0: sigmoids are ½, tanh is linear, h is near 0."""
    bound = factor / math.sqrt(cell.hidden_size)
    _fill(cell, lambda weight: weight.uniform_(-bound, bound))


def too_large(cell: RecurrentCell, factor: float = 100.0) -> None:
    """Draw weights from U(±factor/√H), biases 0: gates saturate, gradients vanish or overflow."""
    too_small(cell, factor)


def xavier(cell: RecurrentCell) -> None:
    """Draw each gate's block from U(±√(6 / (fan in + fan out))), biases 0, forget bias 1.

    Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural
    networks", equation 16. The fan out of a block is H, not the 4H of the stacked matrix. A weight
    that is a vector (a peephole) is a diagonal matrix, with a fan of 1 each way.
    """

    def fill(weight: Tensor) -> None:
        fans = sum(weight.shape) if weight.dim() == 2 else 2
        bound = math.sqrt(6.0 / fans)
        weight.uniform_(-bound, bound)

    _fill(cell, fill)
    cell.set_forget_bias(1.0)


def orthogonal(cell: RecurrentCell) -> None:
    """Make each gate's recurrent block orthogonal, the rest as in `xavier`.

    Saxe, McClelland and Ganguli 2014, "Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks": an orthogonal matrix keeps the length of what it multiplies.
    """
    xavier(cell)
    with torch.no_grad():
        for block in cell.weight_hh.chunk(len(cell.gates)):
            nn.init.orthogonal_(block)


INITIALIZATIONS: dict[str, Callable[[RecurrentCell], None]] = {
    "report": report,
    "uniform": uniform,
    "zeros": zeros,
    "constant": constant,
    "too-small": too_small,
    "too-large": too_large,
    "xavier": xavier,
    "orthogonal": orthogonal,
}


def initialize(module: nn.Module, how: str | Callable[[RecurrentCell], None]) -> None:
    """Initialize every recurrent cell of a module, by name or by a function that fills one cell.

    Raises:
        UsageError: no initialization has this name.
    """
    if isinstance(how, str):
        if how not in INITIALIZATIONS:
            raise UsageError("nn.initialization_unknown", name=how, names=list(INITIALIZATIONS))
        how = INITIALIZATIONS[how]
    for part in module.modules():
        if isinstance(part, RecurrentCell):
            how(part)
        elif isinstance(part, HoldsCells):
            for _, cell in part.cells():
                how(cell)
