"""The optimizers a recipe can name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from tangyin.errors import UsageError
from tangyin.training.muon import Muon

OPTIMIZERS: dict[str, tuple[Callable[..., torch.optim.Optimizer], frozenset[str]]] = {
    "sgd": (torch.optim.SGD, frozenset({"momentum"})),
    "rmsprop": (torch.optim.RMSprop, frozenset({"momentum"})),
    "adam": (torch.optim.Adam, frozenset()),
    "adamw": (torch.optim.AdamW, frozenset()),
    "adadelta": (torch.optim.Adadelta, frozenset()),
    "adagrad": (torch.optim.Adagrad, frozenset()),
    "muon": (Muon, frozenset({"momentum"})),
}
"""Name in a recipe → the class, and which options it takes beside rate and weight decay."""

FUSED = frozenset({"sgd", "adam", "adamw", "adagrad"})
"""Those that torch updates in one pass over memory."""

LARGEST = 1000
"""No rate and no decay is larger; none that is of use comes near."""


@dataclass(frozen=True)
class OptimizerRecipe:
    """How the weights move.

    Attributes:
        name: one of `OPTIMIZERS`.
        learning_rate: step size.
        momentum: of SGD, RMSprop and Muon; 0 is Muon's own 0.95.
        weight_decay: L2 decay (decoupled for adamw and muon).
        clip_norm: gradients whose norm over all parameters is larger are scaled down to it.
    """

    name: str = "adam"
    learning_rate: float = 0.001
    momentum: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float = 5.0


def check_optimizer(recipe: OptimizerRecipe) -> None:
    """See that there is such an optimizer and that it can take these numbers.

    Raises:
        UsageError: there is none of that name, it takes no momentum, or a number cannot be.
    """
    if recipe.name not in OPTIMIZERS:
        raise UsageError(
            f"optimizer.name is {recipe.name!r}; it can be {', '.join(sorted(OPTIMIZERS))}"
        )
    if recipe.momentum and "momentum" not in OPTIMIZERS[recipe.name][1]:
        raise UsageError(f"{recipe.name} takes no momentum; leave optimizer.momentum out")
    if not 0 < recipe.learning_rate <= LARGEST:
        raise UsageError(
            f"optimizer.learning_rate is {recipe.learning_rate}; "
            f"give a number above 0 and up to {LARGEST}"
        )
    if not recipe.clip_norm > 0:
        raise UsageError(
            f"optimizer.clip_norm is {recipe.clip_norm}; give a number above 0, "
            "or inf for no clipping"
        )
    if not 0 <= recipe.momentum < 1:
        raise UsageError(
            f"optimizer.momentum is {recipe.momentum}; give a number from 0 to below 1"
        )
    if not 0 <= recipe.weight_decay <= LARGEST:
        raise UsageError(
            f"optimizer.weight_decay is {recipe.weight_decay}; give a number from 0 to {LARGEST}"
        )


def make_optimizer(recipe: OptimizerRecipe, model: nn.Module) -> torch.optim.Optimizer:
    """Build the optimizer that a recipe names, for all parameters of a model.

    Raises:
        UsageError: see `check_optimizer`.
    """
    check_optimizer(recipe)
    kind, _ = OPTIMIZERS[recipe.name]
    options: dict[str, Any] = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay}
    if recipe.momentum:
        options["momentum"] = recipe.momentum
    if recipe.name in FUSED:
        options["fused"] = True
    # Muon goes by the parameters' names
    return kind(model if recipe.name == "muon" else model.parameters(), **options)
