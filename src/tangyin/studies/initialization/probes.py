"""What is looked at in a network while it trains: gradients, gates, and the rank of its units."""

import torch
from torch import Tensor

from tangyin.nn import RecurrentCell
from tangyin.nn.language_model import LanguageModel

SATURATED = 0.05
"""A gate this close to closed or open passes less than a fifth of the gradient it could."""

RANK_SHARE = 1e-4
"""A singular value counts when it is above this share of the largest."""

GROUPS = ("embedding", "W_ih", "W_hh", "bias", "output")


def gradient_norms(model: LanguageModel) -> dict[str, float]:
    """Norm of the latest gradient of each group of parameters."""
    sums = dict.fromkeys(GROUPS, 0.0)
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            named = (
                name.replace("weight", "W") if name.startswith("lstm") else name.partition(".")[0]
            )
            group = next((group for group in GROUPS if group in named), "bias")
            sums[group] += float(parameter.grad.float().square().sum())
    return {group: total**0.5 for group, total in sums.items()}


@torch.no_grad()
def saturated_gates(model: LanguageModel, inputs: Tensor) -> dict[str, float]:
    """Share of each gate's values near an end of its range; one plain layer reads (T, B) inputs."""
    cell = cell_of(model)
    x = model.embedding(inputs)
    h = model.lstm.states(x).h[0]  # (T, B, H)
    before = torch.cat((torch.zeros_like(h[:1]), h[:-1]))
    y = cell.project(x) + before @ cell.weight_hh.t()
    shares = {}
    for gate in "ifgo":
        values = y[..., cell.rows(gate)]
        opened = torch.tanh(values).abs() if gate == "g" else torch.sigmoid(values)
        near = (opened > 1 - SATURATED) | ((opened < SATURATED) & (gate != "g"))
        shares[gate] = float(near.float().mean())
    return shares


@torch.no_grad()
def unit_values(model: LanguageModel) -> list[float]:
    """Singular values of the matrix with a row for each hidden unit, largest first.

    The row holds all weights and biases that lead into the unit: 4(E + H + 1) numbers. Units that
    are copies of one another have equal rows: the matrix then has rank 1 (or 0, if all are 0).
    """
    cell = cell_of(model)
    parts = [part.view(4, cell.hidden_size, -1) for part in cell.parameters()]
    rows = torch.cat(parts, dim=2).transpose(0, 1).flatten(1).double()
    return [float(value) for value in torch.linalg.svdvals(rows)]


def rank(values: list[float]) -> int:
    """How many singular values count."""
    return sum(value > RANK_SHARE * max(values[0], 1e-12) for value in values)


def cell_of(model: LanguageModel) -> RecurrentCell:
    """The cell of the only layer."""
    ((_, _, cell),) = model.lstm.cells()
    return cell
