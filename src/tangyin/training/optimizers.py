"""The optimizers a recipe can name."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import Parameter

from tangyin.errors import UsageError

OPTIMIZERS: dict[str, tuple[Callable[..., torch.optim.Optimizer], frozenset[str]]] = {
    "sgd": (torch.optim.SGD, frozenset({"momentum"})),
    "rmsprop": (torch.optim.RMSprop, frozenset({"momentum"})),
    "adam": (torch.optim.Adam, frozenset()),
    "adamw": (torch.optim.AdamW, frozenset()),
    "adadelta": (torch.optim.Adadelta, frozenset()),
    "adagrad": (torch.optim.Adagrad, frozenset()),
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
        momentum: of SGD and RMSprop.
        weight_decay: L2 decay (decoupled for adamw).
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


def make_optimizer(
    recipe: OptimizerRecipe, parameters: Iterable[Parameter]
) -> torch.optim.Optimizer:
    """Build the optimizer that a recipe names.

    Raises:
        UsageError: see `check_optimizer`.
    """
    check_optimizer(recipe)
    kind, takes = OPTIMIZERS[recipe.name]
    options: dict[str, Any] = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay}
    if "momentum" in takes:
        options["momentum"] = recipe.momentum
    if recipe.name in FUSED:
        options["fused"] = True
    return kind(parameters, **options)
