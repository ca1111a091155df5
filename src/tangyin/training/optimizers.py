"""The optimizers a recipe can name."""

from collections.abc import Callable
from typing import Annotated, Any, Self

import torch
from pydantic import model_validator
from pydantic.dataclasses import dataclass
from torch import nn

from tangyin.errors import UsageError
from tangyin.training.muon import Muon
from tangyin.training.recipe_values import STRICT, Decay, Norm, Probability, Rate, one_of

OPTIMIZERS: dict[str, tuple[Callable[..., torch.optim.Optimizer], frozenset[str]]] = {
    "sgd": (torch.optim.SGD, frozenset({"momentum"})),
    "rmsprop": (torch.optim.RMSprop, frozenset({"momentum"})),
    "adam": (torch.optim.Adam, frozenset()),
    "adamw": (torch.optim.AdamW, frozenset()),
    "adadelta": (torch.optim.Adadelta, frozenset()),
    "adagrad": (torch.optim.Adagrad, frozenset()),
    "muon": (Muon, frozenset({"momentum"})),
}
"""Name in a recipe → class, and the options it takes beside learning rate and weight decay."""

FUSED = frozenset({"sgd", "adam", "adamw", "adagrad"})
"""Those that torch updates in one pass over memory."""


@dataclass(frozen=True, config=STRICT)
class OptimizerRecipe:
    """How the weights are updated.

    Attributes:
        name: one of `OPTIMIZERS`.
        learning_rate: step size.
        momentum: of SGD, RMSprop and Muon; 0 means 0.95 for Muon.
        weight_decay: L2 decay (decoupled for adamw and muon).
        clip_norm: gradients with a larger norm over all parameters are scaled down to it.
    """

    name: Annotated[str, one_of(OPTIMIZERS.keys)] = "adam"
    learning_rate: Rate = 0.001
    momentum: Probability = 0.0
    weight_decay: Decay = 0.0
    clip_norm: Norm = 5.0

    @model_validator(mode="after")
    def _takes_momentum(self) -> Self:
        if self.momentum and "momentum" not in OPTIMIZERS[self.name][1]:
            raise UsageError("recipe.momentum", optimizer=self.name)
        return self


def make_optimizer(recipe: OptimizerRecipe, model: nn.Module) -> torch.optim.Optimizer:
    """Build the optimizer that a recipe names, for all parameters of a model."""
    options: dict[str, Any] = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay}
    if recipe.momentum:
        options["momentum"] = recipe.momentum
    if recipe.name in FUSED:
        options["fused"] = True
    # Muon selects parameters by name.
    parameters = model if recipe.name == "muon" else model.parameters()
    return OPTIMIZERS[recipe.name][0](parameters, **options)
