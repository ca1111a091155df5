"""The optimizers a recipe can name."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.nn import Parameter

from tangyin.errors import UsageError
from tangyin.training.recipe import OptimizerRecipe

OPTIMIZERS: dict[str, tuple[Callable[..., torch.optim.Optimizer], frozenset[str]]] = {
    "sgd": (torch.optim.SGD, frozenset({"momentum"})),
    "rmsprop": (torch.optim.RMSprop, frozenset({"momentum"})),
    "adam": (torch.optim.Adam, frozenset()),
    "adamw": (torch.optim.AdamW, frozenset()),
    "adadelta": (torch.optim.Adadelta, frozenset()),
    "adagrad": (torch.optim.Adagrad, frozenset()),
}
"""Name in a recipe → the class, and which options it takes beside rate and weight decay."""


def make_optimizer(
    recipe: OptimizerRecipe, parameters: Iterable[Parameter]
) -> torch.optim.Optimizer:
    """Build the optimizer that a recipe names.

    Raises:
        UsageError: there is none of that name, or it takes no momentum.
    """
    if recipe.name not in OPTIMIZERS:
        raise UsageError(
            f"optimizer.name is {recipe.name!r}; it can be {', '.join(sorted(OPTIMIZERS))}"
        )
    kind, takes = OPTIMIZERS[recipe.name]
    options: dict[str, Any] = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay}
    if "momentum" in takes:
        options["momentum"] = recipe.momentum
    elif recipe.momentum:
        raise UsageError(f"{recipe.name} takes no momentum; leave optimizer.momentum out")
    return kind(parameters, **options)
